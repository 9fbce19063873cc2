/** Integer arithmetic on vectors, and the bitwise part of SSE and SSE2: nothing here knows a float. */
import type { Emitter } from "../emitter.ts"
import type { OperatorName } from "../operator.ts"
import { type I32, type I64, type V128, long, pair, select, splat, splatByte, vector } from "../value.ts"
import { defineInstruction } from "./definition.ts"

const lanewise = <const Name extends string>(
  name: Name, operator: OperatorName, alsoSpelled: ReadonlyArray<string> = []
) => defineInstruction({
  name,
  mnemonics: [name, ...alsoSpelled],
  access: ["modify", "read"],
  shapes: ["xx", "xv"],
  widths: [128],
  source: `Intel SDM 2, ${name.toUpperCase()}`,
  body: (_, __, { destination, source }) => destination.write(destination.read().with(operator, source.read()))
})

const pandn = defineInstruction({
  name: "pandn",
  mnemonics: ["pandn", "andnps", "andnpd"],
  access: ["modify", "read"],
  shapes: ["xx", "xv"],
  widths: [128],
  source: "Intel SDM 2B, PANDN: the destination is inverted, not the source",
  body: (_, __, { destination, source }) => destination.write(source.read().with("v128.andnot", destination.read()))
})

const pmuludq = defineInstruction({
  name: "pmuludq",
  access: ["modify", "read"],
  shapes: ["xx", "xv"],
  widths: [128],
  isRare: true,
  source: "Intel SDM 2B, PMULUDQ: the lower halves of 64-bit lanes",
  body: (_, __, { destination, source }) => {
    const lower = splat(long(0xffff_ffffn))
    destination.write(destination.read().and(lower).with("i64x2.mul", source.read().and(lower)))
  }
})

// ---- shifts of lanes

interface LaneShift {
  readonly operator:
    | "i16x8.shl" | "i32x4.shl" | "i64x2.shl"
    | "i16x8.shrU" | "i32x4.shrU" | "i64x2.shrU"
    | "i16x8.shrS" | "i32x4.shrS"
  readonly bits: 16 | 32 | 64
}

/** A count that reaches the lane's bits clears it, or fills it with its sign. Wasm would take it modulo the bits. */
const shiftLanes = (e: Emitter, { bits, operator }: LaneShift, value: V128, count: I64): V128 => {
  if (operator.endsWith("shrS")) {
    const last = long(BigInt(bits - 1))
    return value.shift(operator, select(count.gtU(last), last, count).wrap())
  }
  const isKept: I32 = count.ltU(BigInt(bits))
  const kept = e.let(select(isKept, long(-1n), long(0n)))
  return value.shift(operator, count.wrap()).and(splat(kept))
}

const shiftByNumber = <const Name extends string>(name: Name, mnemonic: string, shift: LaneShift) => defineInstruction({
  name,
  mnemonics: [mnemonic],
  access: ["modify", "read"],
  shapes: ["xi"],
  widths: [128],
  isRare: true,
  source: `Intel SDM 2B, ${mnemonic.toUpperCase()}`,
  body: (e, _, { destination, source }) => {
    const count = e.let(source.read())
    destination.write(shiftLanes(e, shift, destination.read(), count))
  }
})

const shiftByVector = <const Name extends string>(name: Name, shift: LaneShift) => defineInstruction({
  name,
  access: ["modify", "read"],
  shapes: ["xx", "xv"],
  widths: [128],
  isRare: true,
  source: `Intel SDM 2B, ${name.toUpperCase()}: the count is the low 64 bits`,
  body: (e, _, { destination, source }) => {
    const count = e.let(source.read().low())
    destination.write(shiftLanes(e, shift, destination.read(), count))
  }
})

const laneShifts = [
  ["psllw", { operator: "i16x8.shl", bits: 16 }], ["pslld", { operator: "i32x4.shl", bits: 32 }],
  ["psllq", { operator: "i64x2.shl", bits: 64 }], ["psrlw", { operator: "i16x8.shrU", bits: 16 }],
  ["psrld", { operator: "i32x4.shrU", bits: 32 }], ["psrlq", { operator: "i64x2.shrU", bits: 64 }],
  ["psraw", { operator: "i16x8.shrS", bits: 16 }], ["psrad", { operator: "i32x4.shrS", bits: 32 }]
] as const satisfies ReadonlyArray<readonly [string, LaneShift]>

// ---- bytes by number

/** The numbers of the bytes of a vector, in their places. */
const PLACES = 0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100n

/** Moves all bytes by a count, clearing what comes in: an index outside the vector swizzles to zero. */
const shiftBytes = <const Name extends string>(name: Name, operator: "i8x16.add" | "i8x16.sub") => defineInstruction({
  name,
  access: ["modify", "read"],
  shapes: ["xi"],
  widths: [128],
  source: `Intel SDM 2B, ${name.toUpperCase()}: a count above 15 clears all`,
  body: (e, _, { destination, source }) => {
    const count = e.let(source.read())
    const by = select(count.gtU(16n), long(16n), count).wrap()
    destination.write(destination.read().with("i8x16.swizzle", vector(PLACES).with(operator, splatByte(by))))
  }
})

/** Two bits of the order for each lane, as the numbers of the bytes to take. */
const laneNumbers = (e: Emitter, order: I64, { first, lane, count, from }: {
  /** Which two bits belong to the first lane. */
  readonly first: number
  /** Multiplies a lane's number into its bytes, and adds the places of the bytes in it. */
  readonly lane: { readonly times: bigint; readonly plus: bigint; readonly bits: number }
  readonly count: number
  /** The first byte there is to choose. */
  readonly from: bigint
}): I64 => {
  let numbers = long(0n)
  for (let index = 0; index < count; index++) {
    const chosen = order.shrU(BigInt(2 * (first + index))).and(3n)
    numbers = numbers.or(chosen.mul(lane.times).add(lane.plus + from).shl(BigInt(index * lane.bits)))
  }
  return e.let(numbers)
}

const dwordLane = { times: 0x0404_0404n, plus: 0x0302_0100n, bits: 32 }
const wordLane = { times: 0x0202n, plus: 0x0100n, bits: 16 }
const LOW_PLACES = 0x0706_0504_0302_0100n
const HIGH_PLACES = 0x0f0e_0d0c_0b0a_0908n

/** The bytes of all four dwords that an order names. */
const dwordNumbers = (e: Emitter, order: I64): V128 =>
  e.let(pair(
    laneNumbers(e, order, { first: 0, lane: dwordLane, count: 2, from: 0n }),
    laneNumbers(e, order, { first: 2, lane: dwordLane, count: 2, from: 0n })
  ))

const shuffle = <const Name extends string>(name: Name, numbers: (e: Emitter, order: I64) => V128) => defineInstruction({
  name,
  access: ["write", "read", "read"],
  shapes: ["xxi", "xvi"],
  widths: [128],
  source: `Intel SDM 2B, ${name.toUpperCase()}`,
  body: (e, _, { destination, source, third }) => {
    const order = e.let(third.read())
    destination.write(source.read().with("i8x16.swizzle", numbers(e, order)))
  }
})

const shufps = defineInstruction({
  name: "shufps",
  access: ["modify", "read", "read"],
  shapes: ["xxi", "xvi"],
  widths: [128],
  isRare: true,
  source: "Intel SDM 2B, SHUFPS: the lower half from the destination, the upper from the source",
  body: (e, _, { destination, source, third }) => {
    const numbers = dwordNumbers(e, e.let(third.read()))
    const low = destination.read().with("i8x16.swizzle", numbers).low()
    const high = source.read().with("i8x16.swizzle", numbers).high()
    destination.write(pair(low, high))
  }
})

const shufpd = defineInstruction({
  name: "shufpd",
  access: ["modify", "read", "read"],
  shapes: ["xxi", "xvi"],
  widths: [128],
  isRare: true,
  source: "Intel SDM 2B, SHUFPD",
  body: (e, _, { destination, source, third }) => {
    const order = e.let(third.read())
    const half = (value: V128, bit: bigint): I64 => e.let(select(order.bit(bit).ne(0n), value.high(), value.low()))
    destination.write(pair(half(destination.read(), 0n), half(source.read(), 1n)))
  }
})

// ---- single words

const WORD_BITS = 4n

/** The half that holds the chosen word, and how far up the word is in it. */
const wordPlace = (e: Emitter, number: I64): { readonly isHigh: I32; readonly shift: I64 } => ({
  isHigh: e.let(number.bit(2n).ne(0n)),
  shift: e.let(number.and(3n).shl(WORD_BITS))
})

const pextrw = defineInstruction({
  name: "pextrw",
  access: ["write", "read", "read"],
  shapes: ["rxi"],
  widths: [32, 64],
  isRare: true,
  source: "Intel SDM 2B, PEXTRW",
  body: (e, _, { destination, source, third }) => {
    const value = source.read()
    const { isHigh, shift } = wordPlace(e, e.let(third.read()))
    destination.write(select(isHigh, value.high(), value.low()).shrU(shift).unsigned(16))
  }
})

const insertWord = (e: Emitter, value: V128, word: I64, number: I64): V128 => {
  const { isHigh, shift } = wordPlace(e, number)
  const half = e.let(select(isHigh, value.high(), value.low()))
  const changed = e.let(half.and(long(0xffffn).shl(shift).not()).or(word.unsigned(16).shl(shift)))
  return pair(select(isHigh, value.low(), changed), select(isHigh, changed, value.high()))
}

const pinsrw = defineInstruction({
  name: "pinsrw",
  access: ["modify", "read", "read"],
  shapes: ["xri"],
  widths: [32, 64],
  isRare: true,
  source: "Intel SDM 2B, PINSRW",
  body: (e, _, { destination, source, third }) =>
    destination.write(insertWord(e, destination.read(), source.read(), e.let(third.read())))
})

const pinsrwFromMemory = defineInstruction({
  name: "pinsrwFromMemory",
  mnemonics: ["pinsrw"],
  access: ["modify", "read", "read"],
  shapes: ["xmi"],
  widths: [16],
  isRare: true,
  source: "Intel SDM 2B, PINSRW",
  body: (e, _, { destination, source, third }) =>
    destination.write(insertWord(e, destination.read(), source.read(), e.let(third.read())))
})

export const vectors = [
  lanewise("pxor", "v128.xor", ["xorps", "xorpd"]), lanewise("por", "v128.or", ["orps", "orpd"]),
  lanewise("pand", "v128.and", ["andps", "andpd"]), pandn,
  lanewise("paddb", "i8x16.add"), lanewise("paddw", "i16x8.add"),
  lanewise("paddd", "i32x4.add"), lanewise("paddq", "i64x2.add"),
  lanewise("psubb", "i8x16.sub"), lanewise("psubw", "i16x8.sub"),
  lanewise("psubd", "i32x4.sub"), lanewise("psubq", "i64x2.sub"),
  lanewise("paddsb", "i8x16.addSatS"), lanewise("paddsw", "i16x8.addSatS"),
  lanewise("paddusb", "i8x16.addSatU"), lanewise("paddusw", "i16x8.addSatU"),
  lanewise("psubsb", "i8x16.subSatS"), lanewise("psubsw", "i16x8.subSatS"),
  lanewise("psubusb", "i8x16.subSatU"), lanewise("psubusw", "i16x8.subSatU"),
  lanewise("pcmpeqb", "i8x16.eq"), lanewise("pcmpeqw", "i16x8.eq"), lanewise("pcmpeqd", "i32x4.eq"),
  lanewise("pcmpgtb", "i8x16.gtS"), lanewise("pcmpgtw", "i16x8.gtS"), lanewise("pcmpgtd", "i32x4.gtS"),
  lanewise("pminub", "i8x16.minU"), lanewise("pmaxub", "i8x16.maxU"),
  lanewise("pminsw", "i16x8.minS"), lanewise("pmaxsw", "i16x8.maxS"),
  lanewise("pavgb", "i8x16.averageU"), lanewise("pavgw", "i16x8.averageU"),
  lanewise("pmullw", "i16x8.mul"), lanewise("pmaddwd", "i32x4.dotS"), pmuludq,
  lanewise("punpcklbw", "i8x16.lowHalves"), lanewise("punpckhbw", "i8x16.highHalves"),
  lanewise("punpcklwd", "i16x8.lowHalves"), lanewise("punpckhwd", "i16x8.highHalves"),
  lanewise("punpckldq", "i32x4.lowHalves", ["unpcklps"]), lanewise("punpckhdq", "i32x4.highHalves", ["unpckhps"]),
  lanewise("punpcklqdq", "i64x2.lowHalves", ["unpcklpd"]), lanewise("punpckhqdq", "i64x2.highHalves", ["unpckhpd"]),
  lanewise("packuswb", "i8x16.narrowU"), lanewise("packsswb", "i8x16.narrowS"), lanewise("packssdw", "i16x8.narrowS"),
  ...laneShifts.flatMap(([name, shift]) => [shiftByNumber(`${name}By`, name, shift), shiftByVector(name, shift)]),
  shiftBytes("pslldq", "i8x16.sub"), shiftBytes("psrldq", "i8x16.add"),
  shuffle("pshufd", dwordNumbers),
  shuffle("pshuflw", (e, order) =>
    pair(laneNumbers(e, order, { first: 0, lane: wordLane, count: 4, from: 0n }), long(HIGH_PLACES))),
  shuffle("pshufhw", (e, order) =>
    pair(long(LOW_PLACES), laneNumbers(e, order, { first: 0, lane: wordLane, count: 4, from: 0x0808n }))),
  shufps, shufpd, pextrw, pinsrw, pinsrwFromMemory
]
