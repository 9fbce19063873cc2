/**
 * Schedules worth keeping, by place, so that they mean something on the next build; and how far a campaign has come, so that
 * the next one goes on from there. Whatever else lies in the folder is somebody else's: passed over, counted, never touched.
 *
 * A campaign that goes on needs what it has kept, for runs are bred from it. So each schedule says by which run of which campaign
 * it was kept, and the stats say what all of them together come to: where one is missing, the campaign begins again.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { hashOf, pack } from "../log/codec.ts"
import { isCounted, parseSchedule, printSchedule, type TypedSchedule } from "../log/schedule.ts"
import { KERNEL_VERSION, SEARCH_VERSION, TOOL_VERSION } from "../log/version.ts"
import { plainOfProgram } from "../program/plain.ts"
import { tellLeniently } from "../run/lenient.ts"
import type { PlainHit } from "../search/batch.ts"
import { Kept, type Novel } from "../search/breed.ts"
import { sampleOf } from "../search/fuzz.ts"
import { failureOf } from "../search/trial.ts"
import type { Target, TargetOptions } from "../search/target.ts"
import { unheard } from "./unheard.ts"
import { WORK_FOLDER, Workspace } from "./workspace.ts"

export const CORPUS_SCHEMA = 1
export const ENTRY_BYTES_MAX = 8 << 20
/** In all folders together; more are passed over. */
export const ENTRY_COUNT_MAX = 20_000
const ENTRY_FILE = /^[0-9a-f]{12}\.json$/
export const STATS_FILE = "stats.json"
/** Recordings of failures, told to other builds by `replay`. */
const FAILURE_FILE = /^(fail|hang)-[0-9a-f]{12}\.rec$/

const Entry = Schema.Struct({
  schema: Schema.Literal(CORPUS_SCHEMA),
  program: Schema.String,
  /** By place. */
  schedule: Schema.String,
  features: Schema.Array(Schema.String),
  /** The run that showed them, and its schedule by count. */
  campaign: Schema.optional(Schema.Struct({ key: Schema.String, run: Schema.Int, schedule: Schema.String }))
})
export type Entry = typeof Entry.Type
const isEntry = Schema.is(Entry)

/** A run that failed, as it was: nobody has looked into it yet. */
const Pending = Schema.Struct({ run: Schema.Int, strategy: Schema.String, schedule: Schema.String })

const Stats = Schema.Struct({
  schema: Schema.Literal(CORPUS_SCHEMA), key: Schema.String, nextRun: Schema.Int, kept: Schema.String,
  pending: Schema.optional(Schema.Array(Pending)), failing: Schema.optional(Schema.Int)
})
const isStats = Schema.is(Stats)

export interface CorpusEntry {
  readonly file: string
  readonly schedule: TypedSchedule
  /** The run of this campaign that it was kept of. */
  readonly run: number | undefined
}

export interface Corpus {
  /** The one that is written to. */
  readonly folder: string
  readonly entries: ReadonlyArray<CorpusEntry>
  /** What is none of ours, or damaged. */
  readonly skippedCount: number
  /** The first run of this campaign that nobody has made. */
  readonly nextRun: number
  /** What was kept of the runs before it. */
  readonly kept: Kept
  /** Failures of those runs that nobody has been told of, and how many runs failed since somebody was. */
  readonly pending: ReadonlyArray<typeof Pending.Type>
  readonly failingCount: number
  /** Whether the last campaign here was another: of another build, contract, seed. */
  readonly isOther: boolean
  /** The campaign came further, but something it had kept is not there any more. */
  readonly isLacking: boolean
}

export const corpusFolder = (home: string): string => `${WORK_FOLDER}/corpus/${home}`

/**
 * What a campaign is: equal keys, equal runs. Another build of ours is another campaign, whether its version numbers say so or its
 * first runs do.
 */
export const campaignKey = (target: Target, { forkAt, isAlwaysWatched, seed }: Partial<TargetOptions>): string => {
  const { abis, argv, cpus, limits, menu, program, seed: guestSeed } = target.spec
  return hashOf(pack([
    TOOL_VERSION, KERNEL_VERSION, SEARCH_VERSION, [...sampleOf(target)],
    hashOf(pack(plainOfProgram(program))), abis.map(({ name }) => name), [...argv], [...cpus], Object.values(limits), [...menu.kinds], [...menu.signals], guestSeed,
    seed ?? "", forkAt ?? -1, isAlwaysWatched ?? null
  ]))
}

/** What was kept of the runs before `nextRun`, as one word. */
export const digestOf = (all: ReadonlyArray<Novel>, nextRun: number): string =>
  hashOf(pack(all.filter(({ run }) => run < nextRun).flatMap(({ features, run, schedule }) => [run, schedule, [...features]])))

const jsonOf = (bytes: Uint8Array | undefined): unknown => {
  try {
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

interface Read extends Omit<CorpusEntry, "run"> {
  readonly entry: Entry
}

const readEntry = (folder: string, name: string): Effect.Effect<Read | undefined, never, Workspace> =>
  Effect.gen(function*() {
    const entry = jsonOf(yield* Workspace.use((workspace) => workspace.read(`${folder}/${name}`, ENTRY_BYTES_MAX)))
    if (!isEntry(entry)) return undefined
    const parsed = parseSchedule(entry.schedule)
    return parsed._tag === "Parsed" ? { file: `${folder}/${name}`, schedule: parsed.schedule, entry } : undefined
  })

/** The entries that campaign `key` has kept of its runs before `nextRun`, in the order of their runs. */
const keptOf = (entries: ReadonlyArray<Entry>, key: string, nextRun: number): Kept => {
  const kept = new Kept()
  const novel = entries.flatMap(({ campaign, features }): ReadonlyArray<Novel> => {
    if (campaign?.key !== key || campaign.run >= nextRun) return []
    const parsed = parseSchedule(campaign.schedule)
    return parsed._tag === "Parsed" && isCounted(parsed.schedule) ? [{ run: campaign.run, schedule: campaign.schedule, features }] : []
  })
  for (const one of novel.toSorted((a, b) => a.run - b.run)) kept.add(one)
  return kept
}

/** Reads all folders; the first is the one that will be written to. */
export const openCorpus = (folders: readonly [string, ...ReadonlyArray<string>], key: string): Effect.Effect<Corpus, never, Workspace> =>
  Effect.gen(function*() {
    const workspace = yield* Workspace
    const [folder] = folders
    const read: Array<Read> = []
    let skippedCount = 0
    for (const each of folders) {
      for (const name of yield* workspace.list(each)) {
        if (name === STATS_FILE || FAILURE_FILE.test(name)) continue
        const one = ENTRY_FILE.test(name) && read.length < ENTRY_COUNT_MAX ? yield* readEntry(each, name) : undefined
        if (one === undefined) skippedCount++
        else read.push(one)
      }
    }
    const entries = read.map(({ entry: { campaign }, file, schedule }) => ({ file, schedule, run: campaign?.key === key ? campaign.run : undefined }))
    const own = read.filter(({ file }) => file.startsWith(`${folder}/`)).map(({ entry }) => entry)
    const stats = jsonOf(yield* workspace.read(`${folder}/${STATS_FILE}`, ENTRY_BYTES_MAX))
    if (!isStats(stats) || stats.key !== key || stats.nextRun < 0) {
      return { folder, entries, skippedCount, nextRun: 0, kept: new Kept(), pending: [], failingCount: 0, isOther: true, isLacking: false }
    }
    const kept = keptOf(own, key, stats.nextRun)
    const isLacking = digestOf(kept.all, stats.nextRun) !== stats.kept
    return {
      folder, entries, skippedCount, nextRun: isLacking ? 0 : stats.nextRun, kept: isLacking ? new Kept() : kept, pending: isLacking ? [] : stats.pending ?? [],
      failingCount: isLacking ? 0 : stats.failing ?? 0, isOther: false, isLacking
    }
  })

/** Stored schedules are told to today's build before anything new is tried. The first that fails, unless all are wanted. */
export const runCorpus = (target: Target, { entries }: Pick<Corpus, "entries">, isKeptGoing: boolean): Effect.Effect<ReadonlyArray<PlainHit>> =>
  runStored(target, entries.map(({ file, schedule }) => ({ run: -1, strategy: `corpus ${file}`, schedule })), isKeptGoing)

/** Failures that an earlier process came to are made again: what is written down of them says how, not what they are. */
export const runPending = (target: Target, { pending }: Pick<Corpus, "pending">): Effect.Effect<ReadonlyArray<PlainHit>> =>
  runStored(target, pending.flatMap(({ run, schedule, strategy }) => {
    const parsed = parseSchedule(schedule)
    return parsed._tag === "Parsed" ? [{ run, strategy, schedule: parsed.schedule }] : []
  }), true)

interface Stored extends Pick<PlainHit, "run" | "strategy"> {
  readonly schedule: TypedSchedule
}

const runStored = ({ bounded: { program }, trials }: Target, stored: ReadonlyArray<Stored>, isKeptGoing: boolean): Effect.Effect<ReadonlyArray<PlainHit>> =>
  Effect.gen(function*() {
    const hits: Array<PlainHit> = []
    yield* Effect.exit(Effect.interruptible(Effect.gen(function*() {
      for (const { run, schedule, strategy } of stored) {
        const trial = yield* unheard(() => trials.perform(tellLeniently(program, schedule, () => {})))
        const finding = failureOf(trial)
        if (finding !== undefined) hits.push({ run, strategy, schedule: printSchedule(trial.schedule), finding })
        if (finding !== undefined && !isKeptGoing) break
        yield* Effect.yieldNow
      }
    })))
    return hits
  })
