/** Moves of vectors and of parts of vectors. None of them looks at what it moves. */
import { long, pair } from "../value.ts"
import { defineInstruction } from "./definition.ts"

const vectorMove = <const Name extends string>(name: Name, mayBeUnaligned: boolean, mnemonics: ReadonlyArray<string>) => defineInstruction({
  name,
  mnemonics,
  access: ["write", "read"],
  shapes: ["xx", "xv", "vx"],
  widths: [128],
  mayBeUnaligned,
  source: "Intel SDM 2B, MOVAPS, MOVUPS, MOVDQA, MOVDQU, MOVNTDQ",
  body: (_, __, { destination, source }) => destination.write(source.read())
})

const movd = defineInstruction({
  name: "movd",
  mnemonics: ["movd", "movq", "movss", "movsd"],
  access: ["write", "read"],
  shapes: ["xr", "xm"],
  widths: [32, 64],
  source: "Intel SDM 2B, MOVD/MOVQ, MOVSS, MOVSD: the rest of the vector is cleared",
  body: (_, width, { destination, source }) => destination.write(pair(source.read().unsigned(width), long(0n)))
})

const movdFrom = defineInstruction({
  name: "movdFrom",
  mnemonics: ["movd", "movq", "movss", "movsd", "movlps", "movlpd"],
  access: ["write", "read"],
  shapes: ["rx", "mx"],
  widths: [32, 64],
  source: "Intel SDM 2B, MOVD/MOVQ, MOVSS, MOVSD, MOVLPS",
  body: (_, __, { destination, source }) => destination.write(source.read().low())
})

const movq = defineInstruction({
  name: "movq",
  access: ["write", "read"],
  shapes: ["xx"],
  widths: [128],
  source: "Intel SDM 2B, MOVQ: the upper half is cleared",
  body: (_, __, { destination, source }) => destination.write(pair(source.read().low(), long(0n)))
})

const movss = defineInstruction({
  name: "movss",
  access: ["modify", "read"],
  shapes: ["xx"],
  widths: [128],
  isRare: true,
  source: "Intel SDM 2B, MOVSS: between registers the rest stays",
  body: (e, _, { destination, source }) => {
    const old = destination.read()
    const given = source.read().low().unsigned(32)
    destination.write(old.withLow(e.let(old.low().and(~0xffff_ffffn).or(given))))
  }
})

const movsd = defineInstruction({
  name: "movsd",
  access: ["modify", "read"],
  shapes: ["xx"],
  widths: [128],
  isRare: true,
  source: "Intel SDM 2B, MOVSD: between registers the rest stays",
  body: (_, __, { destination, source }) => destination.write(destination.read().withLow(source.read().low()))
})

const loadHigh = defineInstruction({
  name: "movhps",
  mnemonics: ["movhps", "movhpd"],
  access: ["modify", "read"],
  shapes: ["xm"],
  widths: [64],
  source: "Intel SDM 2B, MOVHPS",
  body: (_, __, { destination, source }) => destination.write(destination.read().withHigh(source.read()))
})

const loadLow = defineInstruction({
  name: "movlps",
  mnemonics: ["movlps", "movlpd"],
  access: ["modify", "read"],
  shapes: ["xm"],
  widths: [64],
  source: "Intel SDM 2B, MOVLPS",
  body: (_, __, { destination, source }) => destination.write(destination.read().withLow(source.read()))
})

const storeHigh = defineInstruction({
  name: "movhpsFrom",
  mnemonics: ["movhps", "movhpd"],
  access: ["write", "read"],
  shapes: ["mx"],
  widths: [64],
  source: "Intel SDM 2B, MOVHPS",
  body: (_, __, { destination, source }) => destination.write(source.read().high())
})

const movhlps = defineInstruction({
  name: "movhlps",
  access: ["modify", "read"],
  shapes: ["xx"],
  widths: [128],
  isRare: true,
  source: "Intel SDM 2B, MOVHLPS",
  body: (_, __, { destination, source }) => destination.write(destination.read().withLow(source.read().high()))
})

const movlhps = defineInstruction({
  name: "movlhps",
  access: ["modify", "read"],
  shapes: ["xx"],
  widths: [128],
  isRare: true,
  source: "Intel SDM 2B, MOVLHPS",
  body: (_, __, { destination, source }) => destination.write(destination.read().withHigh(source.read().low()))
})

const signs = <const Name extends string>(name: Name, operator: "i8x16.bitmask" | "i32x4.bitmask" | "i64x2.bitmask") => defineInstruction({
  name,
  access: ["write", "read"],
  shapes: ["rx"],
  widths: [32, 64],
  source: "Intel SDM 2B, PMOVMSKB, MOVMSKPS, MOVMSKPD",
  body: (_, __, { destination, source }) => destination.write(source.read().mask(operator).extend())
})

export const vectorMoves = [
  vectorMove("movdqa", false, ["movdqa", "movaps", "movapd", "movntdq", "movntps", "movntpd"]),
  vectorMove("movdqu", true, ["movdqu", "movups", "movupd"]),
  movd, movdFrom, movq, movss, movsd, loadHigh, loadLow, storeHigh, movhlps, movlhps,
  signs("pmovmskb", "i8x16.bitmask"), signs("movmskps", "i32x4.bitmask"), signs("movmskpd", "i64x2.bitmask")
]
