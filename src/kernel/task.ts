/** New tasks. */
import { childTask, type Address, type TaskId } from "../base/ids.ts"
import type { Kernel } from "./kernel.ts"
import { emptiest } from "./scheduler.ts"
import { cpuOf, type Task } from "./state.ts"
import { RAX, RSP } from "../x86/register.ts"

export interface NewThread {
  /** 0: the parent's, as it stands. */
  readonly stack: Address
  /** The base of fs, if it gets one of its own. */
  readonly threadPointer: bigint | undefined
  readonly clearChildTid: Address
}

/** The number the next task is known by to the guest: one more than the last. */
const nextTid = (kernel: Kernel): number => (kernel.state.tasks.at(-1)?.tid ?? 0) + 1

/**
 * A task of the same process, at the same place, with the same registers but those of `NewThread`; its call returns 0. It joins
 * the queue of the emptiest CPU it may use, unless decided otherwise. `undefined`: there may be no more, and the run has ended.
 */
export const createThread = (kernel: Kernel, { id }: Task, { clearChildTid, stack, threadPointer }: NewThread): TaskId | undefined => {
  if (kernel.state.tasks.filter(({ status }) => status !== "exited").length >= kernel.limits.maxTasks) {
    kernel.end({ _tag: "OutOfBudget", limit: "tasks" })
    return undefined
  }
  const parent = kernel.current(id)
  const child = childTask(id, parent.childCount + 1)
  const tid = nextTid(kernel)
  const block = kernel.newBlock(kernel.spaceOf(parent.process))
  kernel.machine.copyRegisters(kernel.blockOf(parent), block)
  const registers = kernel.machine.registers(block)
  registers.set(RAX, 0n)
  if (stack !== 0) registers.setNumber(RSP, stack)
  if (threadPointer !== undefined) registers.setFsBase(threadPointer)

  const usable = parent.allowed.filter((cpu) => cpuOf(kernel.state, cpu).isOnline)
  const quiet = emptiest(kernel, usable)
  const cpu = kernel.choose("place", { ...parent, id: child, slot: kernel.state.tasks.length }, [quiet, ...usable.filter((other) => other !== quiet)])
  kernel.emit({ _tag: "TaskCreated", task: id, child, process: parent.process, tid, cpu, allowed: parent.allowed, clearChildTid })
  for (const abi of kernel.abis) {
    abi.onFork?.(kernel, kernel.current(id), kernel.current(child), { sharesMemory: true, isThread: true })
  }
  return child
}
