/** What a search costs: runs of a whole campaign, shrinking, bisecting. Bare schedules have a bench of their own. */
import * as Effect from "effect/Effect"
import { detectors } from "../../src/analysis/detect/table.ts"
import { quietDecider, type Schedule } from "../../src/log/choice.ts"
import { alone } from "../../src/lab/batch-worker.ts"
import { campaign } from "../../src/lab/campaign.ts"
import { Progress } from "../../src/lab/progress.ts"
import { bisectPair } from "../../src/search/bisect.ts"
import { Kept } from "../../src/search/breed.ts"
import { fuzz } from "../../src/search/fuzz.ts"
import { minimize, performPlaced, sameFinding } from "../../src/search/minimize.ts"
import { placed } from "../../src/search/place.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { random } from "../../src/strategy/random.ts"
import { exhibitSpec } from "../../test/museum/exhibit.ts"
import { exampleSpec } from "../../test/support/examples.ts"
import { threadMs } from "./clock.ts"
import type { Bench, Figure } from "./table.ts"

const targetFor = (file: string, repeat?: number): Target => {
  const target = makeTarget(exampleSpec(file, repeat === undefined ? {} : { repeat }), { ...defaultTargetOptions, detectors: [detectors["guest-failure"]] })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const LEAST_MS = 600
const WARM_RUN_COUNT = 1_000

/** Runs a second of this thread, as `fuzz` makes them: the portfolio, breeding, all detectors, coverage. */
const campaignPerSecond = async (file: string): Promise<number> => {
  const made = makeTarget(exampleSpec(file), defaultTargetOptions)
  if ("_tag" in made) throw new Error(made.reason)
  const maker = alone(made)
  const kept = new Kept()
  const runs = (from: number, until: number) => Effect.runPromise(Effect.provide(
    campaign(maker, { program: file, from, until, isKeptGoing: true, kept, clock: threadMs, msMax: Infinity }), Progress.layerNone))
  await runs(0, WARM_RUN_COUNT)
  const began = threadMs()
  let until = WARM_RUN_COUNT
  for (; threadMs() - began < LEAST_MS; until += WARM_RUN_COUNT) await runs(until, until + WARM_RUN_COUNT)
  return ((until - WARM_RUN_COUNT) * 1000) / (threadMs() - began)
}

/** Of this thread. */
const milliseconds = (work: () => void): number => {
  const began = threadMs()
  work()
  return threadMs() - began
}

const drain = <Step, Result>(search: Generator<Step, Result>): Result => {
  let step = search.next()
  while (step.done !== true) step = search.next()
  return step.value
}

/** A failing run of so many deviations or a little more, under blind chance. */
const longFailure = (target: Target, deviationCount: number): { readonly schedule: Schedule; readonly finding: Parameters<typeof sameFinding>[0] } => {
  const strategy = random.make({ ...target.options, rates: { turn: 30, preempt: 30, migrate: 30 } })
  for (let run = 0; run < 2_000; run++) {
    const { findings: [finding], schedule } = target.trials.perform(strategy.nextRun(run) ?? quietDecider)
    if (finding === undefined || schedule.length < deviationCount || schedule.length > deviationCount * 1.5) continue
    // Held by place it must fail as well, as whatever is minimized does.
    if (sameFinding(finding)(performPlaced(target.trials, placed(target.trials, schedule)))) return { schedule, finding }
  }
  throw new Error("no such failure")
}

const bisectMs = (file: string): number => {
  const target = targetFor(file)
  const hit = fuzz(target, 5_000).find(({ hit: met }) => met !== undefined)?.hit
  if (hit === undefined) throw new Error(`${file}: nothing found`)
  const wanted = sameFinding(hit.finding)
  return milliseconds(() => {
    const bisecting = bisectPair(target.trials, [], hit.trial.schedule)
    let step = bisecting.next()
    while (step.done !== true) step = bisecting.next(wanted(step.value.trial) ? "fails" : "passes")
  })
}

const median = (numbers: ReadonlyArray<number>): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Infinity

/** Deviations that minimizing leaves of failures of locks that spin, medians over programs and seeds. */
const leftOfLocks = (): { readonly deviations: number; readonly ms: number } => {
  const left: Array<number> = []
  const ms: Array<number> = []
  for (const name of ["lock-not-rechecked", "lock-in-two-steps", "unlocked-early"]) {
    for (const seed of ["1", "2", "3"]) {
      const target = makeTarget(exhibitSpec({ name, summary: "" }, "bad"), { ...defaultTargetOptions, seed })
      if ("_tag" in target) throw new Error(target.reason)
      const hit = fuzz(target, 8_000).find(({ hit: met }) => met !== undefined)?.hit
      if (hit === undefined) continue
      ms.push(milliseconds(() => void left.push(drain(minimize(target.trials, hit.trial.schedule, sameFinding(hit.finding), 2_000))?.deviations.length ?? Infinity)))
    }
  }
  return { deviations: median(left), ms: median(ms) }
}

export const search: Bench = {
  name: "search",
  summary: "runs a second of a core as fuzz makes them; shrinking a failure of 100 deviations; bisecting",
  run: async () => {
    const figures: Array<Figure> = []
    for (const file of ["percpu-push.s", "percpu-counter.s"]) figures.push({ of: `campaign ${file}`, value: (await campaignPerSecond(file)) / 1000, unit: "k/s" })
    const target = targetFor("percpu-push-bad.s", 20)
    const { finding, schedule } = longFailure(target, 100)
    const shrinking = milliseconds(() => void drain(minimize(target.trials, schedule, sameFinding(finding), 2_000)))
    figures.push({ of: `minimize ${schedule.length} deviations`, value: shrinking, unit: "ms", target: { atMost: 2_000 } })
    for (const file of ["percpu-push-bad.s", "p1.s", "p2.s"]) figures.push({ of: `bisect ${file}`, value: bisectMs(file), unit: "ms", target: { atMost: 1_000 } })
    const locks = leftOfLocks()
    figures.push({ of: "left of spin locks", value: locks.deviations, unit: "deviations", target: { atMost: 2 }, note: `minimized in ${Math.round(locks.ms)} ms` })
    return figures
  }
}
