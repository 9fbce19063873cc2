/** membarrier(2): commands and flags. Source: Linux include/uapi/linux/membarrier.h */
import { callNumber } from "./call-number.ts"

export const SYS_MEMBARRIER = callNumber.membarrier

export const membarrierCommand = {
  QUERY: 0,
  GLOBAL: 1,
  GLOBAL_EXPEDITED: 2,
  REGISTER_GLOBAL_EXPEDITED: 4,
  PRIVATE_EXPEDITED: 8,
  REGISTER_PRIVATE_EXPEDITED: 16,
  PRIVATE_EXPEDITED_SYNC_CORE: 32,
  REGISTER_PRIVATE_EXPEDITED_SYNC_CORE: 64,
  PRIVATE_EXPEDITED_RSEQ: 128,
  REGISTER_PRIVATE_EXPEDITED_RSEQ: 256,
  GET_REGISTRATIONS: 512
} as const

/** `flags`: only the CPU `cpu_id`. */
export const MEMBARRIER_CMD_FLAG_CPU = 1
