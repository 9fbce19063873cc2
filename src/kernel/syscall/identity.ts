/** Who the calling task is. */
import type { CallName } from "../../linux/call-number.ts"
import type { Kernel } from "../kernel.ts"
import type { Task } from "../state.ts"
import { defineSyscall, failed, returned } from "./definition.ts"
import { pidOf } from "./kill.ts"

/** Whoever started the first process, seen from it. */
const PARENT_PID = 1
/** The superuser and its group: nothing here is forbidden to a user. */
const ROOT = 0

const telling = <const Name extends CallName>(name: Name, summary: string, source: string, told: (kernel: Kernel, task: Task) => number) =>
  defineSyscall({
    name, parameters: {}, summary, support: "full", errors: [], source, perform: (kernel, task) => returned(told(kernel, task))
  })

export const gettid = telling("gettid", "the calling task's number", "gettid(2)", (_kernel, task) => task.tid)
export const getpid = telling("getpid", "the calling process's number", "getpid(2)", pidOf)
export const getppid = telling("getppid", "the number of the process's parent: 1", "getpid(2)", () => PARENT_PID)
export const getpgrp = telling("getpgrp", "the process's group: its own", "getpgid(2)", pidOf)
export const getuid = telling("getuid", "the user: root", "getuid(2)", () => ROOT)
export const geteuid = telling("geteuid", "the effective user: root", "getuid(2)", () => ROOT)
export const getgid = telling("getgid", "the group: root", "getgid(2)", () => ROOT)
export const getegid = telling("getegid", "the effective group: root", "getgid(2)", () => ROOT)

const UTS_FIELD_BYTES = 65
/** sysname, nodename, release, version, machine, domainname. */
const uts = ["Linux", "rseqlab", "6.12.0", "#1 SMP PREEMPT_DYNAMIC", "x86_64", "(none)"]

export const uname = defineSyscall({
  name: "uname",
  parameters: { at: "address" },
  summary: "the name and version of the kernel",
  support: "full",
  errors: ["EFAULT"],
  source: "uname(2); Linux kernel/sys.c SYSCALL_DEFINE1(newuname)",
  perform: (kernel, task, { at }) => {
    const bytes = new Uint8Array(UTS_FIELD_BYTES * uts.length)
    for (const [index, text] of uts.entries()) bytes.set(new TextEncoder().encode(text), index * UTS_FIELD_BYTES)
    return kernel.memory(task).writeBytes(at, bytes) ? returned() : failed("EFAULT")
  }
})
