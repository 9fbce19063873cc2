import { taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

export const callInsideSection = defineDetector({
  name: "call-inside-section",
  rule: "no section makes a system call",
  severity: "error",
  canary: "syscall-inside/quiet",
  watches: ["SectionCalled"],
  page: "By rseq(2) a section makes no system call: one may block or migrate, a kernel built to check kills the task for it, later ones do not abort on the way back. "
    + "Sooner or later such a section aborts because of its own call, for ever if the call switches away each time. The evidence is the call. "
    + "Only sections that are armed at that moment are judged.",
  start: () => undefined,
  observe: (_nothing, { event: { ip, start, task }, index }) => ({
    message: `task ${taskName(task)} makes a call inside the section at ${hex(start)}, at ${hex(ip)}`,
    evidence: [index],
    section: start
  })
})
