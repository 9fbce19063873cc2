/**
 * Restartable sequences: constants and layouts shared by user code and the kernel, as of 6.3 and later; earlier kernels know
 * the first 20 bytes of the area.
 *
 * Source: Linux include/uapi/linux/rseq.h, include/uapi/linux/auxvec.h; rseq(2) of librseq
 */
import { callNumber } from "./call-number.ts"

export const SYS_RSEQ = callNumber.rseq

/** `flags` of rseq(2). */
export const RSEQ_FLAG_UNREGISTER = 1

/** `cpu_id` of an area that no kernel writes. */
export const RSEQ_CPU_ID_UNINITIALIZED = 0xffff_ffff

/** Aux vector: the fields the kernel knows, in bytes, and how an area of another length than 32 is to be aligned. */
export const AT_RSEQ_FEATURE_SIZE = 27
export const AT_RSEQ_ALIGN = 28

/** `struct rseq`: offsets of its fields in bytes. */
export const rseqArea = {
  /** u32, written by the kernel: always the number of a possible CPU. */
  cpuIdStart: 0,
  /** u32, written by the kernel: the current CPU, or UNINITIALIZED. */
  cpuId: 4,
  /** u64: the address of the descriptor; user code sets it, the kernel clears it. */
  rseqCs: 8,
  /** u32: the user's; any bit is fatal since 6.1. */
  flags: 16,
  /** u32, written by the kernel since 6.3. */
  nodeId: 20,
  /** u32, written by the kernel since 6.3. */
  mmCid: 24
} as const

/** Length of the first `struct rseq`, and its alignment. */
export const RSEQ_ORIGINAL_BYTES = 32
/** Through `flags`: the fields of the first kernels. */
export const RSEQ_ORIGINAL_FEATURE_BYTES = 20
/** Through `mm_cid`: the fields of 6.3 to 6.19. */
export const RSEQ_MM_CID_FEATURE_BYTES = 28

/** `struct rseq_cs`: offsets of its fields in bytes. */
export const rseqDescriptor = { version: 0, flags: 4, startIp: 8, postCommitOffset: 16, abortIp: 24 } as const
export const RSEQ_DESCRIPTOR_BYTES = 32

/** The signature stands in the 4 bytes before `abort_ip`. */
export const RSEQ_SIGNATURE_BYTES = 4
/** What user libraries on x86 register as signature. */
export const RSEQ_SIG = 0x5305_3053

/** What has happened to a task since its last fixup. The same bits, in `flags`, once asked the kernel to overlook an event. */
export const rseqEvent = { PREEMPT: 1, SIGNAL: 2, MIGRATE: 4 } as const
