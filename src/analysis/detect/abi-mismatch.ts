import { type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { isContractCall } from "./contract-call.ts"
import { defineDetector } from "./definition.ts"

export const abiMismatch = defineDetector({
  name: "abi-mismatch",
  rule: "a section is executed under the contract it was written for",
  severity: "warning",
  canary: "contract-missing/other-contract",
  watches: ["UnknownCalled", "SectionPassed"],
  page: "A program asks for its contract by a call, and a kernel that keeps another, or none, answers ENOSYS. Whoever does not look, and runs the section all the same, "
    + "is never aborted. The evidence is the call and the end of the section. Only sections in `__rseq_cs` are known to be sections: a program for a contract without "
    + "descriptors says nothing of where its sections are, and is not judged. Contracts that share a call and differ in what they promise are not told apart: "
    + "`bisect --abi` compares them.",
  start: () => ({ asked: new Map<TaskId, { readonly index: number; readonly number: number }>(), told: new Set<string>() }),
  observe: ({ asked, told }, { event, index }) => {
    const { task } = event
    if (event._tag === "UnknownCalled") {
      if (isContractCall(event.number)) asked.set(task, { index, number: event.number })
      return undefined
    }
    const call = asked.get(task)
    const section = hex(event.start)
    if (call === undefined || told.has(section)) return undefined
    told.add(section)
    return {
      message: `task ${taskName(task)} executes the section at ${section} although the kernel does not know call ${call.number}, by which it registers`,
      evidence: [call.index, index],
      section: event.start
    }
  }
})
