/** Rounds up to a multiple of `alignment`, a power of two or any positive number. */
export const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment

/** Rounds down to a multiple of `alignment`. */
export const alignDown = (value: number, alignment: number): number => Math.floor(value / alignment) * alignment

export const isPowerOfTwo = (value: number): boolean => value > 0 && Number.isInteger(Math.log2(value))

export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
export const s64 = (value: bigint): bigint => BigInt.asIntN(64, value)

/** The word of 64 bits that is this double: 2^64 is what the largest of them are as one. */
export const wordOf = (value: number): bigint => (value >= 2 ** 64 ? 2n ** 64n - 1n : BigInt(value))

/** `0x` and lower-case digits; the one spelling of an address in output. */
export const hex = (value: number | bigint): string => `0x${value.toString(16)}`

/** A number in groups of three digits, independent of the locale. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ",")
