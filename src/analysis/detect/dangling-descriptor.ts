import { taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

export const danglingDescriptor = defineDetector({
  name: "dangling-descriptor",
  rule: "what the kernel will look at for a registered task stays mapped",
  severity: "warning",
  canary: "stale-descriptor/unmapped",
  watches: ["Unmapped", "Mapped", "Protected", "ReliedGone"],
  page: "The area of a task is written, and the descriptor it names is read, at the next interruption, long after the section perhaps. A library that is unloaded, or a thread's memory "
    + "that is freed, before the area names something else or is taken back, leaves the kernel with nothing: it kills the task (`bad-descriptor`) if an interruption comes, "
    + "or finds what has been mapped there since. The evidence is the unmapping and what was lost. Memory that is reused without being unmapped is not seen, "
    + "nor are the instructions of a section.",
  start: () => ({ changed: -1 }),
  observe: (state, { event, index }) => {
    if (event._tag !== "ReliedGone") {
      state.changed = index
      return undefined
    }
    const { address, task, what } = event
    return {
      message: `the ${what} of task ${taskName(task)} at ${hex(address)} was unmapped while the kernel may still look at it`,
      evidence: state.changed === -1 ? [index] : [state.changed, index]
    }
  }
})
