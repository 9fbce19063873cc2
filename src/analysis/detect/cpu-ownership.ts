import { type CpuId, type TaskId, taskName } from "../../base/ids.ts"
import { accessText, Claims, isAccess } from "./claims.ts"
import { defineDetector } from "./definition.ts"

interface State {
  readonly cells: Claims
  readonly living: Set<TaskId>
  /** What `mm_cid` of each task is, where it is known. */
  readonly cids: Map<TaskId, number>
}

/** Whose cell a task may store to. */
const ownCell = (option: string, cids: State["cids"], task: TaskId, cpu: CpuId): number | undefined => (option.includes("by=mm_cid") ? cids.get(task) : cpu)

export const cpuOwnership = defineDetector({
  name: "cpu-ownership",
  rule: "a task stores to the per-CPU data of the CPU it is on, and to no other's",
  severity: "error",
  canary: "cell-unprotected/foreign-cell",
  watches: ["Claimed", "Found", "TaskCreated", "TaskExited", "Blocked", "Woken", "ContractChanged", "Accessed"],
  page: "Judged are cells the program claims to be a CPU's own (`#: percpu counters 64 x4`: cell 0 for CPU 0, and so on; `by=mm_cid`: for the task with that mm_cid). "
    + "Whoever reads a CPU number, is moved and stores to the cell of the CPU he was on breaks the rule, whether or not anybody notices. Any task may load, to sum "
    + "up. A store by LOCKed instruction to another's cell is allowed where the claim says `locked`. While one task is alone, before others are there or after they "
    + "have ended, it may store anywhere. Stores to the own cell that nothing protects keep the rule: see foreign-write and data-race. A cpu_opv vector stores where it is told, and is not "
    + "judged. The evidence is the store. Of each instruction the first is reported.",
  start: (): State & { readonly reported: Set<number> } => ({ cells: new Claims("percpu"), living: new Set(), cids: new Map(), reported: new Set() }),
  observe: ({ cells, cids, living, reported }, entry) => {
    const { cpu, event, index } = entry
    switch (event._tag) {
      case "Claimed":
        cells.add(event)
        return undefined
      case "Found":
        living.add(event.task)
        return undefined
      case "TaskCreated":
        living.add(event.child)
        return undefined
      case "TaskExited":
        living.delete(event.task)
        return undefined
      // Who waits for all others to end leaves them alone.
      case "Blocked":
        if (event.on === "tasks") living.delete(event.task)
        return undefined
      case "Woken":
        if (event.cause === "tasks") living.add(event.task)
        return undefined
      case "ContractChanged": {
        const cidPlusOne = event.of === "task" ? event.record?.["cidPlusOne"] : undefined
        // 0: it has no CPU, and does not run.
        if (typeof cidPlusOne === "number" && cidPlusOne > 0) cids.set(event.task, cidPlusOne - 1)
        return undefined
      }
      case "Accessed": {
        const { address, ip, isLocked, isWrite, sizeBytes, task } = event
        if (isWrite === 0 || !isAccess(entry) || living.size < 2 || reported.has(ip)) return undefined
        const claim = cells.at(address, sizeBytes)
        if (claim === undefined || (isLocked === 1 && claim.option.includes("locked"))) return undefined
        const own = ownCell(claim.option, cids, task, cpu)
        const first = Math.floor((address - claim.start) / claim.strideBytes)
        const last = Math.floor((address + sizeBytes - 1 - claim.start) / claim.strideBytes)
        if (own === undefined || (first === own && last === own)) return undefined
        reported.add(ip)
        const whose = claim.option.includes("by=mm_cid") ? `of mm_cid ${first}, while task ${taskName(task)} has ${own}` : `of cpu${first}`
        return { message: `${accessText(entry)}: the cell ${whose}`, evidence: [index], about: ip }
      }
    }
  }
})
