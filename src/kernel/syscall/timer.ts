/** Timers that send signals. */
import { viewOf } from "../../base/bytes.ts"
import { SI_KERNEL, SI_TIMER, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID, sigevent, SIGEVENT_BYTES } from "../../linux/siginfo.ts"
import { SIGALRM, SIGNAL_MAX } from "../../linux/signal.ts"
import { clock, ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, NANOSECONDS, TIMER_ABSTIME, TIMESPEC_BYTES } from "../../linux/time.ts"
import { deadlineAfter, deadlineAt, DEADLINE_MAX, isClock, readTimespec, readTimeval, timespecBytes, timevalBytes } from "../clock.ts"
import type { Kernel } from "../kernel.ts"
import { processOf, type Task, type Timer } from "../state.ts"
import { remainingOf } from "../timer.ts"
import { clockError } from "./clock.ts"
import { type CallResult, defineSyscall, failed, returned, unsupported } from "./definition.ts"

const timerOf = (kernel: Kernel, task: Task, id: number): Timer | undefined =>
  processOf(kernel.state, task.process).timers.find((timer) => timer.id === id)

/** Longer than this is for ever, as deadlines are. */
const bounded = (nanoseconds: bigint): number => (nanoseconds > BigInt(DEADLINE_MAX) ? 0 : Number(nanoseconds))

// ---- ITIMER_REAL

const ITIMER = 0

/** Interval and what is left, in nanoseconds. */
const itimerOf = (kernel: Kernel, task: Task): readonly [bigint, bigint] => {
  const timer = timerOf(kernel, task, ITIMER)
  return timer === undefined ? [0n, 0n] : [BigInt(timer.interval), timer.isRunning ? BigInt(remainingOf(kernel, timer)) : 0n]
}

const setItimer = (kernel: Kernel, task: Task, value: bigint, interval: bigint): void =>
  kernel.emit({
    _tag: "TimerArmed", process: task.process, timer: ITIMER, signal: SIGALRM,
    deadline: value === 0n ? 0 : deadlineAfter(kernel, value), interval: value === 0n ? 0 : bounded(interval)
  })

const itimerError = (which: number): CallResult =>
  which === ITIMER_VIRTUAL || which === ITIMER_PROF ? unsupported("interval timers by CPU time are not modelled") : failed("EINVAL")

export const getitimer = defineSyscall({
  name: "getitimer",
  parameters: { which: "i32", to: "address" },
  summary: "what is left of an interval timer",
  support: { partial: "ITIMER_REAL" },
  errors: ["EINVAL", "EFAULT"],
  source: "getitimer(2); Linux kernel/time/itimer.c SYSCALL_DEFINE2(getitimer)",
  perform: (kernel, task, { to, which }) => {
    if (which !== ITIMER_REAL) return itimerError(which)
    return kernel.memory(task).writeBytes(to, timevalBytes(...itimerOf(kernel, task))) ? returned() : failed("EFAULT")
  }
})

export const setitimer = defineSyscall({
  name: "setitimer",
  parameters: { which: "i32", value: "address", old: "address" },
  summary: "arms an interval timer: SIGALRM after a time, and again after each interval",
  support: { partial: "ITIMER_REAL" },
  errors: ["EFAULT", "EINVAL"],
  source: "setitimer(2); Linux kernel/time/itimer.c SYSCALL_DEFINE3(setitimer)",
  perform: (kernel, task, { old, value, which }) => {
    const memory = kernel.memory(task)
    // Without a value the timer is disarmed.
    const interval = value === 0 ? 0n : readTimeval(memory, value)
    const first = value === 0 ? 0n : readTimeval(memory, value + TIMESPEC_BYTES)
    if (interval === "fault" || first === "fault") return failed("EFAULT")
    if (interval === "invalid" || first === "invalid") return failed("EINVAL")
    if (which !== ITIMER_REAL) return itimerError(which)
    const before = itimerOf(kernel, task)
    setItimer(kernel, task, first, interval)
    return old === 0 || memory.writeBytes(old, timevalBytes(...before)) ? returned() : failed("EFAULT")
  }
})

export const alarm = defineSyscall({
  name: "alarm",
  parameters: { seconds: "u32" },
  summary: "SIGALRM after so many seconds; returns how many were left of the last one",
  support: "full",
  errors: [],
  source: "alarm(2); Linux kernel/time/itimer.c alarm_setitimer",
  perform: (kernel, task, { seconds }) => {
    const left = Number(itimerOf(kernel, task)[1])
    setItimer(kernel, task, BigInt(seconds) * BigInt(NANOSECONDS), 0n)
    // Rounded, but never to "none".
    const whole = Math.floor(left / NANOSECONDS)
    const rest = left % NANOSECONDS
    return returned(whole + ((whole === 0 && rest > 0) || rest >= NANOSECONDS / 2 ? 1 : 0))
  }
})

// ---- timer_create and its family

interface Notification {
  readonly signal: number
  readonly value: bigint
  readonly tid: number
}

/** What a sigevent asks for; `undefined` if it is none. Source: Linux kernel/time/posix-timers.c good_sigevent */
const notificationIn = (kernel: Kernel, task: Task, bytes: Uint8Array): Notification | undefined => {
  const view = viewOf(bytes)
  const value = view.getBigUint64(sigevent.value, true)
  const signal = view.getInt32(sigevent.signo, true)
  const notify = view.getInt32(sigevent.notify, true)
  if (notify === SIGEV_NONE) return { signal: 0, value, tid: 0 }
  const tid = notify === SIGEV_THREAD_ID ? view.getInt32(sigevent.tid, true) : 0
  if (notify === SIGEV_THREAD_ID && !kernel.state.tasks.some((other) => other.tid === tid && other.process === task.process && other.status !== "exited")) return undefined
  if (notify !== SIGEV_SIGNAL && notify !== SIGEV_THREAD && notify !== SIGEV_THREAD_ID) return undefined
  return signal < 1 || signal > SIGNAL_MAX ? undefined : { signal, value, tid }
}

const timed: ReadonlySet<number> = new Set([clock.REALTIME, clock.MONOTONIC, clock.BOOTTIME, clock.TAI])

export const timerCreate = defineSyscall({
  name: "timer_create",
  parameters: { clock: "i32", event: "address", to: "address" },
  summary: "a timer that sends a signal",
  support: { partial: "no timers on CPU time and alarm clocks" },
  errors: ["EFAULT", "EINVAL", "EOPNOTSUPP"],
  source: "timer_create(2); Linux kernel/time/posix-timers.c do_timer_create",
  perform: (kernel, task, { clock: id, event, to }) => {
    const memory = kernel.memory(task)
    const bytes = event === 0 ? undefined : memory.readBytes(event, SIGEVENT_BYTES)
    if (event !== 0 && bytes === undefined) return failed("EFAULT")
    if (!isClock(id)) return clockError(id)
    if (id === clock.PROCESS_CPUTIME_ID || id === clock.THREAD_CPUTIME_ID) return unsupported("timers on CPU time are not modelled")
    if (!timed.has(id)) return failed("EOPNOTSUPP")
    const timer = processOf(kernel.state, task.process).lastTimer + 1
    const notification = bytes === undefined ? { signal: SIGALRM, value: BigInt(timer - 1), tid: 0 } : notificationIn(kernel, task, bytes)
    if (notification === undefined) return failed("EINVAL")
    if (!memory.write32(to, timer - 1)) return failed("EFAULT")
    kernel.emit({ _tag: "TimerCreated", process: task.process, timer, clock: id, code: SI_TIMER, ...notification })
    return returned()
  }
})

export const timerSettime = defineSyscall({
  name: "timer_settime",
  parameters: { timer: "i32", flags: "i32", value: "address", old: "address" },
  summary: "arms or disarms a timer",
  support: { partial: "longer than 52 days is never" },
  errors: ["EINVAL", "EFAULT"],
  source: "timer_settime(2); Linux kernel/time/posix-timers.c do_timer_settime, common_timer_set",
  perform: (kernel, task, { flags, old, timer: id, value }) => {
    if (value === 0) return failed("EINVAL")
    const memory = kernel.memory(task)
    const interval = readTimespec(memory, value)
    const first = readTimespec(memory, value + TIMESPEC_BYTES)
    if (interval === "fault" || first === "fault") return failed("EFAULT")
    if (interval === "invalid" || first === "invalid") return failed("EINVAL")
    const timer = timerOf(kernel, task, id + 1)
    if (timer === undefined || timer.code === SI_KERNEL) return failed("EINVAL")
    const before = timespecBytes(BigInt(timer.interval), BigInt(remainingOf(kernel, timer)))
    const deadline = first === 0n ? 0 : (flags & TIMER_ABSTIME) === 0 ? deadlineAfter(kernel, first) : deadlineAt(timer.clock, first)
    kernel.emit({
      _tag: "TimerArmed", process: task.process, timer: timer.id, signal: timer.signal, deadline, interval: deadline === 0 ? 0 : bounded(interval)
    })
    return old === 0 || memory.writeBytes(old, before) ? returned() : failed("EFAULT")
  }
})

export const timerGettime = defineSyscall({
  name: "timer_gettime",
  parameters: { timer: "i32", to: "address" },
  summary: "what is left of a timer",
  support: "full",
  errors: ["EINVAL", "EFAULT"],
  source: "timer_gettime(2); Linux kernel/time/posix-timers.c common_timer_get",
  perform: (kernel, task, { timer: id, to }) => {
    const timer = id < 0 ? undefined : timerOf(kernel, task, id + 1)
    if (timer === undefined) return failed("EINVAL")
    const told = timespecBytes(BigInt(timer.interval), BigInt(remainingOf(kernel, timer)))
    return kernel.memory(task).writeBytes(to, told) ? returned() : failed("EFAULT")
  }
})

export const timerGetoverrun = defineSyscall({
  name: "timer_getoverrun",
  parameters: { timer: "i32" },
  summary: "how often a timer went off unheard before its last signal",
  support: "full",
  errors: ["EINVAL"],
  source: "timer_getoverrun(2); Linux kernel/time/posix-timers.c SYSCALL_DEFINE1(timer_getoverrun)",
  perform: (kernel, task, { timer: id }) => {
    const timer = id < 0 ? undefined : timerOf(kernel, task, id + 1)
    return timer === undefined ? failed("EINVAL") : returned(Math.min(timer.overrunCount, 0x7fff_ffff))
  }
})

export const timerDelete = defineSyscall({
  name: "timer_delete",
  parameters: { timer: "i32" },
  summary: "takes a timer away",
  support: "full",
  errors: ["EINVAL"],
  source: "timer_delete(2); Linux kernel/time/posix-timers.c SYSCALL_DEFINE1(timer_delete)",
  perform: (kernel, task, { timer: id }) => {
    const timer = id < 0 ? undefined : timerOf(kernel, task, id + 1)
    if (timer === undefined) return failed("EINVAL")
    kernel.emit({ _tag: "TimerDeleted", process: task.process, timer: timer.id })
    return returned()
  }
})
