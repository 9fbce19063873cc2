/** Limits, as a process sees them. Ours (`--max-memory` and the like) end the run instead. */
import { viewOf } from "../../base/bytes.ts"
import type { Kernel } from "../kernel.ts"
import { PENDING_COUNT_MAX } from "../signal.ts"
import { type CallResult, defineSyscall, failed, returned, unsupported } from "./definition.ts"
import { targetOf } from "./scheduling.ts"

const INFINITY = 2n ** 64n - 1n
const MIB = 2n ** 20n
const UNLIMITED = [INFINITY, INFINITY] as const

/** Soft and hard, by number. Source: getrlimit(2); Linux include/asm-generic/resource.h */
const limitsOf = (kernel: Kernel): ReadonlyArray<readonly [soft: bigint, hard: bigint]> => [
  UNLIMITED, UNLIMITED, UNLIMITED, // CPU, FSIZE, DATA
  [8n * MIB, INFINITY], [0n, INFINITY], UNLIMITED, // STACK, CORE, RSS
  [BigInt(kernel.limits.maxTasks), BigInt(kernel.limits.maxTasks)], // NPROC
  [1024n, MIB], // NOFILE
  [8n * MIB, 8n * MIB], UNLIMITED, UNLIMITED, // MEMLOCK, AS, LOCKS
  [BigInt(PENDING_COUNT_MAX), BigInt(PENDING_COUNT_MAX)], // SIGPENDING
  [819_200n, 819_200n], [0n, 0n], [0n, 0n], UNLIMITED // MSGQUEUE, NICE, RTPRIO, RTTIME
]

const RLIMIT_BYTES = 16

const limitBytes = (kernel: Kernel, resource: number): Uint8Array | undefined => {
  const limit = limitsOf(kernel)[resource]
  if (limit === undefined) return undefined
  const bytes = new Uint8Array(RLIMIT_BYTES)
  viewOf(bytes).setBigUint64(0, limit[0], true)
  viewOf(bytes).setBigUint64(8, limit[1], true)
  return bytes
}

const cannotSet = (): CallResult => unsupported("setting a resource limit is not modelled")

export const prlimit64 = defineSyscall({
  name: "prlimit64",
  parameters: { tid: "i32", resource: "u32", value: "address", old: "address" },
  summary: "a limit on resources",
  support: { partial: "tells, sets none; only RLIMIT_SIGPENDING is enforced" },
  errors: ["EFAULT", "ESRCH", "EINVAL"],
  source: "prlimit(2); Linux kernel/sys.c SYSCALL_DEFINE4(prlimit64)",
  perform: (kernel, task, { old, resource, tid, value }) => {
    const memory = kernel.memory(task)
    if (value !== 0 && memory.readBytes(value, RLIMIT_BYTES) === undefined) return failed("EFAULT")
    if (targetOf(kernel, task, tid) === undefined) return failed("ESRCH")
    const bytes = limitBytes(kernel, resource)
    if (bytes === undefined) return failed("EINVAL")
    if (value !== 0) return cannotSet()
    return old === 0 || memory.writeBytes(old, bytes) ? returned() : failed("EFAULT")
  }
})

export const getrlimit = defineSyscall({
  name: "getrlimit",
  parameters: { resource: "u32", to: "address" },
  summary: "a limit on resources",
  support: { partial: "only RLIMIT_SIGPENDING is enforced" },
  errors: ["EINVAL", "EFAULT"],
  source: "getrlimit(2); Linux kernel/sys.c SYSCALL_DEFINE2(getrlimit)",
  perform: (kernel, task, { resource, to }) => {
    const bytes = limitBytes(kernel, resource)
    if (bytes === undefined) return failed("EINVAL")
    return kernel.memory(task).writeBytes(to, bytes) ? returned() : failed("EFAULT")
  }
})
