import { defineDetector } from "./definition.ts"
import { Refusals, refusalTags } from "./refusal.ts"

/** An end that was chosen: the program looked at the answer. */
export const refusalReported = defineDetector({
  name: "refusal-reported",
  rule: "a program goes on without a call that it is refused",
  severity: "note",
  canary: "page-refused/reported",
  watches: [...refusalTags, "Ended"],
  page: "A call may be refused for want of memory or room (`--faults refuse`). A program that says so and ends, by a status of its own or by abort(3), has looked at the "
    + "answer: that is worth knowing, and no failure. It is told by what the task that was refused calls between the refusal and the end: nothing but output, "
    + "clearing away and ending. Who ignores the answer crashes, or goes on to other calls, and is a guest-failure when that ends badly.",
  start: () => new Refusals(),
  observe: (refusals, entry) => {
    const { event, index } = entry
    if (event._tag !== "Ended") {
      refusals.observe({ ...entry, event })
      return undefined
    }
    if (refusals.leadingTo === undefined || (event.outcome !== "Exited" && event.outcome !== "Killed")) return undefined
    return { message: "the program was refused a call, said so and ended", evidence: [...refusals.leadingTo, index] }
  }
})
