/**
 * What a campaign that passes has seen and did not end for: whatever any detector finds in the quiet run and in those that were
 * kept for showing something new. They are made again, watched whole, as far as instructions allow: that is slow.
 */
import type { Severity } from "../analysis/detect/definition.ts"
import { readingOf, withPlaces } from "../analysis/timeline/reading.ts"
import type { Schedule } from "../log/choice.ts"
import { everyFinding, watch } from "./watch.ts"
import type { Target } from "./target.ts"

export interface Warning {
  readonly detector: string
  readonly severity: Severity
  /** Of the first run that shows it. */
  readonly message: string
  /** Watched runs that show it. */
  readonly runCount: number
  /** Realised: of the first of them. */
  readonly schedule: Schedule
}

export interface Warned {
  readonly watchedRunCount: number
  readonly warnings: ReadonlyArray<Warning>
}

const RUN_COUNT_MAX = 64
/** Of all watched runs: a second or a few. */
const ICOUNT_MAX = 50_000

/** Yields after every run. A quiet run that is longer than is allowed is not watched at all: `watchedRunCount` is 0. */
export function* warned(target: Target, schedules: Iterable<Schedule>): Generator<undefined, Warned> {
  const { quiet, spec: { program } } = target
  const reading = readingOf(program)
  const found = new Map<string, Warning>()
  let icount = 0
  let watchedRunCount = 0
  for (const schedule of schedules) {
    icount += quiet.icount
    if (icount > ICOUNT_MAX || watchedRunCount === RUN_COUNT_MAX) break
    watchedRunCount++
    const kinds = new Map(everyFinding(watch(target, schedule).entries).toReversed().map((finding) => [finding.detector, finding]))
    for (const [detector, { message, severity }] of kinds) {
      if (severity === "note") continue
      const before = found.get(detector)
      found.set(detector, before === undefined
        ? { detector, severity, message: withPlaces(message, reading), runCount: 1, schedule }
        : { ...before, runCount: before.runCount + 1 })
    }
    yield
  }
  return { watchedRunCount, warnings: [...found.values()] }
}
