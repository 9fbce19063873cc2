/** New tasks and their words in memory. */
import { cloneFlag } from "../../linux/clone.ts"
import { type Address, TASK_SIZE } from "../../base/ids.ts"
import { createThread } from "../task.ts"
import { defineSyscall, done, failed, returned, unsupported } from "./definition.ts"

/** What makes a thread: shared memory, files and handlers, and a place in the process. */
const THREAD = cloneFlag.VM | cloneFlag.FS | cloneFlag.FILES | cloneFlag.SIGHAND | cloneFlag.THREAD
const UNDERSTOOD = THREAD | cloneFlag.SYSVSEM | cloneFlag.SETTLS | cloneFlag.PARENT_SETTID | cloneFlag.CHILD_CLEARTID
  | cloneFlag.CHILD_SETTID | cloneFlag.DETACHED | cloneFlag.PTRACE | cloneFlag.UNTRACED | 0xff

export const clone = defineSyscall({
  name: "clone",
  parameters: { flags: "u64", stack: "address", parentTid: "address", childTid: "address", tls: "u64" },
  summary: "a new task of the calling process",
  support: { partial: "threads only (VM, FS, FILES, SIGHAND, THREAD together); new processes are not modelled" },
  errors: ["EINVAL", "EPERM"],
  mayRefuse: ["EAGAIN", "ENOMEM"],
  source: "clone(2); Linux kernel/fork.c copy_process, arch/x86/kernel/process.c copy_thread",
  perform: (kernel, task, { childTid, flags, parentTid, stack, tls }) => {
    const has = (flag: number) => (flags & BigInt(flag)) !== 0n
    if (has(cloneFlag.FS) && (has(cloneFlag.NEWNS) || has(cloneFlag.NEWUSER))) return failed("EINVAL")
    if (has(cloneFlag.THREAD) && !has(cloneFlag.SIGHAND)) return failed("EINVAL")
    if (has(cloneFlag.SIGHAND) && !has(cloneFlag.VM)) return failed("EINVAL")
    if (has(cloneFlag.THREAD) && (has(cloneFlag.NEWUSER) || has(cloneFlag.NEWPID))) return failed("EINVAL")
    if (!has(cloneFlag.THREAD)) return unsupported("clone without CLONE_THREAD makes a process, which is not modelled")
    if ((flags & BigInt(THREAD)) !== BigInt(THREAD)) return unsupported("a thread without its process's files or directory is not modelled")
    const strange = flags & ~BigInt(UNDERSTOOD)
    if (strange !== 0n) return unsupported(`clone flags 0x${strange.toString(16)} are not modelled`)
    if (has(cloneFlag.SETTLS) && tls >= BigInt(TASK_SIZE)) return failed("EPERM")

    const child = createThread(kernel, task, {
      stack, threadPointer: has(cloneFlag.SETTLS) ? tls : undefined, clearChildTid: has(cloneFlag.CHILD_CLEARTID) ? childTid : 0
    })
    if (child === undefined) return done
    const { tid } = kernel.current(child)
    // Neither word need be writable. Source: Linux kernel/fork.c kernel_clone, kernel/sched/core.c schedule_tail
    if (has(cloneFlag.PARENT_SETTID)) kernel.memory(task).write32(parentTid, tid)
    if (has(cloneFlag.CHILD_SETTID)) kernel.memory(task).write32(childTid, tid)
    return returned(tid)
  }
})

export const clone3 = defineSyscall({
  name: "clone3",
  parameters: { arguments: "address", sizeBytes: "size" },
  summary: "as clone, from a struct",
  support: { partial: "not there, as before Linux 5.3: a C library then uses clone" },
  errors: ["ENOSYS"],
  source: "clone3(2), VERSIONS",
  perform: () => failed("ENOSYS")
})

export const setTidAddress = defineSyscall({
  name: "set_tid_address",
  parameters: { at: "address" },
  summary: "the word that is cleared, and whose waiter is woken, when the calling task ends",
  support: "full",
  errors: [],
  source: "set_tid_address(2); Linux kernel/fork.c SYSCALL_DEFINE1(set_tid_address)",
  perform: (kernel, task, { at }) => {
    kernel.emit({ _tag: "ClearChildTidSet", task: task.id, at: boundedAddress(at) })
    return returned(task.tid)
  }
})

/** An event holds addresses that a double holds; no word lies beyond. */
const boundedAddress = (at: Address): Address => Math.min(at, Number.MAX_SAFE_INTEGER)
