import { type Address, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

/** So many aborts of one section in a row: far more than chance brings about at the rates of any strategy. */
export const ABORT_COUNT_MAX = 64

interface Attempts {
  readonly start: Address
  readonly indexes: ReadonlyArray<number>
}

export const livelock = defineDetector({
  name: "livelock",
  rule: `a task that is aborted commits, leaves or calls before its ${ABORT_COUNT_MAX}th abort in the same section`,
  severity: "warning",
  canary: "abort-inside-section/never-commits",
  watches: ["Aborted", "Committed", "SectionLeft", "Returned", "TaskExited"],
  page: "An abort handler that leads back into the section it came from, with nothing changed, aborts for ever. Commits and sections left "
    + "count as progress, and so does a call that returned. The evidence is the first and the last abort. That a schedule aborts a "
    + "section so often by its own deviations is reported as well: whether the program or the schedule is to blame is for minimizing to say.",
  start: () => new Map<TaskId, Attempts>(),
  observe: (attempts, { event, index }) => {
    if (event._tag !== "Aborted") {
      attempts.delete(event.task)
      return undefined
    }
    const before = attempts.get(event.task)
    const indexes = before?.start === event.start ? [...before.indexes, index] : [index]
    if (indexes.length < ABORT_COUNT_MAX) {
      attempts.set(event.task, { start: event.start, indexes })
      return undefined
    }
    attempts.delete(event.task)
    const message = `task ${taskName(event.task)} was aborted ${ABORT_COUNT_MAX} times in the section at ${hex(event.start)} without progress`
    return { message, evidence: [indexes[0] ?? index, index] }
  }
})
