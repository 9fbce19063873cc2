/** A strategy makes deciders, one run after another. */
import type { AddressRange } from "../base/ids.ts"
import type { Decider, Deviation, Kind } from "../log/choice.ts"

/** What a strategy may be told. Everything here comes from the command line or the program, never from the host. */
export interface StrategyOptions {
  readonly seed: string
  /** Deviates once in so many chances, by kind. */
  readonly rates: Readonly<Partial<Record<Kind, number>>>
  /** round-robin: instructions a turn. */
  readonly everyIcount: number
  /** one-deviation: all boundaries instead of the interesting ones. */
  readonly everyBoundary: boolean
  /** Critical sections the program describes. */
  readonly sections: ReadonlyArray<AddressRange>
  /** Ranges the program or the user watches. */
  readonly watches: ReadonlyArray<AddressRange>
  /** What a quiet run was seen to do: bounds for strategies that draw a moment beforehand. */
  readonly profile: Profile
}

/** Taken from one quiet run, so that every run can be made again without the runs before it. */
export interface Profile {
  /** Accesses to watched ranges, all tasks together; what can be split is two. */
  readonly accessCount: number
  /** Instructions of all tasks. */
  readonly icount: number
  /** Every deviation at every moment that interests, in the order of the run. */
  readonly offers: ReadonlyArray<Deviation>
}

export const defaultStrategyOptions: StrategyOptions =
  { seed: "1", rates: {}, everyIcount: 100, everyBoundary: false, sections: [], watches: [], profile: { accessCount: 1, icount: 1, offers: [] } }

export interface Strategy {
  /** The decider of run number `run`, from 0, whatever was run before; `undefined`: there is nothing left to try. */
  readonly nextRun: (run: number) => Decider | undefined
}

/** What a strategy owes: which runs it comes to, and how often. `test/law/power.test.ts` holds each row to it. */
export type Power =
  /** The quiet run. */
  | { readonly _tag: "Nothing" }
  /** One run, in which the turn goes round (`everyIcount`). */
  | { readonly _tag: "Rotates" }
  /** Each set of so many offers once, and then no more (`everyBoundary`). */
  | { readonly _tag: "Enumerates"; readonly deviationCount: number }
  /** At each boundary and question by itself, as often as the rate of its kind says (`rates`). */
  | { readonly _tag: "Chances" }
  /** Sets of offers, each offer as likely as any other; of a size drawn from `sizes`. */
  | { readonly _tag: "Draws"; readonly sizes: ReadonlyArray<number> }
  /** Every interleaving of watched accesses: before each, all CPUs with a task are alike. */
  | { readonly _tag: "Walks" }
  /** The highest CPU goes on: all orders are alike, and so are all places of the `depth - 1` accesses behind which it falls. */
  | { readonly _tag: "Ranks"; readonly depth: number }

/** Whether chance has a part in it. */
export const isSeeded = ({ _tag }: Power): boolean => _tag !== "Nothing" && _tag !== "Rotates" && _tag !== "Enumerates"
/** Whether watched accesses are moments of it. */
export const isSteered = ({ _tag }: Power): boolean => _tag === "Enumerates" || _tag === "Draws" || isStepwise({ _tag })
/** Whether it deviates nowhere else. */
export const isStepwise = ({ _tag }: Pick<Power, "_tag">): boolean => _tag === "Walks" || _tag === "Ranks"

export interface StrategyDefinition<Name extends string = string> {
  readonly name: Name
  readonly summary: string
  readonly source: string
  readonly power: Power
  /** Its turns in a round of a campaign, from 0; a row that has none runs by name only. */
  readonly turns: ReadonlyArray<number>
  readonly make: (options: StrategyOptions) => Strategy
}

export const defineStrategy = <const Name extends string>(definition: StrategyDefinition<Name>): StrategyDefinition<Name> => definition
