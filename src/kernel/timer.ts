/**
 * What happens at a moment of virtual time: sleepers and timed waits end, timers go off. The run loop looks for the next
 * deadline, brings the clock there when all CPUs are idle, and calls `fireTimers` when it has come.
 *
 * Source: Linux kernel/time/hrtimer.c, kernel/time/itimer.c it_real_fn, kernel/time/posix-timers.c posix_timer_fn
 */
import { assert } from "../base/assert.ts"
import { type TaskId, taskName } from "../base/ids.ts"
import { SI_TIMER } from "../linux/siginfo.ts"
import { TICK_NANOSECONDS } from "../linux/time.ts"
import type { Kernel } from "./kernel.ts"
import { resumeTimer } from "./pending.ts"
import { wake } from "./scheduler.ts"
import { comesToNothing, actionOf, isBlocked, send } from "./signal.ts"
import { processOf, type Process, type Task, type Timer, waitKinds } from "./state.ts"

/** One that tells nobody need not go off: what is left of it is worked out when somebody asks. */
const isTicking = ({ isRunning, signal }: Timer): boolean => isRunning && signal !== 0

/** Nanoseconds until a timer goes off next; 0 if it will not. */
export const remainingOf = (kernel: Kernel, { deadline, interval, isRunning, signal }: Timer): number => {
  const left = deadline - kernel.nanoseconds
  if (left > 0) return left
  // It has gone off: silently, or its signal has not been taken yet.
  if (interval > 0 && deadline > 0 && (signal === 0 || !isRunning)) return interval + (left % interval)
  return isRunning && signal !== 0 ? 1 : 0
}

/** The earliest virtual nanosecond at which a wait ends or a timer goes off. */
export const nextDeadline = (kernel: Kernel): number | undefined => {
  let earliest: number | undefined
  const consider = (deadline: number) => {
    if (earliest === undefined || deadline < earliest) earliest = deadline
  }
  for (const { wait } of kernel.state.tasks) {
    if (wait !== undefined && wait.deadline > 0) consider(wait.deadline)
  }
  for (const { timers } of kernel.state.processes) {
    for (const timer of timers) if (isTicking(timer)) consider(timer.deadline)
  }
  return earliest
}

interface Due {
  readonly deadline: number
  readonly task: TaskId
  readonly timer: Timer | undefined
}

/** Descents in their own order: `1.9` before `1.10`. */
const beforeByName = (a: TaskId, b: TaskId): number => {
  const left = taskName(a).split(".").map(Number)
  const right = taskName(b).split(".").map(Number)
  for (let level = 0; level < Math.max(left.length, right.length); level++) {
    const difference = (left[level] ?? 0) - (right[level] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const order = (a: Due, b: Due): number =>
  a.deadline - b.deadline || beforeByName(a.task, b.task) || (a.timer?.id ?? -1) - (b.timer?.id ?? -1)

/** All that is due by `moment`, in the order in which it happens: earliest first, then by task name, waits before timers. */
const dueBy = (kernel: Kernel, moment: number): ReadonlyArray<Due> => {
  const due: Array<Due> = []
  for (const { id, wait } of kernel.state.tasks) {
    if (wait !== undefined && wait.deadline > 0 && wait.deadline <= moment) due.push({ deadline: wait.deadline, task: id, timer: undefined })
  }
  for (const { id, timers } of kernel.state.processes) {
    for (const timer of timers) if (isTicking(timer) && timer.deadline <= moment) due.push({ deadline: timer.deadline, task: id, timer })
  }
  return due.length < 2 ? due : due.sort(order)
}

/** Does whatever is due by now. True if there was something. */
export const fireTimers = (kernel: Kernel): boolean => {
  const due = dueBy(kernel, kernel.nanoseconds)
  for (const { task, timer } of due) {
    if (kernel.outcome !== undefined) break
    if (timer === undefined) timeOut(kernel, task)
    else if (processOf(kernel.state, task).exiting === undefined) fire(kernel, processOf(kernel.state, task), timer)
  }
  return due.length > 0
}

const timeOut = (kernel: Kernel, id: TaskId): void => {
  const { status, wait } = kernel.current(id)
  // An earlier one of the same moment may have ended it.
  if (status !== "blocked" || wait === undefined) return
  const { atDeadline } = waitKinds[wait.on]
  assert(atDeadline !== "never", "what waits for ever has no deadline")
  if (atDeadline === "silent") wake(kernel, id, wait.on, undefined)
  else wake(kernel, id, "timeout", atDeadline)
}

const fire = (kernel: Kernel, process: Process, timer: Timer): void => {
  kernel.emit({ _tag: "TimerFired", process: process.id, timer: timer.id })
  const target = receiver(kernel, process, timer)
  const leader = kernel.current(process.id)
  if (target === undefined) {
    resumeTimer(kernel, leader, timer.id, 0)
    return
  }
  const isShared = timer.tid === 0
  if (timer.code === SI_TIMER && !isBlocked(target, timer.signal) && comesToNothing(actionOf(kernel, process.id, timer.signal), timer.signal)) {
    // Nobody will ever take it, so it goes on by itself, at most once a tick.
    resumeTimer(kernel, leader, timer.id, timer.interval < TICK_NANOSECONDS ? TICK_NANOSECONDS : 0)
    return
  }
  send(kernel, target.id, { signal: timer.signal, code: timer.code, senderTid: timer.code === SI_TIMER ? timer.id - 1 : 0, address: 0n, value: timer.value }, isShared)
}

const receiver = (kernel: Kernel, process: Process, { tid }: Timer): Task | undefined =>
  tid === 0 ? kernel.current(process.id)
    : kernel.state.tasks.find((task) => task.process === process.id && task.tid === tid && task.status !== "exited")
