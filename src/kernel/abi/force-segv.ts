import { SIGSEGV } from "../../linux/signal.ts"
import type { Kernel } from "../kernel.ts"
import { force } from "../signal.ts"
import type { Task } from "../state.ts"

/** `si_code` of a signal that the kernel sends of its own accord. */
const SI_KERNEL = 0x80

/**
 * SIGSEGV, because user memory was not as a contract needs it while `delivering` was about to be delivered (0: no signal
 * was). If that was SIGSEGV itself, its handler is taken away first: delivering it would fail in the same way for ever.
 *
 * Source: Linux kernel/signal.c force_sigsegv, force_fatal_sig
 */
export const forceSegv = (kernel: Kernel, task: Task, delivering: number): void => {
  if (delivering === SIGSEGV) {
    kernel.emit({ _tag: "SignalActionSet", process: task.process, signal: SIGSEGV, handler: 0n, flags: 0n, restorer: 0n, mask: 0n })
  }
  force(kernel, kernel.current(task.id), { signal: SIGSEGV, code: SI_KERNEL, senderTid: 0, address: 0n })
}
