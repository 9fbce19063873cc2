/**
 * Signals on the way back to user mode: default actions, handlers and their frames, the calls they interrupted, and the way
 * back from a handler.
 *
 * Source: Linux kernel/signal.c get_signal, signal_setup_done; arch/x86/kernel/signal.c handle_signal
 */
import type { TaskId } from "../base/ids.ts"
import { callNumber } from "../linux/call-number.ts"
import { errno } from "../linux/errno.ts"
import { EFLAGS_DF, EFLAGS_RF } from "../linux/sigframe.ts"
import {
  bitOf, defaultAction, SA_NODEFER, SA_RESETHAND, SA_RESTART, SIG_DFL, signalName, SS_AUTODISARM, SS_DISABLE, UNBLOCKABLE
} from "../linux/signal.ts"
import { timespecBytes } from "./clock.ts"
import { exitProcess } from "./exit.ts"
import { clearVectors, readFrame, writeFrame } from "./frame.ts"
import type { Kernel } from "./kernel.ts"
import { nextPending, take } from "./pending.ts"
import { actionOf, comesToNothing, forceSegv } from "./signal.ts"
import { type PendingSignal, processOf, type SignalAction, type Task } from "./state.ts"
import { RAX, RDI, RDX, RSI, RSP } from "../x86/register.ts"

const SYSCALL_BYTES = 2

/** Whether `deliverPending` has anything to do: the quick question before every stretch. */
export const hasSignalWork = (kernel: Kernel, task: Task): boolean =>
  task.pending.length > 0 || task.interrupted !== undefined || task.savedMask !== undefined
  || processOf(kernel.state, task.process).pending.length > 0

/**
 * Delivers what is pending and not blocked, each in its own frame, so that the last one's handler runs first; then settles
 * the call that a signal interrupted and the mask it waited with. `"gone"`: the task no longer runs.
 */
export const deliverPending = (kernel: Kernel, id: TaskId): "none" | "delivered" | "gone" => {
  let came: "none" | "delivered" = "none"
  for (;;) {
    const task = kernel.current(id)
    if (kernel.outcome !== undefined || task.status === "exited") return "gone"
    const found = nextPending(kernel, task, ~task.blockedSignals)
    if (found !== undefined) {
      const overrunCount = take(kernel, task, found)
      if (deliver(kernel, id, found.sent, overrunCount)) came = "delivered"
      continue
    }
    settleInterrupted(kernel, task, undefined)
    if (task.savedMask === undefined) return came
    // Back to the mask from before the call: more may be deliverable now.
    kernel.emit({ _tag: "SignalMaskSet", task: id, mask: task.savedMask })
  }
}

/** One signal that has been taken. True if a handler is to run. */
const deliver = (kernel: Kernel, id: TaskId, sent: PendingSignal, overrunCount: number): boolean => {
  const task = kernel.current(id)
  const { signal } = sent
  const action = actionOf(kernel, task.process, signal)
  if (comesToNothing(action, signal)) return false
  if (action.handler === SIG_DFL) {
    takeDefaultAction(kernel, task, signal)
    return false
  }
  if ((action.flags & SA_RESETHAND) !== 0n) {
    kernel.emit({ _tag: "SignalActionSet", process: task.process, signal, ...action, handler: SIG_DFL })
  }
  settleInterrupted(kernel, task, action)
  const isEntered = enterHandler(kernel, id, sent, action, overrunCount)
  if (!isEntered && kernel.outcome === undefined) forceSegv(kernel, kernel.current(id), signal)
  return isEntered
}

const takeDefaultAction = (kernel: Kernel, task: Task, signal: number): void => {
  if (defaultAction(signal) === "stop") {
    const ip = kernel.registers(task).ip()
    return kernel.end({ _tag: "Unsupported", what: `SIG${signalName(signal)} stops the process, which is not modelled`, ip, bytes: new Uint8Array() })
  }
  exitProcess(kernel, task.process, 128 + signal, signal)
}

/** False: there is no frame, and nothing has changed but what contracts did. */
const enterHandler = (kernel: Kernel, id: TaskId, sent: PendingSignal, action: SignalAction, overrunCount: number): boolean => {
  const { signal } = sent
  const registers = kernel.registers(kernel.current(id))
  const memory = kernel.memory(kernel.current(id))
  for (const abi of kernel.abis) abi.onSignal?.(kernel, kernel.current(id), registers, memory, signal)
  const task = kernel.current(id)
  const ip = registers.ip()
  const frame = writeFrame(kernel, task, sent, action, overrunCount)
  if (frame === undefined) return false
  registers.set(RDI, BigInt(signal))
  registers.set(RAX, 0n)
  registers.setNumber(RSI, frame.siginfo)
  registers.setNumber(RDX, frame.ucontext)
  registers.setNumber(RSP, frame.at)
  registers.setIpExact(action.handler)
  registers.setEflags(registers.eflags() & ~(EFLAGS_DF | EFLAGS_RF))
  clearVectors(registers)
  const own = (action.flags & SA_NODEFER) === 0n ? bitOf(signal) : 0n
  const mask = (task.blockedSignals | action.mask | own) & ~UNBLOCKABLE
  kernel.emit({
    _tag: "SignalDelivered", task: id, signal, ip, handler: Number(action.handler), mask, onAlternateStack: frame.isOnAlternateStack ? 1 : 0
  })
  if ((task.alternateStack.flags & SS_AUTODISARM) !== 0) {
    kernel.emit({ _tag: "AlternateStackSet", task: id, start: 0, sizeBytes: 0, flags: SS_DISABLE })
  }
  return true
}

// ---- interrupted calls

/**
 * The call whose wait a signal ended fails, or its `syscall` instruction runs again. `action`: the handler about to run.
 *
 * Source: signal(7), "Interruption of system calls"
 */
const settleInterrupted = (kernel: Kernel, { id }: Task, action: SignalAction | undefined): void => {
  const task = kernel.current(id)
  const { interrupted } = task
  if (interrupted === undefined) return
  const { call, restart } = interrupted
  const registers = kernel.registers(task)
  const early = whatIsLeft(kernel, task)
  const isRestarted = early === undefined && restart !== "fails"
    && (action === undefined || (restart === "if-asked" && (action.flags & SA_RESTART) !== 0n))
  if (early !== undefined) registers.set(RAX, BigInt.asUintN(64, BigInt(early)))
  if (isRestarted) {
    registers.set(RAX, BigInt(restart === "continues" ? callNumber.restart_syscall : call))
    registers.setIpExact(registers.ipExact() - BigInt(SYSCALL_BYTES))
  }
  kernel.emit({ _tag: "CallSettled", task: id, call, isRestarted: isRestarted ? 1 : 0 })
}

/** A relative sleep tells what is left of it. A number: its result, as nothing is left or the place is bad. */
const whatIsLeft = (kernel: Kernel, task: Task): number | undefined => {
  const { interrupted } = task
  if (interrupted === undefined || interrupted.restart !== "continues") return undefined
  if (interrupted.call !== callNumber.nanosleep && interrupted.call !== callNumber.clock_nanosleep) return undefined
  const [at = 0n, end = 0n] = interrupted.data
  const left = end - BigInt(kernel.nanoseconds)
  if (left <= 0n) return 0
  if (at === 0n) return undefined
  return kernel.memory(task).writeBytes(Number(at), timespecBytes(left)) ? undefined : -errno.EFAULT
}

// ---- back from a handler

/**
 * rt_sigreturn: registers, mask and alternate stack as the frame at `rsp - 8` says.
 *
 * Source: Linux arch/x86/kernel/signal_64.c rt_sigreturn
 */
export const returnFromHandler = (kernel: Kernel, { id }: Task): void => {
  const task = kernel.current(id)
  const registers = kernel.registers(task)
  const result = readFrame(kernel, task)
  if (result._tag === "Unsupported") {
    return kernel.end({ _tag: "Unsupported", what: result.what, ip: registers.ip() - SYSCALL_BYTES, bytes: new Uint8Array() })
  }
  if (result._tag === "Bad") {
    registers.set(RAX, 0n)
    return forceSegv(kernel, task, 0)
  }
  kernel.emit({ _tag: "SignalReturned", task: id, ip: registers.ip(), mask: result.mask & ~UNBLOCKABLE })
}
