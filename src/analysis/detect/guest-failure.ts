import { signalName } from "../../linux/signal.ts"
import { defineDetector } from "./definition.ts"
import { Refusals, refusalTags } from "./refusal.ts"

/** The oracle a program brings along: its own exit status, or the signal that ends it. */
export const guestFailure = defineDetector({
  name: "guest-failure",
  rule: "a program exits with status 0",
  severity: "error",
  canary: "percpu-push-bad/lost-node",
  watches: ["Faulted", ...refusalTags, "Ended"],
  page: "A program states what it expects by its exit status: a `#: finally` routine, an assertion, a plain `exit(1)`. "
    + "A fatal signal is a failure as well, whether a fault or a contract sent it. A program that means another status by success is not understood. "
    + "Who is refused a call, says so and ends has not failed: see refusal-reported.",
  start: () => ({ leadingTo: new Array<number>(), refusals: new Refusals() }),
  observe: (state, entry) => {
    const { event, index } = entry
    if (event._tag !== "Faulted" && event._tag !== "Ended") state.refusals.observe({ ...entry, event })
    if (event._tag === "Refused" || event._tag === "Called") return undefined
    if (event._tag !== "Ended") {
      // What ended it is the last fault, and the decision to end the process.
      if (event._tag === "Faulted") state.leadingTo = [index]
      else state.leadingTo.push(index)
      return undefined
    }
    if (state.refusals.leadingTo !== undefined) return undefined
    const evidence = [...state.leadingTo, index]
    if (event.outcome === "Killed") return { message: `SIG${signalName(event.status)} ended the program`, evidence }
    if (event.outcome === "Exited" && event.status !== 0) return { message: `the program exited with status ${event.status}`, evidence }
    return undefined
  }
})
