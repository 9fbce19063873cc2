import { type Address, type Count, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

/** So many aborts alike, one after another, are a cycle: chance does not repeat itself to the instruction. */
export const CYCLE_COUNT_MIN = 32

/** Aborts of one task, each where the last one was and as many instructions after it. */
interface Cycle {
  readonly start: Address
  readonly ip: Address
  readonly count: Count
  /** Instructions from one abort to the next; 0 after the first. */
  readonly periodIcount: number
  readonly times: number
  readonly first: number
  readonly last: number
}

export const livelock = defineDetector({
  name: "livelock",
  rule: "a task that is aborted again and again commits before the budget is spent",
  severity: "error",
  canary: "syscall-inside/never-commits",
  watches: ["Aborted", "Committed", "SectionLeft", "TaskExited", "Ended"],
  // A commit or an exit ends a cycle; nothing that is observed begins one.
  suspects: true,
  page: `A section that yields, or an abort handler that leads back with nothing changed, may abort for ever. A cycle is ${CYCLE_COUNT_MIN} aborts at one `
    + "instruction of one section, each as many instructions after the last, with no commit between; it is reported where the run ends in it because "
    + "its budget is spent. So a schedule that aborts a section by its own deviations is not reported, nor is a spent budget without a cycle: "
    + "a cycle whose length changes is not recognized, and neither are tasks that spin without a section. The evidence is the cycle's first and last abort, and the end.",
  start: () => new Map<TaskId, Cycle>(),
  observe: (cycles, { count, event, index }) => {
    if (event._tag === "Ended") {
      if (event.outcome !== "OutOfBudget") return undefined
      for (const [task, { first, last, periodIcount, start, times }] of cycles) {
        if (times < CYCLE_COUNT_MIN) continue
        const message = `task ${taskName(task)} never commits: the section at ${hex(start)} aborts every ${periodIcount} instructions`
        return { message, evidence: [first, last, index], section: start }
      }
      return undefined
    }
    if (event._tag !== "Aborted") {
      cycles.delete(event.task)
      return undefined
    }
    const { ip, start, task } = event
    const before = cycles.get(task)
    if (before === undefined || before.start !== start || before.ip !== ip) {
      cycles.set(task, { start, ip, count, periodIcount: 0, times: 1, first: index, last: index })
      return undefined
    }
    const periodIcount = count - before.count
    cycles.set(task, periodIcount === before.periodIcount
      ? { ...before, count, times: before.times + 1, last: index }
      : { start, ip, count, periodIcount, times: 2, first: before.last, last: index })
    return undefined
  }
})
