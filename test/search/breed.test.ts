/** Generations follow from numbers, parents from the runs before: any run can be made again, and a campaign goes on anywhere. */
import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { alone } from "../../src/lab/batch-worker.ts"
import { campaign } from "../../src/lab/campaign.ts"
import { Progress } from "../../src/lab/progress.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import { broodPlace, generationOf, Kept, type Novel } from "../../src/search/breed.ts"
import { deciders, fuzz } from "../../src/search/fuzz.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { exampleSpec } from "../support/examples.ts"

const targetFor = (file: string): Target => {
  const target = makeTarget(exampleSpec(file), defaultTargetOptions)
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const range = { isKeptGoing: true, program: "p", clock: () => performance.now(), msMax: Infinity }
const made = async (file: string, from: number, until: number, kept: Kept): Promise<Kept> => {
  await Effect.runPromise(Effect.provide(campaign(alone(targetFor(file)), { ...range, from, until, kept }), Progress.layerNone))
  return kept
}
const keptFrom = (all: ReadonlyArray<Novel>): Kept => {
  const kept = new Kept()
  for (const one of all) kept.add(one)
  return kept
}

describe("generations", () => {
  it("follow each other without a gap, and have parents from before the one before", () => {
    let last = generationOf(0)
    expect(last).toMatchObject({ start: 0, parentsBefore: 0 })
    for (let count = 0; count < 250; count++) {
      const next = generationOf(last.end)
      expect([next.start, next.parentsBefore]).toEqual([last.end, last.start])
      last = next
    }
    expect(last.end, "they grow with the campaign").toBeGreaterThan(1e9)
  })

  it("are the same from any run of theirs", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (run) => {
      const { end, start } = generationOf(run)
      expect(start <= run && run < end).toBe(true)
      expect(generationOf(start)).toEqual(generationOf(end - 1))
      const place = broodPlace(run)
      if (place !== undefined) expect(place.nth >= 0 && place.nth < place.count && place.generation === start).toBe(true)
    }), { numRuns: 500, seed: 11 })
  })
})

describe("what is kept", () => {
  it("has a feature once, and of several runs that show it the first", () => {
    const kept = keptFrom([
      { run: 3, schedule: "a", features: ["one", "two"] }, { run: 5, schedule: "b", features: ["two"] }, { run: 8, schedule: "c", features: ["two", "three"] }
    ])
    expect(kept.all.map(({ features, run }) => [run, features])).toEqual([[3, ["one", "two"]], [8, ["three"]]])
    expect(kept.parentsBefore(8).map(({ run }) => run)).toEqual([3])
  })

  it("does not breed from what chance has filled", () => {
    const kept = keptFrom([{ run: 1, schedule: "1.1@2:turn=1,".repeat(500), features: ["long"] }])
    expect([kept.all.length, kept.parentsBefore(2).length]).toEqual([1, 0])
  })
})

describe("a run that is bred", () => {
  it("can be made again from what was kept before it", async () => {
    const kept = await made("percpu-push.s", 0, 400, new Kept())
    const bred = kept.all.filter(({ run }) => broodPlace(run) !== undefined)
    expect(bred.length, "some were worth keeping").toBeGreaterThan(5)
    const target = targetFor("percpu-push.s")
    const deciderOf = deciders(target)
    for (const { run, schedule } of bred.toReversed()) {
      const { decider, strategy } = deciderOf(run, kept.parentsBefore(generationOf(run).parentsBefore))
      expect([strategy, printSchedule(target.trials.perform(decider).schedule)], `run ${run}`).toEqual(["mutation", schedule])
    }
  })

  it("is the same in a campaign that was left and taken up again", async () => {
    const { all: whole } = await made("percpu-push.s", 0, 400, new Kept())
    for (const left of [63, 97, 200, 331]) {
      const first = await made("percpu-push.s", 0, left, new Kept())
      expect((await made("percpu-push.s", left, 400, keptFrom(first.all))).all, `left at ${left}`).toEqual(whole)
    }
  })

  it("is the same run by run and in batches", async () => {
    const kept = await made("percpu-push.s", 0, 300, new Kept())
    const schedules = [...fuzz(targetFor("percpu-push.s"), 300)].map(({ trial }) => printSchedule(trial.schedule))
    for (const { run, schedule } of kept.all) expect(schedules[run], `run ${run}`).toBe(schedule)
  })
})
