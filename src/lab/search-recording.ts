/** A recording that is searched: its program, its run again, and what that run shows. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readingOf, withPlaces } from "../analysis/timeline/reading.ts"
import type { Recording } from "../log/recording-reader.ts"
import type { RunSpec } from "../run/start.ts"
import type { BisectFailure } from "../search/bisect.ts"
import { performSchedule } from "../search/place.ts"
import type { Target, TargetOptions } from "../search/target.ts"
import { failureOf, type Trial } from "../search/trial.ts"
import { targetOfRecording } from "./failing.ts"
import { damageText, RecordingDamaged } from "./recording.ts"

/** A recording in which nothing fails, where a failure is wanted. */
export class NothingFails extends Schema.TaggedError<NothingFails>()("NothingFails", { file: Schema.String }) {
  override get message(): string {
    return `${this.file} shows no failure; name a recording that \`rseqlab fuzz PROG\` has saved`
  }
}

/** Two ends of a bisection that are no pass and no failure, or cannot be told apart. */
export class EndsAlike extends Schema.TaggedError<EndsAlike>()("EndsAlike", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

/** The quiet run fails already, and a passing one is needed. */
export class NoPassingEnd extends Schema.TaggedError<NoPassingEnd>()("NoPassingEnd", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

/** Why there is nothing to bisect. `judgeName`: who says so. */
export const bisectRefused = (failure: BisectFailure, judgeName: string, isQuiet: boolean) => {
  switch (failure._tag) {
    case "WrongEnd":
      return failure.end === "passing" && isQuiet && failure.verdict === "fails"
        ? new NoPassingEnd({ problem: `there is no passing end: the quiet run fails already, says ${judgeName}; name a recording that passes before the one that fails` })
        : new EndsAlike({ problem: `the ${failure.end} end ${failure.verdict === "skip" ? "cannot be judged" : failure.verdict}, says ${judgeName}; a bisection begins with one run that passes and one that fails` })
    case "NoDifference":
      return new EndsAlike({ problem: "the two recordings hold the same deviations; a bisection begins with one run that passes and one that fails" })
    case "OnlySkips":
      return new EndsAlike({ problem: `what is left between the two ends cannot be judged, says ${judgeName}` })
  }
}

export interface Opened {
  readonly file: string
  readonly recording: Recording
  readonly target: Target
  /** The recorded schedule, run again. */
  readonly trial: Trial
}

/** `file` is what messages call it. */
export const openSearch = (recording: Recording, file: string, limits: Partial<RunSpec["limits"]> = {}) =>
  Effect.gen(function*() {
    if (recording.status === "corrupt" && recording.damage !== undefined) return yield* new RecordingDamaged({ file, problem: damageText(recording.damage) })
    const opened = (options: Partial<TargetOptions>) =>
      Effect.map(targetOfRecording(recording, file, limits, options), (target): Opened =>
        ({ file, recording, target, trial: performSchedule(target.trials, recording.schedule) }))
    const first = yield* opened({})
    // Found by who watches every run, it shows itself to nobody else.
    return failureOf(first.trial) === undefined ? yield* opened({ isAlwaysWatched: true }) : first
  })

/** The finding of a recording that must have one, its places by symbol. */
export const findingOf = ({ file, target, trial }: Opened) => {
  const finding = failureOf(trial)
  if (finding === undefined) return Effect.fail(new NothingFails({ file }))
  return Effect.succeed({ ...finding, message: withPlaces(finding.message, readingOf(target.spec.program)) })
}
