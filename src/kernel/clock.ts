/**
 * Clocks. An instruction takes a nanosecond; idle waits and decided jumps add to it. Reading a clock is a choice: time may
 * step first.
 */
import type { Address } from "../base/ids.ts"
import { s64 } from "../base/bits.ts"
import { viewOf } from "../base/bytes.ts"
import { clock, NANOSECONDS, TICK_NANOSECONDS, TIMESPEC_BYTES } from "../linux/time.ts"
import type { UserMemory } from "../machine/machine.ts"
import type { Kernel } from "./kernel.ts"
import type { Task } from "./state.ts"

/** CLOCK_REALTIME when a run begins: 2026-01-01 00:00:00 UTC. */
export const BOOT_EPOCH_SECONDS = 1_767_225_600
const BOOT_EPOCH_NANOSECONDS = BigInt(BOOT_EPOCH_SECONDS) * BigInt(NANOSECONDS)

/** Later than this is never: 52 days of virtual time, so that sums of times stay exact. */
export const DEADLINE_MAX = 2 ** 52

const isRealtime = (id: number): boolean =>
  id === clock.REALTIME || id === clock.REALTIME_COARSE || id === clock.REALTIME_ALARM || id === clock.TAI
const isCoarse = (id: number): boolean => id === clock.REALTIME_COARSE || id === clock.MONOTONIC_COARSE

const clockNumbers: ReadonlySet<number> = new Set(Object.values(clock))
export const isClock = (id: number): boolean => clockNumbers.has(id)
/** Nanoseconds between two values it can show. */
export const resolutionOf = (id: number): number => (isCoarse(id) ? TICK_NANOSECONDS : 1)

/** What the clock shows now, in nanoseconds of its own epoch. Asks whether time steps first. */
export const readClock = (kernel: Kernel, task: Task, id: number): bigint => {
  const step = kernel.choose("clock", task, [0, ...kernel.menu.clockSteps])
  if (step > 0) kernel.emit({ _tag: "ClockJumped", nanoseconds: step, cause: "decided" })
  if (id === clock.THREAD_CPUTIME_ID) return BigInt(kernel.countOf(task))
  if (id === clock.PROCESS_CPUTIME_ID) return BigInt(kernel.now)
  const { nanoseconds } = kernel
  const shown = isCoarse(id) ? nanoseconds - (nanoseconds % TICK_NANOSECONDS) : nanoseconds
  return isRealtime(id) ? BOOT_EPOCH_NANOSECONDS + BigInt(shown) : BigInt(shown)
}

/** The virtual moment at which a clock will show `nanoseconds`: 0 for never, never before 1. */
export const deadlineAt = (id: number, nanoseconds: bigint): number => {
  const at = isRealtime(id) ? nanoseconds - BOOT_EPOCH_NANOSECONDS : nanoseconds
  return at > BigInt(DEADLINE_MAX) ? 0 : Math.max(1, Number(at))
}
/** The moment so long from now. */
export const deadlineAfter = (kernel: Kernel, nanoseconds: bigint): number => deadlineAt(clock.MONOTONIC, BigInt(kernel.nanoseconds) + nanoseconds)

// ---- layouts

/** Nanoseconds of a `timespec`; `"fault"` where it cannot be read, `"invalid"` where it is none. */
export const readTimespec = (memory: UserMemory, at: Address): bigint | "fault" | "invalid" => readTime(memory, at, BigInt(NANOSECONDS))
/** The same of a `timeval`. */
export const readTimeval = (memory: UserMemory, at: Address): bigint | "fault" | "invalid" => readTime(memory, at, 1_000_000n)

const readTime = (memory: UserMemory, at: Address, perSecond: bigint): bigint | "fault" | "invalid" => {
  const bytes = memory.readBytes(at, TIMESPEC_BYTES)
  if (bytes === undefined) return "fault"
  const view = viewOf(bytes)
  const seconds = s64(view.getBigUint64(0, true))
  const fraction = s64(view.getBigUint64(8, true))
  if (seconds < 0n || fraction < 0n || fraction >= perSecond) return "invalid"
  return seconds * BigInt(NANOSECONDS) + fraction * (BigInt(NANOSECONDS) / perSecond)
}

const timeBytes = (times: ReadonlyArray<bigint>, perSecond: bigint): Uint8Array => {
  const bytes = new Uint8Array(times.length * TIMESPEC_BYTES)
  const view = viewOf(bytes)
  for (const [index, nanoseconds] of times.entries()) {
    view.setBigUint64(index * TIMESPEC_BYTES, nanoseconds / BigInt(NANOSECONDS), true)
    view.setBigUint64(index * TIMESPEC_BYTES + 8, (nanoseconds % BigInt(NANOSECONDS)) / (BigInt(NANOSECONDS) / perSecond), true)
  }
  return bytes
}

/** `timespec`s in a row. */
export const timespecBytes = (...nanoseconds: ReadonlyArray<bigint>): Uint8Array => timeBytes(nanoseconds, BigInt(NANOSECONDS))
/** `timeval`s in a row. */
export const timevalBytes = (...nanoseconds: ReadonlyArray<bigint>): Uint8Array => timeBytes(nanoseconds, 1_000_000n)
