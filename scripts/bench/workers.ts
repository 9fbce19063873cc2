/**
 * What a second thread is worth. Wall time would measure who else uses the cores, so the parts are measured that make it up: what a
 * run costs all threads together with one worker and with two, and how much of the time every worker has a batch.
 */
import * as Effect from "effect/Effect"
import { fuzzWorker, workerPool } from "../../src/host/fuzz-workers.ts"
import { workerSpec } from "../../src/lab/batch-worker.ts"
import { type BatchMaker, campaign } from "../../src/lab/campaign.ts"
import { Progress } from "../../src/lab/progress.ts"
import { Kept } from "../../src/search/breed.ts"
import { exampleSpec } from "../../test/support/examples.ts"
import type { Bench } from "./table.ts"

/** By then the parents are known, which each worker looks at for itself. */
const WARM_RUN_COUNT = 40_000
const RUN_COUNT = 24_000

const cpuMs = (): number => {
  const { system, user } = process.cpuUsage()
  return (user + system) / 1000
}

interface Cost {
  /** All threads, the compiler's and the collector's included. */
  readonly cpuMsPerRun: number
  /** How much of the time a worker has a batch. */
  readonly busyShare: number
}

const costWith = (jobs: number): Effect.Effect<Cost> =>
  Effect.gen(function*() {
    const pool = yield* workerPool(fuzzWorker, workerSpec(exampleSpec("percpu-push.s"), { seed: "1" }), jobs)
    const kept = new Kept()
    let busyMs = 0
    const timed: BatchMaker = {
      jobs,
      run: (batch) => Effect.suspend(() => {
        const began = performance.now()
        return Effect.ensuring(pool.run(batch), Effect.sync(() => {
          busyMs += performance.now() - began
        }))
      })
    }
    const runs = (from: number, until: number) =>
      campaign(timed, { program: "", from, until, isKeptGoing: true, kept, clock: () => performance.now(), msMax: Infinity })
    yield* runs(0, WARM_RUN_COUNT)
    busyMs = 0
    const [cpuBegan, began] = [cpuMs(), performance.now()]
    yield* runs(WARM_RUN_COUNT, WARM_RUN_COUNT + RUN_COUNT)
    return { cpuMsPerRun: (cpuMs() - cpuBegan) / RUN_COUNT, busyShare: busyMs / jobs / (performance.now() - began) }
  }).pipe(Effect.orDie, Effect.scoped, Effect.provide(Progress.layerNone))

export const workers: Bench = {
  name: "workers",
  summary: "what a second worker is worth where two cores are free: its runs' cost, and whether it has work",
  run: async () => {
    const one = await Effect.runPromise(costWith(1))
    const two = await Effect.runPromise(costWith(2))
    return [
      { of: "one", value: 1 / one.cpuMsPerRun, unit: "k/s of CPU" },
      { of: "two", value: 1 / two.cpuMsPerRun, unit: "k/s of CPU" },
      { of: "two have a batch", value: two.busyShare * 100, unit: "%" },
      { of: "two for one", value: (2 * two.busyShare * one.cpuMsPerRun) / two.cpuMsPerRun, unit: "x", target: { atLeast: 1.8 } }
    ]
  }
}
