/** Code that changes under a program, and programs that misbehave. */
import { describe, expect, it } from "vitest"
import { PAGE_BYTES } from "../../src/base/ids.ts"
import { ARENA, BLOCK_BYTES, SPACES, SPACE_BYTES, regions } from "../../src/machine/layout.ts"
import { EXECUTE, READ, WRITE } from "../../src/machine/machine.ts"
import { RSP } from "../../src/x86/register.ts"
import { type Guest, STACK_END, STACK_START, anotherTask, guestOf } from "./support/guest.ts"
import { forSeeds, pick } from "./support/law.ts"

const ALL = READ | WRITE | EXECUTE
/** Returns its immediate: `changed+1` is the byte that matters. */
const returning = `
_start: call changed
        syscall
        jmp _start
        .balign 4096
changed: mov $1, %eax
        ret
        .balign 4096
tail:   .quad 0`

const call = (guest: Guest, block = guest.block): number => {
  guest.machine.registers(block).setIp(guest.at("_start"))
  expect(guest.machine.run(block, 100, false)._tag).toBe("Call")
  return guest.machine.registers(block).number(0)
}

const page = (at: number) => ({ start: at - (at % PAGE_BYTES), end: at - (at % PAGE_BYTES) + PAGE_BYTES })

describe("decoded code", () => {
  it("is forgotten when the kernel writes to it, and when a loader does", () => {
    const guest = guestOf(returning, { protection: ALL })
    expect(call(guest)).toBe(1)
    guest.memory.write8(guest.at("changed") + 1, 2)
    expect(call(guest)).toBe(2)
    guest.machine.load(guest.space, guest.at("changed") + 1, Uint8Array.of(3))
    expect(call(guest)).toBe(3)
  })

  it("is forgotten for every task when one of them writes to it", () => {
    const guest = guestOf(`${returning}\nwriter: movb $7, changed+1(%rip)\n syscall`, { protection: ALL })
    const other = anotherTask(guest, "_start")
    expect([call(guest), call(guest, other)]).toEqual([1, 1])
    const writer = anotherTask(guest, "writer", STACK_START + PAGE_BYTES)
    expect(guest.machine.run(writer, 10, false)._tag).toBe("Call")
    expect([call(guest), call(guest, other)]).toEqual([7, 7])
  })

  it("is not forgotten by a write to other bytes of its page", () => {
    const guest = guestOf("_start: incl word(%rip)\n dec %ecx\n jnz _start\n syscall\nword: .long 0", { protection: ALL })
    guest.registers.setNumber(1, 1000)
    expect(guest.machine.run(guest.block, 10_000, false)._tag).toBe("Call")
    expect(guest.memory.read32(guest.at("word"))).toBe(1000)
  })

  it("is another one when a forked space writes to its copy: parent and child differ", () => {
    const guest = guestOf(returning, { protection: ALL })
    expect(call(guest)).toBe(1)
    const space = guest.machine.forkSpace(guest.space)
    const child = guest.machine.newBlock(space)
    guest.machine.registers(child).setNumber(RSP, STACK_END - 64)
    expect(call(guest, child)).toBe(1)
    guest.machine.memory(space).write8(guest.at("changed") + 1, 9)
    expect([call(guest), call(guest, child)]).toEqual([1, 9])
    guest.memory.write8(guest.at("changed") + 1, 5)
    expect([call(guest), call(guest, child)]).toEqual([5, 9])
  })

  it("is another one when a fork's own store copies the page it runs on", () => {
    const text = "_start: movb $4, changed+1(%rip)\nchanged: mov $1, %eax\n syscall"
    const guest = guestOf(text, { protection: ALL })
    const child = guest.machine.newBlock(guest.machine.forkSpace(guest.space))
    expect(call(guest, child)).toBe(4)
    expect(guest.memory.read8(guest.at("changed") + 1)).toBe(1)
    expect(call(guest)).toBe(4)
  })

  it("is shared through pages mapped shared: a store in one space is seen by the other", () => {
    const guest = guestOf("_start: jmp *%rbx\n", { protection: ALL })
    const at = 0x5000_0000
    guest.machine.map(guest.space, page(at), ALL, true)
    guest.machine.load(guest.space, at, Uint8Array.of(0xb8, 1, 0, 0, 0, 0x0f, 0x05))
    const space = guest.machine.forkSpace(guest.space)
    const child = guest.machine.newBlock(space)
    for (const block of [guest.block, child]) guest.machine.registers(block).setNumber(3, at)
    expect([call(guest), call(guest, child)]).toEqual([1, 1])
    guest.machine.memory(space).write8(at + 1, 6)
    expect([call(guest), call(guest, child)]).toEqual([6, 6])
  })

  it("faults once it may no longer be executed, and runs again when it may", () => {
    const guest = guestOf(returning, { protection: ALL })
    expect(call(guest)).toBe(1)
    guest.machine.protect(guest.space, page(guest.at("changed")), READ | WRITE)
    guest.registers.setIp(guest.at("_start"))
    expect(guest.machine.run(guest.block, 100, false)).toMatchObject({ fault: { access: "execute", isPresent: true } })
    guest.machine.protect(guest.space, page(guest.at("changed")), READ | EXECUTE)
    expect(call(guest)).toBe(1)
  })

  it("is what is mapped now", () => {
    const guest = guestOf(returning, { protection: ALL })
    expect(call(guest)).toBe(1)
    guest.machine.unmap(guest.space, page(guest.at("changed")))
    guest.registers.setIp(guest.at("_start"))
    expect(guest.machine.run(guest.block, 100, false)).toMatchObject({ fault: { access: "execute", isPresent: false } })
    guest.machine.map(guest.space, page(guest.at("changed")), ALL, false)
    guest.machine.load(guest.space, guest.at("changed"), Uint8Array.of(0xb8, 8, 0, 0, 0, 0xc3))
    expect(call(guest)).toBe(8)
  })

  it("is what a program has just written, and written again, to a page it had only stored to", () => {
    const guest = guestOf(`
_start: lea room(%rip), %rdi
        movl $0x01b8, (%rdi)            # mov $1, %eax
        movl $0xc300, 4(%rdi)           # ret, behind the number's last byte
        movb $0, 3(%rdi)
        call *%rdi
        mov %eax, %ebx
        movb $7, 1(%rdi)
        call *%rdi
        syscall
        .data
        .balign 4096
room:   .skip 64`, { protection: ALL })
    expect(call(guest)).toBe(7)
    expect(guest.registers.number(3)).toBe(1)
  })

  it("is forgotten by a write to the page that an instruction only ends on", () => {
    const guest = guestOf("_start: call edge\n syscall\n .balign 4096\n .skip 4094, 0x90\nedge: mov $0x01020304, %eax\n ret", { protection: ALL })
    expect(call(guest)).toBe(0x0102_0304)
    guest.memory.write8(guest.at("edge") + 4, 9)
    expect(call(guest)).toBe(0x0902_0304)
    guest.memory.write8(guest.at("edge") + 1, 5)
    expect(call(guest)).toBe(0x0902_0305)
  })

  it("comes back with a snapshot, whatever has been written or mapped since", () => {
    const guest = guestOf(returning, { protection: ALL })
    expect(call(guest)).toBe(1)
    const first = guest.machine.snapshot()
    guest.memory.write8(guest.at("changed") + 1, 2)
    expect(call(guest)).toBe(2)
    const second = guest.machine.snapshot()
    guest.machine.unmap(guest.space, page(guest.at("changed")))
    guest.machine.map(guest.space, page(guest.at("changed")), ALL, false)
    guest.machine.load(guest.space, guest.at("changed"), Uint8Array.of(0xb8, 3, 0, 0, 0, 0xc3))
    expect(call(guest)).toBe(3)
    for (const [snapshot, expected] of [[first, 1], [second, 2], [first, 1], [first, 1], [second, 2]] as const) {
      guest.machine.restore(snapshot)
      expect(call(guest)).toBe(expected)
    }
  })

  it("ends at a page that is taken away from under another task", () => {
    const guest = guestOf("_start: mov tail(%rip), %rax\n jmp _start\n .data\n .balign 4096\ntail: .quad 1")
    expect(guest.machine.run(guest.block, 100, false)._tag).toBe("BudgetSpent")
    guest.machine.unmap(guest.space, page(guest.at("tail")))
    expect(guest.machine.run(guest.block, 100, false)).toMatchObject({ fault: { access: "read", isPresent: false } })
    guest.machine.map(guest.space, page(guest.at("tail")), READ, false)
    expect(guest.machine.run(guest.block, 2, false)._tag).toBe("BudgetSpent")
    expect(guest.registers.get(0)).toBe(0n)
  })

  it("may not be written once protected, though it was a moment ago", () => {
    const guest = guestOf("_start: incq word(%rip)\n jmp _start\n .data\n .balign 4096\nword: .quad 1")
    guest.machine.run(guest.block, 100, false)
    guest.machine.protect(guest.space, page(guest.at("word")), READ)
    expect(guest.machine.run(guest.block, 100, false)).toMatchObject({ fault: { access: "write", isPresent: true } })
  })

  it("outlives more of it than there is room for", () => {
    // Each round uses up room for some seventy instructions, and there is room for half a million.
    const count = 9000
    const guest = guestOf(`_start: incb changed+1(%rip)\nchanged: mov $0, %eax\n ${"nop\n ".repeat(60)}dec %ecx\n jnz _start\n syscall`, { protection: ALL })
    guest.registers.setNumber(1, count)
    expect(guest.machine.run(guest.block, count * 100, false)._tag).toBe("Call")
    expect(guest.registers.number(0)).toBe(count & 0xff)
  })
})

describe("a hostile guest ends in a stop", () => {
  forSeeds("whatever its bytes are", 40, (draw) => {
    const guest = guestOf("_start: .skip 4096, 0x90\n .data\n .skip 8192", { protection: ALL })
    const bytes = Uint8Array.from({ length: 4000 }, () => draw.below(256))
    guest.machine.load(guest.space, guest.at("_start"), bytes)
    for (let turn = 0; turn < 50; turn++) {
      for (let number = 0; number < 16; number++) {
        const near = guest.at("_start") + draw.below(8192)
        guest.registers.set(number, pick(draw, [BigInt(near), BigInt(draw.below(256)), 0xffff_ffff_ffff_fff0n, BigInt(STACK_END - 64)]))
      }
      guest.registers.setIp(guest.at("_start") + draw.below(4000))
      const stop = guest.machine.run(guest.block, 200, false)
      expect(["BudgetSpent", "Call", "Paused", "Breakpoint", "Faulted", "Unsupported"]).toContain(stop._tag)
    }
  })

  it("that recurses for ever", () => {
    const guest = guestOf("_start: call _start")
    expect(guest.machine.run(guest.block, 1_000_000, false)).toMatchObject({ fault: { address: BigInt(STACK_START) - 8n, access: "write" } })
  })

  it("that takes its own code and stack away", () => {
    const guest = guestOf("_start: nop\n jmp _start")
    guest.machine.run(guest.block, 10, false)
    for (const { end, start } of guest.machine.mappings(guest.space)) guest.machine.unmap(guest.space, { start, end })
    expect(guest.machine.run(guest.block, 10, false)).toMatchObject({ fault: { access: "execute", isPresent: false } })
  })

  it("that touches more than it may have: a fault at the page that is not to be had", () => {
    const guest = guestOf("_start: movb $1, (%rdi)\n add $4096, %rdi\n jmp _start", { maxMemoryBytes: 40 * PAGE_BYTES })
    const start = 0x10_0000_0000
    guest.machine.map(guest.space, { start, end: start + 1000 * PAGE_BYTES }, READ | WRITE, false)
    guest.registers.setNumber(7, start)
    expect(guest.machine.run(guest.block, 10_000, false)).toMatchObject({ fault: { access: "write", isPresent: true } })
    expect(guest.machine.memoryBytes()).toBeLessThanOrEqual(40 * PAGE_BYTES)
  })

  it("whose code is a page of zeros nobody ever touched", () => {
    const guest = guestOf("_start: jmp *%rax")
    guest.machine.map(guest.space, { start: 0x5000_0000, end: 0x5000_1000 }, ALL, false)
    guest.registers.setNumber(0, 0x5000_0000)
    expect(guest.machine.run(guest.block, 5000, false)._tag).toBe("Faulted")
  })

  forSeeds("and has touched nothing but its own memory and registers", 10, (draw) => {
    const guest = guestOf("_start: .skip 4096, 0x90\n .data\n .skip 8192", { protection: ALL })
    const { linear, machine, registers } = guest
    const bystander = machine.newBlock(machine.newSpace())
    machine.map(machine.newSpace(), { start: 0x5000_0000, end: 0x5000_1000 }, READ | WRITE, true)
    machine.load(guest.space, guest.at("_start"), Uint8Array.from({ length: 4000 }, () => draw.below(256)))
    const others = (): string => {
      // What the machine keeps of everybody else: spaces, blocks but the guest's, and where nothing is at all.
      const parts = [linear.u8.slice(SPACES, SPACES + 8 * SPACE_BYTES), linear.u8.slice(bystander, bystander + BLOCK_BYTES)]
      regions.forEach(([start, bytes], index) => parts.push(linear.u8.slice(start + bytes, regions[index + 1]?.[0] ?? start)))
      return parts.map((part) => Buffer.from(part).toString("base64").replace(/^A*=*$/, "zeros")).join("\n")
    }
    const before = others()
    expect(before.split("\n").slice(2).every((gap) => gap === "zeros" || gap === "")).toBe(true)
    for (let turn = 0; turn < 40; turn++) {
      for (let number = 0; number < 16; number++) {
        registers.set(number, pick(draw, [BigInt(draw.bits()), BigInt(guest.at("_start") + draw.below(8192)), BigInt(ARENA) - 8n, 0x1000n, BigInt(2 ** 32 - 8)]))
      }
      registers.setIp(guest.at("_start") + draw.below(4000))
      machine.run(guest.block, 300, false)
    }
    expect(others() === before).toBe(true)
  })
})
