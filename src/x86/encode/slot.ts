/** Slots by iced's names of operand kinds: how each is written, and what it accepts. */
import type { Slot } from "./encoding.ts"
import type { Operand, RegisterFile } from "./operand.ts"

type Accepts = (operand: Operand) => boolean

const registerOf = (file: RegisterFile, widthBits: number): Accepts => (operand) =>
  operand._tag === "Register" && operand.file === file && operand.widthBits === widthBits

/** A displacement has 32 bits. */
const isMemory: Accepts = (operand) =>
  operand._tag === "Memory" &&
  (operand.displacement === undefined || BigInt.asIntN(32, operand.displacement) === operand.displacement)

/** Any address, and nothing added to it. */
const isAbsolute: Accepts = (operand) =>
  operand._tag === "Memory" && operand.base === undefined && operand.index === undefined

const either = (a: Accepts, b: Accepts): Accepts => (operand) => a(operand) || b(operand)

const named = (name: string): Accepts => (operand) => operand._tag === "Register" && operand.name === name

/** 64 bits with their top bit set are a negative number, however they were written. */
const signed64 = (value: bigint): bigint => (value >= 1n << 63n ? BigInt.asIntN(64, value) : value)

/**
 * A value in `[from, to]`; a symbol fits where a linker could put it. GNU as cuts off what does not fit,
 * at times without a word; here it does not fit.
 */
const immediate = (from: bigint, to: bigint, isForSymbols = true): Accepts => (operand) => {
  if (operand._tag !== "Immediate") return false
  if (operand.value === undefined) return isForSymbols
  const value = signed64(operand.value)
  return from <= value && value <= to
}

/** One byte that is sign-extended to `widthBits`: the value may be written with or without its sign. */
const signExtended8 = (widthBits: number): Accepts => (operand) => {
  if (operand._tag !== "Immediate" || operand.value === undefined) return false
  const value = signed64(operand.value)
  if (value < -(1n << BigInt(widthBits - 1)) || value >= 1n << BigInt(widthBits)) return false
  const signed = BigInt.asIntN(widthBits, value)
  return signed >= -128n && signed <= 127n
}

/** The implied operands of string instructions, where they are written out. */
const pointedBy = (name: string): Accepts => (operand) =>
  operand._tag === "Memory" &&
  operand.base?.name === name &&
  operand.index === undefined &&
  operand.displacement === 0n

const slot = (role: Slot["role"], accepts: Slot["accepts"], rest: Partial<Slot> = {}): Slot =>
  ({ role, accepts, sizeBytes: 0, isSigned: false, widthBits: undefined, takesMemory: false, ...rest })

const general = (widthBits: number): ReadonlyArray<readonly [string, Slot]> => {
  const isRegister = registerOf("general", widthBits)
  return [
    [`r${widthBits}_or_mem`, slot("rm", either(isRegister, isMemory), { widthBits, takesMemory: true })],
    [`r${widthBits}_reg`, slot("reg", isRegister, { widthBits })],
    [`r${widthBits}_rm`, slot("rm", isRegister, { widthBits })],
    [`r${widthBits}_opcode`, slot("opcode", isRegister, { widthBits })]
  ]
}

const vector = (file: "xmm" | "mm", widthBits: number): ReadonlyArray<readonly [string, Slot]> => {
  const isRegister = registerOf(file, widthBits)
  return [
    [`${file}_or_mem`, slot("rm", either(isRegister, isMemory), { takesMemory: true })],
    [`${file}_reg`, slot("reg", isRegister)],
    [`${file}_rm`, slot("rm", isRegister)]
  ]
}

const fixed = (name: string, widthBits?: number): readonly [string, Slot] =>
  [name, slot("implied", named(name), widthBits === undefined ? {} : { widthBits })]

/** By iced's name. A kind that is missing here makes its rows unknown to us: far pointers, x87, AVX. */
export const slots: ReadonlyMap<string, Slot> = new Map([
  ...general(8), ...general(16), ...general(32), ...general(64),
  ...vector("xmm", 128), ...vector("mm", 64),
  ["mem", slot("rm", isMemory, { takesMemory: true })],
  ["mem_offs", slot("address", isAbsolute, { sizeBytes: 8, takesMemory: true })],
  ["seg_reg", slot("reg", registerOf("segment", 16))],
  fixed("al", 8), fixed("ax", 16), fixed("eax", 32), fixed("rax", 64),
  fixed("cl"), fixed("dx"), fixed("fs"), fixed("gs"),
  ["seg_rSI", slot("implied", pointedBy("rsi"), { takesMemory: true })],
  ["es_rDI", slot("implied", pointedBy("rdi"), { takesMemory: true })],
  ["seg_rDI", slot("implied", pointedBy("rdi"), { takesMemory: true })],
  ["imm8", slot("immediate", immediate(-0x80n, 0xffn), { sizeBytes: 1 })],
  ["imm8_const_1", slot("implied", immediate(1n, 1n, false))],
  ["imm8sex16", slot("immediate", signExtended8(16), { sizeBytes: 1, isSigned: true })],
  ["imm8sex32", slot("immediate", signExtended8(32), { sizeBytes: 1, isSigned: true })],
  ["imm8sex64", slot("immediate", signExtended8(64), { sizeBytes: 1, isSigned: true })],
  ["imm16", slot("immediate", immediate(-0x8000n, 0xffffn), { sizeBytes: 2 })],
  ["imm32", slot("immediate", immediate(-0x8000_0000n, 0xffff_ffffn), { sizeBytes: 4 })],
  ["imm32sex64", slot("immediate", immediate(-0x8000_0000n, 0x7fff_ffffn), { sizeBytes: 4, isSigned: true })],
  ["imm64", slot("immediate", immediate(-(1n << 63n), (1n << 64n) - 1n), { sizeBytes: 8 })],
  ["br64_1", slot("branch", ({ _tag }) => _tag === "Branch", { sizeBytes: 1, isSigned: true })],
  ["br64_4", slot("branch", ({ _tag }) => _tag === "Branch", { sizeBytes: 4, isSigned: true })]
])
