/** Bitwise operations. */
import type { I64 } from "../value.ts"
import { defineInstruction, everyWidth, oneOperand, twoOperands } from "./definition.ts"

/** The manual leaves AF open; here it is 0. */
const open = [{ flags: ["AF"], when: "always" }] as const

const logical = <const Name extends string>(name: Name, operation: (a: I64, b: I64) => I64) => defineInstruction({
  name,
  access: ["modify", "read"],
  shapes: twoOperands,
  widths: everyWidth,
  mayBeLocked: true,
  open,
  source: `Intel SDM 2, ${name.toUpperCase()}: CF and OF are 0, AF is undefined`,
  body: (e, width, { destination, source }) => {
    const result = e.let(operation(destination.read(), source.read()))
    destination.write(result)
    e.resultFlags(width, result, {})
  }
})

const test = defineInstruction({
  name: "test",
  access: ["read", "read"],
  shapes: ["rr", "mr", "ri", "mi"],
  widths: everyWidth,
  open,
  source: "Intel SDM 2B, TEST: CF and OF are 0, AF is undefined",
  body: (e, width, { destination, source }) => {
    e.resultFlags(width, e.let(destination.read().and(source.read())), {})
  }
})

const not = defineInstruction({
  name: "not",
  access: ["modify"],
  shapes: oneOperand,
  widths: everyWidth,
  mayBeLocked: true,
  source: "Intel SDM 2B, NOT: no flag changes",
  body: (_, __, { destination }) => destination.write(destination.read().not())
})

export const logic = [
  logical("and", (a, b) => a.and(b)),
  logical("or", (a, b) => a.or(b)),
  logical("xor", (a, b) => a.xor(b)),
  test,
  not
]
