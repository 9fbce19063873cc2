/**
 * Real programs, interrupted before each of their instructions: what `armed` says there is what an interruption does.
 * The instructions are found by running the program, not listed.
 */
import { assert, describe, it } from "vitest"
import { hex } from "../../../src/base/bits.ts"
import { contains } from "../../../src/base/ids.ts"
import { type InterruptionKind, KERNEL_THREAD, type Option } from "../../../src/log/choice.ts"
import { SIGUSR1 } from "../../../src/linux/signal.ts"
import { randomDecider } from "../../../src/strategy/random.ts"
import { exampleSpec } from "../../support/examples.ts"
import { Subject } from "./subject.ts"

const subjectOf = (file: string): Subject => new Subject(exampleSpec(file, { repeat: 2 }))

/** Interruptions, and programs whose own oracle holds whatever they bring. */
const tries: ReadonlyArray<readonly [file: string, kind: InterruptionKind, option: Option]> = [
  ["percpu-counter.s", "preempt", KERNEL_THREAD],
  ["percpu-counter.s", "migrate", 1],
  ["percpu-push.s", "preempt", KERNEL_THREAD],
  ["percpu-pop.s", "preempt", KERNEL_THREAD],
  ["commit-sequence-mainline.s", "preempt", KERNEL_THREAD],
  ["commit-sequence.s", "preempt", KERNEL_THREAD],
  ["commit-sequence.s", "migrate", 1],
  ["signal-in-section.s", "preempt", KERNEL_THREAD],
  ["percpu-opv-fallback.s", "preempt", KERNEL_THREAD],
  ["percpu-opv-fallback.s", "migrate", 1]
]

describe("a program interrupted before each of its instructions", () => {
  it.each(tries)("%s, by %s: is aborted exactly where it is armed, and ends well", (file, kind, option) => {
    const subject = subjectOf(file)
    const boundaries = subject.boundaries()
    assert.isTrue(boundaries.some(({ isArmed }) => isArmed) && boundaries.some(({ isArmed }) => !isArmed))
    for (const { count, ip, isArmed } of boundaries) {
      const aborted = subject.interruptAt(count, kind, option)
      const where = `1.1@${count}:${kind}, before ${hex(ip)}`
      assert.strictEqual(aborted.length, isArmed ? 1 : 0, where)
      assert.deepStrictEqual(subject.run.outcome, { _tag: "Exited", status: 0 }, where)
    }
  })

  it("arms the sections it describes, and nothing but them", () => {
    const subject = subjectOf("percpu-counter.s")
    const [section] = subject.run.program.sections
    assert.isDefined(section)
    for (const { ip, isArmed } of subject.boundaries()) assert.strictEqual(isArmed, section !== undefined && contains(section, ip), hex(ip))
  })

  it("runs its handler with the section given up, wherever in it a signal falls", () => {
    const subject = subjectOf("signal-in-section.s")
    const [section] = subject.run.program.sections
    const inside = subject.boundaries().filter(({ ip }) => section !== undefined && contains(section, ip))
    assert.isNotEmpty(inside)
    for (const { count } of inside) {
      const aborted = subject.interruptAt(count, "signal", SIGUSR1)
      assert.strictEqual(aborted.length, 1, `1.1@${count}:signal=USR1`)
      assert.deepStrictEqual(subject.run.outcome, { _tag: "Exited", status: 0 }, `1.1@${count}:signal=USR1`)
    }
  })
})

/** Programs that hold whatever happens, and how many runs each gets. */
const sound = ["percpu-counter.s", "percpu-push.s", "commit-sequence.s", "commit-sequence-mainline.s", "signal-in-section.s", "migrate-before-commit.s", "percpu-opv-fallback.s"]
const SEED_COUNT = 40

describe("a program under random interruptions, many to a run", () => {
  it.each(sound)("%s ends well and is aborted often", (file) => {
    const subject = subjectOf(file)
    let abortCount = 0
    for (let seed = 0; seed < SEED_COUNT; seed++) {
      subject.again(randomDecider(String(seed), { turn: 10, preempt: 8, migrate: 12, signal: 0, pause: 3, arrive: 2 }))
      assert.deepStrictEqual(subject.run.outcome, { _tag: "Exited", status: 0 }, `seed ${seed}`)
      abortCount += subject.entries.filter(({ event }) => event._tag === "Aborted").length
    }
    assert.isAbove(abortCount, SEED_COUNT)
  })
})
