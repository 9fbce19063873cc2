import { rowNamed, table } from "../base/table.ts"
import type { StrategyDefinition } from "./definition.ts"
import { oneDeviation } from "./one-deviation.ts"
import { pct2, pct3 } from "./pct.ts"
import { quiet } from "./quiet.ts"
import { random } from "./random.ts"
import { randomWalk } from "./random-walk.ts"
import { roundRobin } from "./round-robin.ts"
import { twoDeviations } from "./two-deviations.ts"
import { windows } from "./windows.ts"

export const strategies = table(
  quiet,
  roundRobin,
  random,
  oneDeviation,
  twoDeviations,
  windows,
  randomWalk,
  pct2,
  pct3
)
export type StrategyName = keyof typeof strategies

export const strategyNamed = (name: string): StrategyDefinition | undefined => rowNamed<StrategyDefinition>(strategies, name)
