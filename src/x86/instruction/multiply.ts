/** Multiplication and division, in one width and into or out of two. */
import type { Emitter } from "../emitter.ts"
import { RAX, RDX, type Width } from "../register.ts"
import { type I32, type I64, long, select } from "../value.ts"
import { defineInstruction, everyWidth, oneOperand, wideWidths } from "./definition.ts"

const LOW_HALF = 32n

/** The high 64 bits of a product, from its four 32-bit parts. */
const multiplyHighUnsigned = (e: Emitter, a: I64, b: I64): I64 => {
  const aLow = e.let(a.unsigned(32))
  const aHigh = e.let(a.shrU(LOW_HALF))
  const bLow = e.let(b.unsigned(32))
  const bHigh = e.let(b.shrU(LOW_HALF))
  const middle = e.let(aHigh.mul(bLow).add(aLow.mul(bLow).shrU(LOW_HALF)))
  const other = e.let(aLow.mul(bHigh).add(middle.unsigned(32)))
  return e.let(aHigh.mul(bHigh).add(middle.shrU(LOW_HALF)).add(other.shrU(LOW_HALF)))
}

const multiplyHighSigned = (e: Emitter, a: I64, b: I64): I64 =>
  e.let(multiplyHighUnsigned(e, a, b).sub(a.shrS(63n).and(b)).sub(b.shrS(63n).and(a)))

const openAfterProduct = [{ flags: ["SF", "ZF", "AF", "PF"], when: "always" }] as const

/** A product cut to the width: CF and OF say that something was lost. The flags left open are those of the result. */
const product = (e: Emitter, width: Width, a: I64, b: I64): I64 => {
  const full = e.let(a.mul(b))
  const result = e.let(full.signed(width))
  const isCut = width === 64 ? multiplyHighSigned(e, a, b).ne(result.shrS(63n)) : full.ne(result)
  const overflow = e.let(isCut.extend())
  e.resultFlags(width, result, { CF: overflow, OF: overflow })
  return result
}

const imul = defineInstruction({
  name: "imul",
  access: ["modify", "read"],
  shapes: ["rr", "rm"],
  widths: wideWidths,
  open: openAfterProduct,
  source: "Intel SDM 2A, IMUL: SF, ZF, AF and PF are undefined",
  body: (e, width, { destination, source }) => destination.write(product(e, width, destination.read(), source.read()))
})

const imulBy = defineInstruction({
  name: "imulBy",
  mnemonics: ["imul"],
  access: ["write", "read", "read"],
  shapes: ["rri", "rmi"],
  widths: wideWidths,
  open: openAfterProduct,
  source: "Intel SDM 2A, IMUL with three operands",
  body: (e, width, { destination, source, third }) => destination.write(product(e, width, source.read(), third.read()))
})

/** The pair of registers that holds a number of twice the width: ah and al for bytes, else rdx and rax. */
const writePair = (e: Emitter, width: Width, low: I64, high: I64): void => {
  if (width === 8) return e.register(RAX, 16).write(low.unsigned(8).or(high.shl(8n)))
  e.register(RAX, width).write(low)
  e.register(RDX, width).write(high)
}

/** A product in twice the width. */
const multiplyWide = <const Name extends string>(name: Name, mnemonic: string, isSigned: boolean) => defineInstruction({
  name,
  mnemonics: [mnemonic],
  access: ["read"],
  shapes: oneOperand,
  widths: everyWidth,
  open: openAfterProduct,
  source: "Intel SDM 2A, IMUL with one operand; 2B, MUL: SF, ZF, AF and PF are undefined",
  body: (e, width, { operand }) => {
    const bring = (value: I64): I64 => (isSigned ? value : e.let(value.unsigned(width)))
    const a = bring(e.register(RAX, width).read())
    const b = bring(operand.read())
    const whole = e.let(a.mul(b))
    const low = e.let(whole.signed(width))
    const high = width === 64
      ? isSigned ? multiplyHighSigned(e, a, b) : multiplyHighUnsigned(e, a, b)
      : e.let(whole.shrS(BigInt(width)).signed(width))
    const needed = isSigned ? high.ne(low.shrS(63n)) : high.ne(0n)
    const overflow = e.let(needed.extend())
    writePair(e, width, low, high)
    e.resultFlags(width, low, { CF: overflow, OF: overflow })
  }
})

// ---- division

interface Division {
  readonly quotient: I64
  readonly remainder: I64
}

/** One digit of a long division: an estimate from the divisor's upper half, at most two too high. */
const digit = (e: Emitter, dividend: I64, next: I64, divisorHigh: I64, divisorLow: I64): I64 => {
  let estimate = e.let(dividend.divU(divisorHigh))
  let rest = e.let(dividend.sub(estimate.mul(divisorHigh)))
  for (let round = 0; round < 2; round++) {
    const tooHigh: I32 = estimate.shrU(LOW_HALF).ne(0n).or(estimate.mul(divisorLow).gtU(rest.shl(LOW_HALF).or(next)))
    const isCorrected = e.let(rest.shrU(LOW_HALF).isZero().and(tooHigh))
    estimate = e.let(select(isCorrected, estimate.sub(1n), estimate))
    rest = e.let(select(isCorrected, rest.add(divisorHigh), rest))
  }
  return estimate
}

/**
 * 128 bits by 64, in two digits of 32 bits.
 *
 * Precondition: `high` is below the divisor, so the quotient fits. Source: Knuth, The Art of Computer Programming 2, 4.3.1 D.
 */
const divideLong = (e: Emitter, high: I64, low: I64, divisor: I64): Division => {
  const shift = e.let(divisor.leadingZeros())
  const scaled = e.let(divisor.shl(shift))
  const scaledHigh = e.let(scaled.shrU(LOW_HALF))
  const scaledLow = e.let(scaled.unsigned(32))
  const top = e.let(high.shl(shift).or(low.shrU(long(63n).sub(shift)).shrU(1n)))
  const bottom = e.let(low.shl(shift))
  const first = digit(e, top, bottom.shrU(LOW_HALF), scaledHigh, scaledLow)
  const middle = e.let(top.shl(LOW_HALF).add(bottom.shrU(LOW_HALF)).sub(first.mul(scaled)))
  const second = digit(e, middle, bottom.unsigned(32), scaledHigh, scaledLow)
  const rest = middle.shl(LOW_HALF).add(bottom.unsigned(32)).sub(second.mul(scaled))
  return { quotient: e.let(first.shl(LOW_HALF).add(second)), remainder: e.let(rest.shrU(shift)) }
}

const openAfterDivision = [{ flags: ["CF", "PF", "AF", "ZF", "SF", "OF"], when: "always" }] as const

/** The dividend of a division below 64 bits, in one word. */
const dividendOf = (e: Emitter, width: 8 | 16 | 32): I64 =>
  width === 8
    ? e.register(RAX, 16).read()
    : e.let(e.register(RDX, width).read().shl(BigInt(width)).or(e.register(RAX, width).read().unsigned(width)))

const writeDivision = (e: Emitter, width: Width, { quotient, remainder }: Division): void => writePair(e, width, quotient, remainder)

const div = defineInstruction({
  name: "div",
  access: ["read"],
  shapes: oneOperand,
  widths: everyWidth,
  open: openAfterDivision,
  source: "Intel SDM 2A, DIV: all flags are undefined; here they stay",
  body: (e, width, { operand }) => {
    const divisor = e.let(operand.read().unsigned(width))
    if (width !== 64) {
      const dividend = width === 8 ? e.let(dividendOf(e, width).unsigned(16)) : e.let(dividendOf(e, width).unsigned(width === 16 ? 32 : 64))
      e.stopIf(dividend.shrU(BigInt(width)).geU(divisor), "DivideError")
      writeDivision(e, width, { quotient: e.let(dividend.divU(divisor)), remainder: e.let(dividend.remU(divisor)) })
      return
    }
    const high = e.register(RDX, 64).read()
    const low = e.register(RAX, 64).read()
    e.stopIf(high.geU(divisor), "DivideError")
    e.if(
      high.isZero(),
      () => writeDivision(e, width, { quotient: e.let(low.divU(divisor)), remainder: e.let(low.remU(divisor)) }),
      () => writeDivision(e, width, divideLong(e, high, low, divisor))
    )
  }
})

const LEAST = -(1n << 63n)

/** Signed division of one word by another; refuses what has no quotient of this width. */
const divideSigned = (e: Emitter, width: Width, dividend: I64, divisor: I64): void => {
  e.stopIf(divisor.isZero().or(dividend.eq(LEAST).and(divisor.eq(-1n))), "DivideError")
  const quotient = e.let(dividend.divS(divisor))
  if (width !== 64) e.stopIf(quotient.ne(quotient.signed(width)), "DivideError")
  writeDivision(e, width, { quotient, remainder: e.let(dividend.remS(divisor)) })
}

/** Signed division of 128 bits: of the magnitudes, with the signs put back. */
const divideSignedLong = (e: Emitter, high: I64, low: I64, divisor: I64): void => {
  const dividendSign = e.let(high.shrS(63n))
  const quotientSign = e.let(dividendSign.xor(divisor.shrS(63n)))
  const magnitude = e.let(select(divisor.isNegative(), divisor.negate(), divisor))
  const lowMagnitude = e.let(low.xor(dividendSign).sub(dividendSign))
  const borrow = low.isZero().extend().and(dividendSign)
  const highMagnitude = e.let(high.xor(dividendSign).add(borrow))
  e.stopIf(highMagnitude.geU(magnitude), "DivideError")
  const { quotient, remainder } = divideLong(e, highMagnitude, lowMagnitude, magnitude)
  // The magnitude may be 2^63 where the quotient is negative, and one less where it is not.
  e.stopIf(quotient.gtU(long(-LEAST - 1n).sub(quotientSign)), "DivideError")
  writeDivision(e, 64, {
    quotient: quotient.xor(quotientSign).sub(quotientSign),
    remainder: remainder.xor(dividendSign).sub(dividendSign)
  })
}

const idiv = defineInstruction({
  name: "idiv",
  access: ["read"],
  shapes: oneOperand,
  widths: everyWidth,
  open: openAfterDivision,
  source: "Intel SDM 2A, IDIV: all flags are undefined; here they stay",
  body: (e, width, { operand }) => {
    const divisor = operand.read()
    if (width !== 64) return divideSigned(e, width, dividendOf(e, width), divisor)
    const high = e.register(RDX, 64).read()
    const low = e.register(RAX, 64).read()
    return e.if(
      high.eq(low.shrS(63n)),
      () => divideSigned(e, 64, low, divisor),
      () => divideSignedLong(e, high, low, divisor)
    )
  }
})

export const products = [imul, imulBy, multiplyWide("mul", "mul", false), multiplyWide("imulWide", "imul", true), div, idiv]
