/** Read-modify-write instructions that programs synchronise with. Locked or not is the prefix's affair: the meaning is one. */
import { RAX, RBX, RCX, RDX } from "../register.ts"
import { int, pair, select } from "../value.ts"
import { defineInstruction, everyWidth } from "./definition.ts"

const cmpxchg = defineInstruction({
  name: "cmpxchg",
  access: ["modify", "read"],
  shapes: ["rr", "mr"],
  widths: everyWidth,
  mayBeLocked: true,
  source: "Intel SDM 2A, CMPXCHG: memory is written either way; the register that is not written keeps its upper half",
  body: (e, width, { destination, shape, source }) => {
    const accumulator = e.register(RAX, width)
    const expected = accumulator.read()
    const found = destination.read()
    const given = source.read()
    const difference = e.let(expected.sub(found).signed(width))
    e.if(difference.isZero(), () => destination.write(given), () => {
      if (shape === "mr") destination.write(found)
      accumulator.write(found)
    })
    e.arithmeticFlags("difference", width, difference, expected, found)
  }
})

const xadd = defineInstruction({
  name: "xadd",
  access: ["modify", "modify"],
  shapes: ["rr", "mr"],
  widths: everyWidth,
  mayBeLocked: true,
  source: "Intel SDM 2D, XADD: with one register twice the sum stays",
  body: (e, width, { destination, source }) => {
    const a = destination.read()
    const b = source.read()
    const sum = e.let(a.add(b).signed(width))
    source.write(a)
    destination.write(sum)
    e.arithmeticFlags("sum", width, sum, a, b)
  }
})

const cmpxchg8b = defineInstruction({
  name: "cmpxchg8b",
  access: ["modify"],
  shapes: ["m"],
  widths: [64],
  mayBeLocked: true,
  isRare: true,
  source: "Intel SDM 2A, CMPXCHG8B: ZF alone changes",
  body: (e, _, { destination }) => {
    const low = e.register(RAX, 32)
    const high = e.register(RDX, 32)
    const expected = e.let(low.read().unsigned(32).or(high.read().shl(32n)))
    const given = e.let(e.register(RBX, 32).read().unsigned(32).or(e.register(RCX, 32).read().shl(32n)))
    const found = destination.read()
    const isEqual = e.let(found.eq(expected))
    destination.write(select(isEqual, given, found))
    e.if(isEqual.not(), () => {
      low.write(found)
      high.write(found.shrU(32n))
    })
    e.patchFlags({ ZF: isEqual.extend() })
  }
})

const cmpxchg16b = defineInstruction({
  name: "cmpxchg16b",
  access: ["modify"],
  shapes: ["v"],
  widths: [128],
  mayBeLocked: true,
  isRare: true,
  source: "Intel SDM 2A, CMPXCHG16B: ZF alone changes; the operand is aligned",
  body: (e, _, { destination }) => {
    const low = e.register(RAX, 64)
    const high = e.register(RDX, 64)
    const found = destination.read()
    const foundLow = e.let(found.low())
    const foundHigh = e.let(found.high())
    const isEqual = e.let(foundLow.eq(low.read()).and(foundHigh.eq(high.read())))
    const givenLow = e.register(RBX, 64).read()
    const givenHigh = e.register(RCX, 64).read()
    destination.write(pair(select(isEqual, givenLow, foundLow), select(isEqual, givenHigh, foundHigh)))
    e.if(isEqual.eq(int(0)), () => {
      low.write(foundLow)
      high.write(foundHigh)
    })
    e.patchFlags({ ZF: isEqual.extend() })
  }
})

export const atomics = [cmpxchg, xadd, cmpxchg8b, cmpxchg16b]
