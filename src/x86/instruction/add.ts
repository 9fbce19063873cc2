/** Sums and differences: everything whose flags are those of an addition or a subtraction. */
import type { Emitter } from "../emitter.ts"
import type { Width } from "../register.ts"
import { type I64, long } from "../value.ts"
import { defineInstruction, everyWidth, oneOperand, twoOperands } from "./definition.ts"

/** `destination = destination ± source ± carry`, with all six flags. */
const arithmetic = <const Name extends string>(name: Name, of: "sum" | "difference", withCarry: boolean) => defineInstruction({
  name,
  access: ["modify", "read"],
  shapes: twoOperands,
  widths: everyWidth,
  mayBeLocked: true,
  source: `Intel SDM 2, ${name.toUpperCase()}`,
  body: (e, width, { destination, source }) => {
    const a = destination.read()
    const b = source.read()
    destination.write(combine(e, width, { of, a, b, carry: withCarry ? e.let(e.flag("CF")) : undefined }))
  }
})

interface Combination {
  readonly of: "sum" | "difference"
  readonly a: I64
  readonly b: I64
  readonly carry: I64 | undefined
}

/** The result, after its flags have been set. */
const combine = (e: Emitter, width: Width, { a, b, carry, of }: Combination): I64 => {
  const plain = of === "sum" ? a.add(b) : a.sub(b)
  const exact = carry === undefined ? plain : of === "sum" ? plain.add(carry) : plain.sub(carry)
  const result = e.let(exact.signed(width))
  e.arithmeticFlags(of, width, result, a, b, carry)
  return result
}

const cmp = defineInstruction({
  name: "cmp",
  access: ["read", "read"],
  shapes: twoOperands,
  widths: everyWidth,
  source: "Intel SDM 2A, CMP",
  body: (e, width, { destination, source }) => {
    combine(e, width, { of: "difference", a: destination.read(), b: source.read(), carry: undefined })
  }
})

const step = <const Name extends string>(name: Name, of: "increment" | "decrement", by: bigint) => defineInstruction({
  name,
  access: ["modify"],
  shapes: oneOperand,
  widths: everyWidth,
  mayBeLocked: true,
  source: `Intel SDM 2A, ${name.toUpperCase()}: CF stays`,
  body: (e, width, { destination }) => {
    const result = e.let(destination.read().add(by).signed(width))
    destination.write(result)
    e.stepFlags(of, width, result)
  }
})

const neg = defineInstruction({
  name: "neg",
  access: ["modify"],
  shapes: oneOperand,
  widths: everyWidth,
  mayBeLocked: true,
  source: "Intel SDM 2B, NEG",
  body: (e, width, { destination }) => {
    destination.write(combine(e, width, { of: "difference", a: long(0n), b: destination.read(), carry: undefined }))
  }
})

export const sums = [
  arithmetic("add", "sum", false),
  arithmetic("adc", "sum", true),
  arithmetic("sub", "difference", false),
  arithmetic("sbb", "difference", true),
  cmp,
  step("inc", "increment", 1n),
  step("dec", "decrement", -1n),
  neg
]
