/**
 * Between a passing and a failing run: the one deviation that decides, then the exact instructions between which it fails.
 *
 * Schedules are sets of keyed deviations. What the two have in common stays; the difference is halved until it is one
 * deviation, whose count is then moved by halving, up and down, to the first and the last instruction at which it fails.
 */
import { assert, known } from "../base/assert.ts"
import type { Address, Count } from "../base/ids.ts"
import type { Deviation, Schedule } from "../log/choice.ts"
import { type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { kinds } from "../log/choice.ts"
import { printDeviation } from "../log/schedule.ts"
import { halve, isolate } from "./ddmin.ts"
import type { Wanted } from "./minimize.ts"
import { performPlaced } from "./minimize.ts"
import { placed } from "./place.ts"
import type { Trial, Trials } from "./trial.ts"

/** One difference between the ends: a deviation the failing run has, or one it lacks. */
export interface Difference {
  readonly located: LocatedDeviation
  readonly is: "only in the failing run" | "only in the passing run"
}

export interface BisectStep {
  readonly what: string
  readonly verdict: "passes" | "fails"
  readonly trialCount: number
}

/** Where a deviation may fall and the run still fails: boundaries of its task, by count. */
export interface CriticalRange {
  readonly firstFailing: Count
  readonly lastFailing: Count
  /** Its nearest neighbours that pass; `undefined`: the task has no earlier, or no later, boundary to try. */
  readonly lastPassingBefore: Count | undefined
  readonly firstPassingAfter: Count | undefined
  /** Where the task stands at the ends of the range. */
  readonly firstIp: Address
  readonly lastIp: Address
}

export interface Bisected {
  readonly critical: Difference
  /** The passing and the failing run that are one deviation apart. */
  readonly passing: Trial
  readonly failing: Trial
  /** For an interruption that the failing run has. */
  readonly range: CriticalRange | undefined
  readonly trialCount: number
}

export type BisectFailure =
  | { readonly _tag: "PassingFails" }
  | { readonly _tag: "FailingPasses" }
  | { readonly _tag: "NoDifference" }

const keyOf = ({ deviation }: LocatedDeviation): string => printDeviation(deviation)

/** Yields after every trial. Both ends are verified first. */
export function* bisectPair(
  trials: Trials, passing: Schedule, failing: Schedule, wanted: Wanted
): Generator<BisectStep, Bisected | BisectFailure> {
  const counter = { trialCount: 4 }
  const good = placed(trials, passing)
  const bad = placed(trials, failing)
  const perform = (deviations: ReadonlyArray<LocatedDeviation>): Trial => {
    counter.trialCount++
    return performPlaced(trials, deviations)
  }
  const verdict = (trial: Trial): BisectStep["verdict"] => (wanted(trial) ? "fails" : "passes")
  const goodTrial = perform(good)
  yield { what: `the passing end, ${good.length} deviations`, verdict: verdict(goodTrial), ...counter }
  if (wanted(goodTrial)) return { _tag: "PassingFails" }
  const badTrial = perform(bad)
  yield { what: `the failing end, ${bad.length} deviations`, verdict: verdict(badTrial), ...counter }
  if (!wanted(badTrial)) return { _tag: "FailingPasses" }

  const goodKeys = new Set(good.map(keyOf))
  const badKeys = new Set(bad.map(keyOf))
  const differences: ReadonlyArray<Difference> = [
    ...bad.filter((located) => !goodKeys.has(keyOf(located))).map((located): Difference => ({ located, is: "only in the failing run" })),
    ...good.filter((located) => !badKeys.has(keyOf(located))).map((located): Difference => ({ located, is: "only in the passing run" }))
  ]
  if (differences.length === 0) return { _tag: "NoDifference" }
  const common = bad.filter((located) => goodKeys.has(keyOf(located)))
  /** The passing run with some of the differences made. */
  const apply = (made: ReadonlyArray<Difference>): ReadonlyArray<LocatedDeviation> => {
    const chosen = new Set([
      ...common,
      ...made.filter(({ is }) => is === "only in the failing run").map(({ located }) => located),
      ...differences.filter((difference) => difference.is === "only in the passing run" && !made.includes(difference)).map(({ located }) => located)
    ])
    return [...bad, ...good].filter((located) => chosen.has(located))
  }

  const ends = { passing: goodTrial, failing: badTrial }
  const isolating = isolate(differences)
  let step = isolating.next()
  while (step.done !== true) {
    const trial = perform(apply(step.value))
    const fails = wanted(trial)
    ends[fails ? "failing" : "passing"] = trial
    yield { what: `${step.value.length} of ${differences.length} differences`, verdict: verdict(trial), ...counter }
    step = isolating.next(fails)
  }
  const { failing: made, item } = step.value
  const range = item.is === "only in the failing run" && kinds[item.located.deviation.kind].is === "interruption"
    ? yield* criticalRange(trials, apply(made), item.located, ends.failing, wanted, counter)
    : undefined
  return { critical: item, ...ends, range, ...counter }
}

/** Moves one deviation of a failing run by count, the others held by place. */
export function* criticalRange(
  trials: Trials, deviations: ReadonlyArray<LocatedDeviation>, critical: LocatedDeviation, failing: Trial, wanted: Wanted, counter: { trialCount: number }
): Generator<BisectStep, CriticalRange> {
  const { kind, option, task } = critical.deviation
  const fallen = known(failing.schedule.find((one) => one.task === task && one.kind === kind && one.option === option), "the failing run took it")
  const others = deviations.filter((one) => one !== critical)
  const ips = new Map<Count, Address>()
  const failsAt = (count: Count): boolean => {
    counter.trialCount++
    const moved: Deviation = { task, count, nth: 0, kind, option }
    const { kernel } = trials.run
    const keep = kernel.keep
    kernel.keep = (deviation) => {
      if (deviation.task === task && deviation.kind === kind && deviation.count === count) ips.set(count, kernel.registers(kernel.current(task)).ip())
      keep(deviation)
    }
    const trial = trials.perform(tellTyped([...others.map(({ deviation }) => deviation), moved], others, () => {}))
    kernel.keep = keep
    return wanted(trial)
  }
  function* ask(count: Count): Generator<BisectStep, boolean> {
    const fails = failsAt(count)
    yield { what: `${kind} at count ${count}`, verdict: fails ? "fails" : "passes", ...counter }
    return fails
  }
  /** The edge in one direction, by strides that double until one passes, then by halving. */
  function* edge(direction: 1 | -1): Generator<BisectStep, { readonly fails: Count; readonly passes: Count | undefined }> {
    let fails = fallen.count
    for (let stride = 1; ; stride *= 2) {
      const next = fallen.count + direction * stride
      if (next < 0 || stride > STRIDE_MAX) return { fails, passes: undefined }
      if (yield* ask(next)) fails = next
      else {
        const halving = halve(next, fails)
        let step = halving.next()
        while (step.done !== true) step = halving.next(yield* ask(step.value))
        return step.value
      }
    }
  }
  const { fails: firstFailing, passes: lastPassingBefore } = yield* edge(-1)
  const { fails: lastFailing, passes: firstPassingAfter } = yield* edge(1)
  if (!ips.has(firstFailing)) failsAt(firstFailing)
  if (!ips.has(lastFailing)) failsAt(lastFailing)
  assert(firstFailing <= fallen.count && fallen.count <= lastFailing, "the range holds where the deviation fell")
  return {
    firstFailing, lastFailing, lastPassingBefore, firstPassingAfter,
    firstIp: ips.get(firstFailing) ?? critical.address, lastIp: ips.get(lastFailing) ?? critical.address
  }
}

/** Farther than this from where it fell nobody looks for the edge. */
const STRIDE_MAX = 1 << 16
