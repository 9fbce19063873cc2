/** Reading clocks. */
import { clock, NANOSECONDS } from "../../linux/time.ts"
import { isClock, readClock, resolutionOf, timespecBytes, timevalBytes } from "../clock.ts"
import { type CallResult, defineSyscall, failed, returned, unsupported } from "./definition.ts"

/** Clocks of another process or task have negative numbers. */
export const clockError = (id: number): CallResult =>
  id < 0 ? unsupported("clocks of other processes, tasks and devices are not modelled") : failed("EINVAL")

export const clockGettime = defineSyscall({
  name: "clock_gettime",
  parameters: { clock: "i32", to: "address" },
  summary: "what a clock shows",
  support: { partial: "an instruction takes a nanosecond; the process's CPU time is that of the whole machine" },
  errors: ["EINVAL", "EFAULT"],
  source: "clock_gettime(2); Linux kernel/time/posix-timers.c SYSCALL_DEFINE2(clock_gettime)",
  perform: (kernel, task, { clock: id, to }) => {
    if (!isClock(id)) return clockError(id)
    const shown = readClock(kernel, task, id)
    return kernel.memory(task).writeBytes(to, timespecBytes(shown)) ? returned() : failed("EFAULT")
  }
})

export const clockGetres = defineSyscall({
  name: "clock_getres",
  parameters: { clock: "i32", to: "address" },
  summary: "how fine a clock is",
  support: "full",
  errors: ["EINVAL", "EFAULT"],
  source: "clock_getres(2); Linux kernel/time/posix-timers.c SYSCALL_DEFINE2(clock_getres)",
  perform: (kernel, task, { clock: id, to }) => {
    if (!isClock(id)) return clockError(id)
    return to === 0 || kernel.memory(task).writeBytes(to, timespecBytes(BigInt(resolutionOf(id)))) ? returned() : failed("EFAULT")
  }
})

const TIMEZONE_BYTES = 8

export const gettimeofday = defineSyscall({
  name: "gettimeofday",
  parameters: { to: "address", timezone: "address" },
  summary: "the time of day, in microseconds",
  support: "full",
  errors: ["EFAULT"],
  source: "gettimeofday(2); Linux kernel/time/time.c SYSCALL_DEFINE2(gettimeofday)",
  perform: (kernel, task, { timezone, to }) => {
    const memory = kernel.memory(task)
    if (to !== 0 && !memory.writeBytes(to, timevalBytes(readClock(kernel, task, clock.REALTIME)))) return failed("EFAULT")
    return timezone === 0 || memory.writeBytes(timezone, new Uint8Array(TIMEZONE_BYTES)) ? returned() : failed("EFAULT")
  }
})

export const time = defineSyscall({
  name: "time",
  parameters: { to: "address" },
  summary: "the time of day, in seconds",
  support: "full",
  errors: ["EFAULT"],
  source: "time(2); Linux kernel/time/time.c SYSCALL_DEFINE1(time)",
  perform: (kernel, task, { to }) => {
    const seconds = readClock(kernel, task, clock.REALTIME) / BigInt(NANOSECONDS)
    return to === 0 || kernel.memory(task).write64(to, seconds) ? returned(Number(seconds)) : failed("EFAULT")
  }
})
