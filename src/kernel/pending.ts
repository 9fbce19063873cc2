/** Signals that have been sent and not taken: which one is next, what taking it entails, what its siginfo says. */
import { viewOf } from "../base/bytes.ts"
import { SI_TIMER, SI_TKILL, SI_USER, siginfo, SIGINFO_BYTES, siginfoFields } from "../linux/siginfo.ts"
import { bitOf, SIGALRM, SYNCHRONOUS } from "../linux/signal.ts"
import type { Kernel } from "./kernel.ts"
import { type PendingSignal, processOf, type Task } from "./state.ts"

export interface Found {
  readonly sent: PendingSignal
  readonly isShared: boolean
}

const NONE: ReadonlyArray<PendingSignal> = []

const lowest = (pending: ReadonlyArray<PendingSignal>, among: bigint): PendingSignal | undefined => {
  let best: PendingSignal | undefined
  for (const sent of pending) {
    if ((among & bitOf(sent.signal)) !== 0n && (best === undefined || sent.signal < best.signal)) best = sent
  }
  return best
}

/** What an instruction raised comes first, then the lowest number; first in, first out within a number. */
const next = (pending: ReadonlyArray<PendingSignal>, among: bigint): PendingSignal | undefined =>
  pending.length === 0 ? undefined : lowest(pending, among & SYNCHRONOUS) ?? lowest(pending, among)

/**
 * The pending signal of `among` that `task` takes next: its own before those of its process.
 *
 * Source: Linux kernel/signal.c dequeue_synchronous_signal, dequeue_signal, next_signal
 */
export const nextPending = (kernel: Kernel, task: Task, among: bigint): Found | undefined => {
  const shared = processOf(kernel.state, task.process).pending
  if (task.pending.length === 0 && shared.length === 0) return undefined
  const raised = task.pending.find(({ code, signal }) => code > SI_USER && (among & SYNCHRONOUS & bitOf(signal)) !== 0n)
  const own = raised ?? next(task.pending, among)
  if (own !== undefined) return { sent: own, isShared: false }
  const any = next(shared, among)
  return any === undefined ? undefined : { sent: any, isShared: true }
}

/** Every signal of a set that is pending for `task`, its own and its process's. */
export const pendingSet = (kernel: Kernel, task: Task): bigint => {
  let set = 0n
  for (const pending of [task.pending, processOf(kernel.state, task.process).pending ?? NONE]) {
    for (const { signal } of pending) set |= bitOf(signal)
  }
  return set
}

/**
 * Takes a pending signal. A periodic timer that sent it goes on from here, so that a handler slower than its timer is not
 * buried; the times it missed meanwhile are its overrun, which is returned.
 *
 * Source: Linux kernel/signal.c dequeue_signal; kernel/time/posix-timers.c posixtimer_rearm
 */
export const take = (kernel: Kernel, task: Task, { isShared, sent }: Found): number => {
  kernel.emit({ _tag: "SignalTaken", task: task.id, signal: sent.signal, isShared: isShared ? 1 : 0 })
  const timer = sent.code === SI_TIMER ? sent.senderTid + 1 : sent.signal === SIGALRM && isShared ? 0 : undefined
  return timer === undefined ? 0 : resumeTimer(kernel, task, timer, 0)
}

/** A periodic timer that stands goes on at its next multiple, at least `delay` nanoseconds from now; how many it left out. */
export const resumeTimer = (kernel: Kernel, task: Task, id: number, delay: number): number => {
  const timer = processOf(kernel.state, task.process).timers.find((one) => one.id === id)
  if (timer === undefined || timer.isRunning || timer.interval === 0) return 0
  const overrunCount = Math.max(0, Math.floor((kernel.nanoseconds + delay - timer.deadline) / timer.interval))
  const deadline = timer.deadline + (overrunCount + 1) * timer.interval
  kernel.emit({ _tag: "TimerResumed", process: task.process, timer: id, deadline, overrunCount })
  return overrunCount
}

const UID = 0

/** The siginfo a handler or a waiter reads. */
export const siginfoBytes = (sent: PendingSignal, overrunCount: number): Uint8Array => {
  const bytes = new Uint8Array(SIGINFO_BYTES)
  const view = viewOf(bytes)
  view.setInt32(siginfo.signo, sent.signal, true)
  view.setInt32(siginfo.code, sent.code, true)
  if (sent.code === SI_TIMER) {
    view.setInt32(siginfoFields.timer.id, sent.senderTid, true)
    view.setInt32(siginfoFields.timer.overrun, overrunCount, true)
    view.setBigUint64(siginfoFields.timer.value, sent.value ?? 0n, true)
  } else if (sent.code === SI_USER || sent.code === SI_TKILL) {
    view.setInt32(siginfoFields.kill.pid, sent.senderTid, true)
    view.setInt32(siginfoFields.kill.uid, UID, true)
  } else if (sent.code > SI_USER) {
    view.setBigUint64(siginfoFields.fault.address, sent.address, true)
  }
  return bytes
}
