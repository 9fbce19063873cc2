/** Runs of a strategy, one after another, until one fails or nothing is left to try. */
import * as Effect from "effect/Effect"
import type { Deviation, Schedule } from "../log/choice.ts"
import type { Outcome } from "../log/outcome.ts"
import type { Program } from "../program/program.ts"
import { type RunSpec, start } from "../run/start.ts"
import type { Strategy } from "../strategy/definition.ts"
import { type SimulatorBroke, toTheEnd } from "./advance.ts"
import type { Progress } from "./progress.ts"
import { BootRefused } from "./run-program.ts"

/** A run that failed, and how to have it again. */
export interface Found {
  readonly runIndex: number
  readonly schedule: Schedule
  readonly outcome: Outcome
}

export interface Trial {
  readonly runCount: number
  readonly found: Found | undefined
}

/** Whether a run shows what is looked for. */
export type Judge = (outcome: Outcome) => boolean

/** Anything but a clean exit. */
export const fails: Judge = (outcome) => !(outcome._tag === "Exited" && outcome.status === 0)

/** At most `runCountMax` runs of `strategy`, quiet ones included. */
export const tryStrategy = (
  program: Program, spec: RunSpec, strategy: Strategy, runCountMax: number, isFound: Judge = fails
): Effect.Effect<Trial, BootRefused | SimulatorBroke, Progress> =>
  Effect.gen(function*() {
    for (let runIndex = 0; runIndex < runCountMax; runIndex += 1) {
      const answers = strategy.nextRun(runIndex)
      if (answers === undefined) return { runCount: runIndex, found: undefined }
      const run = start(spec, answers)
      if ("_tag" in run) return yield* new BootRefused({ program: program.name, reason: run.reason })
      const schedule: Array<Deviation> = []
      run.kernel.keep = (deviation) => void schedule.push(deviation)
      const begun = { run, advance: (breathIcount: number) => run.advance(breathIcount), abandon: () => run.kernel.end({ _tag: "Abandoned" }) }
      const outcome = yield* toTheEnd(begun, `run ${runIndex} of ${program.name}`)
      if (outcome === "abandoned") return yield* Effect.interrupt
      if (isFound(outcome)) return { runCount: runIndex + 1, found: { runIndex, schedule, outcome } }
    }
    return { runCount: runCountMax, found: undefined }
  })
