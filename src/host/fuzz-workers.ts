/** Batches made by threads. One that dies is replaced, and its batch made again, once. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Worker } from "node:worker_threads"
import { type BatchMaker, WorkerDied } from "../lab/campaign.ts"
import { type BatchMessage, batchMessage, type WorkerSpec } from "../lab/batch-worker.ts"
import type { BatchOptions, BatchResult } from "../search/batch.ts"

/** Beside us: as source in development, as a bundle of its own in a build. */
export const fuzzWorker = new URL(import.meta.url.endsWith(".ts") ? "./fuzz-worker.ts" : "./fuzz-worker.js", import.meta.url)

const OLD_GENERATION_MIB_MAX = 2_048
const TRIES_MAX = 2

type Answer = { readonly _tag: "Made"; readonly result: BatchResult } | { readonly _tag: "Died"; readonly why: string }

/** One batch by one thread. */
const ask = (worker: Worker, batch: BatchMessage): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    const end = (answer: Answer): void => {
      worker.off("message", made).off("error", failed).off("exit", left)
      resume(Effect.succeed(answer))
    }
    const made = (result: BatchResult): void => end({ _tag: "Made", result })
    const failed = (cause: unknown): void => end({ _tag: "Died", why: cause instanceof Error ? cause.message : String(cause) })
    const left = (code: number): void => end({ _tag: "Died", why: `it ended with code ${code}` })
    worker.on("message", made).on("error", failed).on("exit", left)
    worker.postMessage(batch)
    return Effect.sync(() => void worker.off("message", made).off("error", failed).off("exit", left))
  })

/** `jobs` threads, ended with the scope. */
export const workerPool = (entry: URL, spec: WorkerSpec, jobs: number): Effect.Effect<BatchMaker, never, Scope.Scope> =>
  Effect.gen(function*() {
    const all = new Set<Worker>()
    const free: Array<Worker> = []
    const toldCounts = new WeakMap<Worker, number>()
    const begin = (): Worker => {
      const worker = new Worker(entry, { workerData: spec, resourceLimits: { maxOldGenerationSizeMb: OLD_GENERATION_MIB_MAX } })
      // Deaths are told to whoever waits for it; without a listener they would end us.
      worker.on("error", () => {})
      worker.on("exit", () => void all.delete(worker))
      all.add(worker)
      return worker
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        for (let job = 0; job < jobs; job++) free.push(begin())
      }),
      () => Effect.promise(async () => {
        await Promise.all([...all].map((worker) => worker.terminate()))
      })
    )
    const run = (batch: BatchOptions): Effect.Effect<BatchResult, WorkerDied> =>
      Effect.gen(function*() {
        let why = ""
        for (let tries = 0; tries < TRIES_MAX; tries++) {
          const worker = free.pop() ?? begin()
          const toldCount = toldCounts.get(worker) ?? 0
          toldCounts.set(worker, Math.max(toldCount, batch.parents.length))
          const answer = yield* ask(worker, batchMessage(batch, toldCount))
          if (answer._tag === "Made") {
            free.push(worker)
            return answer.result
          }
          why = answer.why
          yield* Effect.promise(() => worker.terminate())
        }
        return yield* new WorkerDied({ seed: spec.options.seed ?? "", from: batch.from, until: batch.until, why })
      })
    return { jobs, run }
  })
