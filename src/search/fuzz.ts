/**
 * Many runs from seeds through a portfolio of strategies. Which strategy makes run n, and with what chance, follows from the
 * seed and n alone: any run can be made again, and workers may take any part.
 */
import type { Finding } from "../analysis/detect/definition.ts"
import { type Decider, quietDecider } from "../log/choice.ts"
import type { Strategy } from "../strategy/definition.ts"
import { strategies, type StrategyName } from "../strategy/table.ts"
import type { Target } from "./target.ts"
import type { Trial } from "./trial.ts"

/** Strategies by turns: the systematic one first, steering most of the time, blind chance for what nobody thought of. */
const portfolio: ReadonlyArray<StrategyName> = [
  "one-deviation", "windows", "random", "windows", "one-deviation", "pct-3", "windows", "two-deviations", "windows", "random-walk", "random", "pct-2"
]

/** The strategy of run `run`, and which of its own runs that is. */
export const slotOf = (run: number): { readonly strategy: StrategyName; readonly nth: number } => {
  const turn = (run - 1) % portfolio.length
  const strategy = portfolio[turn] ?? "windows"
  const before = portfolio.slice(0, turn).filter((name) => name === strategy).length
  const each = portfolio.filter((name) => name === strategy).length
  return { strategy, nth: Math.floor((run - 1) / portfolio.length) * each + before + 1 }
}

/** Makes the decider of any run. Run 0 is quiet. */
export const deciders = ({ options }: Target): ((run: number) => { readonly decider: Decider; readonly strategy: StrategyName }) => {
  const made = new Map<StrategyName, Strategy>()
  const strategyNamed = (name: StrategyName): Strategy => {
    const met = made.get(name) ?? strategies[name].make(options)
    made.set(name, met)
    return met
  }
  return (run) => {
    if (run === 0) return { decider: quietDecider, strategy: "quiet" }
    const { nth, strategy } = slotOf(run)
    const decider = strategyNamed(strategy).nextRun(nth)
    // What is exhausted leaves its turn to steering, under a number of its own.
    return decider !== undefined ? { decider, strategy } : { decider: strategyNamed("windows").nextRun(run) ?? quietDecider, strategy: "windows" }
  }
}

/** A run that shows something. */
export interface Hit {
  readonly run: number
  readonly strategy: StrategyName
  readonly trial: Trial
  readonly finding: Finding
}

export interface FuzzProgress {
  readonly run: number
  readonly hit: Hit | undefined
  readonly trial: Trial
}

/** Runs `from` up to, not including, `until`, yielding after each. */
export function* fuzz(target: Target, from: number, until: number): Generator<FuzzProgress, void> {
  const deciderOf = deciders(target)
  for (let run = from; run < until; run++) {
    const { decider, strategy } = deciderOf(run)
    const trial = target.trials.perform(decider)
    const [finding] = trial.findings
    yield { run, trial, hit: finding === undefined ? undefined : { run, strategy, trial, finding } }
  }
}
