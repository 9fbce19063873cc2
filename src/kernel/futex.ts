/** Futexes: who waits on a word, and who is woken. */
import type { Address } from "../base/ids.ts"
import type { Kernel } from "./kernel.ts"
import type { Task } from "./state.ts"

/** Wakes at most `most` waiters of the word, longest waiting first unless decided otherwise; the number woken. */
export const wakeFutex = (_kernel: Kernel, _by: Task, _at: Address, _most: number, _bits: number): number => 0
