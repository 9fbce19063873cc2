import { type Address, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { isContractCall } from "./contract-call.ts"
import { defineDetector } from "./definition.ts"

/** The last call of a task that came back with an error. */
interface Refused {
  readonly index: number
  readonly number: number
}

export const unregisteredSection = defineDetector({
  name: "unregistered-section",
  rule: "who executes a section to its end is registered",
  severity: "warning",
  canary: "unregistered-thread/never-registered",
  watches: ["ContractChanged", "Returned", "UnknownCalled", "SectionPassed"],
  page: "A thread that never registered, or whose registration was refused while nobody looked, has no protection at all, and the number of its CPU is whatever its memory holds. "
    + "The evidence is the end of the section, and the call that was refused, where the task's last contract call was. Passing the start of a section is no mistake: "
    + "with a `cpu_id` that nobody wrote, the comparison in it leads away. Only sections in `__rseq_cs` are judged. "
    + "Where the kernel does not know the call, `abi-mismatch` says so instead.",
  start: () => ({ refused: new Map<TaskId, Refused>(), mismatched: new Set<TaskId>(), told: new Set<Address>() }),
  observe: ({ mismatched, refused, told }, { event, index }) => {
    const { task } = event
    switch (event._tag) {
      case "UnknownCalled":
        if (isContractCall(event.number)) mismatched.add(task)
        return undefined
      case "Returned":
        if (isContractCall(event.number) && event.result < 0) refused.set(task, { index, number: event.number })
        return undefined
      case "ContractChanged":
        if (event.of === "task") refused.delete(task)
        return undefined
      case "SectionPassed": {
        if (mismatched.has(task) || told.has(event.start)) return undefined
        told.add(event.start)
        const before = refused.get(task)
        const why = before === undefined ? "it never registered" : "its registration was refused"
        return {
          message: `task ${taskName(task)} executes the section at ${hex(event.start)} unprotected: ${why}`,
          evidence: before === undefined ? [index] : [before.index, index],
          section: event.start
        }
      }
    }
  }
})
