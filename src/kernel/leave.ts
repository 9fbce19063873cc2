/** Back to user mode: whatever is due for the CPU's task before its next instruction. */
import type { CpuId, TaskId } from "../base/ids.ts"
import { deliverPending, hasSignalWork } from "./deliver.ts"
import { resumeCall } from "./enter.ts"
import type { Kernel } from "./kernel.ts"
import { takeHead } from "./scheduler.ts"
import { cpuOf } from "./state.ts"

/**
 * Gets a task of `cpu` ready to run an instruction: who waits is switched in, a paused call goes on, signals are delivered,
 * contracts have their last word. `undefined`: nobody there is ready, or the run has ended.
 */
export const returnToUser = (kernel: Kernel, cpu: CpuId): TaskId | undefined => {
  while (kernel.outcome === undefined) {
    const { current, queue } = cpuOf(kernel.state, cpu)
    if (current === undefined) {
      if (queue[0] === undefined) return undefined
      kernel.standAt(cpu, kernel.current(queue[0]))
      takeHead(kernel, cpu)
      continue
    }
    const task = kernel.current(current)
    kernel.standAt(cpu, task)
    if (task.pausedCall !== undefined) {
      if (kernel.turnWanted !== undefined) return undefined
      resumeCall(kernel, current)
      // A turn that a further pause gave away is taken before anything else.
      if (kernel.turnWanted !== undefined) return undefined
      continue
    }
    if (hasSignalWork(kernel, task) && deliverPending(kernel, current) === "gone") continue
    const before = kernel.state
    for (const abi of kernel.abis) {
      const now = kernel.current(current)
      abi.onUserReturn?.(kernel, now, kernel.registers(now), kernel.memory(now))
    }
    if (kernel.hasMemoryRunOut()) return undefined
    if (kernel.state === before) return current
    // A contract may have forced a signal: it is delivered before the next instruction, too.
    const after = kernel.current(current)
    if (after.pending.length === 0 && cpuOf(kernel.state, cpu).current === current) return current
  }
  return undefined
}
