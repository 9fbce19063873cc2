/** The alternate signal stack. */
import type { Errno } from "../linux/errno.ts"
import { MINSIGSTKSZ, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK } from "../linux/signal.ts"
import type { Address } from "../base/ids.ts"
import type { Kernel } from "./kernel.ts"
import type { AlternateStack, Task } from "./state.ts"

/** Inside it, whatever its flags. A stack grows down: its end belongs to it, its start does not. */
export const isWithin = ({ alternateStack: { sizeBytes, start } }: Task, sp: Address): boolean => start < sp && sp <= start + sizeBytes

/** On it, so that it must not be changed. One that disarms itself may be changed at any time. */
export const isOnAlternateStack = (task: Task, sp: Address): boolean =>
  (task.alternateStack.flags & SS_AUTODISARM) === 0 && isWithin(task, sp)

/**
 * Changes it, for sigaltstack and on the way back from a handler; `undefined`: done.
 *
 * Source: Linux kernel/signal.c do_sigaltstack
 */
export const setAlternateStack = (kernel: Kernel, task: Task, wanted: AlternateStack, sp: Address): Errno | undefined => {
  if (isOnAlternateStack(task, sp)) return "EPERM"
  const mode = (wanted.flags & ~SS_AUTODISARM) >>> 0
  if (mode !== SS_DISABLE && mode !== SS_ONSTACK && mode !== 0) return "EINVAL"
  const { alternateStack: now } = task
  // Beyond every address one size is like another, and an event holds none larger.
  const sizeBytes = Math.min(wanted.sizeBytes, Number.MAX_SAFE_INTEGER)
  if (now.start === wanted.start && now.sizeBytes === sizeBytes && now.flags === wanted.flags) return undefined
  const isGone = mode === SS_DISABLE
  if (!isGone && sizeBytes < MINSIGSTKSZ) return "ENOMEM"
  kernel.emit({
    _tag: "AlternateStackSet", task: task.id, start: isGone ? 0 : wanted.start, sizeBytes: isGone ? 0 : sizeBytes, flags: wanted.flags
  })
  return undefined
}
