/** A run taken to its end, in breaths: between two of them it can be watched and ended. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Outcome } from "../log/outcome.ts"
import type { Run } from "../run/run.ts"
import { Progress } from "./progress.ts"

/** A broken promise of ours, and where the run stood. */
export class SimulatorBroke extends Schema.TaggedError<SimulatorBroke>()("SimulatorBroke", {
  cause: Schema.Defect(),
  program: Schema.String,
  seed: Schema.String,
  now: Schema.Int,
  entryIndex: Schema.Int
}) {
  override get message(): string {
    return `a promise of rseqlab itself is broken, running ${this.program} with seed ${this.seed}, at now ${this.now}, entry ${this.entryIndex}`
  }
}

/** A run that stands before its first instruction, and whoever writes it down or holds it against another. */
export interface Begun<Result = Outcome> {
  readonly run: Run
  /** Runs on for about so many instructions; writes whatever falls due. The result, once there is one. */
  readonly advance: (breathIcount: number) => Result | undefined
  /** Ends the run where it stands. What was written down is whole, and says so. */
  readonly abandon: () => void
}

/** About 1 to 5 ms. Chosen in instructions; where a run breathes is never visible in it. */
const BREATH_ICOUNT_MAX = 250_000
const BREATH_ICOUNT_MIN = 2_000
/** An entry may take as long as a thousand instructions: where there are so many in a breath, the next is shorter. */
const BREATH_ENTRY_COUNT_MAX = 1_000

/** Runs on until it ends. `check` is asked after each breath and may end the waiting. */
const breathe = <Result, E>(begun: Begun<Result>, work: string, check: Effect.Effect<void, E>): Effect.Effect<Result, E, Progress> =>
  Effect.gen(function*() {
    const progress = yield* Progress
    const { kernel } = begun.run
    const advance = { work, now: 0, entryCount: 0 }
    let breathIcount = BREATH_ICOUNT_MIN
    for (;;) {
      const before = kernel.entryCount
      const result = yield* Effect.sync(() => begun.advance(breathIcount))
      breathIcount = kernel.entryCount - before > BREATH_ENTRY_COUNT_MAX ? Math.max(BREATH_ICOUNT_MIN, breathIcount / 2) : Math.min(BREATH_ICOUNT_MAX, breathIcount * 2)
      yield* check
      if (result !== undefined) return result
      advance.now = kernel.now
      advance.entryCount = kernel.entryCount
      progress.report(advance)
      yield* Effect.yieldNow
    }
  })

/**
 * Runs to the end. Interrupted, the run ends at this boundary as `Abandoned` and the caller goes on: to be called where
 * interruption is off.
 */
export const toTheEnd = <Result, E = never>(
  begun: Begun<Result>, work: string, check: Effect.Effect<void, E> = Effect.void
): Effect.Effect<Result | "abandoned", E | SimulatorBroke, Progress> =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(Effect.interruptible(breathe(begun, work, check)))
    ;(yield* Progress).finish()
    if (Exit.isSuccess(exit)) return exit.value
    if (Cause.hasInterruptsOnly(exit.cause)) {
      begun.abandon()
      return "abandoned"
    }
    if (!Cause.hasDies(exit.cause)) return yield* Effect.failCause(exit.cause)
    const { kernel: { entryCount, now, seed }, program } = begun.run
    return yield* new SimulatorBroke({ cause: Cause.squash(exit.cause), program: program.name, seed, now, entryIndex: entryCount })
  })
