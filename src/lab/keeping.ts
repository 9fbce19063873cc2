/**
 * A corpus written down while its campaign goes on. First what was kept, then how far the runs have come: whoever is killed
 * anywhere in between has lost the runs since the last time, and nothing else.
 */
import * as Effect from "effect/Effect"
import { hashOf } from "../log/codec.ts"
import { printDeviation } from "../log/schedule.ts"
import type { Kept, Novel } from "../search/breed.ts"
import { countedSchedule } from "../search/mutation.ts"
import { placed } from "../search/place.ts"
import type { Target } from "../search/target.ts"
import type { SoFar } from "./campaign.ts"
import { type Corpus, CORPUS_SCHEMA, digestOf, ENTRY_BYTES_MAX, ENTRY_COUNT_MAX, type Entry, STATS_FILE } from "./corpus.ts"
import type { RecordingUnwritable } from "./recording-store.ts"
import { Workspace } from "./workspace.ts"

/** Written down after so long at the latest; at the beginning, when most is found, sooner. */
const INTERVAL_MS_MAX = 2_000
const INTERVAL_MS_MIN = 50
const INTERVAL_PART = 4

const NAME_DIGITS = 12

const textHash = (text: string): string => hashOf(new TextEncoder().encode(text)).slice(0, NAME_DIGITS)
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, undefined, 1)}\n`)

export interface KeepingOptions {
  readonly target: Target
  readonly corpus: Pick<Corpus, "folder" | "entries" | "pending">
  readonly key: string
  readonly kept: Kept
  /** Milliseconds; only differences mean anything. */
  readonly clock: () => number
}

export class Keeping {
  private readonly options: KeepingOptions
  private readonly workspace: Workspace["Service"]
  private readonly began: number
  private writtenAt: number
  private writtenCount: number
  /** By file, so that no two runs are kept under one name. */
  private readonly runs: Map<string, number>
  private room: number
  private isWriting = false
  private writtenHitCount: number

  constructor(options: KeepingOptions, workspace: Workspace["Service"]) {
    const { clock, corpus, kept } = options
    this.options = options
    this.workspace = workspace
    this.began = clock()
    this.writtenAt = this.began
    this.writtenCount = kept.all.length
    this.writtenHitCount = corpus.pending.length
    this.runs = new Map(corpus.entries.flatMap(({ file, run }) => (run === undefined ? [] : [[file, run] as const])))
    this.room = ENTRY_COUNT_MAX - corpus.entries.length
  }

  /** Between batches: writes if it is time, and a failure at once. What fails is tried again, and told at the end. */
  readonly onTheWay = (sofar: SoFar): Effect.Effect<void> =>
    Effect.suspend(() => {
      const { clock } = this.options
      const interval = Math.min(INTERVAL_MS_MAX, INTERVAL_MS_MIN + (this.writtenAt - this.began) / INTERVAL_PART)
      // Several make runs, one writes.
      if (this.isWriting || (clock() - this.writtenAt < interval && sofar.hits.length === this.writtenHitCount)) return Effect.void
      this.isWriting = true
      return Effect.ensuring(Effect.ignore(this.write(sofar, [])), Effect.sync(() => {
        this.isWriting = false
        this.writtenAt = clock()
      }))
    })

  /** Everything kept, that the campaign goes on at `until`, and in the same moment the failures before that nobody has been told of. */
  write({ failingCount, hits, strategies, unendedCount, until }: SoFar, failureNames: ReadonlyArray<string>): Effect.Effect<void, RecordingUnwritable> {
    const { options: { clock, corpus: { entries, folder }, kept, key }, workspace } = this
    const pending = hits.map(({ run, schedule, strategy }) => ({ run, strategy, schedule }))
    return Effect.gen({ self: this }, function*() {
      yield* workspace.makeFolder(folder)
      for (; this.writtenCount < kept.all.length; this.writtenCount++) {
        const one = kept.all[this.writtenCount]
        if (one !== undefined) yield* this.writeOne(one)
        yield* Effect.yieldNow
      }
      const milliseconds = clock() - this.began
      const execsDone = Object.values(strategies).reduce((sum, count) => sum + count, 0)
      // The names of AFL++ where they mean the same.
      yield* workspace.write(`${folder}/${STATS_FILE}`, encode({
        schema: CORPUS_SCHEMA, key, nextRun: until, kept: digestOf(kept.all, until), pending, failing: failingCount, run_time: Math.round(milliseconds / 1000), execs_done: execsDone,
        execs_per_sec: milliseconds > 0 ? Math.round((execsDone * 1000) / milliseconds) : 0, corpus_count: entries.filter(({ run }) => run === undefined).length + this.runs.size,
        edges_found: kept.featureCount, saved_crashes: failureNames.filter((name) => name.startsWith("fail-")).length,
        saved_hangs: failureNames.filter((name) => name.startsWith("hang-")).length, unended: unendedCount, strategies
      }))
      this.writtenHitCount = pending.length
    })
  }

  private writeOne({ features, run, schedule }: Novel): Effect.Effect<void, RecordingUnwritable> {
    const { corpus: { folder }, key, target } = this.options
    const byPlace = placed(target.trials, countedSchedule(schedule)).map(({ deviation }) => printDeviation(deviation)).join(",")
    const entry: Entry = { schema: CORPUS_SCHEMA, program: target.spec.program.name, schedule: byPlace, features, campaign: { key, run, schedule } }
    const bytes = encode(entry)
    if (bytes.length > ENTRY_BYTES_MAX || this.room <= 0) return Effect.void
    // By place two runs may read alike; the name tells them apart all the same.
    const plain = `${folder}/${textHash(byPlace)}.json`
    const file = (this.runs.get(plain) ?? run) === run ? plain : `${folder}/${textHash(`${byPlace} ${schedule}`)}.json`
    this.runs.set(file, run)
    this.room--
    return this.workspace.write(file, bytes)
  }
}

export const keepingOf = (options: KeepingOptions): Effect.Effect<Keeping, never, Workspace> =>
  Effect.map(Workspace, (workspace) => new Keeping(options, workspace))
