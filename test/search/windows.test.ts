/**
 * What steering promises: each window of two instructions, wherever it is among the moments that interest, is hit about once in
 * as many runs as there are such windows, and no window is starved for another.
 *
 * Chance is drawn from seeds, so a rate measured here is the same on every machine; a failure names its seed.
 */
import { describe, expect, it } from "vitest"
import { taskName } from "../../src/base/ids.ts"
import { type Deviation, kinds } from "../../src/log/choice.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { strategies } from "../../src/strategy/table.ts"
import { exhibitSpec } from "../museum/exhibit.ts"
import { museum } from "../museum/table.ts"
import { exampleSpec } from "../support/examples.ts"

const SEEDS = ["1", "2"]
/** Hits that the widest window would have at the very rate: a third of them is five standard deviations less. */
const HIT_COUNT = 60
/** How far a rate may be from one in as many runs as there are windows. */
const FACTOR = 3

const targetFor = (name: string, seed: string): Target => {
  const exhibit = museum.find((one) => one.name === name)
  const target = makeTarget(exhibit === undefined ? exampleSpec(name) : exhibitSpec(exhibit, "bad"), { ...defaultTargetOptions, seed })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const isInterruption = ({ kind }: Deviation): boolean => kinds[kind].is === "interruption"

/** A task at one of two neighboring boundaries, and what may befall it there. */
interface Window {
  readonly name: string
  readonly holds: (deviation: Deviation) => boolean
  readonly offerCount: number
}

/** Every pair of neighboring boundaries of a task at both of which something is on offer. */
const windowsOf = (offers: ReadonlyArray<Deviation>): ReadonlyArray<Window> => {
  const moments = new Map(offers.filter(isInterruption).map((offer) => [`${offer.task}@${offer.count}`, offer]))
  return [...moments.values()].flatMap(({ count, task }): ReadonlyArray<Window> => {
    if (!moments.has(`${task}@${count + 1}`)) return []
    const holds = (one: Deviation): boolean => isInterruption(one) && one.task === task && (one.count === count || one.count === count + 1)
    return [{ name: `${taskName(task)}@${count}-${count + 1}`, holds, offerCount: offers.filter(holds).length }]
  })
}

describe.each(["percpu-push-bad.s", "commit-sequence-mainline-bad.s", "counter-outside"])("steering in %s", (name) => {
  it.each(SEEDS)("hits each window of two instructions within 3x of one in as many runs as there are windows (seed %s)", (seed) => {
    const { options, trials } = targetFor(name, seed)
    const { profile: { offers } } = options
    const windows = windowsOf(offers)
    expect(windows.length).toBeGreaterThan(10)
    const widest = Math.max(...windows.map(({ offerCount }) => offerCount))
    const runCount = Math.ceil(HIT_COUNT * offers.length / widest)
    const strategy = strategies.windows.make(options)
    const hits = windows.map(() => 0)
    let foundCount = 0
    for (let run = 1; run <= runCount; run++) {
      const decider = strategy.nextRun(run)
      if (decider === undefined) throw new Error(`no run ${run}`)
      const { findings, schedule } = trials.perform(decider)
      if (findings.length > 0) foundCount++
      for (const [index, { holds }] of windows.entries()) if (schedule.some(holds)) hits[index] = (hits[index] ?? 0) + 1
    }
    // As many windows as wide as this one as the moments that interest could be cut into.
    const ratios = windows.map((window, index) => ({ window, ratio: (hits[index] ?? 0) / runCount * (offers.length / window.offerCount) }))
    const outside = ratios.filter(({ ratio }) => ratio < 1 / FACTOR || ratio > FACTOR)
    const told = outside.map(({ ratio, window }) => `${window.name} ${ratio.toFixed(2)}`).join(", ")
    expect(told, `seed ${seed}, ${runCount} runs: windows, and how often they were hit times how many there are`).toBe("")
    // The mistake itself is one such window.
    expect(foundCount / runCount * windows.length, `seed ${seed}: found in ${foundCount} of ${runCount} runs`).toBeGreaterThan(1 / FACTOR)
  })
})
