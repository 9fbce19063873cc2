/**
 * Instructions to bytes. iced-x86 knows every encoding there is; from it a table of rows is made, one
 * mnemonic at a time, and of the rows that accept the operands the shortest is taken, as GNU as does.
 */
import {
  Code,
  CodeExt,
  EncodingKind,
  Instruction,
  MandatoryPrefix,
  Mnemonic,
  OpCodeOperandKind,
  OpCodeTableKind
} from "iced-x86"
import { known } from "../base/assert.ts"
import { readingsOf, type Reading } from "./encode/att-mnemonic.ts"
import { slots } from "./encode/slot.ts"
import { emit, type Encoded, type Encoding } from "./encode/encoding.ts"
import { registerNamed, type ImmediateOperand, type Operand, type RegisterOperand } from "./encode/operand.ts"

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
    if (info.encoding !== EncodingKind.Legacy || !info.mode64 || escape === undefined) return undefined
    if (!rowSlots.every((each) => each !== undefined) || notWritten.has(code)) return undefined
    const opcodeBytes = info.opCodeLength === 2 ? [info.opCode >> 8, info.opCode & 0xff] : [info.opCode]
    return {
      slots: rowSlots,
      operandBits: info.operandSize,
      isDefault64: info.defaultOpSize64,
      mandatoryPrefix: mandatoryPrefixes.get(info.mandatoryPrefix),
      opcode: [...escape, ...opcodeBytes],
      group: info.groupIndex === -1 ? undefined : info.groupIndex,
      addressBits: info.addressSize,
      mayBeLocked: info.canUseLockPrefix
    }
  } finally {
    info.free()
  }
}

const notWritten: ReadonlySet<Code> = new Set([
  // Far, through a selector and an offset in memory.
  Code.Call_m1616, Code.Call_m1632, Code.Call_m1664, Code.Jmp_m1616, Code.Jmp_m1632, Code.Jmp_m1664,
  // The result is undefined, or nothing is extended.
  Code.Bswap_r16, Code.Movzx_r16_rm16, Code.Movsx_r16_rm16, Code.Movsxd_r16_rm16, Code.Movsxd_r32_rm32
])

const mnemonicName = (mnemonic: Mnemonic): string =>
  known(Mnemonic[mnemonic], "iced names its mnemonics").toLowerCase()

let codes: ReadonlyMap<string, ReadonlyArray<Code>> | undefined

/**
 * All codes by mnemonic, in iced's order, which is that of the opcodes. x87 is left out: AT&T turns
 * some of it round.
 */
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

const suits = (row: Encoding, { destinationBits, isAbsolute = false, widthBits }: Reading): boolean =>
  (widthBits === undefined || widthOf(row) === widthBits) &&
  (destinationBits === undefined || row.slots[0]?.widthBits === destinationBits) &&
  (!isAbsolute || row.slots.some(({ sizeBytes }) => sizeBytes === 8))

const accepts = (row: Encoding, operands: ReadonlyArray<Operand>): boolean =>
  operands.length === 0
    ? row.slots.every(({ role }) => role === "implied")
    : operands.length === row.slots.length && row.slots.every((each, index) => {
      const operand = operands[index]
      return operand !== undefined && each.accepts(operand)
    })

const ONE: ImmediateOperand = { _tag: "Immediate", value: 1n }
const shifts = new Set(["shl", "shr", "sar", "rol", "ror", "rcl", "rcr"])

/** Their general register gets a few bits, whatever its width: REX.W would say nothing. */
const narrowing = new Set(["movmskps", "movmskpd", "pmovmskb", "pinsrw", "pextrw"])

const narrowed = (operand: Operand): Operand => {
  if (operand._tag !== "Register" || operand.file !== "general" || operand.widthBits !== 64) return operand
  return narrowRegister(operand) ?? operand
}

const narrowRegister = ({ name, number }: RegisterOperand): RegisterOperand | undefined =>
  registerNamed(number > 7 ? `${name}d` : name.replace("r", "e"))

/** AT&T's order and abbreviations to Intel's order, in full. Where two are given, both mean the same. */
const spellings = (
  mnemonic: string,
  operands: ReadonlyArray<Operand>
): ReadonlyArray<ReadonlyArray<Operand>> => {
  if (mnemonic === "enter") return [operands]
  const intel = narrowing.has(mnemonic) ? operands.toReversed().map(narrowed) : operands.toReversed()
  const [first, second] = intel
  if (shifts.has(mnemonic) && intel.length === 1) return [[...intel, ONE]]
  if (mnemonic === "imul" && first !== undefined && second?._tag === "Immediate" && intel.length === 2) {
    return [[first, first, second]]
  }
  return mnemonic === "xchg" || mnemonic === "test" ? [intel, operands] : [intel]
}

/** A candidate, with what decides between candidates. */
interface Candidate {
  readonly row: Encoding
  readonly operands: ReadonlyArray<Operand>
  readonly encoded: Encoded
}

/**
 * Of equal length, a sign-extended byte goes before the accumulator's own opcode, and anything before
 * REX.W.
 */
const rank = ({ encoded, row }: Candidate): number =>
  4 * encoded.bytes.length +
  (row.slots.some(({ isSigned, sizeBytes }) => isSigned && sizeBytes === 1) ? 0 : 2) +
  (row.operandBits === 64 && !row.isDefault64 ? 1 : 0)

/** The first of the lowest rank. */
const best = (candidates: ReadonlyArray<Candidate>): Candidate | undefined =>
  candidates.reduce<Candidate | undefined>(
    (found, each) => (found === undefined || rank(each) < rank(found) ? each : found),
    undefined
  )

/** Nothing but the operands in memory could tell the size, and it does not. */
const isAmbiguous = (candidates: ReadonlyArray<Candidate>, operands: ReadonlyArray<Operand>): boolean =>
  operands.some(({ _tag }) => _tag === "Memory") &&
  !operands.some((operand) => operand._tag === "Register" && operand.name !== "cl") &&
  new Set(candidates.map(({ row }) => widthOf(row))).size > 1

/** Prefixes that may stand before an instruction, in the order in which they are written. */
export const prefixBytes = { rep: 0xf3, repe: 0xf3, repz: 0xf3, repne: 0xf2, repnz: 0xf2, lock: 0xf0 } as const
export type Prefix = keyof typeof prefixBytes
export const isPrefix = (name: string): name is Prefix => Object.hasOwn(prefixBytes, name)
const prefixNames: ReadonlyArray<Prefix> = Object.keys(prefixBytes).filter(isPrefix)

/** What of an instruction is wrong. */
type Blamed = "mnemonic" | "operands" | "prefix"

/** What became of an instruction, its operands in Intel's order. `Branch` has two sizes; the layout decides. */
export type Encodement =
  | { readonly _tag: "Encoded"; readonly encoded: Encoded; readonly operands: ReadonlyArray<Operand> }
  | { readonly _tag: "Branch"; readonly short: Encoded; readonly near: Encoded }
  /** `expected` names what would have been accepted. */
  | { readonly _tag: "Refused"; readonly expected: string; readonly blames: Blamed }

const refused = (blames: Blamed, expected: string): Encodement => ({ _tag: "Refused", blames, expected })

/**
 * The bytes of `name operands`, in AT&T's names and order, without knowing where they will stand: fields of
 * symbols are left zero and listed, by the operand they belong to in `operands` of the answer.
 */
export const encode = (
  name: string,
  prefixes: ReadonlyArray<Prefix>,
  written: ReadonlyArray<Operand>
): Encodement => {
  const readings = readingsOf(name).filter(({ mnemonic }) => rowsOf(mnemonic).length > 0)
  if (readings.length === 0) return refused("mnemonic", "an instruction")
  const bytes = prefixNames.filter((each) => prefixes.includes(each)).map((each) => prefixBytes[each])

  for (const reading of readings) {
    const fitting = spellings(reading.mnemonic, written)
      .flatMap((operands) => candidatesOf(reading, operands, bytes))
    if (fitting.length === 0) continue
    const asDefault = fitting.filter(({ row }) => row.isDefault64)
    const candidates = reading.widthBits === undefined && asDefault.length > 0 ? asDefault : fitting
    if (reading.widthBits === undefined && isAmbiguous(candidates, written)) {
      return refused("operands", `a size: ${name}b, ${name}w, ${name}l or ${name}q`)
    }
    const { encoded, operands, row } = known(best(candidates), "there are candidates")
    if (prefixes.includes("lock") && !(row.mayBeLocked && operands[0]?._tag === "Memory")) {
      return refused("prefix", "an instruction that LOCK goes with, and its result in memory")
    }
    const near = candidates.find(isNear)
    return near === undefined || near.encoded === encoded
      ? { _tag: "Encoded", encoded, operands }
      : { _tag: "Branch", short: encoded, near: near.encoded }
  }
  return refused("operands", `operands that ${name} takes`)
}

/** A jump or call that reaches everywhere. */
const isNear = ({ row }: Candidate): boolean =>
  row.slots.some(({ role, sizeBytes }) => role === "branch" && sizeBytes === 4)

const candidatesOf = (
  reading: Reading,
  operands: ReadonlyArray<Operand>,
  prefixes: ReadonlyArray<number>
): ReadonlyArray<Candidate> => {
  const candidates: Array<Candidate> = []
  for (const row of rowsOf(reading.mnemonic)) {
    if (!suits(row, reading) || !accepts(row, operands)) continue
    const encoded = emit(row, operands, prefixes)
    // 0x90 is no exchange of eax with itself: that would clear the upper half of rax.
    const isNop = reading.mnemonic === "xchg" && encoded?.bytes[0] === 0x90
    if (encoded !== undefined && !isNop) candidates.push({ row, operands, encoded })
  }
  return candidates
}
