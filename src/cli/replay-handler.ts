import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { plural } from "../analysis/report/reporter/default.ts"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { divergenceText } from "../analysis/timeline/divergence.ts"
import { grouped } from "../base/bits.ts"
import type { Recording } from "../log/recording-reader.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { readSchedule } from "../lab/decider.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import { damageText, loadRecording, RecordingDamaged } from "../lab/recording.ts"
import { ProgramStore } from "../lab/program-store.ts"
import { RecordingStore } from "../lab/recording-store.ts"
import type { End } from "../log/header.ts"
import { workspaceFiles } from "../host/workspace-files.ts"
import type { Compared } from "../run/comparing.ts"
import type { ReplayResult } from "../run/replay.ts"
import { replayLeniently, replayRecording } from "../lab/replay-recording.ts"
import { readingFor } from "../lab/showing.ts"
import { unmodelledCalls } from "../lab/unmodelled.ts"
import { type Paint, paintFor } from "./color.ts"
import { endWith } from "./ending.ts"
import { isUserError } from "./error-code.ts"
import { type ExitName, exitOfVerdict, verdictOf } from "./exit.ts"
import { CommandLineRefused, limitsFor, scheduleText } from "./experiment.ts"
import { outcomeValue, RESULT_SCHEMA } from "./result.ts"
import { escapeLines, print, printJson, say } from "./say.ts"
import { hostLayer } from "./host-layer.ts"
import type { ReplayFlags } from "./replay.ts"
import { replayCorpus } from "./replay-corpus.ts"
import { replayOn } from "./replay-on.ts"

/** How one recording came out. */
interface Replayed {
  readonly exit: ExitName
  /** Its recording was cut. */
  readonly isCut?: true
  /** Escaped. */
  readonly lines: ReadonlyArray<string>
  readonly value: object
}

type Same = Extract<ReplayResult, { readonly _tag: "Same" }>

/** What of a recording was not held against anything, and why. */
const leftLines = ({ left: { frameCount, inputCount, unlikeCount, watchedCount } }: Compared): ReadonlyArray<string> => {
  const line = (count: number, what: string, why: string): ReadonlyArray<string> => (count === 0 ? [] : [`  not compared: ${plural(count, what)} ${why}`])
  return [
    ...line(watchedCount, "event", "seen by an observer that is not known here"),
    ...line(unlikeCount, "event", "of a kind that is not known here"),
    ...line(inputCount, "input", "that nothing asks for"),
    ...line(frameCount, "frame", "of a kind that is not known here")
  ]
}

const wholly = (recording: Recording, name: string, file: string, { check, compared, end }: Same & { readonly end: End }, paint: Paint): Replayed => {
  const left = leftLines(compared)
  const kept = recording.entryCount
  const said = left.length === 0 ? "the same run, bit for bit"
    : compared.entryCount < kept ? `the same run, in ${grouped(compared.entryCount)} of its ${plural(kept, "event")}`
    : "the same run, in all that is known here"
  return {
    exit: "passed",
    lines: [
      `${paint.good(said)}: ${name}`,
      `  ${escapeTerminal(outcomeSentence(end.outcome, limitsOf(recording)))} · ${plural(recording.deviationCount, "deviation")} · ${plural(check.now, "instruction")} · ${plural(check.entryCount, "event")}${kept === 0 ? ", counted and not kept" : ""}`,
      ...left,
      `  state ${check.stateHash} · content ${recording.contentHash}`
    ],
    value: {
      file, result: left.length === 0 ? "same" : "same-as-far-as-compared", outcome: outcomeValue(end.outcome),
      deviationCount: recording.deviationCount, icount: check.now, entryCount: check.entryCount, entriesCompared: compared.entryCount, entriesKept: kept,
      stateHash: check.stateHash, contentHash: recording.contentHash
    }
  }
}

/** It has no result that could come again: what is left of it did, or there is nothing left that could be compared. */
const cutShort = (recording: Recording, name: string, file: string, { compared }: Same, paint: Paint): Replayed => {
  const { checkCount, deviationCount, entryCount, now } = compared
  const isAny = checkCount + deviationCount + entryCount > 0
  return {
    exit: isAny ? "passed" : "unsupported",
    isCut: true,
    lines: [
      isAny ? `${paint.good("the same run as far as the file goes")}: ${name}` : `${paint.bad("nothing to compare")}: ${name}`,
      `  cut short at byte ${grouped(recording.validBytes)}: how the run went on and ended is lost`,
      `  compared ${plural(now, "instruction")} · ${plural(entryCount, "event")} · ${plural(deviationCount, "deviation")} · ${plural(checkCount, "check")}`,
      ...leftLines(compared)
    ],
    value: { file, result: isAny ? "same-as-far-as-it-goes" : "nothing-to-compare", outcome: null, validBytes: recording.validBytes, icount: now, entryCount, deviationCount, checkCount, contentHash: recording.contentHash }
  }
}

const strictly = (recording: Recording, file: string, flags: ReplayFlags) =>
  Effect.gen(function*() {
    const paint = yield* paintFor("stdout")
    if (recording.status === "corrupt" && recording.damage !== undefined) {
      return yield* new RecordingDamaged({ file, problem: `${damageText(recording.damage)}; \`rseqlab show\` prints what comes before` })
    }
    const result = yield* replayRecording(recording, file, { limits: limitsFor(flags) })
    const name = escapeTerminal(file)
    if (result._tag === "Diverged") {
      const diff = divergenceText(result.divergence, readingFor(recording.header))
      const diverged: Replayed = {
        exit: "diverged", lines: [`${paint.bad("DIVERGED")} ${name}`, ...diff],
        value: { file, result: "diverged", difference: diff }
      }
      return diverged
    }
    return result.end === undefined ? cutShort(recording, name, file, result, paint) : wholly(recording, name, file, { ...result, end: result.end }, paint)
  })

const limitsOf = ({ header: { machine } }: Recording) =>
  ({ maxIcount: machine.icountMax, maxMemoryBytes: machine.memoryBytesMax, maxTasks: machine.taskCountMax, maxOutputBytes: machine.outputBytesMax })

/** More are counted. */
const DROPPED_LINE_COUNT_MAX = 1_000

const leniently = (recording: Recording, file: string, flags: ReplayFlags) =>
  Effect.gen(function*() {
    const paint = yield* paintFor("stdout")
    const typed = flags.schedule === undefined ? undefined : yield* readSchedule(yield* scheduleText(flags.schedule))
    const report = yield* replayLeniently(recording, file, typed, { limits: limitsFor(flags) })
    const { dropped, now, outcome, schedule, spec } = report
    const isSame = JSON.stringify(outcomeValue(outcome)) === JSON.stringify(recording.end === undefined ? null : outcomeValue(recording.end.outcome))
    const exit: ExitName = flags.schedule === undefined ? (isSame ? "passed" : "diverged") : exitOfVerdict[verdictOf(outcome, unmodelledCalls(report.unknownCalls.map(({ number }) => number)))]
    const replayed: Replayed = {
      exit,
      lines: [
        `${exit === "passed" ? paint.good(isSame ? "the recorded result" : "another result") : paint.bad(isSame ? "the recorded result" : "another result")}: ${escapeTerminal(file)}`,
        `  ${escapeTerminal(outcomeSentence(outcome, spec.limits))} · ${plural(schedule.length, "deviation")} · ${plural(now, "instruction")}`,
        ...dropped.slice(0, DROPPED_LINE_COUNT_MAX).map(({ deviation, reason }) => `  dropped   ${printDeviation(deviation)}: ${reason}`),
        ...(dropped.length > DROPPED_LINE_COUNT_MAX ? [`  dropped   ${grouped(dropped.length - DROPPED_LINE_COUNT_MAX)} more`] : []),
        `  realised  ${printSchedule(schedule)}`
      ],
      value: {
        file, result: isSame ? "same" : "other", outcome: outcomeValue(outcome), icount: now, schedule: printSchedule(schedule),
        dropped: dropped.map(({ deviation, reason }) => ({ deviation: printDeviation(deviation), reason })), stateHash: report.stateHash
      }
    }
    return replayed
  })

/** The worst of several: a failure, then a divergence, then what could not be judged, then what could not be replayed. */
const severity: ReadonlyArray<ExitName> = ["failed", "diverged", "limit", "unsupported", "interrupted", "usage"]
const worst = (all: ReadonlyArray<Replayed>): ExitName => severity.find((name) => all.some(({ exit }) => exit === name)) ?? "passed"

const one = (file: string, flags: ReplayFlags) =>
  Effect.gen(function*() {
    if (flags.on !== undefined) return yield* replayOn(file, flags.on, flags)
    const recording = yield* loadRecording(file)
    return flags.lenient || flags.schedule !== undefined ? yield* leniently(recording, file, flags) : yield* strictly(recording, file, flags)
  })

/** In a folder a recording that cannot be replayed does not keep the others from being. */
const oneOfMany = (file: string, flags: ReplayFlags) =>
  one(file, flags).pipe(Effect.catch((error) =>
    isUserError(error) && error._tag !== "SimulatorBroke"
      ? Effect.succeed<Replayed>({ exit: "unsupported", lines: [escapeLines(error.message)], value: { file, result: "refused", reason: error.message } })
      : Effect.fail(error)))

const perform = Effect.fnUntraced(function*(flags: ReplayFlags) {
  if (flags.strict && (flags.lenient || flags.schedule !== undefined)) {
    return yield* new CommandLineRefused({ problem: "--strict holds the run against the recording; leave out --lenient and --schedule" })
  }
  if (flags.on !== undefined && (flags.strict || flags.lenient || flags.schedule !== undefined)) {
    return yield* new CommandLineRefused({ problem: "--on tells the recorded schedule to another build; leave out --strict, --lenient and --schedule" })
  }
  // Said once, and not of each recording of a folder.
  if (flags.on !== undefined) yield* ProgramStore.use((store) => store.load(flags.on ?? ""))
  const listed = RecordingStore.use((store) => store.list(flags.recording))
  const { on } = flags
  const corpus = on === undefined ? undefined
    : yield* Effect.as(listed, undefined).pipe(Effect.catchTag("RecordingUnreadable", () => replayCorpus(flags.recording, on, flags)))
  if (corpus !== undefined) {
    yield* flags.json ? printJson({ schema: RESULT_SCHEMA, ...corpus.value }) : print(corpus.lines.join("\n"))
    return yield* endWith(corpus.exit)
  }
  const files = yield* listed
  const isOne = files.length === 1 && files[0] === flags.recording
  const all: Array<Replayed> = []
  for (const file of files) {
    const replayed = yield* isOne ? one(file, flags) : oneOfMany(file, flags)
    all.push(replayed)
    if (!flags.json) yield* print(replayed.lines.join("\n"))
  }
  if (flags.json) yield* printJson(isOne ? { schema: RESULT_SCHEMA, ...all[0]?.value } : { schema: RESULT_SCHEMA, recordings: all.map(({ value }) => value) })
  else if (!isOne) {
    const same = all.filter(({ exit }) => exit === "passed").length
    const cut = all.filter(({ exit, isCut }) => exit === "passed" && isCut === true).length
    const how = cut === 0 ? "" : `, ${cut} of them cut and only as far as they go`
    const [one, several] = flags.on === undefined ? ["replays", "replay"] : ["passes now", "pass now"]
    yield* say(`${same} of ${plural(all.length, "recording")} ${same === 1 || all.length === 1 ? one : several}${how}`)
  }
  yield* endWith(worst(all))
})

export const handle = (flags: ReplayFlags) => Effect.provide(perform(flags), Layer.merge(hostLayer, workspaceFiles))
