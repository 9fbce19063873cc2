/** rseq(2): a task names the area in which the kernel keeps it told, and from which it learns of critical sections. */
import { type Address, isUserRange } from "../../../base/ids.ts"
import {
  RSEQ_CPU_ID_UNINITIALIZED, RSEQ_FLAG_UNREGISTER, RSEQ_MM_CID_FEATURE_BYTES, RSEQ_ORIGINAL_BYTES, rseqArea
} from "../../../linux/rseq.ts"
import type { UserMemory } from "../../../machine/machine.ts"
import { defineSyscall, failed, returned } from "../../syscall/definition.ts"
import type { Kept } from "../definition.ts"
import type { Task } from "../../state.ts"
import type { Generation } from "./generation.ts"

/** What is kept of a registered task. */
export type Registration = {
  readonly area: Address
  readonly areaBytes: number
  readonly signature: number
  /** `rseqEvent` bits since the last fixup. */
  readonly events: number
  /** 1: there is work to do before the next instruction in user mode. */
  readonly isDue: number
  /** Its mm_cid plus 1, while it has a CPU; 0: none. */
  readonly cidPlusOne: number
}

export const hasIds = ({ featureBytes }: Generation): boolean => featureBytes >= RSEQ_MM_CID_FEATURE_BYTES

/** The fields the kernel writes, on return to user mode and when they are taken back. False where one is not writable. */
export const writeIds = (generation: Generation, memory: UserMemory, area: Address, cpuIdStart: number, cpuId: number, mmCid: number): boolean =>
  memory.write32(area + rseqArea.cpuIdStart, cpuIdStart) &&
  memory.write32(area + rseqArea.cpuId, cpuId) &&
  // One node has all CPUs.
  (!hasIds(generation) || (memory.write32(area + rseqArea.nodeId, 0) && memory.write32(area + rseqArea.mmCid, mmCid)))

const isAreaLength = (generation: Generation, areaBytes: number): boolean =>
  hasIds(generation) ? areaBytes >= Math.max(RSEQ_ORIGINAL_BYTES, generation.featureBytes) : areaBytes === RSEQ_ORIGINAL_BYTES

/** False where the area cannot be read, or its descriptor not be cleared. */
const clearDescriptor = (memory: UserMemory, area: Address): boolean => {
  const descriptor = memory.read64(area + rseqArea.rseqCs)
  return descriptor !== undefined && (descriptor === 0n || memory.write64(area + rseqArea.rseqCs, 0n))
}

export const rseqCall = (generation: Generation, kept: Kept<Task, Registration>) => defineSyscall({
  name: "rseq",
  // All 64 bits count: an area that is misaligned and beyond user space is misaligned first.
  parameters: { area: "u64", areaBytes: "u32", flags: "i32", signature: "u32" },
  summary: "registers the caller's area for restartable sequences, or takes it away",
  support: "full",
  errors: ["EINVAL", "EPERM", "EBUSY", "EFAULT"],
  source: `rseq(2); ${generation.source} SYSCALL_DEFINE4(rseq)`,
  perform: (kernel, task, { area: word, areaBytes, flags, signature }) => {
    const area = Number(word)
    const registered = kept.of(task)
    if ((flags & RSEQ_FLAG_UNREGISTER) !== 0) {
      if (flags !== RSEQ_FLAG_UNREGISTER && generation.refusesBitsBesideUnregister) return failed("EINVAL")
      if (registered === undefined || registered.area !== area || registered.areaBytes !== areaBytes) return failed("EINVAL")
      if (registered.signature !== signature) return failed("EPERM")
      // It stays registered if its fields cannot be taken back; the descriptor is left as it is.
      if (!writeIds(generation, kernel.memory(task), area, 0, RSEQ_CPU_ID_UNINITIALIZED, 0)) return failed("EFAULT")
      kept.set(kernel, task, undefined)
      return returned()
    }
    if (flags !== 0) return failed("EINVAL")

    // Registering twice is another mistake than registering badly: the errno says which.
    if (registered !== undefined) {
      if (registered.area !== area || registered.areaBytes !== areaBytes) return failed("EINVAL")
      return failed(registered.signature === signature ? "EBUSY" : "EPERM")
    }
    if (word % BigInt(RSEQ_ORIGINAL_BYTES) !== 0n || !isAreaLength(generation, areaBytes)) return failed("EINVAL")
    if (!isUserRange(area, areaBytes)) return failed("EFAULT")
    if (generation.clearsDescriptorAtRegistration && !clearDescriptor(kernel.memory(task), area)) return failed("EFAULT")

    // Due at once: the ids are there when the call returns. An area that is not mapped kills there.
    kept.set(kernel, task, { area, areaBytes, signature, events: 0, isDue: 1, cidPlusOne: 0 })
    return returned()
  }
})
