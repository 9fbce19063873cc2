/**
 * Runs bred from others: a deviation more, one less, or one at another moment. The moments come from the parent's run and not
 * from the quiet one, so that what only an unlucky task comes to is on offer: the way back after an abort, somebody who waits.
 */
import { known } from "../base/assert.ts"
import { type Stream, stream } from "../base/prng.ts"
import type { Decider, Deviation, Schedule } from "../log/choice.ts"
import { isCounted, parseSchedule } from "../log/schedule.ts"
import { recorded, tell } from "../log/telling.ts"
import { offersAlong } from "../strategy/offers.ts"
import type { BroodPlace, Parent } from "./breed.ts"
import type { Target } from "./target.ts"

/** A parent's schedule, and every deviation that was on offer in its run. */
interface Known {
  readonly schedule: Schedule
  readonly offers: ReadonlyArray<Deviation>
}

/** So many offers of parents are at hand, some tens of megabytes; other parents are looked at again. */
const OFFER_COUNT_MAX = 300_000

/** The schedule of a run that was printed: it can be read, and is by count. */
export const countedSchedule = (text: string): Schedule => {
  const parsed = parseSchedule(text)
  return known(parsed._tag === "Parsed" && isCounted(parsed.schedule) ? parsed.schedule : undefined, "what is printed can be read")
}

/** Out of eight: one takes a deviation away, one puts it elsewhere, four add one, two add two. */
const mutated = ({ offers, schedule }: Known, chance: Stream): Schedule => {
  const way = chance.below(8)
  const isLess = way === 0 && schedule.length > 1
  const isElsewhere = way === 1 && schedule.length > 0
  const kept = [...schedule]
  if (isLess || isElsewhere) kept.splice(chance.below(kept.length), 1)
  const addedCount = isLess ? 0 : way < 6 ? 1 : 2
  for (let added = 0; added < addedCount && offers.length > 0; added++) {
    const offer = offers[chance.below(offers.length)]
    if (offer !== undefined) kept.push(offer)
  }
  return kept
}

/** So many in a row that have any parent have the same one: to look at a parent costs as much as some runs. */
const ANY_COUNT = 16

/**
 * By turns the parents one after another, the latest first, each as often in a row as there is room for in the generation; and
 * any: what is new is tried at once, and nothing is forgotten.
 */
const parentIndex = (seed: string, { count, generation, nth }: BroodPlace, parentCount: number): number => {
  const turn = Math.floor(nth / 2)
  if (nth % 2 === 1) return stream(`${seed}/${generation}/${Math.floor(turn / ANY_COUNT)}`, "parent").below(parentCount)
  const each = Math.ceil(count / 2 / parentCount)
  return parentCount - 1 - (Math.floor(turn / each) % parentCount)
}

/** Breeds runs of one target. Which is a function of the seed, the run's number and its parents alone. */
export class Mutation {
  private readonly trials: Target["trials"]
  private readonly options: Target["options"]
  /** By the parent's run, the one looked at longest ago first. */
  private readonly known = new Map<number, Known>()
  private offerCount = 0

  constructor({ options, trials }: Target) {
    this.options = options
    this.trials = trials
  }

  /** The decider of run `run`, at its place among those of its generation that are bred. `parents` are not none. */
  decider(run: number, place: BroodPlace, parents: ReadonlyArray<Parent>): Decider {
    const parent = known(parents[parentIndex(this.options.seed, place, parents.length)], "there are parents")
    return recorded(tell(mutated(this.knownOf(parent), stream(`${this.options.seed}/${run}`, "mutation")), () => {}))
  }

  private knownOf({ run, schedule: text }: Parent): Known {
    const met = this.known.get(run)
    if (met !== undefined) return met
    const schedule = countedSchedule(text)
    const perform = (decider: Decider): void => void this.trials.perform(decider)
    const fresh = { schedule, offers: offersAlong(perform, () => recorded(tell(schedule, () => {})), this.options) }
    this.known.set(run, fresh)
    this.offerCount += fresh.offers.length
    for (const [oldest, { offers }] of this.known) {
      if (this.offerCount <= OFFER_COUNT_MAX || oldest === run) break
      this.known.delete(oldest)
      this.offerCount -= offers.length
    }
    return fresh
  }
}
