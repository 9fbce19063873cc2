/**
 * One encoding of an instruction as plain data, whether given operands fit it, and its bytes. The rows
 * come from `encode.ts`; nothing here knows where from.
 */
import type { MemoryOperand, Operand, RegisterOperand } from "./operand.ts"
import { RBP, RSP } from "../register.ts"

/** How an operand is written in the bytes, and which operands may be. */
export interface Slot {
  readonly role: "rm" | "reg" | "opcode" | "immediate" | "branch" | "address" | "implied"
  readonly accepts: (operand: Operand) => boolean
  /** Of an immediate, a branch or an absolute address. */
  readonly sizeBytes: number
  /** An immediate that the processor sign-extends from one byte or to 64 bits. */
  readonly isSigned: boolean
  /** Operand width where the slot has one: what an AT&T suffix speaks of. */
  readonly widthBits: number | undefined
  readonly takesMemory: boolean
}

export interface Encoding {
  /** Intel's order, as everywhere below. */
  readonly slots: ReadonlyArray<Slot>
  /** 16, 32, 64, or 0 where nothing hangs on it. */
  readonly operandBits: number
  /** 64 bits without REX.W, as `push`. */
  readonly isDefault64: boolean
  /** Mandatory 0x66, 0xF3 or 0xF2. */
  readonly mandatoryPrefix: number | undefined
  /** Escape bytes and opcode. */
  readonly opcode: ReadonlyArray<number>
  /** `/digit`, where there is one. */
  readonly group: number | undefined
  /** 32: needs 0x67. */
  readonly addressBits: number
  readonly mayBeLocked: boolean
}

/** Bytes still to be filled in: operand `operand` of the list given, `at` bytes into the instruction. */
export interface Field {
  readonly operand: number
  readonly at: number
  readonly sizeBytes: number
  /** Relative to the end of the instruction. */
  readonly isRelative: boolean
  /** The value is sign-extended, so its top bit is a sign. */
  readonly isSigned: boolean
}

export interface Encoded {
  readonly bytes: ReadonlyArray<number>
  readonly fields: ReadonlyArray<Field>
}

const littleEndian = (value: bigint, sizeBytes: number): Array<number> =>
  Array.from({ length: sizeBytes }, (_, index) => Number(BigInt.asUintN(8, value >> BigInt(8 * index))))

const isSigned8 = (value: bigint): boolean => value >= -128n && value <= 127n

interface Addressing {
  readonly mod: number
  readonly rm: number
  readonly sib: number | undefined
  readonly displacementBytes: number
}

const NO_DISPLACEMENT = 0b00
const DISPLACEMENT_8 = 0b01
const DISPLACEMENT_32 = 0b10
const REGISTER_DIRECT = 0b11

/** ModRM and SIB of an operand in memory. Source: Intel SDM 2A, 2.1.5, tables 2-2 and 2-3; 2.2.1.6 for RIP. */
const addressing = ({ base, displacement, index, scale }: MemoryOperand): Addressing => {
  if (base?.file === "ip") return { mod: NO_DISPLACEMENT, rm: RBP, sib: undefined, displacementBytes: 4 }
  const sibOf = (baseField: number): number =>
    (Math.log2(scale) << 6) | (((index?.number ?? RSP) & 7) << 3) | baseField
  // Without a base, 64-bit mode needs a SIB byte: its place without one means RIP-relative.
  if (base === undefined) return { mod: NO_DISPLACEMENT, rm: RSP, sib: sibOf(RBP), displacementBytes: 4 }
  const needsSib = index !== undefined || (base.number & 7) === RSP
  const rm = needsSib ? RSP : base.number & 7
  const sib = needsSib ? sibOf(base.number & 7) : undefined
  if (displacement === 0n && (base.number & 7) !== RBP) {
    return { mod: NO_DISPLACEMENT, rm, sib, displacementBytes: 0 }
  }
  if (displacement !== undefined && isSigned8(displacement)) {
    return { mod: DISPLACEMENT_8, rm, sib, displacementBytes: 1 }
  }
  return { mod: DISPLACEMENT_32, rm, sib, displacementBytes: 4 }
}

/** The segment, where it is not the one the processor takes anyway. */
const overrideOf = ({ base, segment }: MemoryOperand): RegisterOperand | undefined => {
  const isStack = base?.number === RSP || base?.number === RBP
  return segment?.name === (isStack ? "ss" : "ds") || segment?.name === "es" ? undefined : segment
}

const segmentPrefixes = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65]

/** Whether a byte register is one that only a REX prefix can name: spl, bpl, sil, dil. */
const needsRex = ({ isHighByte, number, widthBits }: RegisterOperand): boolean =>
  widthBits === 8 && !isHighByte && number >= 4

/** An operand behind ModRM: an immediate, a branch or a 64-bit address. */
interface Trailing {
  readonly operand: number
  readonly slot: Slot
}

/** Where each operand goes. */
interface Assignment {
  readonly reg: number
  readonly rm: RegisterOperand | MemoryOperand | undefined
  readonly opcodeRegister: number
  readonly trailing: ReadonlyArray<Trailing>
  readonly segment: RegisterOperand | undefined
}

const assign = (row: Encoding, operands: ReadonlyArray<Operand>): Assignment => {
  let reg = row.group ?? 0
  let rm: RegisterOperand | MemoryOperand | undefined
  let opcodeRegister = 0
  let segment: RegisterOperand | undefined
  const trailing: Array<Trailing> = []
  for (const [operand, slot] of row.slots.entries()) {
    const value = operands[operand]
    if (value?._tag === "Memory") segment ??= overrideOf(value)
    if (value === undefined || slot.role === "implied") continue
    if (slot.role === "reg" && value._tag === "Register") reg = value.number
    else if (slot.role === "opcode" && value._tag === "Register") opcodeRegister = value.number
    else if (slot.role === "rm" && (value._tag === "Register" || value._tag === "Memory")) rm = value
    else trailing.push({ operand, slot })
  }
  return { reg, rm, opcodeRegister, trailing, segment }
}

/** 0100 WRXB, 0 where none is needed, `undefined` where one is needed and a high byte register forbids it. */
const rexOf = (
  row: Encoding,
  { opcodeRegister, reg, rm }: Assignment,
  operands: ReadonlyArray<Operand>
): number | undefined => {
  const written = operands.filter((each, index): each is RegisterOperand =>
    each._tag === "Register" && row.slots[index]?.role !== "implied")
  let rex = written.some(needsRex) ? 0x40 : 0
  if (row.operandBits === 64 && !row.isDefault64) rex |= 0x48
  if (reg > 7) rex |= 0x44
  if (rm?._tag === "Memory" && (rm.index?.number ?? 0) > 7) rex |= 0x42
  const low = rm?._tag === "Memory" ? (rm.base?.number ?? 0) : (rm?.number ?? opcodeRegister)
  if (low > 7) rex |= 0x41
  return rex !== 0 && written.some(({ isHighByte }) => isHighByte) ? undefined : rex
}

const isAddress32 = (operand: Operand): boolean =>
  operand._tag === "Memory" && (operand.base ?? operand.index)?.widthBits === 32

/** Prefixes of the row and those written, in the order in which GNU as writes them. */
const prefixesOf = (
  row: Encoding,
  operands: ReadonlyArray<Operand>,
  segment: RegisterOperand | undefined,
  written: ReadonlyArray<number>
): Array<number> => {
  const bytes: Array<number> = []
  if (segment !== undefined) bytes.push(segmentPrefixes[segment.number] ?? 0)
  if (row.addressBits === 32 || operands.some(isAddress32)) bytes.push(0x67)
  if (row.operandBits === 16 || row.mandatoryPrefix === 0x66) bytes.push(0x66)
  if (row.mandatoryPrefix !== undefined && row.mandatoryPrefix !== 0x66) bytes.push(row.mandatoryPrefix)
  bytes.push(...written)
  return bytes
}

/** What stands in the bytes of an operand, if it is known. */
const literalOf = (operand: Operand | undefined): bigint | undefined => {
  if (operand?._tag === "Immediate") return operand.value
  return operand?._tag === "Memory" ? operand.displacement : undefined
}

/**
 * The bytes of `operands` under `row`, which accepts them. `undefined` where a high byte register meets a
 * REX prefix. `prefixes`: of repetition and LOCK.
 */
export const emit = (
  row: Encoding,
  operands: ReadonlyArray<Operand>,
  prefixes: ReadonlyArray<number>
): Encoded | undefined => {
  const assignment = assign(row, operands)
  const rex = rexOf(row, assignment, operands)
  if (rex === undefined) return undefined
  const { opcodeRegister, reg, rm, segment, trailing } = assignment

  const bytes = prefixesOf(row, operands, segment, prefixes)
  const fields: Array<Field> = []
  if (rex !== 0) bytes.push(rex)
  bytes.push(...row.opcode.slice(0, -1), (row.opcode.at(-1) ?? 0) + (opcodeRegister & 7))
  if (rm?._tag === "Register") bytes.push((REGISTER_DIRECT << 6) | ((reg & 7) << 3) | (rm.number & 7))
  if (rm?._tag === "Memory") {
    const { displacementBytes, mod, rm: rmField, sib } = addressing(rm)
    bytes.push((mod << 6) | ((reg & 7) << 3) | rmField)
    if (sib !== undefined) bytes.push(sib)
    if (rm.displacement === undefined) {
      const isRelative = rm.base?.file === "ip"
      const operand = operands.indexOf(rm)
      fields.push({ operand, at: bytes.length, sizeBytes: displacementBytes, isRelative, isSigned: true })
    }
    bytes.push(...littleEndian(rm.displacement ?? 0n, displacementBytes))
  }
  for (const { operand, slot: { isSigned, role, sizeBytes } } of trailing) {
    const literal = literalOf(operands[operand])
    const isRelative = role === "branch"
    if (literal === undefined) fields.push({ operand, at: bytes.length, sizeBytes, isRelative, isSigned })
    bytes.push(...littleEndian(literal ?? 0n, sizeBytes))
  }
  return { bytes, fields }
}
