/**
 * The operators of `value.ts`: how Wasm spells each, and what it means on BigInts.
 *
 * Meanings take and give unsigned numbers in the bits of their type. Source: WebAssembly Core 2.0, 5.4 and 4.3.
 */
import { assert } from "../base/assert.ts"
import { s64, u64 } from "../base/bits.ts"

export interface Operator {
  readonly result: "i32" | "i64" | "v128"
  /** The instruction's bytes, immediates included. */
  readonly opcode: ReadonlyArray<number>
  readonly fold: (...operands: ReadonlyArray<bigint>) => bigint
}

type Unary = (a: bigint) => bigint
type Binary = (a: bigint, b: bigint) => bigint

const u32 = (value: bigint): bigint => BigInt.asUintN(32, value)
const s32 = (value: bigint): bigint => BigInt.asIntN(32, value)
const truth = (value: boolean): bigint => (value ? 1n : 0n)

const i32 = (opcode: number, fold: Unary | Binary): Operator => ({ result: "i32", opcode: [opcode], fold: fold as Operator["fold"] })
const i64 = (opcode: number, fold: Unary | Binary): Operator => ({ result: "i64", opcode: [opcode], fold: fold as Operator["fold"] })

/** Vector instructions are a prefix and a number in LEB128. */
const simd = (number: number, ...immediates: ReadonlyArray<number>): ReadonlyArray<number> =>
  number < 128 ? [0xfd, number, ...immediates] : [0xfd, (number & 127) | 128, number >> 7, ...immediates]

const v128 = (number: number, fold: Unary | Binary): Operator => ({ result: "v128", opcode: simd(number), fold: fold as Operator["fold"] })

const popcount = (value: bigint): bigint => {
  let count = 0n
  for (let rest = value; rest !== 0n; rest &= rest - 1n) count++
  return count
}

const leadingZeros = (value: bigint): bigint => {
  let zeros = 64n
  for (let rest = value; rest !== 0n; rest >>= 1n) zeros--
  return zeros
}

/** The lowest set bit is 2^n; below it are n zeros. */
const trailingZeros = (value: bigint): bigint => (value === 0n ? 64n : 63n - leadingZeros(value & -value))

const divisor = (value: bigint): bigint => {
  assert(value !== 0n, "a row has refused a zero divisor before it divides")
  return value
}

// ---- lanes

const laneOf = (value: bigint, lane: number, bits: number): bigint => BigInt.asUintN(bits, value >> BigInt(lane * bits))

const fromLanes = (count: number, bits: number, lane: (index: number) => bigint): bigint => {
  let whole = 0n
  for (let index = 0; index < count; index++) whole |= BigInt.asUintN(bits, lane(index)) << BigInt(index * bits)
  return whole
}

const lanewise = (bits: number, f: Binary): Binary => (a, b) =>
  fromLanes(128 / bits, bits, (lane) => f(laneOf(a, lane, bits), laneOf(b, lane, bits)))

const signedLanes = (bits: number, f: Binary): Binary =>
  lanewise(bits, (a, b) => f(BigInt.asIntN(bits, a), BigInt.asIntN(bits, b)))

/** All ones where true. */
const comparison = (bits: number, f: (a: bigint, b: bigint) => boolean): Binary => signedLanes(bits, (a, b) => (f(a, b) ? -1n : 0n))

const clamp = (low: bigint, high: bigint) => (value: bigint): bigint => (value < low ? low : value > high ? high : value)
const toSigned = (bits: number) => clamp(-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n)
const toUnsigned = (bits: number) => clamp(0n, (1n << BigInt(bits)) - 1n)

const min: Binary = (a, b) => (a < b ? a : b)
const max: Binary = (a, b) => (a > b ? a : b)
const add: Binary = (a, b) => a + b
const sub: Binary = (a, b) => a - b
const mul: Binary = (a, b) => a * b
/** Rounded up, in one more bit. */
const average: Binary = (a, b) => (a + b + 1n) >> 1n

const laneShift = (bits: number, f: Binary): Binary => (a, by) => {
  const count = by % BigInt(bits)
  return fromLanes(128 / bits, bits, (lane) => f(laneOf(a, lane, bits), count))
}

const left: Binary = (a, by) => a << by
const right: Binary = (a, by) => a >> by
const rightSigned = (bits: number): Binary => (a, by) => BigInt.asIntN(bits, a) >> by

/** Both vectors' lanes, half as wide, the first vector's lowest. */
const narrow = (bits: number, saturate: (value: bigint) => bigint): Binary => (a, b) =>
  fromLanes(256 / bits, bits / 2, (lane) => {
    const count = 128 / bits
    return saturate(BigInt.asIntN(bits, lane < count ? laneOf(a, lane, bits) : laneOf(b, lane - count, bits)))
  })

const bitmask = (number: number, bits: number): Operator => ({
  result: "i32",
  opcode: simd(number),
  fold: (a = 0n) => fromLanes(128 / bits, 1, (lane) => laneOf(a, lane, bits) >> BigInt(bits - 1))
})

/** Bytes of a then b, by number. Source: Wasm i8x16.shuffle. */
const shuffle = (bytes: ReadonlyArray<number>): Operator => ({
  result: "v128",
  opcode: simd(13, ...bytes),
  fold: (a = 0n, b = 0n) => {
    const both = a | (b << 128n)
    return fromLanes(16, 8, (index) => laneOf(both, bytes[index] ?? 0, 8))
  }
})

/** Lanes of `bits` of both vectors' lower or upper halves, alternating. */
const interleave = (bits: number, half: "low" | "high"): Operator => {
  const laneBytes = bits / 8
  const from = half === "low" ? 0 : 8
  return shuffle(Array.from({ length: 16 }, (_, index) => {
    const lane = Math.floor(index / laneBytes)
    return from + Math.floor(lane / 2) * laneBytes + (index % laneBytes) + (lane % 2) * 16
  }))
}

/** Indices of 16 and more give zero. */
const swizzle: Binary = (a, indices) =>
  fromLanes(16, 8, (lane) => {
    const index = Number(laneOf(indices, lane, 8))
    return index < 16 ? laneOf(a, index, 8) : 0n
  })

/** Products of neighbouring signed 16-bit lanes, added in pairs. */
const dot: Binary = (a, b) =>
  fromLanes(4, 32, (lane) => {
    const product = (index: number): bigint => BigInt.asIntN(16, laneOf(a, index, 16)) * BigInt.asIntN(16, laneOf(b, index, 16))
    return product(2 * lane) + product(2 * lane + 1)
  })

export const operators = {
  "i32.eqz": i32(0x45, (a: bigint) => truth(a === 0n)),
  "i32.eq": i32(0x46, (a, b) => truth(a === b)),
  "i32.ne": i32(0x47, (a, b) => truth(a !== b)),
  "i32.ltS": i32(0x48, (a, b) => truth(s32(a) < s32(b))),
  "i32.ltU": i32(0x49, (a, b) => truth(a < b)),
  "i32.popcnt": i32(0x69, popcount),
  "i32.add": i32(0x6a, (a, b) => u32(a + b)),
  "i32.sub": i32(0x6b, (a, b) => u32(a - b)),
  "i32.and": i32(0x71, (a, b) => a & b),
  "i32.or": i32(0x72, (a, b) => a | b),
  "i32.xor": i32(0x73, (a, b) => a ^ b),
  "i32.shl": i32(0x74, (a, b) => u32(a << (b & 31n))),
  "i32.shrU": i32(0x76, (a, b) => a >> (b & 31n)),
  "i32.wrap": i32(0xa7, u32),

  "i64.eqz": i32(0x50, (a: bigint) => truth(a === 0n)),
  "i64.eq": i32(0x51, (a, b) => truth(a === b)),
  "i64.ne": i32(0x52, (a, b) => truth(a !== b)),
  "i64.ltS": i32(0x53, (a, b) => truth(s64(a) < s64(b))),
  "i64.ltU": i32(0x54, (a, b) => truth(a < b)),
  "i64.gtU": i32(0x56, (a, b) => truth(a > b)),
  "i64.geU": i32(0x5a, (a, b) => truth(a >= b)),
  "i64.clz": i64(0x79, leadingZeros),
  "i64.ctz": i64(0x7a, trailingZeros),
  "i64.add": i64(0x7c, (a, b) => u64(a + b)),
  "i64.sub": i64(0x7d, (a, b) => u64(a - b)),
  "i64.mul": i64(0x7e, (a, b) => u64(a * b)),
  "i64.divS": i64(0x7f, (a, b) => u64(s64(a) / divisor(s64(b)))),
  "i64.divU": i64(0x80, (a, b) => a / divisor(b)),
  "i64.remS": i64(0x81, (a, b) => u64(s64(a) % divisor(s64(b)))),
  "i64.remU": i64(0x82, (a, b) => a % divisor(b)),
  "i64.and": i64(0x83, (a, b) => a & b),
  "i64.or": i64(0x84, (a, b) => a | b),
  "i64.xor": i64(0x85, (a, b) => a ^ b),
  "i64.shl": i64(0x86, (a, b) => u64(a << (b & 63n))),
  "i64.shrS": i64(0x87, (a, b) => u64(s64(a) >> (b & 63n))),
  "i64.shrU": i64(0x88, (a, b) => a >> (b & 63n)),
  "i64.extendU": i64(0xad, (a: bigint) => a),
  "i64.extend8": i64(0xc2, (a: bigint) => u64(BigInt.asIntN(8, a))),
  "i64.extend16": i64(0xc3, (a: bigint) => u64(BigInt.asIntN(16, a))),
  "i64.extend32": i64(0xc4, (a: bigint) => u64(BigInt.asIntN(32, a))),

  "i8x16.splat": v128(15, (a: bigint) => fromLanes(16, 8, () => a)),
  "i64x2.splat": v128(18, (a: bigint) => a | (a << 64n)),
  "i64x2.low": { result: "i64", opcode: simd(29, 0), fold: (a = 0n) => u64(a) },
  "i64x2.high": { result: "i64", opcode: simd(29, 1), fold: (a = 0n) => a >> 64n },
  "i64x2.withLow": { result: "v128", opcode: simd(30, 0), fold: (a = 0n, b = 0n) => ((a >> 64n) << 64n) | b },
  "i64x2.withHigh": { result: "v128", opcode: simd(30, 1), fold: (a = 0n, b = 0n) => u64(a) | (b << 64n) },
  "i8x16.bitmask": bitmask(100, 8),
  "i32x4.bitmask": bitmask(164, 32),
  "i64x2.bitmask": bitmask(196, 64),

  "v128.and": v128(78, (a, b) => a & b),
  /** a & ~b */
  "v128.andnot": v128(79, (a, b) => a & ~b),
  "v128.or": v128(80, (a, b) => a | b),
  "v128.xor": v128(81, (a, b) => a ^ b),

  "i8x16.swizzle": v128(14, swizzle),
  "i8x16.lowHalves": interleave(8, "low"),
  "i8x16.highHalves": interleave(8, "high"),
  "i16x8.lowHalves": interleave(16, "low"),
  "i16x8.highHalves": interleave(16, "high"),
  "i32x4.lowHalves": interleave(32, "low"),
  "i32x4.highHalves": interleave(32, "high"),
  "i64x2.lowHalves": interleave(64, "low"),
  "i64x2.highHalves": interleave(64, "high"),

  "i8x16.eq": v128(35, comparison(8, (a, b) => a === b)),
  "i8x16.gtS": v128(39, comparison(8, (a, b) => a > b)),
  "i16x8.eq": v128(45, comparison(16, (a, b) => a === b)),
  "i16x8.gtS": v128(49, comparison(16, (a, b) => a > b)),
  "i32x4.eq": v128(55, comparison(32, (a, b) => a === b)),
  "i32x4.gtS": v128(59, comparison(32, (a, b) => a > b)),

  "i8x16.narrowS": v128(101, narrow(16, toSigned(8))),
  "i8x16.narrowU": v128(102, narrow(16, toUnsigned(8))),
  "i16x8.narrowS": v128(133, narrow(32, toSigned(16))),

  "i8x16.add": v128(110, lanewise(8, add)),
  "i8x16.addSatS": v128(111, signedLanes(8, (a, b) => toSigned(8)(a + b))),
  "i8x16.addSatU": v128(112, lanewise(8, (a, b) => toUnsigned(8)(a + b))),
  "i8x16.sub": v128(113, lanewise(8, sub)),
  "i8x16.subSatS": v128(114, signedLanes(8, (a, b) => toSigned(8)(a - b))),
  "i8x16.subSatU": v128(115, lanewise(8, (a, b) => toUnsigned(8)(a - b))),
  "i8x16.minU": v128(119, lanewise(8, min)),
  "i8x16.maxU": v128(121, lanewise(8, max)),
  "i8x16.averageU": v128(123, lanewise(8, average)),

  "i16x8.shl": v128(139, laneShift(16, left)),
  "i16x8.shrS": v128(140, laneShift(16, rightSigned(16))),
  "i16x8.shrU": v128(141, laneShift(16, right)),
  "i16x8.add": v128(142, lanewise(16, add)),
  "i16x8.addSatS": v128(143, signedLanes(16, (a, b) => toSigned(16)(a + b))),
  "i16x8.addSatU": v128(144, lanewise(16, (a, b) => toUnsigned(16)(a + b))),
  "i16x8.sub": v128(145, lanewise(16, sub)),
  "i16x8.subSatS": v128(146, signedLanes(16, (a, b) => toSigned(16)(a - b))),
  "i16x8.subSatU": v128(147, lanewise(16, (a, b) => toUnsigned(16)(a - b))),
  "i16x8.mul": v128(149, lanewise(16, mul)),
  "i16x8.minS": v128(150, signedLanes(16, min)),
  "i16x8.maxS": v128(152, signedLanes(16, max)),
  "i16x8.averageU": v128(155, lanewise(16, average)),

  "i32x4.shl": v128(171, laneShift(32, left)),
  "i32x4.shrS": v128(172, laneShift(32, rightSigned(32))),
  "i32x4.shrU": v128(173, laneShift(32, right)),
  "i32x4.add": v128(174, lanewise(32, add)),
  "i32x4.sub": v128(177, lanewise(32, sub)),
  "i32x4.dotS": v128(186, dot),

  "i64x2.shl": v128(203, laneShift(64, left)),
  "i64x2.shrU": v128(205, laneShift(64, right)),
  "i64x2.add": v128(206, lanewise(64, add)),
  "i64x2.sub": v128(209, lanewise(64, sub)),
  "i64x2.mul": v128(213, lanewise(64, mul))
} as const satisfies Record<string, Operator>

export type OperatorName = keyof typeof operators
