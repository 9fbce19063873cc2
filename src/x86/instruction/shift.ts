/**
 * Shifts and rotations. The processor masks every count to 5 bits, or 6 for 64-bit operands; a count of 0 changes no flag, but
 * still clears the upper half of a 32-bit register.
 */
import type { Emitter, Place } from "../emitter.ts"
import type { Width } from "../register.ts"
import { type I64, long } from "../value.ts"
import { defineInstruction, everyWidth, wideWidths } from "./definition.ts"

const byCount = ["ri", "mi", "rc", "mc"] as const

/** What a shift leaves behind: CF is the last bit shifted out, OF is as the manual defines it for a count of 1. */
interface Shifted {
  readonly result: I64
  readonly CF: I64
  readonly OF: I64
}

const topBit = (value: I64, width: Width): I64 => value.bit(BigInt(width - 1))
const maskedCount = (e: Emitter, width: Width, count: I64): I64 => e.let(count.and(width === 64 ? 63n : 31n))

/**
 * Performs `change` unless the count is 0. A number in a register's instruction is never 0: the decoder makes that a move.
 */
const unlessZero = (
  e: Emitter, width: Width, shape: string, count: I64, destination: Place, before: I64, change: () => void
): void => {
  if (shape.startsWith("r") && shape.endsWith("i")) return change()
  return e.if(count.ne(0n), change, shape.startsWith("r") && width === 32 ? () => destination.write(before) : undefined)
}

const shift = <const Name extends string>(
  name: Name,
  opensCarry: boolean,
  compute: (e: Emitter, width: Width, value: I64, count: I64) => Shifted
) => defineInstruction({
  name,
  mnemonics: name === "shl" ? ["shl", "sal"] : [name],
  access: ["modify", "read"],
  shapes: byCount,
  widths: everyWidth,
  open: [
    { flags: ["AF"], when: "always" },
    { flags: ["OF"], when: "count is not 1" },
    ...(opensCarry ? [{ flags: ["CF"], when: "count reaches the width" } as const] : [])
  ],
  source: "Intel SDM 2B, SAL/SAR/SHL/SHR: AF is undefined, OF but for counts of 1, CF of shl and shr from the operand's width on",
  body: (e, width, { destination, shape, source }) => {
    const value = destination.read()
    const count = maskedCount(e, width, source.read())
    unlessZero(e, width, shape, count, destination, value, () => {
      const { CF, OF, result } = compute(e, width, value, count)
      destination.write(result)
      e.resultFlags(width, result, { CF, OF })
    })
  }
})

const shl = shift("shl", true, (e, width, value, count) => {
  const result = e.let(value.shl(count).signed(width))
  // Up to 32 bits, 64-bit arithmetic holds what is shifted out; a count of 64 bits is below 64.
  const CF = e.let(width === 64 ? value.bit(long(64n).sub(count)) : value.unsigned(width).shl(count).bit(BigInt(width)))
  return { result, CF, OF: CF.xor(topBit(result, width)) }
})

const shr = shift("shr", true, (e, width, value, count) => {
  const whole = e.let(value.unsigned(width))
  const result = e.let(whole.shrU(count).signed(width))
  return { result, CF: whole.bit(count.sub(1n)), OF: topBit(whole, width) }
})

const sar = shift("sar", false, (e, _, value, count) => ({
  result: e.let(value.shrS(count)),
  CF: value.shrS(count.sub(1n)).and(1n),
  OF: long(0n)
}))

const rotate = <const Name extends string>(
  name: Name,
  compute: (e: Emitter, width: Width, value: I64, count: I64) => Shifted
) => defineInstruction({
  name,
  access: ["modify", "read"],
  shapes: byCount,
  widths: everyWidth,
  isRare: true,
  open: [{ flags: ["OF"], when: "count is not 1" }],
  source: "Intel SDM 2B, RCL/RCR/ROL/ROR: only CF and OF change; OF is undefined but for counts of 1",
  body: (e, width, { destination, shape, source }) => {
    const value = destination.read()
    const count = maskedCount(e, width, source.read())
    unlessZero(e, width, shape, count, destination, value, () => {
      const { CF, OF, result } = compute(e, width, e.let(value.unsigned(width)), count)
      destination.write(result)
      e.patchFlags({ CF, OF })
    })
  }
})

// A rotation by 0 comes out right by itself: the other part is shifted out of the width, or by 64, which is by nothing.

const rol = rotate("rol", (e, width, value, count) => {
  const by = e.let(count.and(BigInt(width - 1)))
  const result = e.let(value.shl(by).or(value.shrU(long(BigInt(width)).sub(by))).unsigned(width))
  const CF = e.let(result.and(1n))
  return { result, CF, OF: CF.xor(topBit(result, width)) }
})

const ror = rotate("ror", (e, width, value, count) => {
  const by = e.let(count.and(BigInt(width - 1)))
  const result = e.let(value.shrU(by).or(value.shl(long(BigInt(width)).sub(by))).unsigned(width))
  const CF = e.let(topBit(result, width))
  return { result, CF, OF: CF.xor(result.bit(BigInt(width - 2))) }
})

/** Rotates carry and value as one number of width + 1 bits, which 64 bits hold for all but the widest. */
const throughCarry = (e: Emitter, width: 8 | 16 | 32, value: I64, count: I64, direction: "left" | "right"): { result: I64; CF: I64 } => {
  const bits = BigInt(width + 1)
  const by = e.let(width === 32 ? count : count.remU(bits))
  const whole = e.let(value.or(e.flag("CF").shl(BigInt(width))))
  const rest = long(bits).sub(by)
  const rotated = e.let(direction === "left" ? whole.shl(by).or(whole.shrU(rest)) : whole.shrU(by).or(whole.shl(rest)))
  return { result: e.let(rotated.unsigned(width)), CF: e.let(rotated.bit(BigInt(width))) }
}

const rcl = rotate("rcl", (e, width, value, count) => {
  const carry = e.let(e.flag("CF"))
  const rest = e.let(long(64n).sub(count))
  const { CF, result } = width === 64
    ? { result: e.let(value.shl(count).or(carry.shl(count.sub(1n))).or(value.shrU(rest).shrU(1n))), CF: e.let(value.bit(rest)) }
    : throughCarry(e, width, value, count, "left")
  return { result, CF, OF: CF.xor(topBit(result, width)) }
})

const rcr = rotate("rcr", (e, width, value, count) => {
  const carry = e.let(e.flag("CF"))
  const rest = e.let(long(64n).sub(count))
  const { CF, result } = width === 64
    ? { result: e.let(value.shrU(count).or(carry.shl(rest)).or(value.shl(rest).shl(1n))), CF: e.let(value.bit(count.sub(1n))) }
    : throughCarry(e, width, value, count, "right")
  return { result, CF, OF: topBit(result, width).xor(result.bit(BigInt(width - 2))) }
})

/** Shifts in bits of another register. */
const double = <const Name extends string>(
  name: Name,
  compute: (width: Width, value: I64, given: I64, count: I64) => { readonly result: I64; readonly CF: I64 }
) => defineInstruction({
  name,
  access: ["modify", "read", "read"],
  shapes: ["rri", "mri", "rrc", "mrc"],
  widths: wideWidths,
  isRare: true,
  open: [
    { flags: ["AF"], when: "always" },
    { flags: ["OF"], when: "count is not 1" },
    { flags: ["CF", "OF", "SF", "ZF", "PF"], when: "count exceeds the width" }
  ],
  openResult: "count exceeds the width",
  source: "Intel SDM 2B, SHLD/SHRD: AF is undefined, OF but for counts of 1; everything for counts above the width",
  body: (e, width, { destination, shape, source, third }) => {
    const value = destination.read()
    const given = e.let(source.read().unsigned(width))
    const count = maskedCount(e, width, third.read())
    unlessZero(e, width, shape, count, destination, value, () => {
      const shifted = compute(width, e.let(value.unsigned(width)), given, count)
      const result = e.let(shifted.result.signed(width))
      destination.write(result)
      e.resultFlags(width, result, { CF: shifted.CF, OF: topBit(result, width).xor(topBit(value, width)) })
    })
  }
})

const shld = double("shld", (width, value, given, count) => {
  const rest = long(BigInt(width)).sub(count)
  return { result: value.shl(count).or(given.shrU(rest)), CF: value.bit(rest) }
})

const shrd = double("shrd", (width, value, given, count) => {
  const rest = long(BigInt(width)).sub(count)
  return { result: value.shrU(count).or(given.shl(rest)), CF: value.bit(count.sub(1n)) }
})

export const shifts = [shl, shr, sar, rol, ror, rcl, rcr, shld, shrd]
