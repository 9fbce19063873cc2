/**
 * Instructions to bytes. iced-x86 knows every encoding there is; from it a table of rows is made, one mnemonic at a
 * time, and of the rows that accept the operands the shortest is taken, as GNU as does.
 */
import { Code, CodeExt, EncodingKind, Instruction, MandatoryPrefix, Mnemonic, OpCodeOperandKind, OpCodeTableKind } from "iced-x86"
import { known } from "../base/assert.ts"
import { readingsOf, type Reading } from "./encode/att-mnemonic.ts"
import { emit, type Encoded, type Encoding, type Slot } from "./encode/encoding.ts"
import type { ImmediateOperand, MemoryOperand, Operand } from "./encode/operand.ts"

// ---- slots: iced's operand kinds, and what each accepts

const registerOf = (file: "general" | "xmm" | "mm" | "segment", widthBits: number) => (operand: Operand): boolean =>
  operand._tag === "Register" && operand.file === file && operand.widthBits === widthBits

const isMemory = (operand: Operand): boolean => operand._tag === "Memory"

const either = (a: (operand: Operand) => boolean, b: (operand: Operand) => boolean) => (operand: Operand): boolean =>
  a(operand) || b(operand)

const named = (name: string) => (operand: Operand): boolean => operand._tag === "Register" && operand.name === name

/** A value in `[from, to]`; a symbol fits where a linker could put it. */
const immediate = (from: bigint, to: bigint, isForSymbols = true) => (operand: Operand): boolean =>
  operand._tag === "Immediate" && (operand.value === undefined ? isForSymbols : from <= operand.value && operand.value <= to)

/** One byte that is sign-extended to `widthBits`: the value may be written with or without its sign. */
const signExtended8 = (widthBits: number) => (operand: Operand): boolean => {
  if (operand._tag !== "Immediate" || operand.value === undefined) return false
  const { value } = operand
  if (value < -(1n << BigInt(widthBits - 1)) || value >= 1n << BigInt(widthBits)) return false
  const signed = BigInt.asIntN(widthBits, value)
  return signed >= -128n && signed <= 127n
}

/** The implied operands of string instructions, where they are written out. */
const pointedBy = (name: string) => (operand: Operand): boolean =>
  operand._tag === "Memory" && operand.base?.name === name && operand.index === undefined && operand.displacement === 0n

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
const slots: ReadonlyMap<string, Slot> = new Map([
  ...general(8), ...general(16), ...general(32), ...general(64),
  ...vector("xmm", 128), ...vector("mm", 64),
  ["mem", slot("rm", isMemory, { takesMemory: true })],
  ["mem_offs", slot("address", isMemory, { sizeBytes: 8, takesMemory: true })],
  ["seg_reg", slot("reg", registerOf("segment", 16))],
  fixed("al", 8), fixed("ax", 16), fixed("eax", 32), fixed("rax", 64), fixed("cl"), fixed("dx"), fixed("fs"), fixed("gs"),
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
  ["imm32sex64", slot("immediate", (operand) => isSigned32(operand), { sizeBytes: 4, isSigned: true })],
  ["imm64", slot("immediate", immediate(-(1n << 63n), (1n << 64n) - 1n), { sizeBytes: 8 })],
  ["br64_1", slot("branch", ({ _tag }) => _tag === "Branch", { sizeBytes: 1, isSigned: true })],
  ["br64_4", slot("branch", ({ _tag }) => _tag === "Branch", { sizeBytes: 4, isSigned: true })]
])

const isSigned32 = (operand: Operand): boolean => {
  if (operand._tag !== "Immediate") return false
  if (operand.value === undefined) return true
  const signed = BigInt.asIntN(64, operand.value)
  return signed >= -0x8000_0000n && signed <= 0x7fff_ffffn
}

// ---- rows: iced's codes of one mnemonic

const escapes: ReadonlyMap<OpCodeTableKind, ReadonlyArray<number>> = new Map([
  [OpCodeTableKind.Normal, []],
  [OpCodeTableKind.T0F, [0x0f]],
  [OpCodeTableKind.T0F38, [0x0f, 0x38]],
  [OpCodeTableKind.T0F3A, [0x0f, 0x3a]]
])

const mandatoryPrefixes: ReadonlyMap<MandatoryPrefix, number> = new Map([
  [MandatoryPrefix.P66, 0x66],
  [MandatoryPrefix.PF3, 0xf3],
  [MandatoryPrefix.PF2, 0xf2]
])

/** Plain data, or nothing where the row is not one we write. Frees iced's object. */
const rowOf = (code: Code): Encoding | undefined => {
  const info = CodeExt.opCode(code)
  try {
    const escape = escapes.get(info.table)
    const kinds = Array.from({ length: info.opCount }, (_, index) => OpCodeOperandKind[info.opKind(index)])
    const rowSlots = kinds.map((kind) => slots.get(kind ?? ""))
    if (info.encoding !== EncodingKind.Legacy || !info.mode64 || escape === undefined || info.fwait) return undefined
    if (!rowSlots.every((each) => each !== undefined) || isFarPointer(code)) return undefined
    const opcodeBytes = info.opCodeLength === 2 ? [info.opCode >> 8, info.opCode & 0xff] : [info.opCode]
    return {
      mnemonic: mnemonicName(info.mnemonic),
      slots: rowSlots,
      operandBits: info.operandSize,
      isDefault64: info.defaultOpSize64,
      mandatoryPrefix: mandatoryPrefixes.get(info.mandatoryPrefix),
      opcode: [...escape, ...opcodeBytes],
      group: info.groupIndex === -1 ? undefined : info.groupIndex,
      addressBits: info.addressSize,
      mayBeLocked: info.canUseLockPrefix,
      mayRepeat: info.canUseRepPrefix || info.canUseRepnePrefix
    }
  } finally {
    info.free()
  }
}

/** `call` and `jmp` through a selector and an offset in memory. */
const isFarPointer = (code: Code): boolean => /_m16(16|32|64)$/.test(Code[code] ?? "")

const mnemonicName = (mnemonic: Mnemonic): string => known(Mnemonic[mnemonic], "iced names its mnemonics").toLowerCase()

let codes: ReadonlyMap<string, ReadonlyArray<Code>> | undefined

/** All codes by mnemonic, in iced's order, which is that of the opcodes. x87 is left out: AT&T turns some of it round. */
const codesByMnemonic = (): ReadonlyMap<string, ReadonlyArray<Code>> => {
  if (codes !== undefined) return codes
  const byName = new Map<string, Array<Code>>()
  const instruction = new Instruction()
  for (const [name, code] of Object.entries(Code)) {
    if (typeof code !== "number" || /^(F(?!x)|VEX|EVEX|XOP|MVEX|D3NOW|INVALID|Declare)/.test(name)) continue
    instruction.code = code
    const mnemonic = mnemonicName(instruction.mnemonic)
    const met = byName.get(mnemonic)
    if (met === undefined) byName.set(mnemonic, [code])
    else met.push(code)
  }
  instruction.free()
  codes = byName
  return byName
}

const rows = new Map<string, ReadonlyArray<Encoding>>()

const rowsOf = (mnemonic: string): ReadonlyArray<Encoding> => {
  const met = rows.get(mnemonic)
  if (met !== undefined) return met
  const made = (codesByMnemonic().get(mnemonic) ?? []).map(rowOf).filter((row) => row !== undefined)
  if (made.length > 0) rows.set(mnemonic, made)
  return made
}

// ---- choosing

/** What an AT&T suffix speaks of: the operand in memory if there may be one, else the first with a width. */
const widthOf = ({ operandBits, slots: all }: Encoding): number => {
  const inMemory = all.find(({ takesMemory, widthBits }) => takesMemory && widthBits !== undefined)
  return (inMemory ?? all.find(({ widthBits }) => widthBits !== undefined))?.widthBits ?? operandBits
}

const suits = (row: Encoding, { destinationBits, isAbsolute, widthBits }: Reading): boolean =>
  (widthBits === undefined || widthOf(row) === widthBits) &&
  (destinationBits === undefined || row.slots[0]?.widthBits === destinationBits) &&
  (isAbsolute === true) === row.slots.some(({ role, sizeBytes }) => sizeBytes === 8 && (isAbsolute === true || role === "address"))

const accepts = (row: Encoding, operands: ReadonlyArray<Operand>): boolean =>
  operands.length === 0
    ? row.slots.every(({ role }) => role === "implied")
    : operands.length === row.slots.length && row.slots.every((each, index) => {
      const operand = operands[index]
      return operand !== undefined && each.accepts(operand)
    })

const ONE: ImmediateOperand = { _tag: "Immediate", value: 1n }
const shifts = new Set(["shl", "shr", "sar", "rol", "ror", "rcl", "rcr"])

/** AT&T's order and abbreviations to Intel's order, in full. The first that fits is meant. */
const spellings = (mnemonic: string, operands: ReadonlyArray<Operand>): ReadonlyArray<ReadonlyArray<Operand>> => {
  if (mnemonic === "enter") return [operands]
  const intel = operands.toReversed()
  const [first, second] = intel
  if (shifts.has(mnemonic) && intel.length === 1) return [[...intel, ONE]]
  if (mnemonic === "imul" && first !== undefined && second?._tag === "Immediate" && intel.length === 2) return [[first, first, second]]
  // Both sides are equal in meaning; the rows know one order only.
  return mnemonic === "xchg" || mnemonic === "test" ? [intel, operands] : [intel]
}

/** A candidate, with what decides between candidates. */
interface Candidate {
  readonly row: Encoding
  readonly operands: ReadonlyArray<Operand>
  readonly encoded: Encoded
}

/** Of equal length, a sign-extended byte goes before the accumulator's own opcode. */
const isShortImmediate = ({ row }: Candidate): boolean => row.slots.some(({ isSigned, sizeBytes }) => isSigned && sizeBytes === 1)

const isBetter = (a: Candidate, b: Candidate): boolean =>
  a.encoded.bytes.length === b.encoded.bytes.length
    ? isShortImmediate(a) && !isShortImmediate(b)
    : a.encoded.bytes.length < b.encoded.bytes.length

const shortest = (candidates: ReadonlyArray<Candidate>): Candidate | undefined =>
  candidates.reduce<Candidate | undefined>((best, each) => (best === undefined || isBetter(each, best) ? each : best), undefined)

/** Nothing but the operands in memory could tell the size, and it does not. */
const isAmbiguous = (candidates: ReadonlyArray<Candidate>, operands: ReadonlyArray<Operand>): boolean =>
  operands.some(({ _tag }) => _tag === "Memory") &&
  !operands.some((operand) => operand._tag === "Register" && operand.name !== "cl") &&
  new Set(candidates.map(({ row }) => widthOf(row))).size > 1

/** Prefixes that may stand before an instruction, in the order in which they are written. */
const prefixBytes = { rep: 0xf3, repe: 0xf3, repz: 0xf3, repne: 0xf2, repnz: 0xf2, lock: 0xf0 } as const
export type Prefix = keyof typeof prefixBytes
export const isPrefix = (name: string): name is Prefix => Object.hasOwn(prefixBytes, name)

export type Encoding_ = never

/** What became of an instruction. `Branch` has two sizes; the layout decides. */
export type Encodement =
  | { readonly _tag: "Encoded"; readonly encoded: Encoded; readonly operands: ReadonlyArray<Operand> }
  | { readonly _tag: "Branch"; readonly short: Encoded; readonly near: Encoded; readonly operands: ReadonlyArray<Operand> }
  /** `expected` names what would have been accepted. */
  | { readonly _tag: "Refused"; readonly expected: string; readonly blames: "mnemonic" | "operands" | "prefix" }

const refused = (blames: "mnemonic" | "operands" | "prefix", expected: string): Encodement => ({ _tag: "Refused", blames, expected })

/**
 * The bytes of `name operands`, in AT&T's names and order, without knowing where they will stand: fields of
 * symbols are left zero and listed, by the operand they belong to in `operands` of the answer.
 */
export const encode = (name: string, prefixes: ReadonlyArray<Prefix>, written: ReadonlyArray<Operand>): Encodement => {
  const readings = readingsOf(name).filter(({ mnemonic }) => rowsOf(mnemonic).length > 0)
  if (readings.length === 0) return refused("mnemonic", "an instruction")
  const prefixList = (Object.keys(prefixBytes) as Array<Prefix>).filter((each) => prefixes.includes(each))

  for (const reading of readings) {
    for (const operands of spellings(reading.mnemonic, written)) {
      const fitting = candidatesOf(reading, operands, prefixList.map((each) => prefixBytes[each]))
      if (fitting.length === 0) continue
      const asDefault = fitting.filter(({ row }) => row.isDefault64)
      const candidates = reading.widthBits === undefined && asDefault.length > 0 ? asDefault : fitting
      if (reading.widthBits === undefined && isAmbiguous(candidates, operands)) {
        return refused("operands", `a size: ${name}b, ${name}w, ${name}l or ${name}q`)
      }
      const best = known(shortest(candidates), "there are candidates")
      if (prefixes.includes("lock") && !best.row.mayBeLocked) return refused("prefix", "an instruction that LOCK goes with")
      const near = candidates.find(({ row }) => row.slots.some(({ role, sizeBytes }) => role === "branch" && sizeBytes === 4))
      return near === undefined || near === best
        ? { _tag: "Encoded", encoded: best.encoded, operands }
        : { _tag: "Branch", short: best.encoded, near: near.encoded, operands }
    }
  }
  return refused("operands", `operands that ${name} takes`)
}

const candidatesOf = (reading: Reading, operands: ReadonlyArray<Operand>, prefixes: ReadonlyArray<number>): ReadonlyArray<Candidate> => {
  const candidates: Array<Candidate> = []
  for (const row of rowsOf(reading.mnemonic)) {
    if (!suits(row, reading) || !accepts(row, operands)) continue
    const encoded = emit(row, operands, prefixes)
    if (encoded !== undefined) candidates.push({ row, operands, encoded })
  }
  return candidates
}

/** For memory operands that are plain addresses. */
export const absolute = (displacement: bigint | undefined): MemoryOperand =>
  ({ _tag: "Memory", segment: undefined, base: undefined, index: undefined, scale: 1, displacement })
