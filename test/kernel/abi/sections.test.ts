/**
 * Real programs, interrupted before each of their instructions: what `armed` says there is what an interruption does.
 * The instructions are found by running the program, not listed.
 */
import { assert, describe, it } from "vitest"
import { hex } from "../../../src/base/bits.ts"
import { childTask, contains, rootTask } from "../../../src/base/ids.ts"
import { type Decider, type InterruptionKind, KERNEL_THREAD, type Option, quietDecider } from "../../../src/log/choice.ts"
import type { Entry } from "../../../src/log/event.ts"
import { SIGUSR1 } from "../../../src/linux/signal.ts"
import type { Run, RunSnapshot } from "../../../src/run/run.ts"
import { start } from "../../../src/run/start.ts"
import { exampleSpec } from "../../support/examples.ts"

const WORKER = childTask(rootTask, 1)
const STEP_COUNT_MAX = 200_000

/** A boundary of the worker, in the quiet run. */
interface Boundary {
  readonly count: number
  readonly ip: number
  /** Some contract would fix it up here. */
  readonly isArmed: boolean
}

class Subject {
  readonly run: Run
  readonly entries: Array<Entry> = []
  private readonly boot: RunSnapshot

  constructor(file: string) {
    const spec = exampleSpec(file, { repeat: 2 })
    const log = { append: (now: number, cpu: number, task: Entry["task"], count: number, event: Entry["event"]) => { this.entries.push({ index: 0, now, cpu, task, count, event }) } }
    const run = start({ ...spec, menu: { ...spec.menu, signals: [SIGUSR1] } }, quietDecider, log)
    if ("_tag" in run) throw new Error(run.reason)
    this.run = run
    this.boot = run.snapshot()
  }

  /** From the boot to the end. */
  again(decider: Decider): void {
    const { run } = this
    run.restore(this.boot)
    this.entries.length = 0
    run.kernel.decider = decider
    for (let step = 0; step < STEP_COUNT_MAX && run.outcome === undefined; step++) run.step()
  }

  boundaries(): ReadonlyArray<Boundary> {
    const { kernel } = this.run
    const met: Array<Boundary> = []
    this.again({
      ...quietDecider,
      marks: [{ _tag: "EveryInstruction" }],
      interrupt: ({ from: count, pending, task: id }) => {
        if (id === WORKER && pending !== undefined) {
          const task = kernel.current(id)
          const isArmed = kernel.abis.some((abi) => abi.armed(kernel.state, task, kernel.registers(task), kernel.memory(task)) !== undefined)
          met.push({ count, ip: pending.ip, isArmed })
        }
        return "nothing"
      }
    })
    return met
  }

  /** One interruption; what the contracts did about it. */
  interruptAt(count: number, kind: InterruptionKind, option: Option): ReadonlyArray<Entry> {
    let isTaken = false
    this.again({
      ...quietDecider,
      taken: () => { isTaken = true },
      interrupt: ({ from, task, until }) => (!isTaken && task === WORKER && from <= count && count <= until ? { at: count, kind, option } : "nothing")
    })
    assert.isTrue(isTaken, `nothing befell the worker at count ${count}`)
    return this.entries.filter((entry) => entry.task === WORKER && entry.count === count && entry.event._tag === "Aborted")
  }
}

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
    const subject = new Subject(file)
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
    const subject = new Subject("percpu-counter.s")
    const [section] = subject.run.program.sections
    assert.isDefined(section)
    for (const { ip, isArmed } of subject.boundaries()) assert.strictEqual(isArmed, section !== undefined && contains(section, ip), hex(ip))
  })

  it("runs its handler with the section given up, wherever in it a signal falls", () => {
    const subject = new Subject("signal-in-section.s")
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
