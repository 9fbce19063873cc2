/**
 * Schedules worth keeping, by place, so that they mean something on the next build; and how far a campaign has come, so that
 * the next one goes on from there. Whatever else lies in the folder is somebody else's: passed over, counted, never touched.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { hashOf, pack } from "../log/codec.ts"
import { parseSchedule, printDeviation, type TypedSchedule } from "../log/schedule.ts"
import { plainOfProgram } from "../program/plain.ts"
import type { RunSpec } from "../run/start.ts"
import { tellLeniently } from "../run/replay.ts"
import { failureOf, type Novel, type PlainHit } from "../search/batch.ts"
import { placed } from "../search/place.ts"
import type { Target, TargetOptions } from "../search/target.ts"
import { printSchedule } from "../log/schedule.ts"
import type { Campaign } from "./campaign.ts"
import { scheduleOf } from "./fuzz-program.ts"
import type { RecordingUnwritable } from "./recording-store.ts"
import { targetName, WORK_FOLDER, Workspace } from "./workspace.ts"

const CORPUS_SCHEMA = 1
const ENTRY_BYTES_MAX = 1 << 20
const ENTRY_COUNT_MAX = 10_000
const ENTRY_FILE = /^[0-9a-f]{12}\.json$/
const STATS_FILE = "stats.json"

const Entry = Schema.Struct({ schema: Schema.Literal(CORPUS_SCHEMA), program: Schema.String, schedule: Schema.String, features: Schema.Array(Schema.String) })
const isEntry = Schema.is(Entry)
const Stats = Schema.Struct({ schema: Schema.Literal(CORPUS_SCHEMA), key: Schema.String, nextRun: Schema.Int })
const isStats = Schema.is(Stats)

export interface CorpusEntry {
  readonly file: string
  readonly schedule: TypedSchedule
}

export interface Corpus {
  /** The one that is written to. */
  readonly folder: string
  readonly entries: ReadonlyArray<CorpusEntry>
  /** Files that are none of ours, or damaged. */
  readonly skippedCount: number
  /** The first run of this campaign that nobody has made. */
  readonly nextRun: number
  /** Whether the last campaign here was another: of another build, contract, seed. */
  readonly isOther: boolean
}

export const corpusFolder = (program: string): string => `${WORK_FOLDER}/corpus/${targetName(program)}`

/** What a campaign is: equal keys, equal runs. */
export const campaignKey = ({ abis, argv, cpus, limits, menu, program, seed: guestSeed }: RunSpec, { forkAt, isAlwaysWatched, seed }: Partial<TargetOptions>): string =>
  hashOf(pack([
    hashOf(pack(plainOfProgram(program))), abis.map(({ name }) => name), [...argv], [...cpus], Object.values(limits), [...menu.kinds], [...menu.signals], guestSeed,
    seed ?? "", forkAt ?? -1, isAlwaysWatched ?? null
  ]))

const jsonOf = (bytes: Uint8Array | undefined): unknown => {
  try {
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

const readEntry = (folder: string, name: string): Effect.Effect<CorpusEntry | undefined, never, Workspace> =>
  Effect.gen(function*() {
    const value = jsonOf(yield* Workspace.use((workspace) => workspace.read(`${folder}/${name}`, ENTRY_BYTES_MAX)))
    if (!isEntry(value)) return undefined
    const parsed = parseSchedule(value.schedule)
    return parsed._tag === "Parsed" ? { file: `${folder}/${name}`, schedule: parsed.schedule } : undefined
  })

/** Reads all folders; the first is the one that will be written to. */
export const openCorpus = (folders: readonly [string, ...ReadonlyArray<string>], key: string): Effect.Effect<Corpus, never, Workspace> =>
  Effect.gen(function*() {
    const workspace = yield* Workspace
    const [folder] = folders
    const entries: Array<CorpusEntry> = []
    let skippedCount = 0
    for (const each of folders) {
      for (const name of yield* workspace.list(each)) {
        if (name === STATS_FILE) continue
        const entry = ENTRY_FILE.test(name) && entries.length < ENTRY_COUNT_MAX ? yield* readEntry(each, name) : undefined
        if (entry === undefined) skippedCount++
        else entries.push(entry)
      }
    }
    const stats = jsonOf(yield* workspace.read(`${folder}/${STATS_FILE}`, ENTRY_BYTES_MAX))
    const isOther = !(isStats(stats) && stats.key === key && stats.nextRun >= 0)
    return { folder, entries, skippedCount, nextRun: !isOther && isStats(stats) ? stats.nextRun : 0, isOther }
  })

/** Stored schedules are told to today's build before anything new is tried. The first that fails, unless all are wanted. */
export const runCorpus = ({ bounded: { program }, trials }: Target, { entries }: Corpus, isKeptGoing: boolean): Effect.Effect<ReadonlyArray<PlainHit>> =>
  Effect.gen(function*() {
    const hits: Array<PlainHit> = []
    for (const { file, schedule } of entries) {
      const trial = trials.perform(tellLeniently(program, schedule, () => {}))
      const finding = failureOf(trial)
      if (finding !== undefined) hits.push({ run: -1, strategy: `corpus ${file}`, schedule: printSchedule(trial.schedule), finding })
      if (finding !== undefined && !isKeptGoing) break
      yield* Effect.yieldNow
    }
    return hits
  })

/** Keeps what was new, and how far the campaign came. */
export const saveCorpus = (
  target: Target, { entries, folder }: Corpus, key: string, tried: Campaign, nextRun: number, failureNames: ReadonlyArray<string>
): Effect.Effect<void, RecordingUnwritable, Workspace> =>
  Effect.gen(function*() {
    const workspace = yield* Workspace
    yield* workspace.makeFolder(folder)
    const encode = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, undefined, 1)}\n`)
    const room = Math.max(0, ENTRY_COUNT_MAX - entries.length)
    for (const one of tried.novel.slice(0, room)) {
      const schedule = placedText(target, one)
      const entry: typeof Entry.Type = { schema: CORPUS_SCHEMA, program: target.spec.program.name, schedule, features: one.features }
      const bytes = encode(entry)
      if (bytes.length <= ENTRY_BYTES_MAX) yield* workspace.write(`${folder}/${hashOf(new TextEncoder().encode(schedule)).slice(0, 12)}.json`, bytes)
      yield* Effect.yieldNow
    }
    const { featureCount, milliseconds, strategies, unendedCount } = tried
    const execsDone = Object.values(strategies).reduce((sum, count) => sum + count, 0)
    // The names of AFL++ where they mean the same.
    yield* workspace.write(`${folder}/${STATS_FILE}`, encode({
      schema: CORPUS_SCHEMA, key, nextRun, run_time: Math.round(milliseconds / 1000), execs_done: execsDone,
      execs_per_sec: milliseconds > 0 ? Math.round((execsDone * 1000) / milliseconds) : 0, corpus_count: entries.length + Math.min(room, tried.novel.length),
      edges_found: featureCount, saved_crashes: failureNames.filter((name) => name.startsWith("fail-")).length,
      saved_hangs: failureNames.filter((name) => name.startsWith("hang-")).length, unended: unendedCount, strategies
    }))
  })

const placedText = ({ trials }: Target, novel: Novel): string => placed(trials, scheduleOf(novel)).map(({ deviation }) => printDeviation(deviation)).join(",")
