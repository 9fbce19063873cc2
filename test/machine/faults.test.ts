/** Faults as the processor takes them: nothing has happened, and the address is the byte that could not be had. */
import { describe, expect, it } from "vitest"
import { PAGE_BYTES } from "../../src/base/ids.ts"
import { EXECUTE, READ, WRITE } from "../../src/machine/machine.ts"
import type { Fault } from "../../src/machine/stop.ts"
import { type Guest, STACK_START, guestOf } from "./support/guest.ts"

/** Runs to the stop; the fault, and what must be as before. */
const faultOf = ({ block, machine, registers }: Guest): Fault | string => {
  const stop = machine.run(block, 1000, false)
  return stop._tag === "Faulted" ? stop.fault : `${stop._tag} at ${registers.ip()}`
}

const pageFault = (address: bigint, access: "read" | "write" | "execute", isPresent: boolean): Fault => ({ _tag: "PageFault", address, access, isPresent })
const HOLE = 0x7000_0000_0000n
const GENERAL_PROTECTION: Fault = { _tag: "GeneralProtection" }
const STACK_FAULT: Fault = { _tag: "StackFault" }

describe("an access", () => {
  it.each<[claim: string, text: string, expected: (guest: Guest) => Fault]>([
    ["to nothing faults where it begins", "mov 8(%r15), %rax", () => pageFault(HOLE + 8n, "read", false)],
    ["that writes says so", "mov %rax, 8(%r15)", () => pageFault(HOLE + 8n, "write", false)],
    ["that reads and writes counts as a write", "incq 8(%r15)", () => pageFault(HOLE + 8n, "write", false)],
    ["to a page that may only be read is present", "mov %rax, constant(%rip)", ({ at }) => pageFault(BigInt(at("constant")), "write", true)],
    ["whose first page is there faults at the second", "mov last-4(%rip), %rax", ({ at }) => pageFault(BigInt(at("last")), "read", false)],
    ["that is not canonical is refused", "mov %rax, (%r14)", () => GENERAL_PROTECTION],
    ["whose last byte is not canonical is refused", "mov $0x7ffffffffffc, %rax\n mov (%rax), %rax", () => GENERAL_PROTECTION],
    ["that is not canonical, made from rsp, is the stack's", "mov %r14, %rsp\n mov 8(%rsp), %rax", () => STACK_FAULT],
    ["made from rbp as well, and by what writes", "mov %r14, %rbp\n incq (%rbp)", () => STACK_FAULT],
    ["but not with rbp as its index", "mov %r14, %rbp\n xor %eax, %eax\n mov (%rax,%rbp), %rcx", () => GENERAL_PROTECTION],
    ["nor with another segment", "mov %r14, %rbp\n mov %fs:(%rbp), %rcx", () => GENERAL_PROTECTION],
    ["of a push is the stack's", "mov %r14, %rsp\n push %rax", () => STACK_FAULT],
    ["of a pop is the stack's", "mov %r14, %rsp\n pop %rax", () => STACK_FAULT],
    ["of what is pushed from memory is not", "push (%r14)", () => GENERAL_PROTECTION],
    ["nor of what is popped into it", "pop (%r14)", () => GENERAL_PROTECTION],
    ["of leave is the stack's", "mov %r14, %rbp\n leave", () => STACK_FAULT],
    ["of a return is the stack's", "mov %r14, %rsp\n ret", () => STACK_FAULT],
    ["of a call is the stack's", "mov %r14, %rsp\n call _start", () => STACK_FAULT],
    ["of a vector, by rbp", "mov %r14, %rbp\n movdqu (%rbp), %xmm0", () => STACK_FAULT],
    ["of a string instruction never is", "mov %r14, %rsi\n lodsq", () => GENERAL_PROTECTION],
    ["to the kernel's half faults like one to nothing", "mov $-8, %rax\n mov (%rax), %rax", () => pageFault(0xffff_ffff_ffff_fff8n, "read", false)],
    ["around the end of memory as well", "mov $-4, %rax\n mov (%rax), %rax", () => pageFault(0xffff_ffff_ffff_fffcn, "read", false)],
    ["misaligned where it must not be is refused", "movdqa 8(%rsp), %xmm0", () => GENERAL_PROTECTION],
    ["of the second operand faults before the first is written", "lea word(%rip), %rsi\n mov %r15, %rdi\n movsq", () => pageFault(HOLE, "write", false)],
    ["of a push below the stack faults there", "mov $0x7ffe00000000, %rsp\n push %rax", () => pageFault(BigInt(STACK_START) - 8n, "write", false)]
  ])("%s", (_claim, text, expected) => {
    const guest = guestOf(`
_start: mov $0x700000000000, %r15
        mov $0x1234800000000000, %r14
        ${text}
        syscall
        .section .rodata
constant: .quad 1
        .data
        .balign 4096
word:   .quad 1
        .skip 4088
last:`)
    let before = ""
    // Once to see how far it comes, once more to compare with the moment before.
    expect(faultOf(guest)).toEqual(expected(guest))
    const reached = guest.registers.count()
    before = guest.machine.hash([guest.block], { withCounts: true })
    expect(faultOf(guest)).toEqual(expected(guest))
    expect(guest.registers.count()).toBe(reached)
    expect(guest.machine.hash([guest.block], { withCounts: true })).toBe(before)
  })
})

describe("control", () => {
  it.each<[claim: string, text: string, expected: Fault, ipOffset: string]>([
    ["cannot be given to an address that is none: the jump itself is refused", "mov %r14, %rax\nhere: jmp *%rax", GENERAL_PROTECTION, "here"],
    ["nor by a call, which then has pushed nothing", "here: call *%r14", GENERAL_PROTECTION, "here"],
    ["nor by a return, which then has popped nothing", "push %r14\nhere: ret", GENERAL_PROTECTION, "here"]
  ])("%s", (_claim, text, expected, symbol) => {
    const guest = guestOf(`_start: mov $0x1234800000000000, %r14\n${text}\n`)
    expect(faultOf(guest)).toEqual(expected)
    expect(guest.registers.ip()).toBe(guest.at(symbol))
  })

  it("arrives where nothing may be executed, and faults there", () => {
    const guest = guestOf("_start: jmp *%rax\n .data\nword: .quad 0x90")
    const cases: ReadonlyArray<readonly [bigint, boolean]> = [
      [0n, false], [HOLE + 1n, false], [0xffff_ffff_8100_0000n, false],
      [0xffff_ffff_ffff_ffffn, false], [0x7fff_ffff_f000n, false], [BigInt(guest.at("word")), true]
    ]
    for (const [to, isPresent] of cases) {
      guest.registers.setIp(guest.at("_start"))
      guest.registers.set(0, to)
      expect(faultOf(guest)).toEqual(pageFault(to, "execute", isPresent))
      expect(guest.registers.ipExact()).toBe(to)
    }
  })

  it("set by the kernel to an address that is none is refused there", () => {
    const guest = guestOf("_start: nop")
    guest.registers.setIpExact(0x8000_0000_0000n)
    expect(faultOf(guest)).toEqual(GENERAL_PROTECTION)
    expect(guest.registers.count()).toBe(0)
  })

  it("runs off the end of a page, and an instruction cut short faults at the next", () => {
    const guest = guestOf("_start: nop\n .balign 4096\nfirst: .skip 4094, 0x90\nlast2: .byte 0x48, 0xb8\nsecond: .skip 16, 0x90", { protection: READ | WRITE | EXECUTE })
    const end = guest.at("second")
    guest.machine.unmap(guest.space, { start: end, end: end + PAGE_BYTES })
    guest.registers.setIp(end - 4)
    expect(faultOf(guest)).toEqual(pageFault(BigInt(end), "execute", false))
    expect(guest.registers.ip()).toBe(end - 2)
    expect(guest.registers.count()).toBe(2)
    guest.memory.writeBytes(end - 2, Uint8Array.of(0x90, 0x90))
    expect(faultOf(guest)).toEqual(pageFault(BigInt(end), "execute", false))
    expect(guest.registers.ip()).toBe(end)
  })

  it("executes an instruction across two pages", () => {
    const guest = guestOf("_start: jmp edge\n .balign 4096\n .skip 4093, 0x90\nedge: movabs $0x123456789abcdef0, %rax\n syscall")
    expect(guest.machine.run(guest.block, 10, false)._tag).toBe("Call")
    expect(guest.registers.get(0)).toBe(0x1234_5678_9abc_def0n)
  })
})

describe("a fault of arithmetic or of the decoder", () => {
  it.each<[text: string, expected: Fault]>([
    ["xor %ecx, %ecx\nhere: div %ecx", { _tag: "DivideError" }],
    ["mov $-1, %ecx\n mov $0x80000000, %eax\n cltd\nhere: idiv %ecx", { _tag: "DivideError" }],
    ["here: ud2", { _tag: "InvalidOpcode" }],
    ["here: .byte 0x06", { _tag: "InvalidOpcode" }],
    ["here: hlt", { _tag: "GeneralProtection" }]
  ])("%s", (text, expected) => {
    const guest = guestOf(`_start: ${text}\n nop`)
    expect(faultOf(guest)).toEqual(expected)
    expect(guest.registers.ip()).toBe(guest.at("here"))
  })

  it("leaves nothing behind of what was read across pages, however often it happens", () => {
    const guest = guestOf("_start: xor %edx, %edx\nhere: divq edge-4(%rip)\n .data\n .balign 4096\n .skip 4096\nedge: .quad 0")
    for (let time = 0; time < 10; time++) expect(faultOf(guest)).toEqual({ _tag: "DivideError" })
    guest.memory.write64(guest.at("edge") - 4, 3n)
    guest.registers.setNumber(0, 10)
    expect(guest.machine.run(guest.block, 1, false)._tag).toBe("BudgetSpent")
    expect([guest.registers.number(0), guest.registers.number(2)]).toEqual([3, 1])
  })
})
