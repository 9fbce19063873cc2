/** Entries written by hand: a log as short as the claim it serves. */
import { childTask, rootTask, type TaskId } from "../../src/base/ids.ts"
import type { Entry, Event } from "../../src/log/event.ts"

export const task1: TaskId = childTask(rootTask, 1)
export const task2: TaskId = childTask(rootTask, 2)

/** Places an event; what is left out is 0 or the first task. */
export type Placed = Partial<Omit<Entry, "event" | "index">> & { readonly event: Event }

/** A log: indexes without gaps, `now` never falling. */
export const log = (...placed: ReadonlyArray<Placed | Event>): ReadonlyArray<Entry> => {
  let now = 0
  return placed.map((each, index) => {
    const at: Placed = "event" in each ? each : { event: each }
    now = at.now ?? now
    const subject = "task" in at.event ? at.event.task : task1
    return { index, now, cpu: at.cpu ?? 0, task: at.task ?? subject, count: at.count ?? 0, event: at.event }
  })
}
