import { type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

export const staleCpuNumber = defineDetector({
  name: "stale-cpu-number",
  rule: "what a task reads as the number of its CPU is that number",
  severity: "warning",
  canary: "cpu-id-start-scratch/overwritten",
  watches: ["CpuMisread"],
  page: "The kernel writes the number of the CPU into the area of a task whenever it may have changed, and at no other time: a program that stores something else there reads it back "
    + "until the next interruption, and then reads what the kernel wrote. The evidence is the reading. Only registered areas are known: a thread that was never registered, or whose "
    + "registration was refused, reads whatever is in its memory, and is judged only where it passes a section (`unregistered-section`).",
  start: () => new Set<TaskId>(),
  observe: (told, { cpu, event: { address, ip, task, value }, index }) => {
    if (told.has(task)) return undefined
    told.add(task)
    return { message: `task ${taskName(task)} reads ${value} at ${hex(address)} as the number of its CPU, which is ${cpu}, at ${hex(ip)}`, evidence: [index] }
  }
})
