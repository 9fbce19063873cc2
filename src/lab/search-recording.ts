/** A recording that is searched: its program, its run again, and what that run shows. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readingOf, withPlaces } from "../analysis/timeline/reading.ts"
import { divergenceClause } from "../analysis/timeline/divergence.ts"
import type { Schedule } from "../log/choice.ts"
import type { Recording } from "../log/recording-reader.ts"
import { watchesOf } from "../program/watch.ts"
import { tellLeniently } from "../run/lenient.ts"
import { specOfHeader } from "../run/replay.ts"
import { defaultLimits, type RunSpec } from "../run/start.ts"
import type { BisectFailure } from "../search/bisect.ts"
import { performSchedule, placed } from "../search/place.ts"
import { knownEntries } from "./showing.ts"
import { watchedWords } from "../search/shared.ts"
import type { Target, TargetOptions } from "../search/target.ts"
import { failureOf, type Trial } from "../search/trial.ts"
import { targetOf } from "./failing.ts"
import { damageText, RecordingDamaged } from "./recording.ts"
import { ReplayDiverged, replayRecording, ReplayRefused } from "./replay-recording.ts"

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

/**
 * A recording to be analysed: the one way to a target of it. Its run has come again, strictly, before anything is worked out of
 * what it says. `file` is what messages call it.
 */
export const openSearch = (recording: Recording, file: string, limits: Partial<RunSpec["limits"]> = {}) =>
  Effect.gen(function*() {
    if (recording.status === "corrupt" && recording.damage !== undefined) return yield* new RecordingDamaged({ file, problem: damageText(recording.damage) })
    const replayed = yield* replayRecording(recording, file, { limits })
    if (replayed._tag === "Diverged") return yield* new ReplayDiverged({ file, difference: divergenceClause(replayed.divergence) })
    const spec = specOfHeader(recording.header, { ...defaultLimits, ...limits })
    if ("_tag" in spec) return yield* new ReplayRefused({ file, reason: spec.reason })
    // What was watched beside what the program says: words that tasks share.
    const watches = watchedWords(knownEntries(recording), watchesOf(spec.program))
    const opened = (options: Partial<TargetOptions>) =>
      Effect.map(targetOf(spec, { watches, ...options, isAsRecorded: true }), (target): Opened =>
        ({ file, recording, target, trial: performSchedule(target.trials, recording.schedule) }))
    const first = yield* opened({})
    // Found by who watches every run, it shows itself to nobody else.
    return failureOf(first.trial) === undefined ? yield* opened({ isAlwaysWatched: true }) : first
  })

/** Whether two recordings hold one program: another number of repetitions is another program of the same text. */
export const isSameSource = (one: Opened, other: Opened): boolean => {
  const [{ text }, { text: otherText }] = [one.target.spec.program, other.target.spec.program]
  return one.recording.header.programHash === other.recording.header.programHash || (text !== undefined && text === otherText)
}

/** The schedule of a run, by place, in the experiment of another of the same source: that may have been shrunk, and this one not. */
export const scheduleThere = ({ recording: { schedule }, target }: Opened, there: Target): Schedule => {
  const telling = tellLeniently(there.spec.program, placed(target.trials, schedule).map(({ deviation }) => deviation), () => {})
  return there.trials.perform(telling).schedule
}

/** The finding of a recording that must have one, its places by symbol. */
export const findingOf = ({ file, target, trial }: Opened) => {
  const finding = failureOf(trial)
  if (finding === undefined) return Effect.fail(new NothingFails({ file }))
  return Effect.succeed({ ...finding, message: withPlaces(finding.message, readingOf(target.spec.program)) })
}
