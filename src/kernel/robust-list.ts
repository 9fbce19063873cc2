/**
 * Robust futexes: what becomes of the locks of a task that ends while it holds them. User code keeps them in a list; here it is walked.
 *
 * Source: Linux kernel/futex/core.c exit_robust_list, handle_futex_death; Documentation/locking/robust-futexes.rst
 */
import { u64 } from "../base/bits.ts"
import { TASK_SIZE } from "../base/ids.ts"
import { FUTEX_BITSET_MATCH_ANY, FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, robustListHead, ROBUST_LIST_LIMIT } from "../linux/futex.ts"
import type { UserMemory } from "../machine/machine.ts"
import { wakeFutex } from "./futex.ts"
import type { Kernel } from "./kernel.ts"
import type { Task } from "./state.ts"

const WORD_BYTES = 4n

/** A pointer in the list; its lowest bit says that the futex inherits priority. */
interface RobustEntry {
  readonly at: bigint
  readonly isPi: boolean
}

const word64At = (memory: UserMemory, at: bigint): bigint | undefined => (at < BigInt(TASK_SIZE) ? memory.read64(Number(at)) : undefined)

const entryAt = (memory: UserMemory, at: bigint): RobustEntry | undefined => {
  const word = word64At(memory, at)
  return word === undefined ? undefined : { at: word & ~1n, isPi: (word & 1n) !== 0n }
}

/**
 * The futex says that its owner died, if that is `task`, and one of those who wait is woken. False: the word is not there.
 * `isPending`: being locked or unlocked when the task ended, so that it may be free already, and whoever was woken for it gone.
 */
const ownerDies = (kernel: Kernel, task: Task, at: bigint, isPi: boolean, isPending: boolean): boolean => {
  if (at % WORD_BYTES !== 0n || at >= BigInt(TASK_SIZE)) return false
  const memory = kernel.memory(task)
  const address = Number(at)
  const word = memory.read32(address)
  if (word === undefined) return false
  const owner = word & FUTEX_TID_MASK
  if (isPending && !isPi && owner === 0) {
    wakeFutex(kernel, task, address, 1, FUTEX_BITSET_MATCH_ANY)
    return true
  }
  if (owner !== task.tid) return true
  const isAwaited = (word & FUTEX_WAITERS) !== 0
  if (!memory.write32(address, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0)) return false
  kernel.observe({ _tag: "OwnerDied", task: task.id, at: address })
  if (!isPi && isAwaited) wakeFutex(kernel, task, address, 1, FUTEX_BITSET_MATCH_ANY)
  return true
}

/** Walks the list of a task that ends. Whatever in it cannot be read ends the walk. */
export const exitRobustList = (kernel: Kernel, task: Task): void => {
  const { robustList: head } = task
  if (head === 0n) return
  const memory = kernel.memory(task)
  let entry = entryAt(memory, u64(head + robustListHead.next))
  const offset = word64At(memory, u64(head + robustListHead.futexOffset))
  const pending = entryAt(memory, u64(head + robustListHead.pending))
  if (entry === undefined || offset === undefined || pending === undefined) return
  for (let left = ROBUST_LIST_LIMIT; left > 0 && entry.at !== head; left--) {
    // Read before the word changes hands: its next owner may take the entry elsewhere.
    const next = entryAt(memory, entry.at)
    if (entry.at !== pending.at && !ownerDies(kernel, task, u64(entry.at + offset), entry.isPi, false)) return
    if (next === undefined) return
    entry = next
  }
  if (pending.at !== 0n) ownerDies(kernel, task, u64(pending.at + offset), pending.isPi, true)
}
