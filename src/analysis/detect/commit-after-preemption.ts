import { type Address, type CpuId, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

interface Attempt {
  readonly start: Address
  readonly end: Address
  readonly cpu: CpuId
  /** Index of the entry by which it was interrupted inside. */
  readonly interrupted: number | undefined
}

export const commitAfterPreemption = defineDetector({
  name: "commit-after-preemption",
  rule: "a section that was preempted does not commit",
  severity: "error",
  canary: "disarmed-early/lost-update",
  watches: ["SectionEntered", "SectionLeft", "Preempted", "Aborted", "Committed", "TaskExited"],
  page: "A section that is preempted or migrated inside is to be aborted. One that takes its own descriptor away before it commits, or a contract that does not see "
    + "the event, goes on instead: it may then commit what is no longer true, on another CPU even. The evidence is the preemption and the commit. "
    + "Sections whose flags ask to be left alone (NO_RESTART, before 6.1) are reported as well.",
  start: () => new Map<TaskId, Attempt>(),
  observe: (attempts, { cpu, event, index }) => {
    const { task } = event
    const attempt = attempts.get(task)
    switch (event._tag) {
      case "SectionEntered":
        attempts.set(task, { start: event.start, end: event.postCommit, cpu, interrupted: undefined })
        return undefined
      case "Preempted":
        if (attempt !== undefined && attempt.start <= event.ip && event.ip < attempt.end) attempts.set(task, { ...attempt, interrupted: index })
        return undefined
      case "Committed": {
        attempts.delete(task)
        if (attempt?.interrupted === undefined) return undefined
        const where = attempt.cpu === cpu ? "" : `, on CPU ${cpu} what it began on CPU ${attempt.cpu}`
        return {
          message: `task ${taskName(task)} was preempted in the section at ${hex(attempt.start)} and commits all the same${where}`,
          evidence: [attempt.interrupted, index],
          section: attempt.start
        }
      }
      default:
        attempts.delete(task)
        return undefined
    }
  }
})
