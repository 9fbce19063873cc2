/** What a run asked for that Linux has and the simulated machine has not: a failure after it may be ours, not the program's. */
import type { Schedule } from "../log/choice.ts"
import { performSchedule } from "./place.ts"
import type { Run } from "../run/run.ts"
import type { Trials } from "./trial.ts"

export interface Lacking {
  /** Calls that were answered ENOSYS, by number. */
  readonly unknownCalls: ReadonlyArray<number>
  /** Paths under /dev, /proc and /sys that were answered ENOENT. */
  readonly missedFiles: ReadonlyArray<string>
}

export const lackingOf = (run: Run): Lacking => {
  const { missedFiles, unknownCalls } = run.kernel.state
  return { unknownCalls: [...unknownCalls.keys()], missedFiles }
}

export const lackingIn = (trials: Trials, schedule: Schedule): Lacking => {
  performSchedule(trials, schedule)
  return lackingOf(trials.run)
}
