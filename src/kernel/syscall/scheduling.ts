/** Giving up the CPU, and which CPUs a task may use. */
import type { CpuId } from "../../base/ids.ts"
import { setAffinity, yieldCpu } from "../scheduler.ts"
import { cpuOf, type Task } from "../state.ts"
import type { Kernel } from "../kernel.ts"
import { defineSyscall, failed, returned } from "./definition.ts"

export const schedYield = defineSyscall({
  name: "sched_yield",
  parameters: {},
  summary: "gives the CPU to whoever waits for it",
  support: "full",
  errors: [],
  source: "sched_yield(2); Linux kernel/sched/syscalls.c do_sched_yield",
  perform: (kernel, task) => {
    if (cpuOf(kernel.state, task.cpu).queue.length > 0) yieldCpu(kernel, task)
    return returned()
  }
})

const BITS = 8
const WORD_BYTES = 8

/** Whom a tid names: 0 the caller. A leader that has ended keeps its number while others of its process live. Source: Linux kernel/pid.c, kernel/exit.c release_task */
export const targetOf = (kernel: Kernel, caller: Task, tid: number): Task | undefined =>
  tid === 0 ? caller : kernel.state.tasks.find((task) => task.tid === tid && (task.status !== "exited" || task.id === task.process))

/** Bits of a mask of CPUs: through the highest CPU there could be. */
const maskBits = (kernel: Kernel): number => Math.max(...kernel.state.cpus.map(({ id }) => id)) + 1
const maskBytes = (kernel: Kernel): number => Math.ceil(maskBits(kernel) / (WORD_BYTES * BITS)) * WORD_BYTES

const isIn = (mask: Uint8Array, cpu: CpuId): boolean => (((mask[Math.floor(cpu / BITS)] ?? 0) >> (cpu % BITS)) & 1) === 1

export const schedSetaffinity = defineSyscall({
  name: "sched_setaffinity",
  parameters: { tid: "i32", sizeBytes: "u32", mask: "address" },
  summary: "the CPUs a task may use",
  support: "full",
  errors: ["EFAULT", "ESRCH", "EINVAL"],
  source: "sched_setaffinity(2); Linux kernel/sched/syscalls.c SYSCALL_DEFINE3(sched_setaffinity), __sched_setaffinity",
  perform: (kernel, task, { mask, sizeBytes, tid }) => {
    // Of no bytes none is read.
    const bytes = sizeBytes === 0 ? new Uint8Array() : kernel.memory(task).readBytes(mask, Math.min(sizeBytes, maskBytes(kernel)))
    if (bytes === undefined) return failed("EFAULT")
    const target = targetOf(kernel, task, tid)
    if (target === undefined) return failed("ESRCH")
    const allowed = kernel.state.cpus.filter(({ id }) => isIn(bytes, id))
    // CPUs that are offline may be named, but not alone; those that are not there are overlooked.
    if (!allowed.some(({ isOnline }) => isOnline)) return failed("EINVAL")
    setAffinity(kernel, target.id, allowed.map(({ id }) => id))
    return returned()
  }
})

export const schedGetaffinity = defineSyscall({
  name: "sched_getaffinity",
  parameters: { tid: "i32", sizeBytes: "u32", mask: "address" },
  summary: "the CPUs a task may use and that are online; returns the size of the mask",
  support: "full",
  errors: ["EINVAL", "ESRCH", "EFAULT"],
  source: "sched_setaffinity(2); Linux kernel/sched/syscalls.c SYSCALL_DEFINE3(sched_getaffinity)",
  perform: (kernel, task, { mask, sizeBytes, tid }) => {
    // The kernel multiplies in 32 bits.
    if (((sizeBytes * BITS) >>> 0) < maskBits(kernel) || sizeBytes % WORD_BYTES !== 0) return failed("EINVAL")
    const target = targetOf(kernel, task, tid)
    if (target === undefined) return failed("ESRCH")
    const bytes = new Uint8Array(Math.min(sizeBytes, maskBytes(kernel)))
    for (const cpu of target.allowed) {
      const at = Math.floor(cpu / BITS)
      if (cpuOf(kernel.state, cpu).isOnline && at < bytes.length) bytes[at] = (bytes[at] ?? 0) | (1 << (cpu % BITS))
    }
    return kernel.memory(task).writeBytes(mask, bytes) ? returned(bytes.length) : failed("EFAULT")
  }
})

const NODE = 0

export const getcpu = defineSyscall({
  name: "getcpu",
  parameters: { cpu: "address", node: "address", cache: "address" },
  summary: "the CPU and the memory node the calling task runs on",
  support: { partial: "one memory node" },
  errors: ["EFAULT"],
  source: "getcpu(2); Linux kernel/sys.c SYSCALL_DEFINE3(getcpu)",
  perform: (kernel, task, { cpu, node }) => {
    const memory = kernel.memory(task)
    const isTold = cpu === 0 || memory.write32(cpu, task.cpu)
    return (node === 0 || memory.write32(node, NODE)) && isTold ? returned() : failed("EFAULT")
  }
})
