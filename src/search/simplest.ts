/**
 * The same bug by another way: with fewer deviations, or else by the first way of as many.
 *
 * What minimizing leaves is the fewest of the deviations that a run happened to have. Schedules of other deviations are tried, in
 * an order that does not ask how the bug was found: all that `one-deviation` makes, then, if there are not too many, all that
 * `two-deviations` makes; and from then on those near the schedule that is there. Where all of fewer deviations passed, what is
 * left is a minimum, and the searches that say so are named. Of as many the first is told, so that chance has no part in it.
 */
import type { Decider, Schedule } from "../log/choice.ts"
import { type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { offersAlong } from "../strategy/offers.ts"
import { strategies, type StrategyName } from "../strategy/table.ts"
import { namedBy } from "./cause.ts"
import { subsets } from "./ddmin.ts"
import { type Failure, understand } from "./failure.ts"
import { grouped } from "../base/bits.ts"
import { fuzz } from "./fuzz.ts"
import { isSameFinding, minimize, type MinimizeProgress, sameFinding, type Wanted } from "./minimize.ts"
import { earlierFirst, isEarlier } from "./order.ts"
import { placed } from "./place.ts"
import { failureOf, type Trial, type Trials } from "./trial.ts"
import { everyFinding, watch } from "./watch.ts"

/** Strategies that enumerate, by the number of deviations that each run of theirs has. */
const enumerating: ReadonlyArray<StrategyName> = ["one-deviation", "two-deviations"]
/** A strategy with more runs than that is not begun. */
const ENUMERATED_COUNT_MAX = 4_000
/** Instructions in all. */
const ICOUNT_MAX = 4_000_000
/** What is found by another cause is passed over; so often in one search. */
const OTHER_COUNT_MAX = 16
/** Runs from afar, and so many of those that fail are followed to the simplest near them. */
const AFAR_RUN_COUNT = 8_000
const AFAR_HIT_COUNT = 2
const SEED = "simplest"
/** Whoever will not wait is heard after so many runs. */
const BREATH_TRIAL_COUNT = 16

/** A search of which all runs passed. */
export interface Searched {
  readonly strategy: StrategyName
  readonly trialCount: number
}

const enumeratedCount = (size: number, offerCount: number): number => (size === 1 ? offerCount : (offerCount * (offerCount - 1)) / 2)

type Simplifying<R> = Generator<MinimizeProgress, R>

/** A way to the bug, as far as it has come. */
interface Way {
  readonly deviations: ReadonlyArray<LocatedDeviation>
  readonly schedule: Schedule
}

/** One search for a simpler way to one bug. */
class Simplifier {
  way: Way
  private readonly failure: Failure
  private readonly trials: Trials
  private readonly wanted: Wanted
  private readonly isOfCause: (schedule: Schedule) => boolean
  private readonly begun: number
  private otherCount = 0

  constructor(failure: Failure, way: Way) {
    const { explanation, finding, target } = failure
    this.failure = failure
    this.way = way
    this.trials = target.trials
    this.wanted = sameFinding(finding)
    const named = namedBy(finding, explanation?.seen ?? [])
    this.isOfCause = (schedule) => named === undefined || everyFinding(watch(target, schedule).entries).some((found) => isSameFinding(found, named))
    this.begun = target.trials.spentIcount
  }

  get size(): number {
    return this.way.deviations.length
  }

  /** Whether a run is one of the bug. */
  shows(trial: Trial): boolean {
    if (!this.wanted(trial)) return false
    const isShown = this.isOfCause(trial.schedule)
    if (!isShown) this.otherCount++
    return isShown
  }

  get progress(): MinimizeProgress {
    return { trialCount: this.trials.spentCount, deviationCount: this.size }
  }

  get isSpent(): boolean {
    return this.trials.spentIcount - this.begun > ICOUNT_MAX || this.otherCount >= OTHER_COUNT_MAX
  }

  /** Whether the run of `decider` shows the same bug by a way that comes before the one there is: then it takes its place. */
  *takes(decider: Decider): Simplifying<boolean> {
    const trial = this.trials.perform(decider)
    if (this.trials.spentCount % BREATH_TRIAL_COUNT === 0) yield this.progress
    if (!this.wanted(trial) || !isEarlier(trial.schedule, this.way.schedule) || !this.shows(trial)) return false
    this.way = { deviations: placed(this.trials, trial.schedule), schedule: trial.schedule }
    return true
  }

  /** Every run of a strategy, up to the first that shows it. */
  *enumerate(strategy: StrategyName): Simplifying<Searched | undefined> {
    const all = strategies[strategy].make(this.failure.target.options)
    // Its run 0 is the quiet one.
    for (let run = 1; !this.isSpent; run++) {
      const decider = all.nextRun(run)
      if (decider === undefined) return { strategy, trialCount: run - 1 }
      if (yield* this.takes(decider)) return undefined
    }
    return undefined
  }

  /** From where it is to where no way near it comes before it. */
  *settle(): Simplifying<void> {
    while (this.size > 1 && (yield* this.fewer())) { /* as long as there are fewer */ }
    while (this.size > 1 && (yield* this.earlier())) { /* until each is the first */ }
  }

  /** Two deviations left out and one other told in their place. */
  private *fewer(): Simplifying<boolean> {
    for (const gone of subsets(this.way.deviations, 2)) {
      if (this.isSpent) return false
      if (yield* this.instead(gone)) return true
    }
    return false
  }

  /** Each deviation in turn made the first that does. */
  private *earlier(): Simplifying<boolean> {
    let isChanged = false
    for (let index = 0; index < this.size && !this.isSpent; index++) {
      const one = this.way.deviations[index]
      if (one !== undefined && (yield* this.instead([one]))) isChanged = true
    }
    return isChanged
  }

  private *instead(gone: ReadonlyArray<LocatedDeviation>): Simplifying<boolean> {
    const { trials } = this
    const kept = this.way.deviations.filter((one) => !gone.includes(one))
    const byPlace = kept.map(({ deviation }) => deviation)
    const offers = offersAlong((decider) => void trials.perform(decider), () => tellTyped(byPlace, kept, () => {}), this.failure.target.options)
    for (const offer of earlierFirst(offers)) {
      if (this.isSpent) return false
      if (yield* this.takes(tellTyped([...byPlace, offer], kept, () => {}))) return true
    }
    return false
  }
}

/** Ways that a campaign comes to which knows nothing of how the bug was found: its chance is always the same. */
function* fromAfar(failure: Failure, simplifier: Simplifier): Simplifying<void> {
  const { finding, target } = failure
  const { spentIcount } = target.trials
  let hitCount = 0
  for (const { trial } of fuzz({ ...target, options: { ...target.options, seed: SEED } }, AFAR_RUN_COUNT)) {
    if (target.trials.spentCount % BREATH_TRIAL_COUNT === 0) yield simplifier.progress
    if (target.trials.spentIcount - spentIcount > ICOUNT_MAX || simplifier.isSpent) return
    if (failureOf(trial) === undefined || !simplifier.shows(trial)) continue
    const few = yield* minimize(target.trials, trial.schedule, sameFinding(finding), 0)
    if (few === undefined || !simplifier.shows(few.trial)) continue
    const other = new Simplifier(failure, few)
    yield* other.settle()
    if (isEarlier(other.way.schedule, simplifier.way.schedule)) simplifier.way = other.way
    if (++hitCount >= AFAR_HIT_COUNT) return
  }
}

/** Where all schedules of fewer deviations that there are were tried, it is a minimum. */
const proved = (failure: Failure, searched: ReadonlyArray<Searched>): Failure => {
  const { minimized } = failure
  const isMinimum = minimized.proof === "no subset fails" && searched.length >= minimized.deviations.length - 1
  return { ...failure, searched, minimized: isMinimum ? { ...minimized, proof: "minimum" } : minimized }
}

/** The searches for a schedule of fewer deviations that came to nothing. One deviation is more than the quiet run has, and that is told anyway. */
export const searchedText = ({ minimized: { deviations }, searched }: Pick<Failure, "minimized" | "searched">): string | undefined =>
  searched.length === 0 || deviations.length < 2 ? undefined
  : `none found, by all runs of ${searched.map(({ strategy, trialCount }) => `${strategy} (${grouped(trialCount)})`).join(" and ")}`

/** Yields after some trials. The failure by the simplest way that was found. `isNear`: no farther than near the schedule that is there. */
export function* simplest(failure: Failure, isNear = false): Simplifying<Failure> {
  const { changes, finding, minimized, target } = failure
  const simplifier = new Simplifier(failure, minimized)
  if (simplifier.size === 0) return failure
  const searched: Array<Searched> = []
  for (const [index, strategy] of enumerating.entries()) {
    const size = index + 1
    // Of one deviation the first is told; of two or more it is enough that there are none of fewer.
    if (simplifier.size < size || (simplifier.size === size && size > 1)) break
    if (enumeratedCount(size, target.options.profile.offers.length) > ENUMERATED_COUNT_MAX) break
    const passed = yield* simplifier.enumerate(strategy)
    if (passed === undefined) break
    searched.push(passed)
  }
  yield* simplifier.settle()
  if (!isNear && simplifier.size > searched.length + 1) yield* fromAfar(failure, simplifier)
  const { way: { schedule } } = simplifier
  if (schedule === minimized.schedule) return proved(failure, searched)
  const simpler = yield* understand(target, schedule, finding)
  return proved(simpler?.key === failure.key ? { ...simpler, changes } : failure, searched)
}
