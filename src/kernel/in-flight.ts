/**
 * Writes of read-modify-writes that were split: read and computed, not yet in memory. An instruction is not interrupted in
 * its middle, so the write lands before anything befalls its task, and before the mappings it was translated by change: on a
 * processor, too, an interrupt waits for the instruction, and who unmaps a page waits for the interrupt.
 *
 * Source: Intel SDM 3A, 5.10.4.2 and 5.10.5 (page invalidation of other processors), Linux mm/tlb.c flush_tlb_mm_range
 */
import type { TaskId } from "../base/ids.ts"
import type { Kernel } from "./kernel.ts"
import type { Task } from "./state.ts"

/** Does the write that the task has in flight, if any. */
export const land = (kernel: Kernel, task: Task): void => {
  if (!kernel.machine.isInFlight(kernel.blockOf(task))) return
  kernel.machine.land(kernel.blockOf(task))
  kernel.landed(task)
}

/** Does all writes that tasks have in flight, or those of one process: its mappings are about to change, or somebody wants order. */
export const landAll = (kernel: Kernel, process?: TaskId): void => {
  for (const task of kernel.state.tasks) if (process === undefined || task.process === process) land(kernel, task)
}
