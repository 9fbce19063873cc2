/** What is found depends on the seed alone: not on how runs are cut into batches, nor on how many make them. */
import * as Effect from "effect/Effect"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { fuzzWorker, workerPool } from "../../src/host/fuzz-workers.ts"
import { type BatchMaker, campaign, type CampaignOptions } from "../../src/lab/campaign.ts"
import { alone, batchMessage, workerSpec } from "../../src/lab/batch-worker.ts"
import { campaignKey } from "../../src/lab/corpus.ts"
import { Progress } from "../../src/lab/progress.ts"
import { Batches, type BatchOptions, type BatchResult } from "../../src/search/batch.ts"
import { Kept } from "../../src/search/breed.ts"
import { understand } from "../../src/search/failure.ts"
import { simplest } from "../../src/search/simplest.ts"
import { bisectPair } from "../../src/search/bisect.ts"
import { sameFinding } from "../../src/search/minimize.ts"
import { fuzz } from "../../src/search/fuzz.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { stream } from "../../src/base/prng.ts"
import { isCounted, parseSchedule } from "../../src/log/schedule.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { exampleSpec } from "../support/examples.ts"

const targetFor = (file: string, seed = "1"): Target => {
  const target = makeTarget(exampleSpec(file), { ...defaultTargetOptions, seed })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const options: Omit<CampaignOptions, "kept"> = { program: "p", from: 0, until: 120, isKeptGoing: true, clock: () => performance.now(), msMax: Infinity }
const told = (maker: BatchMaker, more: Partial<CampaignOptions> = {}) =>
  Effect.runPromise(Effect.provide(campaign(maker, { ...options, kept: new Kept(), ...more }), Progress.layerNone))

/** Fails in the runs named; a later batch may come back first. */
const paper = (failing: ReadonlyArray<number>, jobs: number, delays: string): BatchMaker & { readonly asked: Array<BatchOptions> } => {
  const chance = stream(delays, "delays")
  const asked: Array<BatchOptions> = []
  return {
    jobs, asked,
    run: (batch) => {
      asked.push(batch)
      const hit = failing.find((run) => run >= batch.from && run < batch.until)
      const until = hit !== undefined && batch.stopsAtHit ? hit + 1 : batch.until
      const result: BatchResult = {
        from: batch.from, until, strategies: { paper: until - batch.from }, unendedCount: 0, unsupported: {}, noted: {}, failingCount: hit === undefined ? 0 : 1, novel: [],
        hits: hit === undefined ? [] : [{ run: hit, strategy: "paper", schedule: "", finding: { detector: "d", severity: "error", message: "", evidence: [] } }]
      }
      return Effect.as(Effect.sleep(chance.below(5)), result)
    }
  }
}

/** What a campaign comes to, but for how long it took. */
const outcomeOf = (maker: BatchMaker, until: number) =>
  Effect.gen(function*() {
    const kept = new Kept()
    const { failingCount, hits, strategies, until: end } = yield* campaign(maker, { ...options, until, kept })
    return { failingCount, hits, strategies, end, kept: kept.all }
  }).pipe(Effect.provide(Progress.layerNone))
const byOneself = (file: string, until: number) => Effect.runPromise(outcomeOf(alone(targetFor(file)), until))
const byThreads = (entry: URL, file: string, jobs: number, until: number) =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(workerPool(entry, workerSpec(exampleSpec(file), { seed: "1" }), jobs), (pool) => outcomeOf(pool, until))))

describe("a campaign", () => {
  it("tells the lowest failing run, in whatever order threads come back", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { failingCount, hits, until } = await told(paper([37, 38, 90], 4, String(seed)), { isKeptGoing: false })
      expect([hits[0]?.run, until, failingCount], `seed ${seed}`).toEqual([37, 38, 1])
    }
  })

  it("makes every run once", async () => {
    const maker = paper([], 3, "once")
    const { strategies, until } = await told(maker)
    expect([strategies, until]).toEqual([{ paper: 120 }, 120])
  })

  it("finds the same however it is cut into batches", () => {
    const cut = (size: number) => {
      const batches = new Batches(targetFor("percpu-push-bad.s"))
      const hits: Array<string> = []
      for (let from = 0; from < 120; from += size) {
        for (const { run, schedule } of batches.run({ from, until: Math.min(120, from + size), stopsAtHit: false, parents: [] }).hits) hits.push(`${run} ${schedule}`)
      }
      return hits
    }
    const whole = cut(120)
    expect(whole.length).toBeGreaterThan(0)
    expect(cut(7)).toEqual(whole)
  })

  it("keeps the same where a batch is made again by whoever has made later ones", () => {
    const kept = (order: ReadonlyArray<number>) => {
      const batches = new Batches(targetFor("percpu-push.s"))
      const results = order.map((from) => batches.run({ from, until: from + 20, stopsAtHit: false, parents: [] }))
      const all = new Kept()
      for (const { novel } of results.toSorted((a, b) => a.from - b.from)) for (const one of novel) all.add(one)
      return all.all
    }
    const inOrder = kept([0, 20, 40])
    expect(inOrder.length).toBeGreaterThan(10)
    expect(kept([0, 40, 20])).toEqual(inOrder)
    expect(kept([40, 20, 0])).toEqual(inOrder)
  })

  it("is another one under another kernel, seed or contract: no two share a corpus", () => {
    const keyOf = (file: string, seed = "1", change: (target: Target) => Target = (target) => target) => campaignKey(change(targetFor(file, seed)), { seed })
    const key = keyOf("percpu-push.s")
    expect(keyOf("percpu-push.s")).toBe(key)
    expect(keyOf("percpu-push.s", "2")).not.toBe(key)
    // As if the kernel of this build ran a bit longer.
    const slower = (target: Target): Target => {
      const { trials } = target
      return { ...target, trials: Object.assign(Object.create(trials) as Target["trials"], {
        perform: (decider: Parameters<Target["trials"]["perform"]>[0]) => {
          const trial = trials.perform(decider)
          return { ...trial, icount: trial.icount + 1 }
        }
      }) }
    }
    expect(keyOf("percpu-push.s", "1", slower)).not.toBe(key)
  })

  it("makes a dead thread's batch again, once, and then says which runs it was", async () => {
    const dying = new URL("data:text/javascript,process.exit(3)")
    const spec = workerSpec(exampleSpec("p1.s"), { seed: "s" })
    const failed = await Effect.runPromise(Effect.flip(Effect.scoped(Effect.flatMap(workerPool(dying, spec, 1), (pool) => pool.run({ from: 5, until: 9, stopsAtHit: true, parents: [] })))))
    expect(failed.message).toMatch(/a worker died twice over runs 5 to 8 of seed s: it ended with code 3/)
  })

  it("is the same where a thread dies once", async () => {
    const marker = join(mkdtempSync(join(tmpdir(), "rseqlab-worker-")), "died")
    const once = new URL(`data:text/javascript,${encodeURIComponent(`
      import { existsSync, writeFileSync } from "node:fs"
      import { parentPort } from "node:worker_threads"
      if (existsSync(${JSON.stringify(marker)})) await import(${JSON.stringify(fuzzWorker.href)})
      else parentPort.on("message", () => {
        writeFileSync(${JSON.stringify(marker)}, "")
        throw new Error("as if by a cosmic ray")
      })`)}`)
    const { kept, ...withDeath } = await byThreads(once, "p2.s", 1, 60)
    expect(existsSync(marker), "it did die").toBe(true)
    const { kept: keptElse, ...without } = await byThreads(fuzzWorker, "p2.s", 1, 60)
    expect([withDeath, kept]).toEqual([without, keptElse])
    rmSync(dirname(marker), { recursive: true })
  })

  it("finds and keeps the same, whoever makes the runs", async () => {
    const expected = await byOneself("percpu-push.s", 700)
    expect(expected.strategies["mutation"], "runs were bred").toBeGreaterThan(200)
    for (const jobs of [2, 3]) expect(await byThreads(fuzzWorker, "percpu-push.s", jobs, 700), `${jobs} jobs`).toEqual(expected)
  })
})

describe("what crosses between threads", () => {
  it("is less than the text of a schedule or two a run, and no parent twice", async () => {
    const maker = alone(targetFor("percpu-push.s"))
    let toldCount = 0
    let bytes = 0
    let parentsTold = 0
    const measuring: BatchMaker = {
      jobs: 1,
      run: (batch) => Effect.tap(maker.run(batch), (result) => Effect.sync(() => {
        const message = batchMessage(batch, toldCount)
        toldCount = batch.parents.length
        parentsTold += message.moreParents.length
        if (batch.from >= 500) bytes += JSON.stringify([message, result]).length
      }))
    }
    const { kept } = await Effect.runPromise(outcomeOf(measuring, 1_500))
    expect(bytes / 1_000).toBeLessThan(250)
    expect(parentsTold).toBeLessThanOrEqual(kept.length)
    expect(parentsTold).toBeGreaterThan(50)
  })
})

describe("a failure", () => {
  it.each(["percpu-push-bad.s", "commit-sequence-bad.s", "commit-sequence-mainline-bad.s", "p1.s", "p2.s", "p3.s", "reorder.s"])("of %s is bisected within 32 runs, and what passes passes", (file) => {
    const target = targetFor(file)
    const hit = fuzz(target, 2_000).find(({ hit: met }) => met !== undefined)?.hit
    if (hit === undefined) throw new Error("nothing found")
    const wanted = sameFinding(hit.finding)
    const bisecting = bisectPair(target.trials, [], hit.trial.schedule)
    let step = bisecting.next()
    while (step.done !== true) step = bisecting.next(wanted(step.value.trial) ? "fails" : "passes")
    const result = step.value
    if (result._tag !== "Bisected") throw new Error(result._tag)
    expect(result.trialCount).toBeLessThanOrEqual(32)
    expect([wanted(result.passing), wanted(result.failing)]).toEqual([false, true])
  })

  it("has one name for all seeds that come to the same bug", () => {
    const names = new Set<string>()
    for (const seed of ["a", "b", "c"]) {
      const target = targetFor("percpu-push-bad.s", seed)
      const hit = fuzz(target, 2_000).find(({ hit: met }) => met !== undefined)?.hit
      if (hit === undefined) throw new Error("nothing found")
      const search = understand(target, hit.trial.schedule, hit.finding)
      let step = search.next()
      while (step.done !== true) step = search.next()
      names.add(step.value?.name ?? "none")
    }
    expect(names.size).toBe(1)
  })

  it("is told by one deviation where one shows the same bug, and only then", () => {
    const drain = <Step, Result>(search: Generator<Step, Result>): Result => {
      let step = search.next()
      while (step.done !== true) step = search.next()
      return step.value
    }
    const toldSimplest = (file: string, schedule: string): { readonly before: number; readonly after: number; readonly isSameKey: boolean } => {
      const target = targetFor(file)
      const parsed = parseSchedule(schedule)
      if (parsed._tag !== "Parsed" || !isCounted(parsed.schedule)) throw new Error("a schedule by counts")
      const trial = target.trials.perform(recorded(tell(parsed.schedule, () => {})))
      const [finding] = trial.findings
      const failure = finding === undefined ? undefined : drain(understand(target, trial.schedule, finding))
      if (failure === undefined) throw new Error("it fails")
      const simpler = drain(simplest(failure))
      return { before: failure.minimized.schedule.length, after: simpler.minimized.schedule.length, isSameKey: simpler.key === failure.key }
    }
    expect(toldSimplest("percpu-push-bad.s", "1.1@35:preempt=1.2,1.2@21:preempt=1.1")).toEqual({ before: 2, after: 1, isSameKey: true })
    // Three orders are needed, of which a quiet run gives one.
    expect(toldSimplest("p3.s", "1.1@6:turn=1,1.2@6:turn=0")).toEqual({ before: 2, after: 2, isSameKey: true })
  })
})
