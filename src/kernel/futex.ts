/**
 * Futexes: who waits on a word, and who is woken.
 *
 * A private futex belongs to an address of one process; one that is not private is another futex, even at the same address.
 * Memory shared between address spaces has no futexes of its own: no two spaces share memory here.
 *
 * Source: futex(2); Linux kernel/futex/core.c get_futex_key, kernel/futex/waitwake.c
 */
import { hex } from "../base/bits.ts"
import { type Address, type TaskId, taskName } from "../base/ids.ts"
import type { Kernel } from "./kernel.ts"
import { waiting, wake } from "./scheduler.ts"
import { processOf, type Task } from "./state.ts"

/** FUTEX_BITSET_MATCH_ANY. */
export const ALL_BITS = 0xffff_ffff

/** The word as a wait names it. */
export const futexKey = (task: Task, at: Address, isPrivate: boolean): string =>
  `${taskName(task.process)}:${hex(at)}${isPrivate ? "" : ":shared"}`

/**
 * Wakes at most `most` waiters of the word, longest waiting first unless decided otherwise; the number woken. The kernel's own
 * wakes (`clear_child_tid`) are not private.
 */
export const wakeFutex = (kernel: Kernel, by: Task, at: Address, most: number, bits: number, isPrivate = false): number => {
  const key = futexKey(by, at, isPrivate)
  let sleepers: ReadonlyArray<TaskId> = waiting(kernel, "futex", key)
    .filter(({ process, wait }) => ((wait?.value ?? 0) & bits) !== 0 && processOf(kernel.state, process).exiting === undefined)
    .map(({ id }) => id)
  let wokenCount = 0
  while (wokenCount < most && sleepers.length > 0) {
    // Where all will be woken there is nothing to choose.
    const isChoice = sleepers.length > most - wokenCount
    const chosen = (isChoice ? kernel.choose("wake", by, sleepers) : sleepers[0]) as TaskId
    wake(kernel, chosen, "futex", 0)
    sleepers = sleepers.filter((id) => id !== chosen)
    wokenCount++
  }
  return wokenCount
}
