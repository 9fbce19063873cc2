/** What a process does with a signal, what a task blocks, what is pending. */
import { viewOf } from "../../base/bytes.ts"
import {
  SA_KNOWN, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, sigaction, SIGACTION_BYTES, SIGKILL, SIGNAL_MAX, SIGSET_BYTES, SIGSTOP, UNBLOCKABLE
} from "../../linux/signal.ts"
import { pendingSet } from "../pending.ts"
import { actionOf, comesToNothing, discard } from "../signal.ts"
import type { SignalAction } from "../state.ts"
import { defineSyscall, failed, returned } from "./definition.ts"

const actionBytes = ({ flags, handler, mask, restorer }: SignalAction): Uint8Array => {
  const bytes = new Uint8Array(SIGACTION_BYTES)
  const view = viewOf(bytes)
  view.setBigUint64(sigaction.handler, handler, true)
  view.setBigUint64(sigaction.flags, flags, true)
  view.setBigUint64(sigaction.restorer, restorer, true)
  view.setBigUint64(sigaction.mask, mask, true)
  return bytes
}

const actionIn = (bytes: Uint8Array): SignalAction => {
  const view = viewOf(bytes)
  return {
    handler: view.getBigUint64(sigaction.handler, true),
    flags: view.getBigUint64(sigaction.flags, true) & SA_KNOWN,
    restorer: view.getBigUint64(sigaction.restorer, true),
    mask: view.getBigUint64(sigaction.mask, true) & ~UNBLOCKABLE
  }
}

export const rtSigaction = defineSyscall({
  name: "rt_sigaction",
  parameters: { signal: "i32", action: "address", old: "address", setBytes: "size" },
  summary: "what the process does with a signal",
  support: "full",
  errors: ["EINVAL", "EFAULT"],
  source: "sigaction(2); Linux kernel/signal.c SYSCALL_DEFINE4(rt_sigaction), do_sigaction",
  perform: (kernel, task, { action, old, setBytes, signal }) => {
    if (setBytes !== SIGSET_BYTES) return failed("EINVAL")
    const memory = kernel.memory(task)
    const bytes = action === 0 ? undefined : memory.readBytes(action, SIGACTION_BYTES)
    if (action !== 0 && bytes === undefined) return failed("EFAULT")
    if (signal < 1 || signal > SIGNAL_MAX) return failed("EINVAL")
    if (bytes !== undefined && (signal === SIGKILL || signal === SIGSTOP)) return failed("EINVAL")
    const before = actionOf(kernel, task.process, signal)
    if (bytes !== undefined) {
      const wanted = actionIn(bytes)
      kernel.emit({ _tag: "SignalActionSet", process: task.process, signal, ...wanted })
      // What is pending and now ignored is dropped, blocked or not.
      if (comesToNothing(wanted, signal)) discard(kernel, task, (one) => one === signal)
    }
    // The action has changed even if the old one cannot be told.
    if (old !== 0 && !memory.writeBytes(old, actionBytes(before))) return failed("EFAULT")
    return returned()
  }
})

export const rtSigprocmask = defineSyscall({
  name: "rt_sigprocmask",
  parameters: { how: "i32", set: "address", old: "address", setBytes: "size" },
  summary: "the signals the calling task blocks",
  support: "full",
  errors: ["EINVAL", "EFAULT"],
  source: "sigprocmask(2); Linux kernel/signal.c SYSCALL_DEFINE4(rt_sigprocmask)",
  perform: (kernel, task, { how, old, set, setBytes }) => {
    if (setBytes !== SIGSET_BYTES) return failed("EINVAL")
    const memory = kernel.memory(task)
    const before = task.blockedSignals
    if (set !== 0) {
      const given = memory.read64(set)
      if (given === undefined) return failed("EFAULT")
      const wanted = given & ~UNBLOCKABLE
      const mask = how === SIG_BLOCK ? before | wanted : how === SIG_UNBLOCK ? before & ~wanted : how === SIG_SETMASK ? wanted : undefined
      if (mask === undefined) return failed("EINVAL")
      if (mask !== before) kernel.emit({ _tag: "SignalMaskSet", task: task.id, mask })
    }
    return old === 0 || memory.write64(old, before) ? returned() : failed("EFAULT")
  }
})

export const rtSigpending = defineSyscall({
  name: "rt_sigpending",
  parameters: { set: "address", setBytes: "size" },
  summary: "the blocked signals that have been sent",
  support: "full",
  errors: ["EINVAL", "EFAULT"],
  source: "sigpending(2); Linux kernel/signal.c SYSCALL_DEFINE2(rt_sigpending)",
  perform: (kernel, task, { set, setBytes }) => {
    if (setBytes > SIGSET_BYTES) return failed("EINVAL")
    const bytes = new Uint8Array(SIGSET_BYTES)
    viewOf(bytes).setBigUint64(0, pendingSet(kernel, task) & task.blockedSignals, true)
    return setBytes === 0 || kernel.memory(task).writeBytes(set, bytes.subarray(0, setBytes)) ? returned() : failed("EFAULT")
  }
})
