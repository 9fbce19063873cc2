/** Runs of a strategy, one after another, until one fails or nothing is left to try. */
import * as Effect from "effect/Effect"
import { quietDecider } from "../log/choice.ts"
import type { Outcome } from "../log/outcome.ts"
import { type RunSpec, start } from "../run/start.ts"
import { type Trial, Trials } from "../search/trial.ts"
import type { Strategy } from "../strategy/definition.ts"
import { BootRefused } from "./boot-refused.ts"
import { unheard } from "./unheard.ts"
import { Progress } from "./progress.ts"

/** What was tried, and the first run that shows what is looked for. */
export interface Tried {
  readonly runCount: number
  readonly found: { readonly runIndex: number; readonly trial: Trial } | undefined
}

/** Anything but a clean exit. */
export const isFailure = (outcome: Outcome): boolean => !(outcome._tag === "Exited" && outcome.status === 0)

/** At most `runCountMax` runs of `strategy`, from one boot. Interrupted, it stops between two runs. */
export const tryStrategy = (
  spec: RunSpec, strategy: Strategy, runCountMax: number, isFound: (outcome: Outcome) => boolean = isFailure
): Effect.Effect<Tried, BootRefused, Progress> =>
  Effect.gen(function*() {
    const progress = yield* Progress
    const run = start(spec, quietDecider)
    if ("_tag" in run) return yield* new BootRefused({ program: spec.program.name, reason: run.reason })
    const trials = new Trials(run, { detectors: [], forkAtNow: 0 })
    const advance = { work: `trying runs of ${spec.program.name}`, now: 0, entryCount: 0 }
    for (let runIndex = 0; runIndex < runCountMax; runIndex += 1) {
      const decider = strategy.nextRun(runIndex)
      if (decider === undefined) return { runCount: runIndex, found: undefined }
      const trial = yield* unheard(() => trials.perform(decider))
      if (isFound(trial.outcome)) return { runCount: runIndex + 1, found: { runIndex, trial } }
      advance.now += trial.icount
      progress.report(advance)
      yield* Effect.yieldNow
    }
    return { runCount: runCountMax, found: undefined }
  })
