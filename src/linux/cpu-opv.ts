/**
 * cpu_opv as of the v12 era (November 2017): never merged.
 *
 * Source: cpu_opv v12 series, include/uapi/linux/cpu_opv.h
 */

/** The number of the last trees that had it; since then the number has got another meaning. */
export const SYS_CPU_OPV = 335

/** `struct cpu_op`: 32 bytes. `a` is the first pointer, `b` the second or the operand of arithmetic. */
export const cpuOp = { op: 0, length: 4, a: 8, b: 16, expectFaultA: 24, expectFaultB: 25, shiftExpectFault: 20 } as const
export const CPU_OP_BYTES = 32

/** Operations, by their numbers. */
export const cpuOpNames = ["COMPARE_EQ", "COMPARE_NE", "MEMCPY", "ADD", "OR", "AND", "XOR", "LSHIFT", "RSHIFT", "MB"] as const
export type CpuOpName = (typeof cpuOpNames)[number]

export const CPU_OP_VEC_LEN_MAX = 16
/** Bytes of one comparison or copy. */
export const CPU_OP_DATA_LEN_MAX = 4096
export const CPU_OP_ARG_LEN_MAX = 8
/** Bytes of all operations together, MB left out. */
export const CPU_OP_VEC_DATA_LEN_MAX = CPU_OP_DATA_LEN_MAX + (CPU_OP_VEC_LEN_MAX - 1) * CPU_OP_ARG_LEN_MAX
