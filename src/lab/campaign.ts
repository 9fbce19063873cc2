/**
 * Many runs, in batches, by one thread or several. Batches are merged in the order of their runs, so what is found does not
 * depend on how many threads there are, nor on how long a batch is.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { BatchOptions, BatchResult, Novel, PlainHit } from "../search/batch.ts"
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

export interface CampaignOptions {
  readonly program: string
  /** First run, and the one after the last. */
  readonly from: number
  readonly until: number
  readonly isKeptGoing: boolean
  /** Milliseconds; only differences mean anything. */
  readonly clock: () => number
  readonly msMax: number
}

export interface Campaign {
  /** First run that was not made. */
  readonly until: number
  readonly strategies: Readonly<Record<string, number>>
  readonly unendedCount: number
  readonly unsupported: Readonly<Record<string, number>>
  readonly failingCount: number
  /** In the order of their runs; of those alike only some. */
  readonly hits: ReadonlyArray<PlainHit>
  readonly novel: ReadonlyArray<Novel>
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
  novel: Array<Novel> = []
  strategies: Record<string, number> = {}
  unsupported: Record<string, number> = {}
  unendedCount = 0
  failingCount = 0
  isFound = false
  readonly features = new Set<string>()
  private readonly waiting = new Map<number, BatchResult>()
  private readonly isKeptGoing: boolean

  constructor(from: number, isKeptGoing: boolean) {
    this.until = from
    this.isKeptGoing = isKeptGoing
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
      this.hits.push(...next.hits)
      for (const one of next.novel) {
        const fresh = one.features.filter((feature) => !this.features.has(feature))
        for (const feature of fresh) this.features.add(feature)
        if (fresh.length > 0) this.novel.push({ ...one, features: fresh })
      }
      if (next.hits.length > 0 && !this.isKeptGoing) this.isFound = true
      if (next.from === next.until) return
    }
  }
}

/** Makes runs until one fails, time or runs are used up, or somebody interrupts: what was tried until then is told. */
export const campaign = (maker: BatchMaker, { clock, from, isKeptGoing, msMax, program, until }: CampaignOptions): Effect.Effect<Campaign, WorkerDied, Progress> =>
  Effect.gen(function*() {
    const progress = yield* Progress
    const merging = new Merging(from, isKeptGoing)
    const began = clock()
    const advance = { work: `fuzzing ${program}`, now: 0, entryCount: 0, campaign: { runCount: 0, failureCount: 0, featureCount: 0 } }
    let next = from
    let size = FIRST_BATCH_RUN_COUNT
    const isOver = (): boolean => next >= until || merging.isFound || clock() - began >= msMax
    const job = Effect.gen(function*() {
      while (!isOver()) {
        const batch: BatchOptions = { from: next, until: Math.min(until, next + size), stopsAtHit: !isKeptGoing }
        next = batch.until
        const batchBegan = clock()
        const result = yield* maker.run(batch)
        const tookMs = Math.max(clock() - batchBegan, 1)
        const madeCount = result.until - result.from
        size = Math.max(1, Math.min(BATCH_RUN_COUNT_MAX, size * 4, Math.round((madeCount * BATCH_MS) / tookMs)))
        merging.add(result)
        advance.campaign.runCount = merging.until - from
        advance.campaign.failureCount = merging.failingCount
        advance.campaign.featureCount = merging.features.size
        progress.report(advance)
        yield* Effect.yieldNow
      }
    })
    const exit = yield* Effect.exit(Effect.interruptible(Effect.all(Array.from({ length: maker.jobs }, () => job), { concurrency: "unbounded", discard: true })))
    progress.finish()
    const isInterrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
    if (Exit.isFailure(exit) && !isInterrupted) return yield* Effect.failCause(exit.cause)
    const { failingCount, features, hits, isFound, novel, strategies, unendedCount, unsupported } = merging
    const ended: Campaign["ended"] = isInterrupted ? "interrupted" : isFound ? "found" : merging.until >= until ? "tried" : "time"
    return { until: merging.until, strategies, unendedCount, unsupported, failingCount, hits, novel, featureCount: features.size, ended, milliseconds: clock() - began }
  }).pipe(Effect.uninterruptible)
