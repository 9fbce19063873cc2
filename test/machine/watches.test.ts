import { describe, expect, it } from "vitest"
import type { Mark } from "../../src/base/mark.ts"
import { guestOf } from "./support/guest.ts"

const text = `
_start: mov $3, %ebx
again:  mov counter(%rip), %eax
        inc %eax
store:  mov %eax, counter(%rip)
        dec %ebx
        jnz again
        lock incq edge-4(%rip)
        syscall
        .data
        .balign 4096
counter: .long 5
        .skip 4088
edge:   .quad 0
`

describe("a watched range", () => {
  it("has its accesses written down: who, when, where, what was there and what is there now", () => {
    const { at, block, machine } = guestOf(text)
    machine.setWatches([{ start: at("counter"), end: at("counter") + 4 }])
    expect(machine.run(block, 1000, false)._tag).toBe("Call")
    const entry = (count: number, symbol: string, isWrite: boolean, before: bigint, after: bigint) =>
      ({ block, count, ip: at(symbol), address: at("counter"), sizeBytes: 4, isRead: !isWrite, isWrite, isLocked: false, before, after })
    expect(machine.drainWatches()).toEqual([
      entry(1, "again", false, 5n, 5n), entry(3, "store", true, 5n, 6n),
      entry(6, "again", false, 6n, 6n), entry(8, "store", true, 6n, 7n),
      entry(11, "again", false, 7n, 7n), entry(13, "store", true, 7n, 8n)
    ])
    expect(machine.drainWatches()).toEqual([])
  })

  it("is watched however the budget is sliced, and once where a mark stands on it as well", () => {
    const { at, block, machine, registers } = guestOf(text)
    machine.setWatches([{ start: at("counter"), end: at("counter") + 4 }])
    machine.setMarks([{ _tag: "Accessed", start: at("counter"), end: at("counter") + 4, by: "any" }])
    for (let passes = false, tag = ""; tag !== "Call";) {
      tag = machine.run(block, 2, passes)._tag
      passes = tag === "Marked"
    }
    expect(machine.drainWatches().map(({ count }) => count)).toEqual([1, 3, 6, 8, 11, 13])
    expect(registers.count()).toBe(18)
  })

  it("has it written down whether an access reads, writes, does both, and does it in one bus event", () => {
    const { at, block, machine } = guestOf(`
_start: mov word(%rip), %eax
        mov %eax, word(%rip)
        incl word(%rip)
        lock incl word(%rip)
        xchg %eax, word(%rip)
        cmpxchg %ecx, word(%rip)
        syscall
        .data
word:   .long 0
`)
    machine.setWatches([{ start: at("word"), end: at("word") + 4 }])
    machine.run(block, 100, false)
    const said = machine.drainWatches().map(({ isLocked, isRead, isWrite }) => `${isRead ? "r" : ""}${isWrite ? "w" : ""}${isLocked ? " locked" : ""}`)
    expect(said).toEqual(["r", "w", "rw", "rw locked", "rw locked", "rw"])
  })

  it("is watched where an access straddles pages", () => {
    const { at, block, machine } = guestOf(text)
    machine.setWatches([{ start: at("edge"), end: at("edge") + 1 }])
    machine.run(block, 1000, false)
    expect(machine.drainWatches()).toMatchObject([{ address: at("edge") - 4, sizeBytes: 8, isRead: true, isWrite: true, isLocked: true, before: 0n, after: 1n }])
  })

  it("is watched beyond what the ring holds", () => {
    const { at, block, machine } = guestOf("_start: incl word(%rip)\n jmp _start\n .data\nword: .long 0")
    machine.setWatches([{ start: at("word"), end: at("word") + 4 }])
    machine.run(block, 20_000, false)
    const all = machine.drainWatches()
    expect(all.length).toBe(10_000)
    expect(all.every(({ after, before }, index) => before === BigInt(index) && after === BigInt(index + 1))).toBe(true)
  })

  it("has the same counts written down whatever a run is asked for", () => {
    const loop = "_start: lea cell(%rip), %rdi\n1: mov (%rdi), %eax\n add $1, %rcx\n jmp 1b\n .bss\n .balign 4096\ncell: .skip 64"
    const { at, block, machine } = guestOf(loop)
    machine.setWatches([{ start: at("cell"), end: at("cell") + 8 }])
    // Above what the engine is asked for at once.
    machine.run(block, 2_100_001, false)
    const counts = machine.drainWatches().map(({ count }) => count)
    expect(counts.length).toBe(700_000)
    expect(counts.findIndex((count, index) => count !== 1 + 3 * index)).toBe(-1)
  })

  it("has nothing written down of an instruction that faults", () => {
    const { at, block, machine } = guestOf("_start: lea word(%rip), %rsi\n xor %edi, %edi\n movsq\n .data\nword: .quad 1")
    machine.setWatches([{ start: at("word"), end: at("word") + 8 }])
    expect(machine.run(block, 100, false)._tag).toBe("Faulted")
    machine.run(block, 100, false)
    expect(machine.drainWatches()).toEqual([])
  })

  it("has nothing written down of one that is refused after its access", () => {
    const { at, block, machine, registers } = guestOf("_start: divl word(%rip)\nnext: mov $1, %eax\n syscall\n .data\nword: .long 0")
    machine.setWatches([{ start: at("word"), end: at("word") + 4 }])
    expect(machine.run(block, 100, false)._tag).toBe("Faulted")
    registers.setIp(at("next"))
    machine.run(block, 100, false)
    expect(machine.drainWatches()).toEqual([])
  })
})

describe("LOCKed accesses", () => {
  const locks = `
_start: movl $1, word(%rip)
        mov $3, %ebx
again:  xchg %eax, word(%rip)
        mov other(%rip), %ecx
        movl $0, word(%rip)
        lock incl other(%rip)
        dec %ebx
        jnz again
        syscall
        .data
word:   .long 0
        .skip 5000
other:  .long 0
`
  /** Where each access was and how: with LOCK, writing. */
  const seen = (budgetIcount: number, marks: ReadonlyArray<Mark> = [], isWarm = false): ReadonlyArray<string> => {
    const { at, block, machine, registers } = guestOf(locks)
    const run = (): void => {
      for (let passes = false, tag = ""; tag !== "Call";) {
        tag = machine.run(block, budgetIcount, passes)._tag
        passes = tag === "Marked"
      }
    }
    if (isWarm) {
      run()
      expect(machine.drainWatches()).toEqual([])
      registers.setIp(at("_start"))
    }
    machine.setWatches([], true)
    machine.setMarks(marks)
    run()
    const said = machine.drainWatches().map(({ address, isLocked, isWrite }) => `${address === at("word") ? "word" : "other"}${isLocked ? " locked" : ""}${isWrite ? " written" : ""}`)
    machine.setWatches([])
    machine.setMarks([])
    registers.setIp(at("_start"))
    run()
    expect(machine.drainWatches()).toEqual([])
    return said
  }
  const round = ["word locked written", "other", "word written", "other locked written"]
  // The first is before anybody knows of it, and so is the load of the other word.
  const expected = ["word locked written", "word written", "other locked written", ...round, ...round]

  it("are written down wherever they are, and plain ones to the same bytes from then on", () => {
    expect(seen(1000)).toEqual(expected)
  })
  it.each([1, 2, 3, 7])("are the same in slices of %i", (budgetIcount) => {
    expect(seen(budgetIcount)).toEqual(expected)
  })
  it("are the same where the code has been run before, and where every instruction is marked", () => {
    expect(seen(1000, [], true)).toEqual(expected)
    expect(seen(1000, [{ _tag: "EveryInstruction" }])).toEqual(expected)
    expect(seen(1000, [{ _tag: "Accessed", start: 0, end: 2 ** 47, by: "any" }], true)).toEqual(expected)
  })
})
