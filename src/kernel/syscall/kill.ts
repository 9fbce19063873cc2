/** Sending signals. */
import type { Errno } from "../../linux/errno.ts"
import { SI_TKILL, SI_USER } from "../../linux/siginfo.ts"
import { SIGNAL_MAX, SIGRTMIN } from "../../linux/signal.ts"
import type { Kernel } from "../kernel.ts"
import { isPendingFull, send } from "../signal.ts"
import type { Task } from "../state.ts"
import { type CallResult, defineSyscall, done, failed, returned } from "./definition.ts"
import { targetOf } from "./scheduling.ts"

/** The process's pid: the tid of its leader. */
export const pidOf = (kernel: Kernel, task: Task): number => kernel.current(task.process).tid

const isSignal = (signal: number): boolean => signal >= 0 && signal <= SIGNAL_MAX

/** The sender may have died of it. */
const afterSending = (kernel: Kernel, sender: Task): CallResult =>
  kernel.current(sender.id).status === "exited" ? done : returned()

export const kill = defineSyscall({
  name: "kill",
  parameters: { pid: "i32", signal: "i32" },
  summary: "sends a signal to a process",
  support: { partial: "there is one process, and it is its own group" },
  errors: ["ESRCH", "EINVAL"],
  source: "kill(2); Linux kernel/signal.c kill_something_info, check_kill_permission",
  perform: (kernel, task, { pid, signal }) => {
    const own = pidOf(kernel, task)
    // -1 is everybody else, and there is nobody.
    if (pid !== 0 && pid !== own && pid !== -own) return failed("ESRCH")
    if (!isSignal(signal)) return failed("EINVAL")
    if (signal !== 0) send(kernel, task.process, { signal, code: SI_USER, senderTid: own, address: 0n }, true)
    return afterSending(kernel, task)
  }
})

const sendToTask = (kernel: Kernel, sender: Task, tid: number, signal: number): CallResult => {
  const target = targetOf(kernel, sender, tid)
  const error: Errno | undefined = target === undefined ? "ESRCH" : !isSignal(signal) ? "EINVAL" : undefined
  if (target === undefined || error !== undefined) return failed(error ?? "ESRCH")
  if (signal >= SIGRTMIN && isPendingFull(kernel, target, false)) return failed("EAGAIN")
  if (signal !== 0) send(kernel, target.id, { signal, code: SI_TKILL, senderTid: pidOf(kernel, sender), address: 0n }, false)
  return afterSending(kernel, sender)
}

export const tkill = defineSyscall({
  name: "tkill",
  parameters: { tid: "i32", signal: "i32" },
  summary: "sends a signal to a task",
  support: "full",
  errors: ["EINVAL", "ESRCH", "EAGAIN"],
  source: "tkill(2); Linux kernel/signal.c SYSCALL_DEFINE2(tkill), do_send_specific",
  perform: (kernel, task, { signal, tid }) => (tid <= 0 ? failed("EINVAL") : sendToTask(kernel, task, tid, signal))
})

export const tgkill = defineSyscall({
  name: "tgkill",
  parameters: { pid: "i32", tid: "i32", signal: "i32" },
  summary: "sends a signal to a task of a process",
  support: "full",
  errors: ["EINVAL", "ESRCH", "EAGAIN"],
  source: "tgkill(2); Linux kernel/signal.c SYSCALL_DEFINE3(tgkill), do_send_specific",
  perform: (kernel, task, { pid, signal, tid }) =>
    pid <= 0 || tid <= 0 ? failed("EINVAL") : pid !== pidOf(kernel, task) ? failed("ESRCH") : sendToTask(kernel, task, tid, signal)
})
