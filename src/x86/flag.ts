/** The status flags, the conditions made of them, and the image of eflags. */

export type FlagName = "CF" | "PF" | "AF" | "ZF" | "SF" | "OF"

/** Where each status flag stands in eflags. Source: Intel SDM 1, 3.4.3. */
export const flagBit = { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, OF: 11 } as const satisfies Record<FlagName, number>

export const flagNames: ReadonlyArray<FlagName> = ["CF", "PF", "AF", "ZF", "SF", "OF"]

/** The six status flags in eflags. */
export const STATUS_FLAGS = 0x8d5
export const DIRECTION_FLAG = 0x400
/** Bit 1, which always reads as one, and IF, which user code cannot clear. */
export const FIXED_FLAGS = 0x202
/**
 * TF, NT, AC and ID: user code may set them, and each would change what later instructions do (single steps, alignment
 * faults) or answer (whether there is CPUID). They are not modelled.
 */
export const UNMODELLED_FLAGS = 0x100 | 0x4000 | 0x4_0000 | 0x20_0000

export type Condition = "o" | "no" | "b" | "ae" | "e" | "ne" | "be" | "a" | "s" | "ns" | "p" | "np" | "l" | "ge" | "le" | "g"

/** In the order of their encoding, so that the negation of a condition is its neighbour. */
export const conditions: ReadonlyArray<Condition> = [
  "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
]
