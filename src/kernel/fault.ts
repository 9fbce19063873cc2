/**
 * Faults of user mode as signals: number, siginfo, and the trap that signal frames show.
 *
 * Source: Linux arch/x86/kernel/traps.c, arch/x86/mm/fault.c
 */
import { unreachable } from "../base/assert.ts"
import { TASK_SIZE } from "../base/ids.ts"
import { FPE_INTDIV, ILL_ILLOPN, SEGV_ACCERR, SEGV_MAPERR, SI_KERNEL } from "../linux/siginfo.ts"
import { pageFaultError, trapNumber } from "../linux/sigframe.ts"
import { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP } from "../linux/signal.ts"
import { EXECUTE, READ, WRITE } from "../machine/machine.ts"
import type { Fault } from "../machine/stop.ts"
import type { Kernel } from "./kernel.ts"
import { force } from "./signal.ts"
import { type PendingSignal, type Task } from "./state.ts"

/** A fault as the kernel tells of it. */
export interface Raised {
  readonly trap: number
  readonly error: number
  readonly sent: PendingSignal
}

const neededFor = { read: READ, write: WRITE, execute: EXECUTE } as const

/** The page allows the access and there is no frame for it: the run's own limit, and no fault of the guest. */
export const meetsMemoryLimit = (kernel: Kernel, { process }: Task, fault: Fault): boolean =>
  fault._tag === "PageFault" && fault.isPresent
  && ((kernel.machine.protectionAt(kernel.spaceOf(process), Number(fault.address)) ?? 0) & neededFor[fault.access]) !== 0

export const raisedBy = (kernel: Kernel, task: Task, fault: Fault): Raised => {
  const ip = kernel.registers(task).ipExact()
  switch (fault._tag) {
    case "PageFault": {
      const { access, address, isPresent } = fault
      // A page without any permission is not present to the processor, any other is, touched or not. What lies beyond user
      // space is said to be there, so that nobody learns what is.
      const protection = kernel.machine.protectionAt(kernel.spaceOf(task.process), Number(address)) ?? 0
      const error = pageFaultError.user
        | ((isPresent && protection !== 0) || address >= BigInt(TASK_SIZE) ? pageFaultError.present : 0)
        | (access === "write" ? pageFaultError.write : access === "execute" ? pageFaultError.fetch : 0)
      return { trap: trapNumber.PF, error, sent: { signal: SIGSEGV, code: isPresent ? SEGV_ACCERR : SEGV_MAPERR, senderTid: 0, address } }
    }
    case "StackFault":
      return { trap: trapNumber.SS, error: 0, sent: { signal: SIGBUS, code: SI_KERNEL, senderTid: 0, address: 0n } }
    case "GeneralProtection":
      return { trap: trapNumber.GP, error: 0, sent: { signal: SIGSEGV, code: SI_KERNEL, senderTid: 0, address: 0n } }
    case "DivideError":
      return { trap: trapNumber.DE, error: 0, sent: { signal: SIGFPE, code: FPE_INTDIV, senderTid: 0, address: ip } }
    case "InvalidOpcode":
      return { trap: trapNumber.UD, error: 0, sent: { signal: SIGILL, code: ILL_ILLOPN, senderTid: 0, address: ip } }
    default:
      return unreachable(fault)
  }
}

/** It becomes a signal that its task cannot escape. */
export const raise = (kernel: Kernel, { id }: Task, { error, sent, trap }: Raised): void => {
  // Only a page fault writes cr2.
  const address = trap === trapNumber.PF ? sent.address : kernel.current(id).trap.address
  kernel.emit({ _tag: "Trapped", task: id, trap, error, address })
  force(kernel, kernel.current(id), sent)
}

/** An `int3` has retired. */
export const breakpointTrap: Raised = {
  trap: trapNumber.BP, error: 0, sent: { signal: SIGTRAP, code: SI_KERNEL, senderTid: 0, address: 0n }
}
