import { type TaskId, taskName } from "../../base/ids.ts"
import { defineDetector } from "./definition.ts"

interface Waiting {
  readonly index: number
  readonly text: string
}

export const deadlock = defineDetector({
  name: "deadlock",
  rule: "while tasks live, one of them can go on",
  severity: "error",
  canary: "lost-wake/all-wait",
  watches: ["Blocked", "Woken", "TaskExited", "Ended"],
  page: "Every task waits, no timer is armed and no interrupt is under way: nothing can ever happen again. The evidence is the wait of "
    + "each task that another task was to end. Tasks that spin are not waiting: they run out of budget, or abort without progress.",
  start: () => new Map<TaskId, Waiting>(),
  observe: (waiting, { event, index }) => {
    switch (event._tag) {
      case "Blocked":
        // Whoever waits for tasks to end is stuck because they are.
        if (event.on !== "tasks") waiting.set(event.task, { index, text: `${taskName(event.task)} on ${event.on} ${wordOf(event.key)}` })
        return undefined
      case "Woken":
      case "TaskExited":
        waiting.delete(event.task)
        return undefined
      case "Ended": {
        if (event.outcome !== "Deadlocked") return undefined
        const stuck = [...waiting.values()]
        return { message: `nobody can go on: ${stuck.map(({ text }) => text).join(", ")}`, evidence: [...stuck.map((wait) => wait.index), index] }
      }
    }
  }
})

/** A key that names an address, and a space beside it, is told by the address. */
const wordOf = (key: string): string => /\b0x[0-9a-f]+\b/.exec(key)?.[0] ?? key
