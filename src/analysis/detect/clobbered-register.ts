import { taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import type { Address, TaskId } from "../../base/ids.ts"
import { defineDetector } from "./definition.ts"

export const clobberedRegister = defineDetector({
  name: "clobbered-register",
  rule: "after an abort no register is used that the section had changed",
  severity: "warning",
  canary: "register-clobbered/counted-twice",
  watches: ["SectionEntered", "Aborted", "ChangeRead"],
  page: "An abort gives back the instruction pointer and nothing else: registers stay as the section left them, and how far it came differs from abort to abort. "
    + "A path from the abort handler that uses one of them before it writes it, the stack pointer included, goes on from half a section. "
    + "The evidence is the abort and the use. One that is pushed, or pushed and popped, is only put away; registers are followed until the next section begins. "
    + "What a section leaves in memory, in flags or in vector registers is not seen, and calls are taken to use none of their arguments. "
    + "A section may count its own attempts in a register and mean it.",
  start: () => ({ aborts: new Map<TaskId, number>(), told: new Set<string>() }),
  observe: ({ aborts, told }, { event, index }) => {
    const { task } = event
    if (event._tag !== "ChangeRead") {
      if (event._tag === "Aborted") aborts.set(task, index)
      return undefined
    }
    const { after, before, ip, register, start } = event
    const aborted = aborts.get(task)
    const what = key(start, register)
    if (aborted === undefined || told.has(what)) return undefined
    told.add(what)
    return {
      message: `task ${taskName(task)}, aborted in the section at ${hex(start)}, uses ${register} at ${hex(ip)}, which the section had changed from ${hex(before)} to ${hex(after)}`,
      evidence: [aborted, index],
      section: start
    }
  }
})

const key = (start: Address, register: string): string => `${start} ${register}`
