/** Ends: of a task, of a process, of the run. */
import type { TaskId } from "../base/ids.ts"
import { wakeFutex } from "./futex.ts"
import { land } from "./in-flight.ts"
import type { Kernel } from "./kernel.ts"
import { exitRobustList } from "./robust-list.ts"
import { arriveAll, pickNext, wake } from "./scheduler.ts"
import { processOf, type Task } from "./state.ts"

/** FUTEX_BITSET_MATCH_ANY. */
const ALL_BITS = 0xffff_ffff

/** The task ends. Its CPU goes to the next; whoever joins it learns by its clear_child_tid word. */
export const exitTask = (kernel: Kernel, id: TaskId, status: number): void => {
  const task = kernel.current(id)
  const hadCpu = task.status === "running"
  land(kernel, task)
  for (const abi of kernel.abis) abi.onExit?.(kernel, task)
  exitRobustList(kernel, task)
  if (task.clearChildTid !== 0 && kernel.memory(task).write32(task.clearChildTid, 0)) wakeFutex(kernel, task, task.clearChildTid, 1, ALL_BITS)
  arriveAll(kernel, id)
  kernel.emit({ _tag: "TaskExited", task: id, status })
  if (hadCpu && kernel.outcome === undefined) pickNext(kernel, task.cpu, id)
  afterExit(kernel, task)
}

/** All tasks of a process end: exit_group, or a fatal signal. */
export const exitProcess = (kernel: Kernel, process: TaskId, status: number, signal: number): void => {
  if (processOf(kernel.state, process).exiting !== undefined) return
  kernel.emit({ _tag: "ProcessExiting", process, status, signal })
  const living = kernel.state.tasks.filter((task) => task.process === process && task.status !== "exited")
  // Who runs goes last, so that no CPU picks a task that is about to end.
  for (const isRunning of [false, true]) {
    for (const { id, status: was } of living) {
      if ((was === "running") === isRunning) exitTask(kernel, id, status)
    }
  }
}

const afterExit = (kernel: Kernel, task: Task): void => {
  const { exiting, taskCount } = processOf(kernel.state, task.process)
  if (taskCount > 0) {
    if (taskCount > 1 || exiting !== undefined) return
    const waiter = kernel.state.tasks.find((other) => other.process === task.process && other.status !== "exited")
    if (waiter?.wait?.on !== "tasks") return
    if (waiter.wait.key === "end") exitTask(kernel, waiter.id, 0)
    else wake(kernel, waiter.id, "tasks", 0)
    return
  }
  if (kernel.state.tasks.some((other) => other.status !== "exited")) return
  if (exiting !== undefined && exiting.signal !== 0) return kernel.end({ _tag: "Killed", signal: exiting.signal })
  kernel.end({ _tag: "Exited", status: exiting !== undefined ? exiting.status : statusAfter(kernel, task.id) })
}

/**
 * What a process ends with that nobody ended, `last` being the last of its tasks: that one's status since 6.0, before it the leader's.
 *
 * Source: Linux kernel/exit.c synchronize_group_exit, wait_task_zombie
 */
const statusAfter = (kernel: Kernel, last: TaskId): number => {
  const statuses = kernel.state.tasks.map(({ exitStatus }) => exitStatus)
  if (kernel.isDescribed) return statuses.find((one) => one !== 0) ?? 0
  return kernel.abis.some(({ lastStatusCounts }) => lastStatusCounts) ? kernel.current(last).exitStatus : (statuses[0] ?? 0)
}
