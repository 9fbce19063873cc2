/**
 * Many runs, in batches, by one thread or several. Batches are merged in the order of their runs, so what is found does not
 * depend on how many threads there are, nor on how long a batch is.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { type BatchOptions, type BatchResult, type PlainHit, Telling } from "../search/batch.ts"
import { generationOf, type Kept } from "../search/breed.ts"
import { Progress } from "./progress.ts"

/** A thread that makes batches died twice over the same one. */
export class WorkerDied extends Schema.TaggedError<WorkerDied>()("WorkerDied", {
  seed: Schema.String,
  from: Schema.Int,
  until: Schema.Int,
  why: Schema.String
}) {
  override get message(): string {
    return `a promise of rseqlab itself is broken: a worker died twice over runs ${this.from} to ${this.until - 1} of seed ${this.seed}: ${this.why}`
  }
}

/** Whoever makes batches, `jobs` of them at a time. */
export interface BatchMaker {
  readonly jobs: number
  readonly run: (options: BatchOptions) => Effect.Effect<BatchResult, WorkerDied>
}

/** How far a campaign has come. */
export interface SoFar {
  /** First run that was not made. */
  readonly until: number
  /** Runs by strategy. */
  readonly strategies: Readonly<Record<string, number>>
  /** Runs that used their instructions up. */
  readonly unendedCount: number
  readonly failingCount: number
  /** Failures, in the order of their runs; of those alike only some. */
  readonly hits: ReadonlyArray<PlainHit>
}

export interface CampaignOptions {
  readonly program: string
  /** First run, and the one after the last. */
  readonly from: number
  readonly until: number
  readonly isKeptGoing: boolean
  /** What was kept of the runs before the first; it grows. */
  readonly kept: Kept
  /** Failures of the runs before the first that nobody has been told of. */
  readonly found?: Pick<SoFar, "failingCount" | "hits">
  /** Told between batches how far the runs have come without a gap, for whoever writes it down. */
  readonly keep?: (sofar: SoFar) => Effect.Effect<void>
  /** Milliseconds; only differences mean anything. */
  readonly clock: () => number
  readonly msMax: number
}

export interface Campaign extends SoFar {
  readonly unsupported: Readonly<Record<string, number>>
  readonly noted: Readonly<Record<string, number>>
  readonly featureCount: number
  readonly ended: "tried" | "found" | "time" | "interrupted"
  readonly milliseconds: number
}

/** A message about so long keeps threads busy and Ctrl-C quick. */
const BATCH_MS = 150
const FIRST_BATCH_RUN_COUNT = 16
const BATCH_RUN_COUNT_MAX = 100_000

const addInto = (sums: Record<string, number>, more: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count
}

/** Batches that came back, merged strictly in the order of their runs. */
class Merging {
  until: number
  hits: Array<PlainHit> = []
  strategies: Record<string, number> = {}
  unsupported: Record<string, number> = {}
  noted: Record<string, number> = {}
  unendedCount = 0
  failingCount = 0
  isFound = false
  private readonly kept: Kept
  private readonly telling = new Telling()
  private readonly waiting = new Map<number, BatchResult>()
  private readonly isKeptGoing: boolean

  constructor({ found, from, isKeptGoing, kept }: CampaignOptions) {
    this.hits = (found?.hits ?? []).filter(({ finding }) => this.telling.isTold(finding))
    this.failingCount = found?.failingCount ?? 0
    this.isFound = this.hits.length > 0 && !isKeptGoing
    this.until = from
    this.isKeptGoing = isKeptGoing
    this.kept = kept
  }

  add(result: BatchResult): void {
    this.waiting.set(result.from, result)
    for (;;) {
      const next = this.waiting.get(this.until)
      if (next === undefined || this.isFound) return
      this.waiting.delete(this.until)
      this.until = next.until
      this.unendedCount += next.unendedCount
      this.failingCount += next.failingCount
      addInto(this.strategies, next.strategies)
      addInto(this.unsupported, next.unsupported)
      addInto(this.noted, next.noted)
      for (const hit of next.hits) if (this.telling.isTold(hit.finding)) this.hits.push(hit)
      for (const one of next.novel) this.kept.add(one)
      if (next.hits.length > 0 && !this.isKeptGoing) this.isFound = true
      if (next.from === next.until) return
    }
  }
}

/** Hands out the next runs: batches of one generation each, none before the parents of its generation are known. */
class Dealing {
  private readonly options: CampaignOptions
  private readonly merging: Merging
  private next: number
  private sizeMax = FIRST_BATCH_RUN_COUNT
  private parents: { readonly before: number; readonly list: BatchOptions["parents"] } = { before: 0, list: [] }
  private waiting: Array<() => void> = []

  constructor(options: CampaignOptions, merging: Merging) {
    this.options = options
    this.merging = merging
    this.next = options.from
  }

  get isOver(): boolean {
    return this.next >= this.options.until || this.merging.isFound
  }

  /** The next batch; `undefined`: others have to come back first. */
  take(): BatchOptions | undefined {
    const { isKeptGoing, kept, until } = this.options
    const { end, parentsBefore } = generationOf(this.next)
    if (this.merging.until < parentsBefore) return undefined
    if (this.parents.before !== parentsBefore) this.parents = { before: parentsBefore, list: kept.parentsBefore(parentsBefore) }
    const from = this.next
    this.next = Math.min(until, end, from + this.sizeMax)
    return { from, until: this.next, stopsAtHit: !isKeptGoing, parents: this.parents.list }
  }

  /** What came of a batch, and how long it took: the next is to take about as long as keeps threads busy. */
  back(result: BatchResult, tookMs: number): void {
    const madeCount = result.until - result.from
    this.sizeMax = Math.max(1, Math.min(BATCH_RUN_COUNT_MAX, this.sizeMax * 4, Math.round((madeCount * BATCH_MS) / Math.max(tookMs, 1))))
    this.merging.add(result)
    const { waiting } = this
    this.waiting = []
    for (const resume of waiting) resume()
  }

  /** Until a batch has come back. */
  readonly somebodyBack = Effect.callback<void>((resume) => {
    const listener = (): void => resume(Effect.void)
    this.waiting.push(listener)
    return Effect.sync(() => {
      this.waiting = this.waiting.filter((one) => one !== listener)
    })
  })
}

/** Makes runs until one fails, time or runs are used up, or somebody interrupts: what was tried until then is told. */
export const campaign = (maker: BatchMaker, options: CampaignOptions): Effect.Effect<Campaign, WorkerDied, Progress> =>
  Effect.gen(function*() {
    const { clock, from, keep, kept, msMax, program, until } = options
    const progress = yield* Progress
    const merging = new Merging(options)
    const dealing = new Dealing(options, merging)
    const began = clock()
    const advance = { work: `fuzzing ${program}`, now: 0, entryCount: 0, campaign: { runCount: 0, failureCount: 0, featureCount: 0 } }
    const job = Effect.gen(function*() {
      while (!dealing.isOver && clock() - began < msMax) {
        const batch = dealing.take()
        if (batch === undefined) {
          yield* dealing.somebodyBack
          continue
        }
        const batchBegan = clock()
        const result = yield* maker.run(batch)
        dealing.back(result, clock() - batchBegan)
        advance.campaign.runCount = merging.until - from
        advance.campaign.failureCount = merging.failingCount
        advance.campaign.featureCount = kept.featureCount
        progress.report(advance)
        if (keep !== undefined && !merging.isFound) yield* Effect.uninterruptible(keep(merging))
        yield* Effect.yieldNow
      }
    })
    const exit = yield* Effect.exit(Effect.interruptible(Effect.all(Array.from({ length: maker.jobs }, () => job), { concurrency: "unbounded", discard: true })))
    progress.finish()
    const isInterrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
    if (Exit.isFailure(exit) && !isInterrupted) return yield* Effect.failCause(exit.cause)
    const { failingCount, hits, isFound, noted, strategies, unendedCount, unsupported } = merging
    const ended: Campaign["ended"] = isInterrupted ? "interrupted" : isFound ? "found" : merging.until >= until ? "tried" : "time"
    return { until: merging.until, strategies, unendedCount, unsupported, noted, failingCount, hits, featureCount: kept.featureCount, ended, milliseconds: clock() - began }
  }).pipe(Effect.uninterruptible)
