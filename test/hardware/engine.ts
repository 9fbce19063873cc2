/** An engine as a test sees it: it runs a case, and says what happened in the processor's words. */
import type { Fault, Stop } from "../../src/machine/stop.ts"
import type { Case } from "./case.ts"
import type { Ending, Result } from "./result.ts"

/** No repeated instruction of a case has more iterations. */
export const ITERATIONS_MAX = 16

export interface Engine {
  readonly name: string
  readonly run: (tested: Case) => Result
}

/** How an engine's answer reads beside the processor's. */
export const endingOfFault = (fault: Fault): Ending =>
  fault._tag === "PageFault"
    ? `PageFault ${fault.access === "write" ? "write" : "read"} ${fault.isPresent ? "present" : "absent"}`
    : fault._tag

/** Of a stop that a case can end in. */
export const endingOfStop = (stop: Stop): Ending => {
  switch (stop._tag) {
    case "Breakpoint": return stop._tag
    case "Faulted": return endingOfFault(stop.fault)
    // To the processor a PAUSE is an instruction like any other.
    case "Paused": case "BudgetSpent": return "retired"
    default: throw new Error(`no case ends in ${stop._tag}`)
  }
}

export const faultAddressOf = (stop: { readonly _tag: string; readonly fault?: Fault }): bigint =>
  stop.fault?._tag === "PageFault" ? stop.fault.address : 0n
