/**
 * Every mistake in the museum is found, and no twin is ever accused: by one portfolio and one menu for all.
 *
 * RSEQLAB_MUSEUM_SEEDS=20 takes so many seeds and prints a row for each exhibit.
 */
import { describe, expect, it } from "vitest"
import { detectors } from "../../src/analysis/detect/table.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import type { RunSpec } from "../../src/run/start.ts"
import { bisectPair } from "../../src/search/bisect.ts"
import { fuzz, type Hit } from "../../src/search/fuzz.ts"
import { type Minimized, minimize, sameFinding } from "../../src/search/minimize.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { exampleNames, exampleSpec } from "../support/examples.ts"
import { type Exhibit, museum } from "./table.ts"
import { exhibitSpec, type Variant } from "./exhibit.ts"

const seedCount = Number(process.env["RSEQLAB_MUSEUM_SEEDS"] ?? "1")
const isLong = seedCount > 1

/** Runs within which half of the seeds find a mistake, and the most that any seed is given. */
const MEDIAN_RUN_MAX = 2_000
const RUN_MAX = 4 * MEDIAN_RUN_MAX
/** Replays of half of the pair bisections. */
const MEDIAN_REPLAY_MAX = 32
/** Runs that every detector watches of a program that is right. */
const WATCHED_RUN_COUNT = isLong ? 2_000 : 60
/** Examples whose every run is to be without a finding, warnings included. */
const goodExamples = exampleNames.filter((name) => !name.endsWith("-bad.s") && !["p1.s", "p2.s", "p3.s", "plain-increment.s", "reorder.s"].includes(name))
/** A twin is run at least so often, however soon the mistake was found. */
const TWIN_RUN_MIN = 200

const seeds = Array.from({ length: seedCount }, (_, index) => String(index + 1))

const targetOf = (exhibit: Exhibit, variant: Variant, seed: string): Target => {
  const target = makeTarget(exhibitSpec(exhibit, variant), { ...defaultTargetOptions, seed })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

/** With every detector, watching every run. */
const watchfulTarget = (spec: RunSpec): Target => {
  const target = makeTarget(spec, { ...defaultTargetOptions, detectors: Object.values(detectors), isAlwaysWatched: true })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const firstHit = (target: Target, runCount: number): Hit | undefined => {
  for (const { hit } of fuzz(target, runCount)) if (hit !== undefined) return hit
  return undefined
}

const minimized = ({ trials }: Target, { finding, trial }: Hit): Minimized | undefined => {
  const minimizing = minimize(trials, trial.schedule, sameFinding(finding), 2_000)
  let step = minimizing.next()
  while (step.done !== true) step = minimizing.next()
  return step.value
}

/** Replays that the bisection between the quiet run and this one takes. */
const bisectedIn = ({ trials }: Target, { finding, trial }: Hit): number => {
  const wanted = sameFinding(finding)
  const bisecting = bisectPair(trials, [], trial.schedule)
  let step = bisecting.next()
  while (step.done !== true) step = bisecting.next(wanted(step.value.trial) ? "fails" : "passes")
  return step.value._tag === "Bisected" ? step.value.trialCount : Infinity
}

const median = (numbers: ReadonlyArray<number>): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

describe("the museum", () => {
  it("names every exhibit once", () => {
    expect(new Set(museum.map(({ name }) => name)).size).toBe(museum.length)
  })

  it.each(museum)("finds $name: $summary", (exhibit) => {
    const runs: Array<number> = []
    const sizes: Array<number> = []
    const replays: Array<number> = []
    const shown = new Set<string>()
    for (const seed of seeds) {
      const target = targetOf(exhibit, "bad", seed)
      expect(target.quiet.findings, "a quiet run shows nothing").toEqual([])
      const hit = firstHit(target, isLong ? RUN_MAX : MEDIAN_RUN_MAX)
      runs.push(hit?.run ?? Infinity)
      if (hit !== undefined) {
        shown.add(hit.finding.detector)
        const fewest = minimized(target, hit)
        expect(fewest, `seed ${seed}, run ${hit.run}: ${printSchedule(hit.trial.schedule)}`).toBeDefined()
        sizes.push(fewest?.deviations.length ?? Infinity)
        replays.push(bisectedIn(target, hit))
      }
      const twin = targetOf(exhibit, "twin", seed)
      expect(twin.quiet.outcome).toEqual({ _tag: "Exited", status: 0 })
      const alarm = firstHit(twin, Math.max(TWIN_RUN_MIN, hit?.run ?? MEDIAN_RUN_MAX))
      expect(alarm?.finding.message, alarm && `twin, seed ${seed}, run ${alarm.run}: ${printSchedule(alarm.trial.schedule)}`).toBeUndefined()
    }
    if (isLong) console.log(`| ${exhibit.name} | ${exhibit.summary} | ${[...shown].join(", ")} | ${median(runs)} | ${median(sizes)} | ${median(replays)} |`)
    expect(median(runs), `runs to find, seeds 1 to ${seedCount}: ${runs.join(", ")}`).toBeLessThanOrEqual(MEDIAN_RUN_MAX)
    expect(median(replays), `replays to bisect, seeds 1 to ${seedCount}: ${replays.join(", ")}`).toBeLessThanOrEqual(MEDIAN_REPLAY_MAX)
  }, isLong ? 600_000 : undefined)

  it.each([
    ...museum.map((exhibit) => [`the twin of ${exhibit.name}`, () => exhibitSpec(exhibit, "twin")] as const),
    ...goodExamples.map((name) => [name, () => exampleSpec(name)] as const)
  ])("accuses %s of nothing, whoever watches", (_name, spec) => {
    const hit = firstHit(watchfulTarget(spec()), WATCHED_RUN_COUNT)
    expect(hit?.finding.message, hit && `run ${hit.run}: ${printSchedule(hit.trial.schedule)}`).toBeUndefined()
  }, isLong ? 600_000 : undefined)
})
