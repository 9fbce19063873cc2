/** Waiting on a word of memory, and waking those who do. */
import { type Address, isUserRange } from "../../base/ids.ts"
import { callNumber } from "../../linux/call-number.ts"
import {
  FUTEX_BITSET_MATCH_ANY, FUTEX_CLOCK_REALTIME, FUTEX_PRIVATE_FLAG, futexCommand, futexCommandName
} from "../../linux/futex.ts"
import { clock } from "../../linux/time.ts"
import { deadlineAfter, deadlineAt, readTimespec } from "../clock.ts"
import { futexKey, wakeFutex } from "../futex.ts"
import type { Kernel } from "../kernel.ts"
import { mappedParts } from "../mapping.ts"
import { processOf, type Task } from "../state.ts"
import { block } from "../wait.ts"
import { type CallResult, defineSyscall, failed, returned, unsupported } from "./definition.ts"

const WORD_BYTES = 4

interface FutexWait {
  readonly at: Address
  readonly expected: number
  readonly bits: number
  readonly isPrivate: boolean
  /** 0: for ever. */
  readonly deadline: number
  readonly hasTimeout: boolean
}

/**
 * Whether a futex that is not private may be there: private memory that cannot be written never changes, so there is none in it.
 * The program's own segments are files.
 *
 * Source: Linux kernel/futex/core.c get_futex_key
 */
const mayBeShared = (kernel: Kernel, task: Task, at: Address): boolean => {
  const memory = kernel.memory(task)
  if (memory.allows(at, WORD_BYTES, "write")) return true
  const { breakStart, mappings } = processOf(kernel.state, task.process)
  return memory.allows(at, WORD_BYTES, "read") && (at < breakStart || mappedParts(mappings, { start: at, end: at + WORD_BYTES }).some(({ isShared }) => isShared))
}

/** Source: Linux kernel/futex/waitwake.c futex_wait_setup, __futex_wait */
const waitOn = (kernel: Kernel, task: Task, { at, bits, deadline, expected, hasTimeout, isPrivate }: FutexWait): CallResult => {
  if (bits === 0) return failed("EINVAL")
  if (!isPrivate && !mayBeShared(kernel, task, at)) return failed("EFAULT")
  const word = isUserRange(at, WORD_BYTES) ? kernel.memory(task).read32(at) : undefined
  if (word === undefined) return failed("EFAULT")
  if (word !== expected) return failed("EAGAIN")
  if (deadline > 0 && deadline <= kernel.nanoseconds) return failed("ETIMEDOUT")
  return block(kernel, task, {
    on: "futex", key: futexKey(task, at, isPrivate), value: bits, deadline, call: callNumber.futex,
    spurious: returned(), restart: hasTimeout ? "continues" : "if-asked",
    data: [BigInt(at), BigInt(expected), BigInt(bits), isPrivate ? 1n : 0n]
  })
}

/** Goes on waiting after a signal without a handler, until the same moment as before. */
export const continueFutex = (kernel: Kernel, task: Task, deadline: number, data: ReadonlyArray<bigint>): CallResult => {
  const [at = 0n, expected = 0n, bits = 0n, isPrivate = 0n] = data
  return waitOn(kernel, task, {
    at: Number(at), expected: Number(expected), bits: Number(bits), isPrivate: isPrivate === 1n, deadline, hasTimeout: true
  })
}

export const futex = defineSyscall({
  name: "futex",
  parameters: { at: "exactAddress", operation: "i32", value: "u32", timeout: "address", at2: "address", bits: "u32" },
  summary: "waits on a word, or wakes those who wait",
  support: { partial: "WAIT, WAKE, WAIT_BITSET, WAKE_BITSET; no requeue, WAKE_OP, priority inheritance; no memory is shared between processes" },
  errors: ["EFAULT", "EINVAL", "ENOSYS", "EAGAIN", "ETIMEDOUT", "EINTR"],
  source: "futex(2); Linux kernel/futex/syscalls.c SYSCALL_DEFINE6(futex), do_futex",
  perform: (kernel, task, { at: word, bits, operation, timeout, value }) => {
    const at = Number(word)
    const isAligned = word % BigInt(WORD_BYTES) === 0n
    const command = operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)
    const isPrivate = (operation & FUTEX_PRIVATE_FLAG) !== 0
    const isRealtime = (operation & FUTEX_CLOCK_REALTIME) !== 0
    const isWait = command === futexCommand.WAIT || command === futexCommand.WAIT_BITSET
    const time = isWait && timeout !== 0 ? readTimespec(kernel.memory(task), timeout) : undefined
    if (time === "fault") return failed("EFAULT")
    if (time === "invalid") return failed("EINVAL")
    // Only WAIT_BITSET, among those modelled, takes the other clock.
    if (isRealtime && command !== futexCommand.WAIT_BITSET && !takesRealtime.has(command)) return failed("ENOSYS")
    switch (command) {
      case futexCommand.WAIT:
      case futexCommand.WAIT_BITSET: {
        if (!isAligned) return failed("EINVAL")
        const isRelative = command === futexCommand.WAIT
        const deadline = time === undefined ? 0
          : isRelative ? deadlineAfter(kernel, time)
          : deadlineAt(isRealtime ? clock.REALTIME : clock.MONOTONIC, time)
        return waitOn(kernel, task, {
          at, expected: value, bits: isRelative ? FUTEX_BITSET_MATCH_ANY : bits, isPrivate, deadline, hasTimeout: time !== undefined
        })
      }
      case futexCommand.WAKE:
      case futexCommand.WAKE_BITSET: {
        const wanted = command === futexCommand.WAKE ? FUTEX_BITSET_MATCH_ANY : bits
        if (wanted === 0 || !isAligned) return failed("EINVAL")
        if (!isUserRange(at, WORD_BYTES)) return failed("EFAULT")
        // Whether anybody is named by a word that is not private depends on the page behind it.
        if (!isPrivate && !mayBeShared(kernel, task, at)) return failed("EFAULT")
        // The count is looked at after a waiter was woken: 0 and below wake one.
        return returned(wakeFutex(kernel, task, at, Math.max(1, value | 0), wanted, isPrivate))
      }
      default: {
        const name = futexCommandName(command)
        return name === undefined ? failed("ENOSYS") : unsupported(`futex command FUTEX_${name} is not modelled`)
      }
    }
  }
})

const takesRealtime: ReadonlySet<number> = new Set([futexCommand.WAIT_REQUEUE_PI, futexCommand.LOCK_PI2])
