import { type Address, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

export const wrongCpuCommit = defineDetector({
  name: "wrong-cpu-commit",
  rule: "where a section stores is found by the number of the CPU it runs on",
  severity: "warning",
  canary: "wrong-cpu-slot/signs-elsewhere",
  watches: ["Migrated", "StoreMisplaced"],
  page: "Data of each CPU are found by the CPU's number, which is old as soon as the task is moved. A section that does not compare it, or compares another reading than "
    + "the one its address was worked out from, stores to the data of a CPU that others use at the same time. The evidence is the last migration, and the store. "
    + "The address is followed through registers: a number that went through memory, a table of pointers, `getcpu` or `rdpid` is lost sight of, and nothing is said. "
    + "Stores outside sections may be locked, and are not judged.",
  start: () => ({ migrated: new Map<TaskId, number>(), told: new Set<Address>() }),
  observe: ({ migrated, told }, { cpu, event, index }) => {
    const { task } = event
    if (event._tag === "Migrated") {
      migrated.set(task, index)
      return undefined
    }
    const { address, ip, number, start } = event
    if (told.has(ip)) return undefined
    told.add(ip)
    const before = migrated.get(task)
    return {
      message: `task ${taskName(task)}, in the section at ${hex(start)}, stores on CPU ${cpu} to ${hex(address)}, which it found by the number ${number}`,
      evidence: before === undefined ? [index] : [before, index],
      section: start
    }
  }
})
