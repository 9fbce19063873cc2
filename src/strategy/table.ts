import { known } from "../base/assert.ts"
import { rowNamed, table } from "../base/table.ts"
import type { Power, StrategyDefinition } from "./definition.ts"
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

const rows: ReadonlyArray<StrategyDefinition<StrategyName>> = Object.values(strategies)

/** A round of a campaign, turn by turn: the systematic one first, steering most of the time, blind chance for what nobody thought of. */
export const portfolio: ReadonlyArray<StrategyName> = Array.from(
  { length: rows.reduce((sum, { turns }) => sum + turns.length, 0) },
  (_, turn) => known(rows.find(({ turns }) => turns.includes(turn)), "every turn of a round is somebody's").name
)

/** The first row of a power: what a flag that is for such a power means alone. */
export const strategyWith = (power: Power["_tag"]): StrategyName => known(rows.find((row) => row.power._tag === power), "a power has a row").name

export const strategyNamed = (name: string): StrategyDefinition | undefined => rowNamed<StrategyDefinition>(strategies, name)
