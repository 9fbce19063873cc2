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

export interface StrategyDefinition<Name extends string = string> {
  readonly name: Name
  readonly summary: string
  readonly source: string
  readonly make: (options: StrategyOptions) => Strategy
}

export const defineStrategy = <const Name extends string>(definition: StrategyDefinition<Name>): StrategyDefinition<Name> => definition
