/** The door for programs that speak promises: a program in, what became of it out. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Decider as Answers, Schedule } from "../log/choice.ts"
import type { Entry } from "../log/event.ts"
import { type Recording, readRecording } from "../log/recording-reader.ts"
import type { TypedSchedule } from "../log/schedule.ts"
import type { Program } from "../program/program.ts"
import type { ReplayResult } from "../run/replay.ts"
import type { StrategyDefinition } from "../strategy/definition.ts"
import { strategies, type StrategyName } from "../strategy/table.ts"
import { usePackaged } from "../host/packaged.ts"
import { Decider, readSchedule, type SeededOptions, telling } from "../lab/decider.ts"
import { EntryBuffer, EventLog } from "../lab/event-log.ts"
import { Kernel, type KernelOptions } from "../lab/kernel.ts"
import { Listener, OutputBuffer } from "../lab/listener.ts"
import { programOf, type ProgramOptions } from "../lab/program-store.ts"
import { Progress } from "../lab/progress.ts"
import { damageText, RecordingDamaged } from "../lab/recording.ts"
import { RecordingStore } from "../lab/recording-store.ts"
import { replayLeniently, type ReplayOptions, replayRecording } from "../lab/replay-recording.ts"
import { runProgram, type RunReport } from "../lab/run-program.ts"
import { checkOptions, signalOf } from "./options.ts"

usePackaged()

/** GNU-as text to a program. Throws `ProgramRefused`, whose message says place and expectation. `name`: for messages. */
export const assemble = (text: string, name = "program.s", options: ProgramOptions = {}): Program =>
  Effect.runSync(Effect.andThen(checkOptions("program", options), programOf(new TextEncoder().encode(text), name, options)))

/** A static ELF64 executable, or assembler text, as bytes. Throws `ProgramRefused`. */
export const loadProgram = (bytes: Uint8Array, name: string, options: ProgramOptions = {}): Program =>
  Effect.runSync(Effect.andThen(checkOptions("program", options), programOf(bytes, name, options)))

/** Who decides: one of these, or nobody, which is the quiet run. */
export interface Decisions {
  /** A strategy's first run; alone `seed` means `random`. */
  readonly strategy?: StrategyName | StrategyDefinition | undefined
  /** Any text of at most 64 characters. */
  readonly seed?: string | undefined
  readonly rates?: SeededOptions["rates"] | undefined
  /** As text, or as another run's; told leniently. */
  readonly schedule?: string | TypedSchedule | undefined
  readonly decider?: Answers | undefined
}

export interface RunOptions extends Omit<KernelOptions, "seed">, Decisions {
  /** Ends the run at its next breath; the promise is rejected. */
  readonly signal?: AbortSignal | undefined
}

/** What became of a run, with what it wrote. */
export interface RunResult extends RunReport {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

export interface ObservedResult extends RunResult {
  readonly entries: ReadonlyArray<Entry>
}

export interface RecordedResult extends RunResult {
  readonly recording: Recording
  /** The recording as a file has it. */
  readonly bytes: Uint8Array
}

const deciderLayer = ({ decider, rates, schedule, seed, strategy }: Decisions) => {
  if (decider !== undefined) return Decider.layerOf(decider)
  if (typeof schedule === "string") return Decider.layerScripted(schedule)
  if (schedule !== undefined) return Layer.succeed(Decider, { decide: ({ program }) => Effect.sync(() => telling(schedule, program)) })
  const named = strategy ?? (seed === undefined && rates === undefined ? "quiet" : "random")
  const definition: StrategyDefinition = typeof named === "string" ? strategies[named] : named
  return Decider.layerSeeded(definition, { ...(seed === undefined ? {} : { seed }), ...(rates === undefined ? {} : { rates }) })
}

const perform = <E>(program: Program, options: RunOptions, log: Layer.Layer<EventLog, E, RecordingStore>) =>
  Effect.gen(function*() {
    yield* checkOptions("run", options)
    const output = new OutputBuffer()
    const report = yield* runProgram(program).pipe(Effect.provide(Layer.mergeAll(
      Kernel.layer(options), deciderLayer(options), log, Listener.layer(output.log), Progress.layerNone)))
    return { ...report, stdout: output.bytes("stdout"), stderr: output.bytes("stderr") }
  })

const promised = <A, E>(effect: Effect.Effect<A, E, RecordingStore>, signal: AbortSignal | undefined): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, RecordingStore.layerMemory), signal === undefined ? {} : { signal })

/** Runs `program` to its end. Rejects with one of the typed errors; a failing guest is a result. */
export const run = (program: Program, options: RunOptions = {}): Promise<RunResult> =>
  promised(perform(program, options, EventLog.layerNone), signalOf(options))

/** As `run`, keeping every entry in memory. */
export const observe = (program: Program, options: RunOptions = {}): Promise<ObservedResult> => {
  const buffer = new EntryBuffer()
  return promised(
    Effect.map(perform(program, options, EventLog.layerMemory(buffer)), (result) => ({ ...result, entries: buffer.entries })),
    signalOf(options)
  )
}

const FILE = "memory.rec"

/** As `run`, written down. Equal runs have equal content hashes, on every machine. */
export const record = (program: Program, options: RunOptions = {}): Promise<RecordedResult> =>
  promised(
    Effect.gen(function*() {
      const result = yield* perform(program, options, EventLog.layerRecording(FILE))
      const bytes = yield* RecordingStore.use((store) => store.read(FILE))
      return { ...result, bytes, recording: openRecording(bytes) }
    }),
    signalOf(options)
  )

/** Reads a recording, whoever wrote it. Throws `RecordingDamaged` where there is no beginning to read; look at `status` for the rest. */
export const openRecording = (bytes: Uint8Array): Recording => {
  const read = readRecording(bytes)
  if (read._tag === "Read") return read.recording
  throw new RecordingDamaged({ file: "the recording", problem: damageText(read.problem) })
}

/** Strictly: the same run bit for bit, or where it first differs. */
export const replay = (recording: Recording, options: ReplayOptions = {}): Promise<ReplayResult> =>
  Effect.runPromise(Effect.provide(Effect.andThen(checkOptions("replay", options), Effect.suspend(() => replayRecording(recording, "the recording", options))), Progress.layerNone))

/** The recording's program under another schedule, or its own where it still applies. */
export const replayUnder = (recording: Recording, schedule?: string | Schedule, options: ReplayOptions = {}): Promise<RunReport> =>
  Effect.runPromise(Effect.provide(
    Effect.gen(function*() {
      yield* checkOptions("replay", options)
      yield* checkOptions("run", { schedule })
      const typed = typeof schedule === "string" ? yield* readSchedule(schedule) : schedule
      return yield* replayLeniently(recording, "the recording", typed, options)
    }),
    Progress.layerNone))
