/**
 * The six status flags in two 64-bit words: what engines that write code keep instead of eflags.
 *
 * The *result* word gives ZF (it is zero), SF (its sign) and PF (its low byte). The *auxiliary* word has
 *
 *     63   CF
 *     62   CF ^ OF          the carry into the sign bit, so that a carry vector shifted left is both
 *     15-8 added (xor) to the byte whose parity is PF
 *     3    AF
 *     0    added (xor) to SF
 *
 * All combinations of all six flags can be represented, and an addition stores them with a handful of operations: its carries
 * are one expression of operands and result, whatever came in. Everything here is pure; words go in and come out.
 */
import { type Condition, type FlagName, conditions, flagBit, flagNames } from "./flag.ts"
import type { Width } from "./register.ts"
import { type I32, type I64, type Value, long } from "./value.ts"

export interface FlagWords {
  readonly result: I64
  readonly auxiliary: I64
}

/** Binds a value to be used more than once: an emitter's `let`. */
export type Bind = <T extends Value>(value: T) => T

const CARRY = 1n << 63n
const CARRY_XOR_OVERFLOW = 1n << 62n
const AUXILIARY = 1n << 3n

/** Bit n: the carry (or borrow) out of bit n. */
const carries = (of: "sum" | "difference", { a, b, result }: { readonly a: I64; readonly b: I64; readonly result: I64 }): I64 =>
  of === "sum"
    ? a.and(b).or(a.or(b).and(result.not()))
    : a.not().and(b).or(a.xor(b).not().and(result))

/** Precondition: all three are sign-extended from `width`, and bound. */
export const arithmeticWords = (bind: Bind, of: "sum" | "difference", width: Width, result: I64, a: I64, b: I64): FlagWords => {
  const vector = bind(carries(of, { a, b, result }))
  const auxiliary = width === 64
    ? vector.and(CARRY | CARRY_XOR_OVERFLOW | AUXILIARY)
    : vector.shl(BigInt(64 - width)).and(CARRY | CARRY_XOR_OVERFLOW).or(vector.and(AUXILIARY))
  return { result, auxiliary }
}

/** CF is taken from the words before. */
export const stepWords = (bind: Bind, of: "increment" | "decrement", width: Width, result: I64, before: I64): FlagWords => {
  const edge = 1n << BigInt(width - 1)
  const carry = bind(before.and(CARRY))
  const overflow = (of === "increment" ? result.eq(-edge) : result.eq(edge - 1n)).extend()
  const half = result.and(15n).eq(of === "increment" ? 0n : 15n).extend()
  return { result, auxiliary: carry.or(carry.shrU(1n).xor(overflow.shl(62n))).or(half.shl(3n)) }
}

export const resultWords = (
  bind: Bind,
  result: I64,
  { AF, CF, OF }: { readonly CF?: I64; readonly OF?: I64; readonly AF?: I64 }
): FlagWords => {
  const carry = bind(CF ?? long(0n))
  const overflow = OF ?? long(0n)
  const auxiliary = carry.shl(63n).or(carry.xor(overflow).shl(62n)).or((AF ?? long(0n)).shl(3n))
  return { result, auxiliary }
}

const evenParity = (byte: I64): I64 => byte.wrap().and(0xff).popcount().and(1).xor(1).extend()

/** 0 or 1. The words are read as often as they occur, so both are bound. */
export const flagOf = ({ auxiliary, result }: FlagWords, name: FlagName): I64 => {
  switch (name) {
    case "CF": return auxiliary.shrU(63n)
    case "OF": return auxiliary.xor(auxiliary.shl(1n)).shrU(63n)
    case "ZF": return result.isZero().extend()
    case "SF": return result.xor(auxiliary.shl(63n)).shrU(63n)
    case "AF": return auxiliary.bit(3n)
    case "PF": return evenParity(result.xor(auxiliary.shrU(8n)))
  }
}

/** Of a pair of conditions the one with the lower code; its neighbour is the negation. */
const positive = ({ auxiliary, result }: FlagWords, condition: Condition): I32 => {
  const isBelow = (): I32 => auxiliary.isNegative()
  /** SF ^ OF, in the sign bit. */
  const isLess = (): I32 => result.xor(auxiliary.shl(63n)).xor(auxiliary).xor(auxiliary.shl(1n)).isNegative()
  switch (condition) {
    case "o": return auxiliary.xor(auxiliary.shl(1n)).isNegative()
    case "b": return isBelow()
    case "e": return result.isZero()
    case "be": return isBelow().or(result.isZero())
    case "s": return result.xor(auxiliary.shl(63n)).isNegative()
    case "p": return result.xor(auxiliary.shrU(8n)).wrap().and(0xff).popcount().and(1).not()
    case "l": return isLess()
    default: return isLess().or(result.isZero())
  }
}

/** 0 or 1. The words are read as often as they occur, so both are bound. */
export const conditionOf = (words: FlagWords, condition: Condition): I32 => {
  const code = conditions.indexOf(condition)
  if (condition === "ne") return words.result.ne(0n)
  return code % 2 === 0 ? positive(words, condition) : positive(words, conditions[code - 1] ?? condition).not()
}

/** The status flags as they stand in eflags, nothing else set. Both words are bound. */
export const statusImage = (words: FlagWords): I64 =>
  flagNames.reduce((image, name) => image.or(flagOf(words, name).shl(BigInt(flagBit[name]))), long(0n))

/** The words for an image of eflags, which is bound. */
export const wordsOfImage = (image: I64): FlagWords => {
  const flag = (name: FlagName): I64 => image.bit(BigInt(flagBit[name]))
  const result = flag("ZF").xor(1n)
  // The result is then 0 or 1: its sign is 0, and its low byte has even parity exactly where it is 0.
  const auxiliary = flag("CF").shl(63n)
    .or(flag("CF").xor(flag("OF")).shl(62n))
    .or(flag("PF").xor(flag("ZF")).shl(8n))
    .or(flag("AF").shl(3n))
    .or(flag("SF"))
  return { result, auxiliary }
}

/** The words after only these flags have changed. Those before are bound. */
export const patchedWords = (bind: Bind, before: FlagWords, given: Partial<Readonly<Record<FlagName, I64>>>): FlagWords => {
  const names = flagNames.filter((name) => given[name] !== undefined)
  if (names.every((name) => name === "CF" || name === "OF")) {
    const carry = bind(given.CF ?? flagOf(before, "CF"))
    const overflow = given.OF ?? flagOf(before, "OF")
    const kept = before.auxiliary.and(CARRY_XOR_OVERFLOW - 1n)
    return { result: before.result, auxiliary: kept.or(carry.shl(63n)).or(carry.xor(overflow).shl(62n)) }
  }
  let image = statusImage(before)
  for (const name of names) {
    const at = BigInt(flagBit[name])
    image = image.and(~(1n << at)).or((given[name] ?? long(0n)).shl(at))
  }
  return wordsOfImage(bind(image))
}
