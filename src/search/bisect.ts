/**
 * Between a passing and a failing run: the one deviation that decides, then the exact instructions between which it fails.
 *
 * Schedules are sets of keyed deviations. What the two have in common stays; the difference is halved until it is one
 * deviation, whose count is then moved by halving, up and down, to the first and the last instruction at which it fails.
 *
 * A bisection asks: it yields a run and is told whether that passes, by a detector, a script or a person.
 */
import { assert, known } from "../base/assert.ts"
import type { Address, Count } from "../base/ids.ts"
import { type Deviation, kinds, type Schedule } from "../log/choice.ts"
import { type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { printDeviation } from "../log/schedule.ts"
import { halve, isolate } from "./ddmin.ts"
import { performPlaced } from "./minimize.ts"
import { placed } from "./place.ts"
import type { Trial, Trials } from "./trial.ts"

/** One difference between the ends: a deviation the failing run has, or one it lacks. */
export interface Difference {
  readonly located: LocatedDeviation
  readonly is: "only in the failing run" | "only in the passing run"
}

/** `skip`: this run cannot be judged. */
export type Verdict = "passes" | "fails" | "skip"

/** A run to be judged. */
export interface BisectQuestion {
  readonly what: string
  readonly trial: Trial
  readonly trialCount: number
}

export type Bisecting<Result> = Generator<BisectQuestion, Result, Verdict>

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
  readonly _tag: "Bisected"
  readonly critical: Difference
  /** The passing and the failing run that are one deviation apart. */
  readonly passing: Trial
  readonly failing: Trial
  /** For an interruption that the failing run has. */
  readonly range: CriticalRange | undefined
  readonly trialCount: number
}

/** `end`: which end is not what it was said to be. `skip`: it cannot be judged. */
export type BisectFailure =
  | { readonly _tag: "WrongEnd"; readonly end: "passing" | "failing"; readonly verdict: Verdict }
  | { readonly _tag: "NoDifference" }
  | { readonly _tag: "OnlySkips" }

const keyOf = ({ deviation }: LocatedDeviation): string => printDeviation(deviation)
const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

interface Counter {
  trialCount: number
}

/** Yields every run. Both ends are verified first. */
export function* bisectPair(trials: Trials, passing: Schedule, failing: Schedule): Bisecting<Bisected | BisectFailure> {
  const counter: Counter = { trialCount: 4 }
  const good = placed(trials, passing)
  const bad = placed(trials, failing)
  function* ask(what: string, deviations: ReadonlyArray<LocatedDeviation>): Bisecting<{ readonly trial: Trial; readonly verdict: Verdict }> {
    counter.trialCount++
    const trial = performPlaced(trials, deviations)
    return { trial, verdict: yield { what, trial, ...counter } }
  }
  const goodEnd = yield* ask(`the passing end, ${plural(good.length, "deviation")}`, good)
  if (goodEnd.verdict !== "passes") return { _tag: "WrongEnd", end: "passing", verdict: goodEnd.verdict }
  const badEnd = yield* ask(`the failing end, ${plural(bad.length, "deviation")}`, bad)
  if (badEnd.verdict !== "fails") return { _tag: "WrongEnd", end: "failing", verdict: badEnd.verdict }

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

  const ends = { passing: goodEnd.trial, failing: badEnd.trial }
  const isolating = isolate(differences)
  let step = isolating.next()
  while (step.done !== true) {
    const { trial, verdict } = yield* ask(`${step.value.length} of ${plural(differences.length, "difference")}`, apply(step.value))
    if (verdict !== "skip") ends[verdict === "fails" ? "failing" : "passing"] = trial
    step = isolating.next(verdict === "skip" ? "skip" : verdict === "fails")
  }
  if (step.value === undefined) return { _tag: "OnlySkips" }
  const { failing: made, item } = step.value
  const range = item.is === "only in the failing run" && kinds[item.located.deviation.kind].is === "interruption"
    ? yield* criticalRange(trials, apply(made), item.located, ends.failing, counter)
    : undefined
  return { _tag: "Bisected", critical: item, ...ends, range, ...counter }
}

/** Moves one deviation of a failing run by count, the others held by place. What cannot be judged ends the search on its side. */
export function* criticalRange(
  trials: Trials, deviations: ReadonlyArray<LocatedDeviation>, critical: LocatedDeviation, failing: Trial, counter: Counter
): Bisecting<CriticalRange> {
  const { kind, option, task } = critical.deviation
  const fallen = known(failing.schedule.find((one) => one.task === task && one.kind === kind && one.option === option), "the failing run took it")
  const others = deviations.filter((one) => one !== critical)
  const ips = new Map<Count, Address>()
  const perform = (count: Count): Trial => {
    counter.trialCount++
    const moved: Deviation = { task, count, nth: 0, kind, option }
    const { kernel } = trials.run
    return trials.perform(tellTyped([...others.map(({ deviation }) => deviation), moved], others, () => {}), {
      taken: (deviation) => {
        if (deviation.task === task && deviation.kind === kind && deviation.count === count) ips.set(count, kernel.registers(kernel.current(task)).ip())
      }
    })
  }
  function* ask(count: Count): Bisecting<Verdict> {
    const trial = perform(count)
    return yield { what: `${kind} at count ${count}`, trial, ...counter }
  }
  /** The edge in one direction, by strides that double until one passes, then by halving. */
  function* edge(direction: 1 | -1): Bisecting<{ readonly fails: Count; readonly passes: Count | undefined }> {
    let fails = fallen.count
    for (let stride = 1; ; stride *= 2) {
      const next = fallen.count + direction * stride
      if (next < 0 || stride > STRIDE_MAX) return { fails, passes: undefined }
      const verdict = yield* ask(next)
      if (verdict === "skip") return { fails, passes: undefined }
      if (verdict === "fails") fails = next
      else {
        const halving = halve(next, fails)
        let step = halving.next()
        while (step.done !== true) {
          const middle = yield* ask(step.value)
          if (middle === "skip") return { fails, passes: undefined }
          if (middle === "fails") fails = step.value
          step = halving.next(middle === "fails")
        }
        return step.value
      }
    }
  }
  const { fails: firstFailing, passes: lastPassingBefore } = yield* edge(-1)
  const { fails: lastFailing, passes: firstPassingAfter } = yield* edge(1)
  if (!ips.has(firstFailing)) perform(firstFailing)
  if (!ips.has(lastFailing)) perform(lastFailing)
  assert(firstFailing <= fallen.count && fallen.count <= lastFailing, "the range holds where the deviation fell")
  return {
    firstFailing, lastFailing, lastPassingBefore, firstPassingAfter,
    firstIp: ips.get(firstFailing) ?? critical.address, lastIp: ips.get(lastFailing) ?? critical.address
  }
}

/** Farther than this from where it fell nobody looks for the edge. */
const STRIDE_MAX = 1 << 16
