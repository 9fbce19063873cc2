/**
 * Runs that are worth keeping, and who is bred from them when. Runs go by generations, whose bounds follow from their numbers
 * alone, and the parents of a generation are what was kept before the one before it began: whoever makes runs in parallel
 * waits for nobody as long as no two are more than a generation apart, and any run can be made again from the runs before it.
 */
import { FEATURE_COUNT_MAX } from "./coverage.ts"

/** A run that showed features no run before it had shown. */
export interface Novel {
  readonly run: number
  readonly schedule: string
  readonly features: ReadonlyArray<string>
}

/** A run others are bred from. */
export type Parent = Pick<Novel, "run" | "schedule">

export interface Generation {
  readonly start: number
  /** First run of the next. */
  readonly end: number
  /** Parents are of runs before this one. */
  readonly parentsBefore: number
}

const FIRST_RUN_COUNT = 64
const LEAST_RUN_COUNT = 32
/** A generation is so small a part of the runs before it. */
const PART = 8

const boundsOf = (run: number): readonly [start: number, end: number] => {
  if (run < FIRST_RUN_COUNT) return [0, FIRST_RUN_COUNT]
  let octave = FIRST_RUN_COUNT
  while (octave * 2 <= run) octave *= 2
  const size = Math.max(LEAST_RUN_COUNT, octave / PART)
  const start = run - (run % size)
  return [start, start + size]
}

/** The generation of a run. */
export const generationOf = (run: number): Generation => {
  const [start, end] = boundsOf(run)
  return { start, end, parentsBefore: start === 0 ? 0 : boundsOf(start - 1)[0] }
}

/** A run that is bred, among those of its generation. */
export interface BroodPlace {
  /** First run of the generation. */
  readonly generation: number
  readonly nth: number
  /** How many are bred in it. */
  readonly count: number
}

/** Every second run of a generation that can have parents is bred. `undefined`: this one is not. */
export const broodPlace = (run: number): BroodPlace | undefined => {
  const { end, parentsBefore, start } = generationOf(run)
  return parentsBefore === 0 || run % 2 === 0 ? undefined : { generation: start, nth: (run - 1 - start) / 2, count: (end - start) / 2 }
}

/** Bounds of what is kept, in memory and on a disk. Texts of schedules make nearly all of it. */
const KEPT_COUNT_MAX = 10_000
const KEPT_LENGTH_MAX = 4_000_000
const SCHEDULE_LENGTH_MAX = 100_000
/** Longer schedules are kept and not bred from: chance has put most of what they hold there. */
const PARENT_LENGTH_MAX = 2_000

/** What is kept of runs, told in their order: the same whoever made them. */
export class Kept {
  private readonly entries: Array<Novel> = []
  private readonly parents: Array<Parent> = []
  private readonly features = new Set<string>()
  private length = 0

  /** Keeps `novel` if it is new here as well, with the features that are. */
  add({ features, run, schedule }: Novel): void {
    const fresh = features.filter((feature) => !this.features.has(feature))
    const isFull = this.entries.length >= KEPT_COUNT_MAX || this.features.size >= FEATURE_COUNT_MAX || this.length + schedule.length > KEPT_LENGTH_MAX
    if (fresh.length === 0 || isFull || schedule.length > SCHEDULE_LENGTH_MAX) return
    for (const feature of fresh) this.features.add(feature)
    this.length += schedule.length
    this.entries.push({ run, schedule, features: fresh })
    if (schedule.length <= PARENT_LENGTH_MAX) this.parents.push({ run, schedule })
  }

  get featureCount(): number {
    return this.features.size
  }

  /** In the order of their runs. */
  get all(): ReadonlyArray<Novel> {
    return this.entries
  }

  /** Parents of runs before `run`. */
  parentsBefore(run: number): ReadonlyArray<Parent> {
    const end = this.parents.findLastIndex((parent) => parent.run < run) + 1
    return this.parents.slice(0, end)
  }
}
