/** futex(2): commands and flags. Source: Linux include/uapi/linux/futex.h */
export const futexCommand = {
  WAIT: 0, WAKE: 1, FD: 2, REQUEUE: 3, CMP_REQUEUE: 4, WAKE_OP: 5, LOCK_PI: 6, UNLOCK_PI: 7, TRYLOCK_PI: 8,
  WAIT_BITSET: 9, WAKE_BITSET: 10, WAIT_REQUEUE_PI: 11, CMP_REQUEUE_PI: 12, LOCK_PI2: 13
} as const
export const FUTEX_PRIVATE_FLAG = 128
export const FUTEX_CLOCK_REALTIME = 256
export const FUTEX_BITSET_MATCH_ANY = 0xffff_ffff

const names = new Map<number, string>(Object.entries(futexCommand).map(([name, command]) => [command, name]))

/** The name of a command that Linux still has; FD went long ago. */
export const futexCommandName = (command: number): string | undefined =>
  command === futexCommand.FD ? undefined : names.get(command)

/** Bits of a futex word whose owner the kernel knows. */
export const FUTEX_WAITERS = 0x8000_0000
export const FUTEX_OWNER_DIED = 0x4000_0000
export const FUTEX_TID_MASK = 0x3fff_ffff

/** struct robust_list_head: the first entry, what leads from an entry to its futex, and the entry that is being changed. */
export const robustListHead = { next: 0n, futexOffset: 8n, pending: 16n } as const
export const ROBUST_LIST_HEAD_BYTES = 24
/** A list is walked no further. */
export const ROBUST_LIST_LIMIT = 2048
