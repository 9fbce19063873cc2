/** Waiting for signals, handlers' stacks, and the way back from a handler. */
import { wordOf } from "../../base/bits.ts"
import { viewOf } from "../../base/bytes.ts"
import { callNumber } from "../../linux/call-number.ts"
import { ALTSTACK_BYTES, altstack, SIGSET_BYTES, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK, UNBLOCKABLE } from "../../linux/signal.ts"
import { isOnAlternateStack, setAlternateStack } from "../altstack.ts"
import { deadlineAfter, readTimespec } from "../clock.ts"
import { returnFromHandler } from "../deliver.ts"
import { nextPending, siginfoBytes, take } from "../pending.ts"
import { block } from "../wait.ts"
import { defineSyscall, done, failed, returned } from "./definition.ts"
import { RSP } from "../../x86/register.ts"

export const rtSigreturn = defineSyscall({
  name: "rt_sigreturn",
  parameters: {},
  summary: "goes back to what a signal handler interrupted",
  support: { partial: "x87, MXCSR and TF in the frame must be as they were; cs and ss are not looked at" },
  errors: [],
  source: "sigreturn(2); Linux arch/x86/kernel/signal_64.c SYSCALL_DEFINE0(rt_sigreturn)",
  perform: (kernel, task) => {
    returnFromHandler(kernel, task)
    return done
  }
})

export const rtSigsuspend = defineSyscall({
  name: "rt_sigsuspend",
  parameters: { set: "address", setBytes: "size" },
  summary: "waits for a handler to run, blocking other signals meanwhile",
  support: "full",
  errors: ["EINVAL", "EFAULT", "EINTR"],
  source: "sigsuspend(2); Linux kernel/signal.c sigsuspend",
  perform: (kernel, task, { set, setBytes }) => {
    if (setBytes !== SIGSET_BYTES) return failed("EINVAL")
    const given = kernel.memory(task).read64(set)
    if (given === undefined) return failed("EFAULT")
    const mask = given & ~UNBLOCKABLE
    kernel.emit({ _tag: "SignalMaskSwapped", task: task.id, mask })
    const now = kernel.current(task.id)
    if (nextPending(kernel, now, ~mask) !== undefined) {
      kernel.emit({ _tag: "CallInterrupted", task: task.id, call: callNumber.rt_sigsuspend, restart: "unless-handled", deadline: 0, data: [] })
      return failed("EINTR")
    }
    return block(kernel, now, { on: "any-signal", key: "", call: callNumber.rt_sigsuspend, restart: "unless-handled" })
  }
})

export const pause = defineSyscall({
  name: "pause",
  parameters: {},
  summary: "waits for a handler to run",
  support: "full",
  errors: ["EINTR"],
  source: "pause(2); Linux kernel/signal.c SYSCALL_DEFINE0(pause)",
  perform: (kernel, task) => block(kernel, task, { on: "any-signal", key: "", call: callNumber.pause, restart: "unless-handled" })
})

export const rtSigtimedwait = defineSyscall({
  name: "rt_sigtimedwait",
  parameters: { set: "address", siginfo: "address", timeout: "address", setBytes: "size" },
  summary: "takes a pending signal of a set, or waits for one",
  support: "full",
  errors: ["EINVAL", "EFAULT", "EAGAIN", "EINTR"],
  source: "sigtimedwait(2); Linux kernel/signal.c SYSCALL_DEFINE4(rt_sigtimedwait), do_sigtimedwait",
  perform: (kernel, task, { set, setBytes, siginfo, timeout }) => {
    if (setBytes !== SIGSET_BYTES) return failed("EINVAL")
    const memory = kernel.memory(task)
    const given = memory.read64(set)
    if (given === undefined) return failed("EFAULT")
    const time = timeout === 0 ? undefined : readTimespec(memory, timeout)
    if (time === "fault") return failed("EFAULT")
    if (time === "invalid") return failed("EINVAL")
    const wanted = given & ~UNBLOCKABLE
    const found = nextPending(kernel, task, wanted)
    if (found !== undefined) {
      const overrunCount = take(kernel, task, found)
      const isTold = siginfo === 0 || memory.writeBytes(siginfo, siginfoBytes(found.sent, overrunCount))
      return isTold ? returned(found.sent.signal) : failed("EFAULT")
    }
    if (time === 0n) return failed("EAGAIN")
    return block(kernel, task, {
      on: "signal", key: "", call: callNumber.rt_sigtimedwait, restart: "fails", data: [wanted, wordOf(siginfo)],
      deadline: time === undefined ? 0 : deadlineAfter(kernel, time)
    })
  }
})

export const sigaltstack = defineSyscall({
  name: "sigaltstack",
  parameters: { stack: "address", old: "address" },
  summary: "where handlers with SA_ONSTACK run",
  support: "full",
  errors: ["EFAULT", "EPERM", "EINVAL", "ENOMEM"],
  source: "sigaltstack(2); Linux kernel/signal.c do_sigaltstack",
  perform: (kernel, task, { old, stack }) => {
    const memory = kernel.memory(task)
    const bytes = stack === 0 ? undefined : memory.readBytes(stack, ALTSTACK_BYTES)
    if (stack !== 0 && bytes === undefined) return failed("EFAULT")
    const sp = kernel.registers(task).number(RSP)
    if (bytes !== undefined) {
      const view = viewOf(bytes)
      const error = setAlternateStack(kernel, task, {
        start: Number(view.getBigUint64(altstack.start, true)), flags: view.getUint32(altstack.flags, true),
        sizeBytes: Number(view.getBigUint64(altstack.sizeBytes, true))
      }, sp)
      if (error !== undefined) return failed(error)
    }
    if (old === 0) return returned()
    const { flags, sizeBytes, start } = task.alternateStack
    const state = sizeBytes === 0 ? SS_DISABLE : isOnAlternateStack(task, sp) ? SS_ONSTACK : 0
    const told = new Uint8Array(ALTSTACK_BYTES)
    const view = viewOf(told)
    view.setBigUint64(altstack.start, wordOf(start), true)
    view.setUint32(altstack.flags, (state | (flags & SS_AUTODISARM)) >>> 0, true)
    view.setBigUint64(altstack.sizeBytes, wordOf(sizeBytes), true)
    return memory.writeBytes(old, told) ? returned() : failed("EFAULT")
  }
})
