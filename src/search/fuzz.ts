/**
 * Many runs from seeds through a portfolio of strategies, and bred from what they showed. Which strategy makes run n, and with
 * what chance, follows from the seed and n alone; from whom it is bred, from the runs before it. Any run can be made again, and
 * workers may take any part.
 */
import type { Finding } from "../analysis/detect/definition.ts"
import { type Decider, quietDecider } from "../log/choice.ts"
import type { Strategy } from "../strategy/definition.ts"
import { portfolio, strategies, type StrategyName } from "../strategy/table.ts"
import { printSchedule } from "../log/schedule.ts"
import { broodPlace, generationOf, Kept, type Parent } from "./breed.ts"
import { Coverage } from "./coverage.ts"
import { Mutation } from "./mutation.ts"
import type { Target } from "./target.ts"
import { failureOf, isFertile, type Trial } from "./trial.ts"

/** The strategy of turn `turn`, from 1, and which of its own runs that is. */
export const slotOf = (turn: number): { readonly strategy: StrategyName; readonly nth: number } => {
  const place = (turn - 1) % portfolio.length
  const strategy = portfolio[place] ?? "windows"
  const before = portfolio.slice(0, place).filter((name) => name === strategy).length
  const each = portfolio.filter((name) => name === strategy).length
  return { strategy, nth: Math.floor((turn - 1) / portfolio.length) * each + before + 1 }
}

/** Turns from here on are beyond what a strategy can enumerate: only chance has something left. */
const CHANCE_TURN = 2 ** 40

/** What makes a run. */
export type RunStrategy = StrategyName | "mutation"

export interface Planned {
  readonly decider: Decider
  readonly strategy: RunStrategy
}

/** Runs before the first that is bred. */
const UNBRED_COUNT = (() => {
  let run = 0
  while (broodPlace(run) === undefined) run++
  return run
})()

/** Whether run `run` cannot be made without what was kept of runs before it. */
export const isBred = (run: number): boolean => broodPlace(run) !== undefined

/** Which turn a run has. Those that would be bred, and nobody is there, have turns of their own. */
const turnOf = (run: number): number =>
  run < UNBRED_COUNT ? run : isBred(run) ? CHANCE_TURN + run : UNBRED_COUNT + Math.floor((run - UNBRED_COUNT) / 2)

/** Makes the decider of any run, given what may be bred from. Run 0 is quiet. */
export const deciders = (target: Target): ((run: number, parents?: ReadonlyArray<Parent>) => Planned) => {
  const mutation = new Mutation(target)
  const made = new Map<StrategyName, Strategy>()
  const strategyNamed = (name: StrategyName): Strategy => {
    const met = made.get(name) ?? strategies[name].make(target.options)
    made.set(name, met)
    return met
  }
  return (run, parents = []) => {
    if (run === 0) return { decider: quietDecider, strategy: "quiet" }
    const place = broodPlace(run)
    if (place !== undefined && parents.length > 0) return { decider: mutation.decider(run, place, parents), strategy: "mutation" }
    const { nth, strategy } = slotOf(turnOf(run))
    const decider = strategyNamed(strategy).nextRun(nth)
    // What is exhausted leaves its turn to steering, under a number of its own.
    return decider !== undefined ? { decider, strategy } : { decider: strategyNamed("windows").nextRun(run) ?? quietDecider, strategy: "windows" }
  }
}

const SAMPLE_RUN_COUNT = 16
const SAMPLE_ICOUNT_MAX = 1_000_000

/** What the first runs come to, as words: equal for equal programs, kernels and strategies, and most likely for no others. */
export const sampleOf = (target: Target): ReadonlyArray<string> => {
  const deciderOf = deciders(target)
  const { trials } = target
  const words: Array<string> = []
  const before = trials.spentIcount
  for (let run = 0; run < SAMPLE_RUN_COUNT && trials.spentIcount - before < SAMPLE_ICOUNT_MAX; run++) {
    const { icount, outcome, schedule } = trials.perform(deciderOf(run).decider)
    words.push(`${outcome._tag} ${icount} ${printSchedule(schedule)}`)
  }
  return words
}

/** A run that shows something. */
export interface Hit {
  readonly run: number
  readonly strategy: RunStrategy
  readonly trial: Trial
  readonly finding: Finding
}

export interface FuzzProgress {
  readonly run: number
  readonly hit: Hit | undefined
  readonly trial: Trial
}

/** The runs of a campaign from its first, one by one, up to, not including, `until`. */
export function* fuzz(target: Target, until: number): Generator<FuzzProgress, void> {
  const deciderOf = deciders(target)
  const coverage = new Coverage(target)
  const kept = new Kept()
  let generation = generationOf(0)
  let parents = kept.parentsBefore(0)
  for (let run = 0; run < until; run++) {
    if (run >= generation.end) {
      generation = generationOf(run)
      parents = kept.parentsBefore(generation.parentsBefore)
    }
    const { decider, strategy } = deciderOf(run, parents)
    const trial = coverage.perform(decider)
    const finding = failureOf(trial)
    if (isFertile(trial)) kept.add({ run, schedule: printSchedule(trial.schedule), features: coverage.news() })
    yield { run, trial, hit: finding === undefined ? undefined : { run, strategy, trial, finding } }
  }
}
