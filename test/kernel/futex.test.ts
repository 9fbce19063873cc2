import { assert, describe, it } from "vitest"
import { nothingOnMenu, type Question } from "../../src/log/choice.ts"
import { DATA, NOWHERE } from "./abi/hand.ts"
import { Guest } from "./guest.ts"

const WAIT = 128
const WAKE = 129
const WAIT_BITSET = 137
const WAKE_BITSET = 138
const SHARED = -128

const statuses = (guest: Guest) => guest.kernel.state.tasks.map(({ status }) => status)
/** Tasks 1, 2, 3 … wait on the word at DATA, in this order; task 0 wakes. */
const sleepers = (count: number, operation = WAIT, options: ConstructorParameters<typeof Guest>[0] = {}): Guest => {
  const cpus = Array.from({ length: count + 1 }, (_, cpu) => cpu)
  const guest = new Guest({ cpus, tasks: cpus, ...options })
  for (let index = 1; index <= count; index++) assert.strictEqual(guest.make(index, "futex", DATA, operation, 0, 0, 0, 0xffff_ffff), "waits")
  return guest
}

describe("a futex", () => {
  it("wakes those who waited longest, at most as many as asked", () => {
    const guest = sleepers(3)
    assert.strictEqual(guest.make(0, "futex", DATA, WAKE, 2, 0, 0, 0), 2)
    assert.deepStrictEqual(statuses(guest), ["running", "runnable", "runnable", "blocked"])
    assert.strictEqual(guest.rax(1), 0n)
    assert.strictEqual(guest.make(0, "futex", DATA, WAKE, 0x7fff_ffff, 0, 0, 0), 1)
  })

  it.each([[0], [-1]])("wakes one when asked for %s", (count) => {
    const guest = sleepers(2)
    assert.strictEqual(guest.make(0, "futex", DATA, WAKE, count, 0, 0, 0), 1)
  })

  it("wakes nobody at another word, and nobody minds a private word that is not there", () => {
    const guest = sleepers(1)
    assert.strictEqual(guest.make(0, "futex", DATA + 4, WAKE, 1, 0, 0, 0), 0)
    assert.strictEqual(guest.make(0, "futex", NOWHERE, WAKE, 1, 0, 0, 0), 0)
  })

  it("that is private is another than one that is not", () => {
    const guest = sleepers(1)
    assert.strictEqual(guest.make(0, "futex", DATA, WAKE + SHARED, 1, 0, 0, 0), 0)
    const shared = sleepers(1, WAIT + SHARED)
    assert.strictEqual(shared.make(0, "futex", DATA, WAKE, 1, 0, 0, 0), 0)
    assert.strictEqual(shared.make(0, "futex", DATA, WAKE + SHARED, 1, 0, 0, 0), 1)
  })

  it("wakes only who waits for one of its bits", () => {
    const guest = new Guest({ cpus: [0, 1, 2], tasks: [0, 1, 2] })
    guest.make(1, "futex", DATA, WAIT_BITSET, 0, 0, 0, 0b01)
    guest.make(2, "futex", DATA, WAIT_BITSET, 0, 0, 0, 0b10)
    assert.strictEqual(guest.make(0, "futex", DATA, WAKE_BITSET, 9, 0, 0, 0b10), 1)
    assert.deepStrictEqual(statuses(guest), ["running", "blocked", "runnable"])
  })

  it("asks once for each it wakes, while fewer are woken than wait", () => {
    const asked: Array<Question> = []
    const guest = sleepers(3, WAIT, {
      menu: { ...nothingOnMenu, kinds: new Set(["wake"] as const) },
      decider: {
        marks: [], interrupt: () => "nothing",
        choose: (question) => {
          asked.push({ ...question })
          return question.options.at(-1) ?? 0
        }
      }
    })
    assert.strictEqual(guest.make(0, "futex", DATA, WAKE, 2, 0, 0, 0), 2)
    assert.deepStrictEqual(asked.map(({ options, task }) => [task, options]), [
      [guest.id(0), [guest.id(1), guest.id(2), guest.id(3)]], [guest.id(0), [guest.id(1), guest.id(2)]]
    ])
    assert.deepStrictEqual(statuses(guest), ["running", "blocked", "runnable", "runnable"])
    guest.make(0, "futex", DATA, WAKE, 1, 0, 0, 0)
    assert.lengthOf(asked, 2, "the last one is no choice")
    for (const index of [2, 3]) guest.toUser(index)
    for (const index of [2, 3]) guest.make(index, "futex", DATA, WAIT, 0, 0, 0, 0)
    assert.strictEqual(guest.make(0, "futex", DATA, WAKE, 2, 0, 0, 0), 2)
    assert.lengthOf(asked, 2, "nor are all")
  })

  it("gives up at its deadline: relative for WAIT, absolute for WAIT_BITSET, by either clock", () => {
    for (const [operation, seconds] of [[WAIT, 3], [WAIT_BITSET, 3], [WAIT_BITSET | 256, 1_767_225_603]] as const) {
      const guest = new Guest()
      guest.words(DATA, 0, 0, seconds, 0)
      const before = guest.kernel.nanoseconds
      assert.strictEqual(guest.make(0, "futex", DATA, operation, 0, DATA + 16, 0, 1), "waits")
      guest.wait()
      assert.strictEqual(guest.rax(0), -110n)
      assert.strictEqual(guest.kernel.nanoseconds, operation === WAIT ? before + 1 + 3e9 : 3e9)
    }
  })

  it.each([[3, "REQUEUE"], [4, "CMP_REQUEUE"], [5, "WAKE_OP"], [6, "LOCK_PI"], [13, "LOCK_PI2"]])("command %s is loud", (operation, name) => {
    const guest = new Guest()
    guest.make(0, "futex", DATA, operation, 1, 0, 0, 0)
    assert.deepInclude(guest.kernel.outcome, { _tag: "Unsupported", what: `futex command FUTEX_${name} is not modelled` })
  })
})
