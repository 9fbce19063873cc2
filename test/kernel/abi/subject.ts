/** A real program, run again and again from its boot, each time with one interruption of its first worker. */
import { assert } from "vitest"
import { known } from "../../../src/base/assert.ts"
import { childTask, rootTask } from "../../../src/base/ids.ts"
import { type Decider, type InterruptionKind, type Option, quietDecider } from "../../../src/log/choice.ts"
import type { Entry } from "../../../src/log/event.ts"
import { SIGUSR1 } from "../../../src/linux/signal.ts"
import type { Run, RunSnapshot } from "../../../src/run/run.ts"
import { type RunSpec, start } from "../../../src/run/start.ts"

/** The first task that the program asks for: the one that is interrupted. */
export const WORKER = childTask(rootTask, 1)
const STEP_COUNT_MAX = 200_000

/** A boundary of the worker, in the quiet run. */
export interface Boundary {
  readonly count: number
  readonly ip: number
  /** Some contract would fix it up here. */
  readonly isArmed: boolean
}

export class Subject {
  readonly run: Run
  readonly entries: Array<Entry> = []
  private readonly boot: RunSnapshot

  constructor(spec: RunSpec) {
    const log = { append: (now: number, cpu: number, task: Entry["task"], count: number, event: Entry["event"]) => { this.entries.push({ index: 0, now, cpu, task, count, event }) } }
    const run = start({ ...spec, menu: { ...spec.menu, signals: [SIGUSR1] } }, quietDecider, log)
    if ("_tag" in run) throw new Error(run.reason)
    this.run = run
    this.boot = run.snapshot()
  }

  /** A word of memory, so many bytes behind a symbol. */
  word(symbol: string, offsetBytes = 0): bigint {
    const { kernel } = this.run
    return known(kernel.memory(kernel.current(rootTask)).read64(this.at(symbol) + offsetBytes), "a symbol is in memory")
  }
  /** Where a symbol is. */
  at(symbol: string): number {
    return known(this.run.program.symbols.find(({ name }) => name === symbol), `the program has ${symbol}`).at
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

  /** One interruption, by another option of its kind where that one is not on offer; what the contracts did about it. */
  interruptAt(count: number, kind: InterruptionKind, wanted: Option): ReadonlyArray<Entry> {
    let isTaken = false
    this.again({
      ...quietDecider,
      taken: () => { isTaken = true },
      interrupt: ({ from, options, task, until }) => {
        if (isTaken || task !== WORKER || count < from || until < count) return "nothing"
        const offered = options(kind)
        const option = offered.includes(wanted) ? wanted : offered[0]
        return option === undefined ? "nothing" : { at: count, kind, option }
      }
    })
    assert.isTrue(isTaken, `nothing befell the worker at count ${count}`)
    return this.entries.filter((entry) => entry.task === WORKER && entry.count === count && entry.event._tag === "Aborted")
  }
}
