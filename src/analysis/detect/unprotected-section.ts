import { type Address, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

export const unprotectedSection = defineDetector({
  name: "unprotected-section",
  rule: "who executes the start of a described section has armed it",
  severity: "error",
  canary: "gap-before-section/unprotected",
  watches: ["Preempted", "SignalDelivered", "SectionUnarmed"],
  page: "The kernel forgets the descriptor of a task that it finds outside the section. An instruction between the store that arms and the section is enough: "
    + "who is interrupted there runs the section without protection, and whatever befalls it there goes unnoticed. Nor does a descriptor help "
    + "in an area that is not the registered one. The evidence is the last interruption, where there was one, and the start of the section. Only registered tasks and sections in `__rseq_cs` are judged: a program that has code of its own for "
    + "unregistered threads may use the same instructions.",
  start: () => new Map<TaskId, { readonly index: number; readonly ip: Address }>(),
  observe: (interrupted, { event, index }) => {
    const { task } = event
    if (event._tag !== "SectionUnarmed") {
      interrupted.set(task, { index, ip: event.ip })
      return undefined
    }
    const last = interrupted.get(task)
    const since = last === undefined ? "" : `, last interrupted at ${hex(last.ip)}`
    return {
      message: `task ${taskName(task)} runs the section at ${hex(event.start)} without protection${since}`,
      evidence: last === undefined ? [index] : [last.index, index],
      section: event.start
    }
  }
})
