import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { BootFailure } from "../kernel/boot.ts"
import { bothLogs, type Entry, type EventLog as Log, noLog } from "../log/event.ts"
import type { RecordingOptions } from "../log/recording.ts"
import { watcherOf } from "../run/observe.ts"
import { record } from "../run/record.ts"
import { type RunSpec, start } from "../run/start.ts"
import type { Begun } from "./advance.ts"
import type { Deciding } from "./decider.ts"
import { type RecordingExists, RecordingStore, type RecordingUnwritable } from "./recording-store.ts"

/** Where one run is written down. */
export interface Writing {
  /** Boots. The first event is written down, and every one after it; `listener` hears the same. */
  readonly begin: (spec: RunSpec, deciding: Deciding, listener: Log) => Begun | BootFailure
  /** Fails once something could not be written. */
  readonly check: Effect.Effect<void, RecordingUnwritable>
  /** The run is over, and what is written is whole. */
  readonly seal: Effect.Effect<void, RecordingUnwritable>
  /** There was no run. */
  readonly discard: Effect.Effect<void>
  /** Equal for equal runs. `undefined`: nothing was written. */
  readonly contentHash: () => string | undefined
}

/** The entries of runs, kept. */
export class EntryBuffer implements Log {
  readonly entries: Array<Entry> = []
  readonly append: Log["append"] = (now, cpu, task, count, event) => {
    this.entries.push({ index: this.entries.length, now, cpu, task, count, event })
  }
}

const inMemory = (log: Log, isObserving: boolean): Writing => ({
  begin: (spec, { answers }, listener) => {
    const run = start(spec, answers, bothLogs(log, listener))
    if ("_tag" in run) return run
    const watcher = isObserving ? watcherOf(spec.program) : undefined
    if (watcher !== undefined) run.observe(watcher)
    return { run, advance: (breathIcount) => run.advance(breathIcount), abandon: () => run.kernel.end({ _tag: "Abandoned" }) }
  },
  check: Effect.void,
  seal: Effect.void,
  discard: Effect.void,
  contentHash: () => undefined
})

export interface RecordingChoice {
  readonly mayReplace: boolean
  readonly keep: RecordingOptions["keep"]
  readonly codec: RecordingOptions["codec"]
}
export const defaultRecordingChoice: RecordingChoice = { mayReplace: false, keep: "entries", codec: "zstd" }

/** Who keeps entries. Another layer keeps them elsewhere, or not at all; the run is the same. */
export class EventLog extends Context.Service<EventLog, {
  readonly open: Effect.Effect<Writing, RecordingExists | RecordingUnwritable, Scope.Scope>
}>()("rseqlab/lab/EventLog") {
  static readonly layerNone: Layer.Layer<EventLog> = Layer.succeed(EventLog, { open: Effect.succeed(inMemory(noLog, false)) })

  /** Keeps nothing, and observes sections and watches all the same: for those who listen. */
  static readonly layerObserving: Layer.Layer<EventLog> = Layer.succeed(EventLog, { open: Effect.succeed(inMemory(noLog, true)) })

  static readonly layerMemory = (log: Log): Layer.Layer<EventLog> =>
    Layer.succeed(EventLog, { open: Effect.succeed(inMemory(log, true)) })

  /** To a recording of that name. */
  static readonly layerRecording = (file: string, choice: Partial<RecordingChoice> = {}): Layer.Layer<EventLog, never, RecordingStore> =>
    Layer.effect(EventLog, Effect.map(RecordingStore, (store) => ({ open: toRecording(store, file, { ...defaultRecordingChoice, ...choice }) })))
}

const toRecording = (store: RecordingStore["Service"], file: string, { codec, keep, mayReplace }: RecordingChoice) =>
  Effect.map(store.create(file, { mayReplace }), (sink): Writing => {
    let contentHash: (() => string) | undefined
    return {
      begin: (spec, { answers, strategy }, listener) => {
        const observer = keep === "entries" ? watcherOf(spec.program) : undefined
        const begun = record(spec, { strategy }, answers, sink.append, { keep, codec }, observer, listener)
        if ("_tag" in begun) return begun
        contentHash = () => begun.contentHash()
        return begun
      },
      check: Effect.suspend(() => {
        const failure = sink.failure()
        return failure === undefined ? Effect.void : Effect.fail(failure)
      }),
      seal: sink.seal,
      discard: sink.discard,
      contentHash: () => contentHash?.()
    }
  })
