/**
 * String instructions. One execution is one iteration, repeated or not: so a budget, a fault and a resumption need no words
 * of their own, and an iteration counts as an instruction. A repeated one that finds rcx = 0 counts as one, too.
 */
import type { Emitter } from "../emitter.ts"
import { RAX, RCX, RDI, RSI, type Width } from "../register.ts"
import { type I32, type I64, long } from "../value.ts"
import { defineInstruction, everyWidth } from "./definition.ts"

/** How far an index register moves: the operand's bytes, down where DF is set. */
const stepOf = (e: Emitter, width: Width): I64 => {
  const bytes = BigInt(width / 8)
  return e.let(long(bytes).sub(e.direction().mul(2n * bytes)))
}

const advance = (e: Emitter, register: number, step: I64): void => {
  const index = e.register(register, 64)
  index.write(index.read().add(step))
}

interface StringOperation {
  readonly name: string
  /** Whether it compares, and so may stop repeating by ZF. */
  readonly compares: boolean
  readonly once: (e: Emitter, width: Width) => void
}

/** The address behind rsi comes from the decoder, which knows of segment prefixes. */
const fromSource = (e: Emitter): I64 => e.let(e.address())
const toDestination = (e: Emitter): I64 => e.register(RDI, 64).read()

const compare = (e: Emitter, width: Width, a: I64, b: I64): void => {
  e.arithmeticFlags("difference", width, e.let(a.sub(b).signed(width)), a, b)
}

const operations: ReadonlyArray<StringOperation> = [
  {
    name: "movs",
    compares: false,
    once: (e, width) => {
      const source = e.memory(fromSource(e), width, "read")
      const destination = e.memory(toDestination(e), width, "write")
      destination.write(source.read())
      const step = stepOf(e, width)
      advance(e, RSI, step)
      advance(e, RDI, step)
    }
  },
  {
    name: "stos",
    compares: false,
    once: (e, width) => {
      e.memory(toDestination(e), width, "write").write(e.register(RAX, width).read())
      advance(e, RDI, stepOf(e, width))
    }
  },
  {
    name: "lods",
    compares: false,
    once: (e, width) => {
      e.register(RAX, width).write(e.memory(fromSource(e), width, "read").read())
      advance(e, RSI, stepOf(e, width))
    }
  },
  {
    name: "scas",
    compares: true,
    once: (e, width) => {
      const found = e.memory(toDestination(e), width, "read").read()
      compare(e, width, e.register(RAX, width).read(), found)
      advance(e, RDI, stepOf(e, width))
    }
  },
  {
    name: "cmps",
    compares: true,
    once: (e, width) => {
      // The destination is read first, as processors do: where both fault, that is the one.
      const b = e.memory(toDestination(e), width, "read").read()
      const a = e.memory(fromSource(e), width, "read").read()
      compare(e, width, a, b)
      const step = stepOf(e, width)
      advance(e, RSI, step)
      advance(e, RDI, step)
    }
  }
]

const suffixes = ["b", "w", "d", "q"]

const single = ({ name, once }: StringOperation) => defineInstruction({
  name,
  mnemonics: suffixes.map((suffix) => `${name}${suffix}`),
  access: [],
  shapes: [""],
  widths: everyWidth,
  isRare: true,
  source: `Intel SDM 2, ${name.toUpperCase()}`,
  body: once
})

/** `rep` goes on while ZF is set, where there is a comparison; `repne` while it is not. */
const repeated = ({ compares, name, once }: StringOperation, prefix: "rep" | "repne") => defineInstruction({
  name: `${prefix} ${name}`,
  mnemonics: suffixes.map((suffix) => `${prefix} ${name}${suffix}`),
  access: [],
  shapes: [""],
  widths: everyWidth,
  source: `Intel SDM 2, ${name.toUpperCase()}; 2B, REP/REPE/REPNE`,
  body: (e, width) => {
    const counter = e.register(RCX, 64)
    const count = counter.read()
    e.if(count.ne(0n), () => {
      once(e, width)
      counter.write(count.sub(1n))
    })
    const isLeft: I32 = count.gtU(1n)
    e.againIf(compares ? isLeft.and(e.condition(prefix === "rep" ? "e" : "ne")) : isLeft)
  }
})

export const strings = operations.flatMap((operation) => [
  single(operation),
  repeated(operation, "rep"),
  ...(operation.compares ? [repeated(operation, "repne")] : [])
])
