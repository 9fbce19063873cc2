/** Searching, for programs that speak promises: what fails, with how little, at which instruction, and why. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Schedule } from "../log/choice.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import type { Recording } from "../log/recording-reader.ts"
import type { Program } from "../program/program.ts"
import { wallClock } from "../host/wall-clock.ts"
import { alone } from "../lab/batch-worker.ts"
import { campaign } from "../lab/campaign.ts"
import { drive, driveJudged, targetOf } from "../lab/failing.ts"
import { understandHits } from "../lab/fuzz-program.ts"
import { defaultSeed, Kernel, type KernelOptions } from "../lab/kernel.ts"
import { Progress } from "../lab/progress.ts"
import { RecordingStore } from "../lab/recording-store.ts"
import { bisectRefused, EndsAlike, findingOf, isSameSource, NoPassingEnd, NothingFails, openSearch, scheduleThere } from "../lab/search-recording.ts"
import { Workspace } from "../lab/workspace.ts"
import { bisectPair, type Verdict } from "../search/bisect.ts"
import { Kept } from "../search/breed.ts"
import { instructionAt } from "../search/explain.ts"
import { PROOF_TRIAL_COUNT_MAX, understand } from "../search/failure.ts"
import { minimize as minimizeSchedule, type Proof, sameFinding } from "../search/minimize.ts"
import type { Trial } from "../search/trial.ts"
import { checkOptions, signalOf } from "./options.ts"
import { openRecording } from "./simulate.ts"

export interface FuzzOptions extends Omit<KernelOptions, "seed"> {
  /** Names the chance of all runs: any text of at most 64 characters. */
  readonly seed?: string | undefined
  /** How many are made; by default 10,000. */
  readonly runs?: number | undefined
  /** Goes on after the first failure. */
  readonly isKeptGoing?: boolean | undefined
  /** Ends the search at its next breath; the promise is rejected. */
  readonly signal?: AbortSignal | undefined
}

/** A failure, minimized and explained. */
export interface FoundFailure {
  readonly detector: string
  readonly message: string
  /** Why, in a sentence or a few; `undefined`: the quiet run fails, and no deviation is to blame. */
  readonly why: string | undefined
  /** The same bug has the same name, whichever run comes to it. */
  readonly name: string
  /** The run of the seed that came to it, and the strategy that made it. */
  readonly run: number
  readonly strategy: string
  readonly schedule: Schedule
  /** The schedule by place, as text. */
  readonly placed: string
  /** `minimum`: no schedule of fewer deviations was found, by trying them all. `no subset fails`: none of these can be spared. `1-minimal`: none alone. */
  readonly proof: Proof
  readonly recording: Recording
  /** The recording as a file has it. */
  readonly bytes: Uint8Array
}

export interface FuzzResult {
  readonly runCount: number
  /** Runs by strategy. */
  readonly strategies: Readonly<Record<string, number>>
  readonly failures: ReadonlyArray<FoundFailure>
}

const RUN_COUNT_DEFAULT = 10_000
const FILE = "the recording"

const inMemory = Layer.mergeAll(RecordingStore.layerMemory, Workspace.layerMemory, Progress.layerNone)

const promised = <A, E>(effect: Effect.Effect<A, E, RecordingStore | Workspace | Progress>, signal?: AbortSignal): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, inMemory), signal === undefined ? {} : { signal })

/** Runs `program` again and again, each time otherwise, until it fails. What is found depends on the seed alone. */
export const fuzz = (program: Program, options: FuzzOptions = {}): Promise<FuzzResult> =>
  promised(
    Effect.gen(function*() {
      yield* checkOptions("fuzz", options)
      const { isKeptGoing = false, runs = RUN_COUNT_DEFAULT, seed = defaultSeed, signal: _, ...kernel } = options
      const spec = yield* Kernel.use((service) => service.specOf(program)).pipe(Effect.provide(Kernel.layer(kernel)))
      const target = yield* targetOf(spec, { seed })
      const asked = { program: program.name, from: 0, until: runs, isKeptGoing, kept: new Kept(), clock: wallClock.milliseconds, msMax: Infinity }
      const { hits, strategies, until } = yield* campaign(alone(target), asked)
      const understood = yield* understandHits(target, hits, false, "program")
      const failures = yield* Effect.forEach(understood, ({ failure: { explanation, finding, minimized, name, placed }, hit, saved }) =>
        Effect.gen(function*() {
          const bytes = yield* RecordingStore.use((store) => store.read(saved ?? ""))
          const { detector, message } = finding
          const found: FoundFailure = {
            detector, message, why: explanation?.sentence, name, run: hit.run, strategy: hit.strategy, schedule: minimized.schedule, placed,
            proof: minimized.proof, recording: openRecording(bytes), bytes
          }
          return found
        }))
      const result: FuzzResult = { runCount: until, strategies, failures }
      return result
    }),
    signalOf(options)
  )

export interface MinimizeResult extends Pick<FoundFailure, "schedule" | "placed" | "proof"> {
  readonly runCount: number
}

/** The fewest deviations of a failing recording with which it still fails so. Rejects with `NothingFails`, and with `ReplayDiverged` where the recording does not replay. */
export const minimize = (recording: Recording, options: { readonly proofRunsMax?: number } = {}): Promise<MinimizeResult> =>
  promised(Effect.gen(function*() {
    yield* checkOptions("minimize", options)
    const opened = yield* openSearch(recording, FILE)
    const finding = yield* findingOf(opened)
    const few = yield* drive(minimizeSchedule(opened.target.trials, recording.schedule, sameFinding(finding), options.proofRunsMax ?? PROOF_TRIAL_COUNT_MAX))
    if (few === undefined) return yield* new NothingFails({ file: FILE })
    const result: MinimizeResult = {
      schedule: few.schedule, placed: printSchedule(few.deviations.map(({ deviation }) => deviation)), proof: few.proof, runCount: few.trialCount
    }
    return result
  }))

export interface BisectOptions {
  /** A run of the same program that passes; by default the quiet one. */
  readonly passing?: Recording | undefined
  /** Judges each run; by default it fails if it shows what `failing` shows. */
  readonly judge?: ((run: Trial) => Verdict | Promise<Verdict>) | undefined
}

/** Where the deviation may fall and the run still fails: counts of its task, and the instructions they stand before. */
export interface BisectRange {
  readonly firstFailing: number
  readonly lastFailing: number
  readonly first: { readonly place: string; readonly text: string }
  readonly last: { readonly place: string; readonly text: string }
}

export interface BisectResult {
  /** The deviation that decides, by place. */
  readonly critical: string
  /** The instruction it falls before. */
  readonly at: { readonly place: string; readonly text: string }
  /** Of an interruption that the failing run has. */
  readonly range: BisectRange | undefined
  /** Two runs that are this one deviation apart. */
  readonly passing: Schedule
  readonly failing: Schedule
  readonly runCount: number
}

/** The deviation between a passing and a failing run, and the instructions between which it makes the run fail. Rejects with `EndsAlike`, `NoPassingEnd`, `NothingFails`, `ReplayDiverged`. */
export const bisect = (failing: Recording, options: BisectOptions = {}): Promise<BisectResult> =>
  promised(Effect.gen(function*() {
    yield* checkOptions("bisect", options)
    const { judge, passing } = options
    const opened = yield* openSearch(failing, FILE)
    const { spec: { program }, trials } = opened.target
    const other = passing === undefined ? undefined : yield* openSearch(passing, "the passing recording")
    if (other !== undefined && !isSameSource(other, opened)) return yield* new EndsAlike({ problem: "the two recordings hold different programs" })
    const wanted = judge === undefined ? sameFinding(yield* findingOf(opened)) : undefined
    const verdictOf = judge ?? ((trial: Trial): Verdict => (wanted?.(trial) === true ? "fails" : "passes"))
    const found = yield* driveJudged(
      bisectPair(trials, other === undefined ? [] : scheduleThere(other, opened.target), failing.schedule),
      ({ trial }) => Effect.promise(async () => verdictOf(trial)), () => {})
    if (found._tag !== "Bisected") return yield* bisectRefused(found, judge === undefined ? "the detectors" : "your judge", passing === undefined)
    const { critical: { located }, range } = found
    const at = (ip: number): BisectRange["first"] => {
      const { place, text } = instructionAt(program, ip)
      return { place, text }
    }
    const result: BisectResult = {
      critical: printDeviation(located.deviation), at: at(located.address), passing: found.passing.schedule, failing: found.failing.schedule, runCount: found.trialCount,
      range: range && { firstFailing: range.firstFailing, lastFailing: range.lastFailing, first: at(range.firstIp), last: at(range.lastIp) }
    }
    return result
  }))

/** Why a failing recording fails, minimized first: a sentence, and the deviation and the instruction it speaks of. Rejects with `NothingFails`, `NoPassingEnd`, `ReplayDiverged`. */
export const explain = (recording: Recording): Promise<{ readonly why: string; readonly critical: string; readonly at: BisectResult["at"] }> =>
  promised(Effect.gen(function*() {
    const opened = yield* openSearch(recording, FILE)
    const failure = yield* drive(understand(opened.target, recording.schedule, yield* findingOf(opened)))
    if (failure === undefined) return yield* new NothingFails({ file: FILE })
    const { explanation } = failure
    if (explanation === undefined) return yield* new NoPassingEnd({ problem: `no deviation is to blame: the quiet run of ${opened.target.spec.program.name} fails as well` })
    const { critical, instruction: { place, text }, sentence } = explanation
    return { why: sentence, critical: printDeviation(critical), at: { place, text } }
  }))
