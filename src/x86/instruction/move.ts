/** Moves between registers and memory, with and without extension. */
import { RAX, RDX } from "../register.ts"
import { type I64, select } from "../value.ts"
import { conditions } from "../flag.ts"
import { defineInstruction, everyWidth, oneOperand, twoOperands, wideWidths } from "./definition.ts"

const mov = defineInstruction({
  name: "mov",
  mnemonics: ["mov", "movnti"],
  access: ["write", "read"],
  shapes: twoOperands,
  widths: everyWidth,
  source: "Intel SDM 2B, MOV",
  body: (_, __, { destination, source }) => destination.write(source.read())
})

const movzx = defineInstruction({
  name: "movzx",
  access: ["write", "read"],
  shapes: ["rr", "rm"],
  widths: wideWidths,
  sourceWidths: [8, 16],
  source: "Intel SDM 2B, MOVZX",
  body: (_, __, { destination, source, sourceWidth }) => destination.write(source.read().unsigned(sourceWidth))
})

const movsx = defineInstruction({
  name: "movsx",
  mnemonics: ["movsx", "movsxd"],
  access: ["write", "read"],
  shapes: ["rr", "rm"],
  widths: wideWidths,
  sourceWidths: [8, 16, 32],
  source: "Intel SDM 2B, MOVSX/MOVSXD",
  body: (_, __, { destination, source }) => destination.write(source.read())
})

const lea = defineInstruction({
  name: "lea",
  access: ["write", "address"],
  shapes: ["rm"],
  widths: wideWidths,
  source: "Intel SDM 2A, LEA",
  body: (e, _, { destination }) => destination.write(e.address())
})

const xchg = defineInstruction({
  name: "xchg",
  access: ["modify", "modify"],
  shapes: ["rr", "mr"],
  widths: everyWidth,
  mayBeLocked: true,
  source: "Intel SDM 2D, XCHG: with memory it is locked, prefix or not",
  body: (_, __, { destination, source }) => {
    const old = destination.read()
    const given = source.read()
    source.write(old)
    destination.write(given)
  }
})

const bswap = defineInstruction({
  name: "bswap",
  access: ["modify"],
  shapes: ["r"],
  widths: [32, 64],
  isRare: true,
  source: "Intel SDM 2A, BSWAP",
  body: (e, width, { destination }) => {
    const exchange = (value: I64, by: bigint, low: bigint): I64 => e.let(value.shrU(by).and(low).or(value.and(low).shl(by)))
    const bytes = exchange(destination.read(), 8n, 0x00ff_00ff_00ff_00ffn)
    const words = exchange(bytes, 16n, 0x0000_ffff_0000_ffffn)
    const whole = e.let(words.shl(32n).or(words.shrU(32n)))
    destination.write(width === 64 ? whole : whole.shrU(32n))
  }
})

/** Widens the accumulator in place: `cbw`, `cwde`, `cdqe`. */
const widen = <const Name extends string>(name: Name, from: 8 | 16 | 32) => defineInstruction({
  name,
  access: [],
  shapes: [""],
  widths: [64],
  isRare: from !== 32,
  source: "Intel SDM 2A, CBW/CWDE/CDQE",
  body: (e) => e.register(RAX, from === 8 ? 16 : from === 16 ? 32 : 64).write(e.register(RAX, from).read())
})

/** Fills rdx with the accumulator's sign: `cwd`, `cdq`, `cqo`. */
const spreadSign = <const Name extends string>(name: Name, width: 16 | 32 | 64) => defineInstruction({
  name,
  access: [],
  shapes: [""],
  widths: [64],
  isRare: width === 16,
  source: "Intel SDM 2A, CWD/CDQ/CQO",
  body: (e) => e.register(RDX, width).write(e.register(RAX, width).read().shrS(63n))
})

const cmov = conditions.map((condition) => defineInstruction({
  name: `cmov${condition}`,
  access: ["modify", "read"],
  shapes: ["rr", "rm"],
  widths: wideWidths,
  source: "Intel SDM 2A, CMOVcc: the source is read, and a 32-bit destination cleared above, even where nothing moves",
  body: (e, _, { destination, source }) => {
    const given = source.read()
    destination.write(select(e.condition(condition), given, destination.read()))
  }
}))

const setcc = conditions.map((condition) => defineInstruction({
  name: `set${condition}`,
  access: ["write"],
  shapes: oneOperand,
  widths: [8],
  source: "Intel SDM 2B, SETcc",
  body: (e, _, { destination }) => destination.write(e.condition(condition).extend())
}))

export const moves = [
  mov, movzx, movsx, lea, xchg, bswap,
  widen("cbw", 8), widen("cwde", 16), widen("cdqe", 32),
  spreadSign("cwd", 16), spreadSign("cdq", 32), spreadSign("cqo", 64),
  ...cmov, ...setcc
]
