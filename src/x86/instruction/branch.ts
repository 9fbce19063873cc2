/** Everything that goes elsewhere. */
import { conditions } from "../flag.ts"
import { RCX } from "../register.ts"
import type { I32 } from "../value.ts"
import { defineInstruction, oneOperand } from "./definition.ts"

const jcc = conditions.map((condition) => defineInstruction({
  name: `j${condition}`,
  access: ["address"],
  shapes: ["j"],
  widths: [64],
  flow: "conditional",
  source: "Intel SDM 2A, Jcc",
  body: (e) => e.jumpIf(e.condition(condition))
}))

const jmp = defineInstruction({
  name: "jmp",
  access: ["address"],
  shapes: ["j"],
  widths: [64],
  flow: "jump",
  source: "Intel SDM 2A, JMP",
  body: (e) => e.jump()
})

const jmpTo = defineInstruction({
  name: "jmpTo",
  mnemonics: ["jmp"],
  access: ["read"],
  shapes: oneOperand,
  widths: [64],
  flow: "indirect",
  source: "Intel SDM 2A, JMP",
  body: (e, _, { operand }) => e.jumpTo(e.target(operand.read()))
})

const call = defineInstruction({
  name: "call",
  access: ["address", "push"],
  shapes: ["j"],
  widths: [64],
  flow: "jump",
  source: "Intel SDM 2A, CALL",
  body: (e, _, { pushed }) => {
    pushed.write(e.next())
    e.jump()
  }
})

const callTo = defineInstruction({
  name: "callTo",
  mnemonics: ["call"],
  access: ["read", "push"],
  shapes: oneOperand,
  widths: [64],
  flow: "indirect",
  source: "Intel SDM 2A, CALL",
  body: (e, _, { operand, pushed }) => {
    const target = e.target(operand.read())
    pushed.write(e.next())
    e.jumpTo(target)
  }
})

const ret = defineInstruction({
  name: "ret",
  access: ["pop"],
  shapes: [""],
  widths: [64],
  flow: "indirect",
  source: "Intel SDM 2B, RET",
  body: (e, _, { popped }) => {
    const target = e.target(popped.read())
    popped.release()
    e.jumpTo(target)
  }
})

const retReleasing = defineInstruction({
  name: "retReleasing",
  mnemonics: ["ret"],
  access: ["pop", "read"],
  shapes: ["i"],
  widths: [64],
  flow: "indirect",
  isRare: true,
  source: "Intel SDM 2B, RET imm16",
  body: (e, _, { operand, popped }) => {
    const target = e.target(popped.read())
    popped.release(operand.read())
    e.jumpTo(target)
  }
})

/** Counts rcx down, and goes on while it is not 0 and ZF is as asked. */
const loop = <const Name extends string>(name: Name, wants: "any" | "ZF" | "no ZF") => defineInstruction({
  name,
  access: ["address"],
  shapes: ["j"],
  widths: [64],
  flow: "conditional",
  isRare: true,
  source: "Intel SDM 2A, LOOP/LOOPcc: no flag changes",
  body: (e) => {
    const counter = e.register(RCX, 64)
    const left = e.let(counter.read().sub(1n))
    counter.write(left)
    const isLeft: I32 = left.ne(0n)
    e.jumpIf(wants === "any" ? isLeft : isLeft.and(e.condition(wants === "ZF" ? "e" : "ne")))
  }
})

const jumpIfCounted = <const Name extends string>(name: Name, width: 32 | 64) => defineInstruction({
  name,
  access: ["address"],
  shapes: ["j"],
  widths: [64],
  flow: "conditional",
  isRare: true,
  source: "Intel SDM 2A, Jcc: JECXZ and JRCXZ",
  body: (e) => e.jumpIf(e.register(RCX, width).read().isZero())
})

export const branches = [
  ...jcc, jmp, jmpTo, call, callTo, ret, retReleasing,
  loop("loop", "any"), loop("loope", "ZF"), loop("loopne", "no ZF"), jumpIfCounted("jecxz", 32), jumpIfCounted("jrcxz", 64)
]
