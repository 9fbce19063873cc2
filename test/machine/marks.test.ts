import { describe, expect, it } from "vitest"
import type { Mark, Pending } from "../../src/base/mark.ts"
import type { Stop } from "../../src/machine/stop.ts"
import { drawnProgram } from "./support/drawn-program.ts"
import { type Guest, anotherTask, guestOf } from "./support/guest.ts"
import { forSeeds, pick } from "./support/law.ts"

const pendingOf = (stop: Stop): Pending | undefined => (stop._tag === "Marked" ? { ...stop.pending } : undefined)

/** Every pending thing met until the guest stops for another reason or so many were met. */
const meet = ({ block, machine }: Guest, count: number): ReadonlyArray<Pending | string> => {
  const met: Array<Pending | string> = []
  for (let passes = false; met.length < count; passes = true) {
    const stop = machine.run(block, 1000, passes)
    met.push(pendingOf(stop) ?? stop._tag)
    if (stop._tag !== "Marked") break
  }
  return met
}

const increment = `
_start: mov $3, %ebx
again:  mov counter(%rip), %eax
        inc %eax
store:  mov %eax, counter(%rip)
        dec %ebx
        jnz again
end:    syscall
        .data
        .balign 4096
before: .quad 0
counter: .long 5
after:  .long 0
`

const accessed = (guest: Guest, symbol: string, sizeBytes: number, by: "any" | "write" = "any"): Mark =>
  ({ _tag: "Accessed", start: guest.at(symbol), end: guest.at(symbol) + sizeBytes, by })

describe("a mark on a range", () => {
  it("stops before each access to it, with the access, and lets exactly that one through", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "counter", 4)])
    const load = { _tag: "Access", ip: guest.at("again"), address: guest.at("counter"), sizeBytes: 4, kind: "read", isLocked: false }
    const store = { ...load, ip: guest.at("store"), kind: "write" }
    expect(meet(guest, 10)).toEqual([load, store, load, store, load, store, "Call"])
    expect(guest.memory.read32(guest.at("counter"))).toBe(8)
    expect(guest.registers.count()).toBe(1 + 3 * 5 + 1)
  })

  it("has not been stopped at while something else on its page is accessed", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "before", 8), accessed(guest, "after", 4)])
    expect(meet(guest, 10)).toEqual(["Call"])
  })

  it("is met by the last byte of an access that begins before it", () => {
    const guest = guestOf(increment)
    const at = guest.at("counter") + 3
    guest.machine.setMarks([{ _tag: "Accessed", start: at, end: at + 1, by: "any" }])
    expect(meet(guest, 1)).toMatchObject([{ address: guest.at("counter") }])
  })

  it("for writes lets reads pass", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "counter", 4, "write")])
    expect(meet(guest, 2)).toMatchObject([{ kind: "write" }, { kind: "write" }])
  })

  it("changes nothing before it has been passed: count, ip, registers, memory", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "counter", 4)])
    guest.machine.run(guest.block, 1000, false)
    const before = guest.machine.hash([guest.block], { withCounts: true })
    for (let times = 0; times < 3; times++) expect(guest.machine.run(guest.block, 1000, false)._tag).toBe("Marked")
    expect(guest.machine.hash([guest.block], { withCounts: true })).toBe(before)
    expect(guest.registers.ip()).toBe(guest.at("again"))
  })

  it("tells locked from unlocked, and a modification from a write", () => {
    const guest = guestOf(`
_start: lock incl word(%rip)
        incl word(%rip)
        xchg %eax, word(%rip)
        movl $1, word(%rip)
        cmpl $1, word(%rip)
        push word(%rip)
        syscall
        .data
word:   .quad 0`)
    guest.machine.setMarks([accessed(guest, "word", 8)])
    const met = meet(guest, 10).map((each) => (typeof each === "string" ? each : each._tag === "Access" ? `${each.kind}${each.isLocked ? " locked" : ""} ${each.sizeBytes}` : each._tag))
    expect(met).toEqual(["modify locked 4", "modify 4", "modify locked 4", "write 4", "read 4", "read 8", "Call"])
  })

  it("is met by each iteration of a repeated instruction", () => {
    const guest = guestOf("_start: lea word(%rip), %rdi\n mov $3, %ecx\n rep stosq\n syscall\n .data\n .balign 8\nword: .quad 0, 0, 0")
    guest.machine.setMarks([accessed(guest, "word", 24)])
    expect(meet(guest, 10).map((each) => (typeof each === "string" || each._tag !== "Access" ? each : each.address - guest.at("word")))).toEqual([0, 8, 16, "Call"])
  })

  it("is met where an access straddles pages into it", () => {
    const guest = guestOf("_start: mov $7, %eax\n mov %rax, edge-3(%rip)\n syscall\n .data\n .balign 4096\n .skip 4096\nedge: .quad 0")
    guest.machine.setMarks([accessed(guest, "edge", 1)])
    expect(meet(guest, 3)).toMatchObject([{ address: guest.at("edge") - 3, sizeBytes: 8 }, "Call"])
    expect(guest.memory.read64(guest.at("edge") - 3)).toBe(7n)
  })

  it("gives way to the fault of an access that faults", () => {
    const guest = guestOf("_start: mov 16, %eax\n syscall")
    guest.machine.setMarks([{ _tag: "Accessed", start: 0, end: 4096, by: "any" }])
    expect(guest.machine.run(guest.block, 10, false)._tag).toBe("Faulted")
  })

  it("is met again by an instruction that comes back to itself", () => {
    const guest = guestOf("_start: lea word(%rip), %rdi\n lea _go(%rip), %rax\n mov %rax, word(%rip)\n_go: jmp *(%rdi)\n .data\n .balign 8\nword: .quad 0")
    guest.machine.run(guest.block, 3, false)
    guest.machine.setMarks([accessed(guest, "word", 8)])
    expect(meet(guest, 3)).toMatchObject([{ kind: "read" }, { kind: "read" }, { kind: "read" }])
    expect(guest.registers.count()).toBe(3 + 2)
  })

  it("is met where there are more of them than the engine can look through", () => {
    const guest = guestOf(increment)
    const at = guest.at("counter")
    const elsewhere = Array.from({ length: 100 }, (_, index): Mark => ({ _tag: "Accessed", start: at + 64 + index, end: at + 65 + index, by: "any" }))
    guest.machine.setMarks([...elsewhere, accessed(guest, "counter", 4)])
    expect(meet(guest, 10)).toMatchObject([{ kind: "read" }, { kind: "write" }, { kind: "read" }, { kind: "write" }, { kind: "read" }, { kind: "write" }, "Call"])
  })

  it("is met after going back, with what is written undone", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "counter", 4)])
    const before = guest.machine.snapshot()
    for (let times = 0; times < 3; times++) {
      expect(meet(guest, 10).length).toBe(7)
      expect(guest.memory.read32(guest.at("counter"))).toBe(8)
      guest.machine.restore(before)
      expect(guest.memory.read32(guest.at("counter"))).toBe(5)
    }
  })

  it("is met by who may not pass, whoever passed before with as much to do", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "counter", 4)])
    for (const passes of [false, true]) expect(guest.machine.run(guest.block, 1000, passes)._tag).toBe("Marked")
    const count = guest.registers.count()
    expect(guest.machine.run(guest.block, 1000, false)._tag).toBe("Marked")
    expect(guest.registers.count()).toBe(count)
  })

  it("is no longer met once another takes its place", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "counter", 4)])
    expect(meet(guest, 1)).toMatchObject([{ kind: "read" }])
    guest.machine.setMarks([accessed(guest, "after", 4)])
    expect(guest.machine.run(guest.block, 1000, true)._tag).toBe("Call")
  })

  it("costs other tasks' accesses the same: it belongs to memory, not to a block", () => {
    const guest = guestOf(increment)
    const other = anotherTask(guest, "again")
    guest.machine.setMarks([accessed(guest, "counter", 4)])
    expect(guest.machine.run(other, 100, false)).toMatchObject({ _tag: "Marked", pending: { ip: guest.at("again") } })
  })
})

describe("other marks", () => {
  it("stop before an address, whatever leads there, also when set after it was decoded", () => {
    const guest = guestOf(increment)
    guest.machine.run(guest.block, 8, false)
    guest.machine.setMarks([{ _tag: "Executed", at: guest.at("store") }])
    expect(meet(guest, 5)).toEqual([
      { _tag: "Execution", ip: guest.at("store") }, { _tag: "Execution", ip: guest.at("store") }, "Call"
    ])
    expect(guest.memory.read32(guest.at("counter"))).toBe(8)
  })

  it("stop before system calls", () => {
    const guest = guestOf("_start: syscall\n nop\n syscall\n jmp _start")
    guest.machine.setMarks([{ _tag: "Called" }])
    const tags = [false, true, false, true, false].map((passes) => {
      const stop = guest.machine.run(guest.block, 10, passes)
      return stop._tag === "Marked" ? `${stop.pending._tag} ${stop.pending.ip - guest.at("_start")}` : stop._tag
    })
    expect(tags).toEqual(["Call 0", "Call", "Call 3", "Call", "Call 0"])
  })

  it("stop before every instruction, which with a pass is a single step", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([{ _tag: "EveryInstruction" }])
    expect(meet(guest, 4).map((each) => (typeof each === "string" ? each : each.ip - guest.at("_start")))).toEqual([0, 5, 11, 13])
    expect(guest.registers.count()).toBe(3)
  })

  it("let an instruction through that faults then, and does not count", () => {
    const guest = guestOf("_start: xor %ecx, %ecx\nhere: div %ecx")
    guest.machine.setMarks([{ _tag: "Executed", at: guest.at("here") }])
    expect(guest.machine.run(guest.block, 10, false)._tag).toBe("Marked")
    for (const _ of [1, 2]) {
      expect(guest.machine.run(guest.block, 10, true)).toMatchObject({ fault: { _tag: "DivideError" } })
      expect([guest.registers.count(), guest.registers.ip()]).toEqual([1, guest.at("here")])
    }
    expect(guest.machine.run(guest.block, 10, false)._tag).toBe("Marked")
  })

  it("are gone when replaced", () => {
    const guest = guestOf(increment)
    guest.machine.setMarks([accessed(guest, "counter", 4), { _tag: "Executed", at: guest.at("store") }, { _tag: "Called" }])
    guest.machine.run(guest.block, 5, false)
    guest.machine.setMarks([])
    expect(meet(guest, 5)).toEqual(["Call"])
  })
})

forSeeds("marks change nothing of what a program does", 15, (draw) => {
  const text = drawnProgram(draw)
  const bare = guestOf(text, { protection: 7 })
  const marked = guestOf(text, { protection: 7 })
  const page = marked.at("page")
  marked.machine.setMarks([
    { _tag: "Accessed", start: page + draw.below(3000), end: page + 3000 + draw.below(1000), by: pick(draw, ["any", "write"]) },
    accessed(marked, "middle", 16),
    { _tag: "Executed", at: marked.at(`block${draw.below(6)}`) }
  ])
  const total = 600
  bare.machine.run(bare.block, total, false)
  let passes = false
  for (let stops = 0; marked.registers.count() < total; stops++) {
    expect(stops).toBeLessThan(10_000)
    passes = marked.machine.run(marked.block, Math.min(total - marked.registers.count(), 1 + draw.below(60)), passes)._tag === "Marked"
  }
  expect(marked.machine.hash([marked.block], { withCounts: true })).toBe(bare.machine.hash([bare.block], { withCounts: true }))
})
