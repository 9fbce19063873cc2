/** Long division, by numbers made of awkward halves: what chance alone would meet once in 2^31 cases. */
import { describe, expect, it } from "vitest"
import { assert } from "../../src/base/assert.ts"
import { type ReferenceMemory, executeReference, newReferenceState } from "../../src/machine/engine/reference.ts"
import { decode } from "../../src/x86/decode.ts"
import { RAX, RBX, RDX } from "../../src/x86/register.ts"
import { hex } from "./hex.ts"

const halves = [0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn]
const words = halves.flatMap((high) => halves.map((low) => (high << 32n) | low))

const noMemory: ReferenceMemory = {
  check: () => ({ _tag: "GeneralProtection" }),
  read: () => 0n,
  write: () => {}
}

const IP = 0x1000

/** Quotient and remainder of rdx:rax by rbx, or nothing where the instruction refuses. */
const divider = (digits: string) => {
  const instruction = decode(hex(digits), IP)
  assert(instruction !== "truncated", "it is whole")
  return (high: bigint, low: bigint, divisor: bigint): readonly [bigint | undefined, bigint | undefined] | undefined => {
    const state = newReferenceState()
    state.ip = BigInt(IP)
    state.registers[RDX] = high
    state.registers[RAX] = low
    state.registers[RBX] = divisor
    return executeReference(state, noMemory, instruction)._tag === "Retired" ? [state.registers[RAX], state.registers[RDX]] : undefined
  }
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

describe("division of 128 bits by 64", () => {
  it("is exact without signs", () => {
    const divide = divider("48 f7 f3") // div %rbx
    let wrong = 0
    for (const high of words) for (const low of words) for (const divisor of words) {
      const dividend = (high << 64n) | low
      const fits = divisor !== 0n && dividend / divisor < 1n << 64n
      const expected = fits ? [dividend / divisor, dividend % divisor] : undefined
      const found = divide(high, low, divisor)
      if (found?.[0] !== expected?.[0] || found?.[1] !== expected?.[1]) wrong++
    }
    expect(wrong).toBe(0)
  }, 60_000)

  it("is exact with signs, up to the least quotient", () => {
    const divide = divider("48 f7 fb") // idiv %rbx
    let wrong = 0
    let leastQuotients = 0
    for (const high of words) for (const low of words) for (const divisor of words) {
      const dividend = (BigInt.asIntN(64, high) << 64n) | low
      const by = BigInt.asIntN(64, divisor)
      const quotient = by === 0n ? undefined : dividend / by
      const fits = quotient !== undefined && BigInt.asIntN(64, quotient) === quotient
      const expected = fits ? [u64(quotient), u64(dividend % by)] : undefined
      const found = divide(high, low, divisor)
      if (found?.[0] !== expected?.[0] || found?.[1] !== expected?.[1]) wrong++
      if (fits && quotient === -(1n << 63n)) leastQuotients++
    }
    expect(wrong).toBe(0)
    expect(leastQuotients).toBeGreaterThan(10)
  }, 60_000)
})
