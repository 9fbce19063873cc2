/** A recording run again: strictly, held against what it says, or leniently, under another schedule. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { known } from "../base/assert.ts"
import { grouped } from "../base/bits.ts"
import type { Limits } from "../kernel/kernel.ts"
import type { Deviation } from "../log/choice.ts"
import { type EventLog as Log, noLog } from "../log/event.ts"
import { RETOLD_DEVIATION_COUNT_MAX } from "../log/limits.ts"
import type { Recording } from "../log/recording-reader.ts"
import type { TypedSchedule } from "../log/schedule.ts"
import { replay, type ReplayResult, specOfHeader } from "../run/replay.ts"
import { defaultLimits, start } from "../run/start.ts"
import { type SimulatorBroke, toTheEnd } from "./advance.ts"
import { telling } from "./decider.ts"
import type { Progress } from "./progress.ts"
import { reportOf, type RunReport } from "./run-program.ts"

export class ReplayRefused extends Schema.TaggedError<ReplayRefused>()("ReplayRefused", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.file} cannot be replayed: ${this.reason}`
  }
}

/** The run of a recording does not come again: whatever were worked out of it would be said of another run. */
export class ReplayDiverged extends Schema.TaggedError<ReplayDiverged>()("ReplayDiverged", {
  file: Schema.String,
  /** A clause. */
  difference: Schema.String
}) {
  override get message(): string {
    return `${this.file} does not replay: ${this.difference}; \`rseqlab replay\` shows where`
  }
}

export interface ReplayOptions {
  /** Local limits beat the recording's: one that asks for more is refused. */
  readonly limits?: Partial<Limits> | undefined
  /** Hears the entries of the replay. */
  readonly listener?: Log | undefined
  /** Told of each deviation as it is taken, before its first entry is made. */
  readonly taken?: ((deviation: Deviation) => void) | undefined
  /** Asked between breaths: whether what came again so far is all that is wanted. */
  readonly isEnough?: (() => boolean) | undefined
}

const limitsOf = ({ limits }: ReplayOptions): Limits => ({ ...defaultLimits, ...limits })

/** Strictly. The first difference ends it. `file`: for messages. Interrupted, it gives way without a result. */
export const replayRecording = (
  recording: Recording, file: string, options: ReplayOptions = {}
): Effect.Effect<ReplayResult, ReplayRefused | SimulatorBroke, Progress> =>
  Effect.gen(function*() {
    const replaying = yield* Effect.sync(() => replay(recording, limitsOf(options), undefined, options.listener ?? noLog))
    if ("_tag" in replaying) return yield* new ReplayRefused({ file, reason: replaying.reason })
    const { run } = replaying
    if (options.taken !== undefined) run.kernel.hearTaken(options.taken)
    const advance = (breathIcount: number): ReplayResult | undefined =>
      replaying.advance(breathIcount) ?? (options.isEnough?.() === true ? replaying.soFar : undefined)
    const result = yield* Effect.uninterruptible(toTheEnd({ run, advance, abandon: () => {} }, `replaying ${file}`))
    return result === "abandoned" ? yield* Effect.interrupt : result
  })

/** Leniently: the recording's program under `schedule`, its own by default. What does not apply is dropped and listed. */
export const replayLeniently = (
  recording: Recording, file: string, schedule?: TypedSchedule, options: ReplayOptions = {}
): Effect.Effect<RunReport, ReplayRefused | SimulatorBroke, Progress> =>
  Effect.gen(function*() {
    const { deviationCount } = recording
    if (schedule === undefined && deviationCount > RETOLD_DEVIATION_COUNT_MAX) {
      return yield* new ReplayRefused({ file, reason: `it holds ${grouped(deviationCount)} deviations, and at most ${grouped(RETOLD_DEVIATION_COUNT_MAX)} are told leniently; \`rseqlab replay\` without --lenient tells any number` })
    }
    const spec = specOfHeader(recording.header, limitsOf(options))
    if ("_tag" in spec) return yield* new ReplayRefused({ file, reason: spec.reason })
    const deciding = telling(schedule ?? recording.schedule, spec.program)
    const run = start(spec, deciding.answers, options.listener)
    if ("_tag" in run) return yield* new ReplayRefused({ file, reason: run.reason })
    const taken: Array<Deviation> = []
    run.kernel.hearTaken((deviation) => void taken.push(deviation))
    const begun = { run, advance: (breathIcount: number) => run.advance(breathIcount), abandon: () => run.kernel.end({ _tag: "Abandoned" }) }
    yield* Effect.uninterruptible(toTheEnd(begun, `replaying ${file}`))
    const outcome = known(run.outcome, "a run that is over has an outcome")
    return { ...reportOf(run, spec, taken), outcome, strategy: "schedule", seed: undefined, dropped: deciding.finish(), contentHash: undefined }
  })
