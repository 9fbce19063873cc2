/** Sleeping, waiting for descriptors (which is sleeping, here), and going on after a signal. */
import { wordOf } from "../../base/bits.ts"
import { viewOf } from "../../base/bytes.ts"
import { isUserRange } from "../../base/ids.ts"
import { callNumber } from "../../linux/call-number.ts"
import { clock, KTIME_MAX, TIMER_ABSTIME } from "../../linux/time.ts"
import { deadlineAfter, deadlineAt, isClock, readTimespec } from "../clock.ts"
import type { Kernel } from "../kernel.ts"
import type { InterruptedCall, Task } from "../state.ts"
import { block } from "../wait.ts"
import { clockError } from "./clock.ts"
import { type CallResult, defineSyscall, failed, returned, unsupported } from "./definition.ts"
import { isOpen } from "./file.ts"
import { continueFutex } from "./futex.ts"

/** Until a moment, which may lie beyond the last deadline; `remaining`: where a signal leaves what is left. */
const sleepUntil = (kernel: Kernel, task: Task, call: number, end: bigint, remaining: bigint): CallResult =>
  block(kernel, task, { on: "sleep", key: "", deadline: deadlineAt(clock.MONOTONIC, end), call, restart: "continues", data: [remaining, end] })

/** The moment so long from now, no later than a clock can show. */
const endAfter = (kernel: Kernel, nanoseconds: bigint): bigint => {
  const end = BigInt(kernel.nanoseconds) + nanoseconds
  return end < KTIME_MAX ? end : KTIME_MAX
}

export const nanosleep = defineSyscall({
  name: "nanosleep",
  parameters: { duration: "address", remaining: "address" },
  summary: "sleeps for a time",
  support: { partial: "longer than 52 days is for ever" },
  errors: ["EFAULT", "EINVAL", "EINTR"],
  source: "nanosleep(2); Linux kernel/time/hrtimer.c SYSCALL_DEFINE2(nanosleep)",
  perform: (kernel, task, { duration, remaining }) => {
    const wanted = readTimespec(kernel.memory(task), duration)
    if (wanted === "fault") return failed("EFAULT")
    if (wanted === "invalid") return failed("EINVAL")
    return sleepUntil(kernel, task, callNumber.nanosleep, endAfter(kernel, wanted), wordOf(remaining))
  }
})

const sleepable: ReadonlySet<number> = new Set([clock.REALTIME, clock.MONOTONIC, clock.BOOTTIME, clock.TAI])

export const clockNanosleep = defineSyscall({
  name: "clock_nanosleep",
  parameters: { clock: "i32", flags: "i32", time: "address", remaining: "address" },
  summary: "sleeps for a time, or until a clock shows one",
  support: { partial: "no CPU-time and alarm clocks; longer than 52 days is for ever" },
  errors: ["EINVAL", "EOPNOTSUPP", "EFAULT", "EINTR"],
  source: "clock_nanosleep(2); Linux kernel/time/posix-timers.c SYSCALL_DEFINE4(clock_nanosleep)",
  perform: (kernel, task, { clock: id, flags, remaining, time }) => {
    if (!isClock(id)) return clockError(id)
    if (id === clock.PROCESS_CPUTIME_ID) return unsupported("sleeping by CPU time is not modelled")
    if (!sleepable.has(id)) return failed("EOPNOTSUPP")
    const wanted = readTimespec(kernel.memory(task), time)
    if (wanted === "fault") return failed("EFAULT")
    if (wanted === "invalid") return failed("EINVAL")
    if ((flags & TIMER_ABSTIME) === 0) {
      return sleepUntil(kernel, task, callNumber.clock_nanosleep, endAfter(kernel, wanted), wordOf(remaining))
    }
    const deadline = deadlineAt(id, wanted)
    if (deadline > 0 && deadline <= kernel.nanoseconds) return returned()
    return block(kernel, task, { on: "sleep", key: "", deadline, call: callNumber.clock_nanosleep, restart: "unless-handled" })
  }
})

const POLLFD_BYTES = 8
const pollfd = { fd: 0, events: 4, revents: 6 } as const
const POLLOUT = 4
const POLLHUP = 16
const POLLNVAL = 32
/** RLIMIT_NOFILE. */
const POLLFD_COUNT_MAX = 1024
const NANOSECONDS_PER_MILLISECOND = 1_000_000n

const pollUntil = (kernel: Kernel, task: Task, deadline: number): CallResult =>
  block(kernel, task, { on: "poll", key: "", deadline, call: callNumber.poll, restart: "continues" })

export const poll = defineSyscall({
  name: "poll",
  parameters: { descriptors: "address", descriptorCount: "u32", milliseconds: "i32" },
  summary: "waits until a descriptor is ready",
  support: { partial: "stdin is an ended pipe, stdout and stderr are always ready: without them it is a sleep" },
  errors: ["EINVAL", "EFAULT", "EINTR"],
  source: "poll(2); Linux fs/select.c do_sys_poll",
  perform: (kernel, task, { descriptorCount, descriptors, milliseconds }) => {
    if (descriptorCount > POLLFD_COUNT_MAX) return failed("EINVAL")
    const memory = kernel.memory(task)
    const bytes = descriptorCount === 0 ? new Uint8Array() : memory.readBytes(descriptors, descriptorCount * POLLFD_BYTES)
    if (bytes === undefined) return failed("EFAULT")
    const view = viewOf(bytes)
    let readyCount = 0
    for (let at = 0; at < bytes.length; at += POLLFD_BYTES) {
      const fd = view.getInt32(at + pollfd.fd, true)
      const wanted = view.getUint16(at + pollfd.events, true)
      const found = fd < 0 ? 0 : !isOpen(kernel, task, fd) ? POLLNVAL : fd === 0 ? POLLHUP : wanted & POLLOUT
      view.setUint16(at + pollfd.revents, found, true)
      if (found !== 0) readyCount++
      if (!memory.writeBytes(descriptors + at + pollfd.revents, bytes.subarray(at + pollfd.revents, at + POLLFD_BYTES))) return failed("EFAULT")
    }
    // Where there is none to write to the place is looked at all the same.
    if (milliseconds === 0 && !isUserRange(descriptors, bytes.length)) return failed("EFAULT")
    if (readyCount > 0 || milliseconds === 0) return returned(readyCount)
    return pollUntil(kernel, task, milliseconds < 0 ? 0 : deadlineAfter(kernel, BigInt(milliseconds) * NANOSECONDS_PER_MILLISECOND))
  }
})

/** Each call that goes on where it was interrupted. */
const continuations: Readonly<Record<number, (kernel: Kernel, task: Task, interrupted: InterruptedCall) => CallResult>> = {
  [callNumber.nanosleep]: (kernel, task, { call, data: [remaining = 0n, end = 0n] }) => sleepUntil(kernel, task, call, end, remaining),
  [callNumber.clock_nanosleep]: (kernel, task, { call, data: [remaining = 0n, end = 0n] }) => sleepUntil(kernel, task, call, end, remaining),
  [callNumber.poll]: (kernel, task, { deadline }) => pollUntil(kernel, task, deadline),
  [callNumber.futex]: (kernel, task, { data, deadline }) => continueFutex(kernel, task, deadline, data)
}

export const restartSyscall = defineSyscall({
  name: "restart_syscall",
  parameters: {},
  summary: "goes on with a timed wait that a signal without a handler interrupted; made by the kernel, not by programs",
  support: "full",
  errors: ["EINTR"],
  source: "restart_syscall(2); Linux kernel/signal.c SYSCALL_DEFINE0(restart_syscall)",
  perform: (kernel, task) => {
    const { restartBlock } = task
    const goOn = restartBlock === undefined ? undefined : continuations[restartBlock.call]
    return restartBlock === undefined || goOn === undefined ? failed("EINTR") : goOn(kernel, task, restartBlock)
  }
})
