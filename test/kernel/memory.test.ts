import { assert, describe, it } from "vitest"
import { allOf, countOf } from "../../src/base/ranges.ts"
import { MAP_COUNT_MAX, MMAP_BASE } from "../../src/kernel/memory.ts"
import { processOf } from "../../src/kernel/state.ts"
import { DATA, DATA_END, NOWHERE } from "./abi/hand.ts"
import { Guest, HEAP } from "./guest.ts"

const PAGE = 4096
const ANONYMOUS = 0x22
const FIXED = 0x10
const [NONE, READ, READ_WRITE] = [0, 1, 3]

/** The kernel's list and the machine's pages say the same. */
const inStep = (guest: Guest): void => {
  const mappings = allOf(processOf(guest.kernel.state, guest.id(0)).mappings)
  const space = guest.kernel.spaceOf(guest.id(0))
  for (const { end, protection, start } of mappings) {
    for (let at = start; at < end; at += PAGE) assert.strictEqual(guest.machine.protectionAt(space, at), protection, `page 0x${at.toString(16)}`)
    const after = mappings.some((other) => other.start === end)
    if (!after) assert.strictEqual(guest.machine.protectionAt(space, end), undefined, `behind 0x${end.toString(16)}`)
  }
  for (const [index, { start }] of mappings.entries()) assert.isTrue(index === 0 || (mappings[index - 1]?.end ?? 0) <= start, "ascending and apart")
}

const mmap = (guest: Guest, pages: number, hint: number | bigint = 0, flags = ANONYMOUS, protection = READ_WRITE) =>
  guest.make(0, "mmap", hint, pages * PAGE, protection, flags, -1, 0)

describe("mmap", () => {
  it("places from the top down, in the highest gap that is large enough", () => {
    const guest = new Guest()
    const a = mmap(guest, 4) as number
    const b = mmap(guest, 2) as number
    assert.deepStrictEqual([a, b], [MMAP_BASE - 4 * PAGE, MMAP_BASE - 6 * PAGE])
    guest.make(0, "munmap", a + PAGE, 2 * PAGE)
    assert.strictEqual(mmap(guest, 2), a + PAGE, "the hole is filled")
    assert.strictEqual(mmap(guest, 1), b - PAGE)
    inStep(guest)
  })

  it("takes a hint where nothing is in the way, at its page", () => {
    const guest = new Guest()
    assert.strictEqual(mmap(guest, 1, NOWHERE + 5), NOWHERE)
    assert.strictEqual(mmap(guest, 1, NOWHERE), MMAP_BASE - PAGE)
    assert.strictEqual(mmap(guest, 1, 4096), 0x1_0000, "too low becomes the lowest")
    assert.strictEqual(mmap(guest, 1, 2n ** 63n), MMAP_BASE - 2 * PAGE)
    inStep(guest)
  })

  it("with MAP_FIXED replaces what is there, with zeros", () => {
    const guest = new Guest()
    guest.words(DATA, 5)
    guest.words(DATA + PAGE, 6)
    assert.strictEqual(mmap(guest, 1, DATA, ANONYMOUS | FIXED), DATA)
    assert.deepStrictEqual([guest.word(DATA), guest.word(DATA + PAGE)], [0n, 6n])
    inStep(guest)
  })

  it("makes what may be written readable as well, as the processor does", () => {
    const guest = new Guest()
    const at = mmap(guest, 1, 0, ANONYMOUS, 2) as number
    assert.strictEqual(guest.memory.read8(at), 0)
    const none = mmap(guest, 1, 0, ANONYMOUS, NONE) as number
    assert.strictEqual(guest.memory.read8(none), undefined)
    inStep(guest)
  })

  it("rounds up to pages", () => {
    const guest = new Guest()
    const at = guest.make(0, "mmap", 0, 1, READ_WRITE, ANONYMOUS, -1, 0) as number
    assert.isTrue(guest.memory.write8(at + PAGE - 1, 1))
  })

  it.each([["GROWSDOWN", 0x100], ["HUGETLB", 0x4_0000], ["32BIT", 0x40]])("with MAP_%s is loud", (name, flag) => {
    const guest = new Guest()
    mmap(guest, 1, 0, ANONYMOUS | flag)
    assert.deepInclude(guest.kernel.outcome, { _tag: "Unsupported", what: `MAP_${name} is not modelled` })
  })
})

describe("munmap", () => {
  it("takes away what is there and nothing else, across holes", () => {
    const guest = new Guest()
    const at = mmap(guest, 5) as number
    guest.make(0, "munmap", at + PAGE, PAGE)
    assert.strictEqual(guest.make(0, "munmap", at, 3 * PAGE), 0)
    assert.strictEqual(guest.memory.read8(at), undefined)
    assert.strictEqual(guest.memory.read8(at + 3 * PAGE), 0)
    assert.strictEqual(guest.make(0, "munmap", at, 3 * PAGE), 0, "nothing is there, and that is well")
    inStep(guest)
  })
})

describe("mprotect", () => {
  it("splits mappings, and changes what comes before a hole", () => {
    const guest = new Guest()
    const at = mmap(guest, 6) as number
    assert.strictEqual(guest.make(0, "mprotect", at + PAGE, PAGE, READ), 0)
    assert.isFalse(guest.memory.write8(at + PAGE, 1))
    assert.isTrue(guest.memory.write8(at + 2 * PAGE, 1))
    guest.make(0, "munmap", at + 4 * PAGE, PAGE)
    assert.strictEqual(guest.make(0, "mprotect", at + 3 * PAGE, 3 * PAGE, NONE), "ENOMEM")
    assert.strictEqual(guest.memory.read8(at + 3 * PAGE), undefined)
    assert.strictEqual(guest.memory.read8(at + 5 * PAGE), 0)
    inStep(guest)
  })
})

/** Held against Linux 6.18 with /proc/self/maps, by the same calls. */
describe("the number of mappings", () => {
  const count = (guest: Guest): number => countOf(processOf(guest.kernel.state, guest.id(0)).mappings)
  const SHARED = 0x21

  it("grows by one where neighbors are not alike: private ones that are become one, shared ones are objects of their own", () => {
    const guest = new Guest()
    const before = count(guest)
    for (let left = 10; left > 0; left--) mmap(guest, 1)
    assert.strictEqual(count(guest) - before, 1)
    mmap(guest, 1, 0, ANONYMOUS, READ)
    assert.strictEqual(count(guest) - before, 2)
    for (let left = 10; left > 0; left--) mmap(guest, 1, 0, SHARED)
    assert.strictEqual(count(guest) - before, 12)
    inStep(guest)
  })

  it("is what it was once a mapping is all of one kind again", () => {
    const guest = new Guest()
    const at = mmap(guest, 64) as number
    const before = count(guest)
    for (let page = 0; page < 64; page += 2) guest.make(0, "mprotect", at + page * PAGE, PAGE, READ)
    assert.strictEqual(count(guest) - before, 63)
    guest.make(0, "mlock", at + PAGE, PAGE)
    assert.strictEqual(count(guest) - before, 63, "apart already")
    guest.make(0, "munlock", at + PAGE, PAGE)
    assert.strictEqual(guest.make(0, "mprotect", at, 64 * PAGE, READ_WRITE), 0)
    assert.strictEqual(count(guest), before)
    inStep(guest)
  })

  it("has a limit, which whatever splits a mapping meets as well", () => {
    const guest = new Guest()
    const at = mmap(guest, 16) as number
    const page = (index: number): number => at + index * PAGE
    // All but four are there without their pages.
    for (let start = NOWHERE; count(guest) < MAP_COUNT_MAX - 4; start += 2 * PAGE) {
      guest.kernel.emit({ _tag: "Mapped", process: guest.id(0), start, end: start + PAGE, protection: READ, isShared: 0 })
    }
    const flips = [2, 4, 6].map((index) => guest.make(0, "mprotect", page(index), PAGE, READ))
    assert.deepStrictEqual([...flips, count(guest)], [0, 0, "ENOMEM", MAP_COUNT_MAX])
    assert.isTrue(guest.memory.write8(page(6), 1), "it is as it was")
    assert.strictEqual(guest.make(0, "munmap", page(7), PAGE), "ENOMEM")
    assert.strictEqual(guest.make(0, "mlock", page(7), PAGE), "ENOMEM")
    assert.strictEqual(guest.make(0, "munmap", page(15), PAGE), 0, "at its edge nothing is split")
    assert.strictEqual(mmap(guest, 1, 0, ANONYMOUS, READ), page(15), "one more than may be split")
    assert.strictEqual(mmap(guest, 1, 0, ANONYMOUS, NONE), "ENOMEM")
    assert.strictEqual(guest.make(0, "mprotect", at, 16 * PAGE, READ_WRITE), 0)
    assert.strictEqual(count(guest), MAP_COUNT_MAX - 4)
  })
})

describe("brk", () => {
  it("grows and shrinks by bytes, in pages, and answers where it is when it cannot", () => {
    const guest = new Guest()
    assert.strictEqual(guest.make(0, "brk", 0), HEAP)
    assert.strictEqual(guest.make(0, "brk", HEAP + 100), HEAP + 100)
    assert.isTrue(guest.memory.write8(HEAP + PAGE - 1, 9))
    assert.strictEqual(guest.make(0, "brk", HEAP + 200), HEAP + 200)
    assert.strictEqual(guest.memory.read8(HEAP + PAGE - 1), 9, "the page stays")
    assert.strictEqual(guest.make(0, "brk", HEAP + 3 * PAGE), HEAP + 3 * PAGE)
    assert.strictEqual(guest.make(0, "brk", HEAP + PAGE), HEAP + PAGE)
    assert.strictEqual(guest.memory.read8(HEAP + PAGE), undefined)
    assert.strictEqual(guest.make(0, "brk", 2n ** 47n), HEAP + PAGE)
    inStep(guest)
  })

  it("leaves a page free before what follows, and may be blocked by it", () => {
    const guest = new Guest()
    mmap(guest, 1, HEAP + 4 * PAGE, ANONYMOUS | FIXED, NONE)
    assert.strictEqual(guest.make(0, "brk", HEAP + 3 * PAGE + 1), HEAP)
    assert.strictEqual(guest.make(0, "brk", HEAP + 3 * PAGE), HEAP + 3 * PAGE)
  })
})

describe("madvise", () => {
  it("DONTNEED gives zeros, and keeps the protection", () => {
    const guest = new Guest()
    const at = mmap(guest, 3) as number
    guest.words(at + PAGE, 7)
    guest.make(0, "mprotect", at + PAGE, PAGE, READ)
    assert.strictEqual(guest.make(0, "madvise", at, 3 * PAGE, 4), 0)
    assert.strictEqual(guest.word(at + PAGE), 0n)
    assert.isFalse(guest.memory.write8(at + PAGE, 1))
    inStep(guest)
  })

  it("DONTNEED of the program's own segments is loud", () => {
    const guest = new Guest()
    guest.make(0, "madvise", DATA, DATA_END - DATA, 4)
    assert.strictEqual(guest.kernel.outcome?._tag, "Unsupported")
  })
})

it("ends the run when our own limit is reached", () => {
  const guest = new Guest()
  Object.assign(guest.machine, { map: () => false })
  mmap(guest, 1)
  assert.deepStrictEqual(guest.kernel.outcome, { _tag: "OutOfBudget", limit: "memory" })
  assert.deepStrictEqual(processOf(guest.fold(), guest.id(0)).mappings, processOf(guest.kernel.state, guest.id(0)).mappings)
})
