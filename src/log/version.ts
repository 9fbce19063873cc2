/** The numbers a recording is judged by: what can be read, what can be replayed, and what counts as quiet. */

/** Of the recording's layout. Reading is promised for every number up to this one. */
export const FORMAT_VERSION = 1

/** Of this package. */
export const TOOL_VERSION = "0.1.0"

/** Of what the kernel does. Replay is promised for this number alone. */
export const KERNEL_VERSION = 1

/** Of what an observer sees of a run and says of it, where it is asked the same. Watched entries are compared under this number alone. */
export const OBSERVER_VERSION = 1

/** Of the search: which run of a seed has which decider, what is kept of it, and who is bred from whom. */
export const SEARCH_VERSION = 1

/** The quiet policy: what happens where no deviation says otherwise. Its number changes with its meaning, its bounds are its own. */
export interface QuietPolicy {
  readonly number: number
  /** A turn ends at the next multiple of so many instructions of the task's own count. 0: never. */
  readonly turnIcount: number
  /** At multiples of so many a task with others waiting on its CPU goes to the tail. 0: never. */
  readonly sliceIcount: number
}
export const quietPolicy: QuietPolicy = { number: 1, turnIcount: 65_536, sliceIcount: 262_144 }

/** What a recording of this version may require of its reader. */
export const knownFeatures: ReadonlyArray<string> = []
