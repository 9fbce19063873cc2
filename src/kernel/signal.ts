/**
 * Signals: sending and forcing. What is pending is delivered on the way back to user mode (`deliver.ts`).
 *
 * Source: signal(7); Linux kernel/signal.c
 */
import { errno } from "../linux/errno.ts"
import type { TaskId } from "../base/ids.ts"
import { SI_KERNEL } from "../linux/siginfo.ts"
import { bitOf, defaultAction, SIG_DFL, SIG_IGN, SIGCONT, SIGKILL, SIGRTMIN, SIGSEGV } from "../linux/signal.ts"
import { exitProcess } from "./exit.ts"
import type { Kernel } from "./kernel.ts"
import { nextPending, siginfoBytes, take } from "./pending.ts"
import { wake } from "./scheduler.ts"
import { type PendingSignal, processOf, type SignalAction, type Task } from "./state.ts"

/** Signals one set may hold: RLIMIT_SIGPENDING. */
export const PENDING_COUNT_MAX = 1024

export const DEFAULT_ACTION: SignalAction = { handler: SIG_DFL, flags: 0n, restorer: 0n, mask: 0n }

export const actionOf = (kernel: Kernel, process: TaskId, signal: number): SignalAction =>
  processOf(kernel.state, process).actions[signal] ?? DEFAULT_ACTION

export const isBlocked = (task: Task, signal: number): boolean => (task.blockedSignals & bitOf(signal)) !== 0n

/** Whether a signal handled so comes to nothing. */
export const comesToNothing = ({ handler }: SignalAction, signal: number): boolean =>
  handler === SIG_IGN || (handler === SIG_DFL && (defaultAction(signal) === "ignore" || defaultAction(signal) === "continue"))

/** The task would run a handler for it now. */
export const mayInterrupt = (kernel: Kernel, task: Task, signal: number): boolean => {
  const { handler } = actionOf(kernel, task.process, signal)
  return !isBlocked(task, signal) && handler !== SIG_DFL && handler !== SIG_IGN
}

/** It waits for just this signal, in rt_sigtimedwait. */
const awaits = ({ wait }: Task, signal: number): boolean => wait?.on === "signal" && ((wait.data[0] ?? 0n) & bitOf(signal)) !== 0n

/** Whether the task's own set, or its process's, can hold no further realtime signal. */
export const isPendingFull = (kernel: Kernel, task: Task, isShared: boolean): boolean =>
  (isShared ? processOf(kernel.state, task.process).pending : task.pending).length >= PENDING_COUNT_MAX

/**
 * Makes a signal pending for a task, or for any task of its process (`isShared`). Ignored signals are dropped, standard ones
 * that are pending already as well; an interruptible wait of whoever takes it ends; one that kills without a core does so at once.
 */
export const send = (kernel: Kernel, to: TaskId, sent: PendingSignal, isShared: boolean): void => {
  const { signal } = sent
  const task = kernel.current(to)
  const process = processOf(kernel.state, task.process)
  if (process.exiting !== undefined || (!isShared && task.status === "exited")) return
  discardContrary(kernel, task, signal)
  const action = actionOf(kernel, task.process, signal)
  // A blocked signal is kept whatever its action: that may change before it is unblocked.
  if (!isBlocked(task, signal) && !awaits(task, signal) && comesToNothing(action, signal)) return
  const pending = isShared ? process.pending : task.pending
  const isPending = pending.some((one) => one.signal === signal)
  if (isPending && (signal < SIGRTMIN || pending.length >= PENDING_COUNT_MAX)) return
  const taker = takerOf(kernel, task, signal, isShared)
  emitSent(kernel, to, sent, isShared)
  if (taker === undefined) return
  if (action.handler === SIG_DFL && defaultAction(signal) === "terminate" && !isBlocked(taker, signal)) {
    exitProcess(kernel, task.process, 128 + signal, signal)
  } else {
    notify(kernel, taker.id, signal)
  }
}

const emitSent = (kernel: Kernel, to: TaskId, sent: PendingSignal, isShared: boolean): void =>
  kernel.emit({
    _tag: "SignalSent", task: to, signal: sent.signal, isShared: isShared ? 1 : 0, code: sent.code, senderTid: sent.senderTid,
    address: sent.address, value: sent.value ?? 0n
  })

/** Stopping discards continuing and the other way round, whatever their actions. */
const discardContrary = (kernel: Kernel, task: Task, signal: number): void => {
  const isStop = (one: number) => defaultAction(one) === "stop"
  if (signal === SIGCONT) discard(kernel, task, isStop)
  else if (isStop(signal)) discard(kernel, task, (one) => one === SIGCONT)
}

/** Takes away what is pending for a process and all its tasks. */
export const discard = (kernel: Kernel, { process }: Task, which: (signal: number) => boolean): void => {
  for (const { signal } of processOf(kernel.state, process).pending.filter((sent) => which(sent.signal))) {
    kernel.emit({ _tag: "SignalTaken", task: process, signal, isShared: 1 })
  }
  for (const { id, pending } of kernel.state.tasks.filter((one) => one.process === process)) {
    for (const { signal } of pending.filter((sent) => which(sent.signal))) kernel.emit({ _tag: "SignalTaken", task: id, signal, isShared: 0 })
  }
}

/** Who takes it: the task it was sent to if it can, for a shared one else the first of its process that can. */
const takerOf = (kernel: Kernel, to: Task, signal: number, isShared: boolean): Task | undefined => {
  const wants = (task: Task): boolean => {
    if (task.status === "exited") return false
    if (signal === SIGKILL) return true
    if (isBlocked(task, signal)) return awaits(task, signal)
    // One that is on its way to another signal is left alone, unless it has a CPU.
    return task.status === "running" || task.pending.every((sent) => isBlocked(task, sent.signal))
  }
  if (wants(to)) return to
  return isShared ? kernel.state.tasks.find((task) => task.process === to.process && wants(task)) : undefined
}

/** An interruptible wait ends. */
const notify = (kernel: Kernel, id: TaskId, signal: number): void => {
  const task = kernel.current(id)
  const { wait } = task
  if (task.status !== "blocked" || wait === undefined) return
  if (awaits(task, signal)) return accept(kernel, task)
  if (wait.restart === "never") return
  const { call, data, deadline, restart } = wait
  kernel.emit({ _tag: "CallInterrupted", task: id, call, restart, deadline, data })
  wake(kernel, id, "signal", -errno.EINTR)
}

/** rt_sigtimedwait gets what it waited for: the signal's number, and its siginfo if it asked for one. */
const accept = (kernel: Kernel, task: Task): void => {
  const [set = 0n, at = 0n] = task.wait?.data ?? []
  const found = nextPending(kernel, task, set)
  if (found === undefined) return
  const overrunCount = take(kernel, task, found)
  const isTold = at === 0n || kernel.memory(task).writeBytes(Number(at), siginfoBytes(found.sent, overrunCount))
  wake(kernel, task.id, "signal", isTold ? found.sent.signal : -errno.EFAULT)
}

/** A signal the task cannot escape: a fault, or a contract's verdict. Blocked or ignored, its default action is taken. */
export const force = (kernel: Kernel, { id }: Task, sent: PendingSignal): void => forced(kernel, id, sent, false)

/** As `force`, and no handler runs. */
export const forceFatal = (kernel: Kernel, { id }: Task, sent: PendingSignal): void => forced(kernel, id, sent, true)

/**
 * SIGSEGV because `failing` could not be delivered (0: on the way back to user mode for another reason). If it was SIGSEGV
 * itself its handler is not tried again: the process dies.
 *
 * Source: Linux kernel/signal.c force_sigsegv
 */
export const forceSegv = (kernel: Kernel, task: Task, failing: number): void =>
  forced(kernel, task.id, { signal: SIGSEGV, code: SI_KERNEL, senderTid: 0, address: 0n }, failing === SIGSEGV)

const forced = (kernel: Kernel, id: TaskId, sent: PendingSignal, isFatal: boolean): void => {
  const task = kernel.current(id)
  const { signal } = sent
  if (task.status === "exited") return
  const action = actionOf(kernel, task.process, signal)
  const wasBlocked = isBlocked(task, signal)
  if (wasBlocked || isFatal || action.handler === SIG_IGN) {
    if (action.handler !== SIG_DFL) kernel.emit({ _tag: "SignalActionSet", process: task.process, signal, ...action, handler: SIG_DFL })
    if (wasBlocked) kernel.emit({ _tag: "SignalMaskSet", task: id, mask: task.blockedSignals & ~bitOf(signal) })
  }
  if (!task.pending.some((one) => one.signal === signal)) emitSent(kernel, id, sent, false)
  notify(kernel, id, signal)
}
