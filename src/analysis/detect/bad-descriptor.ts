import { type TaskId, taskName } from "../../base/ids.ts"
import { SI_KERNEL } from "../../linux/siginfo.ts"
import { SIGSEGV } from "../../linux/signal.ts"
import { defineDetector } from "./definition.ts"

export const badDescriptor = defineDetector({
  name: "bad-descriptor",
  rule: "what the area of a task names when the kernel looks is a sound descriptor",
  severity: "error",
  canary: "abort-inside/killed",
  watches: ["ContractChanged", "SignalSent"],
  page: "The kernel looks at the descriptor after each event, also outside any section, and kills the task if it cannot be read (unmapped with its library), "
    + "was never filled in, or looks forged: another signature before the abort handler, an abort handler inside the section, flags that are not allowed. "
    + "The same verdict falls on an area that cannot be written. The evidence is what the contract kept when it gave up, and the signal. "
    + "A descriptor that no event ever meets is not looked at.",
  start: () => ({ task: undefined as TaskId | undefined, index: -1 }),
  observe: (gaveUp, { event, index }) => {
    if (event._tag === "ContractChanged") {
      // Events that are still to be considered after a fixup: there was none.
      const isLeft = event.of === "task" && typeof event.record?.["events"] === "number" && event.record["events"] !== 0
      gaveUp.task = isLeft ? event.task : undefined
      gaveUp.index = index
      return undefined
    }
    const { code, signal, task } = event
    if (signal !== SIGSEGV || code !== SI_KERNEL || gaveUp.task !== task || gaveUp.index !== index - 1) return undefined
    return { message: `the kernel found no sound descriptor in the area of task ${taskName(task)}, and killed it`, evidence: [gaveUp.index, index] }
  }
})
