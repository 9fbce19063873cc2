/**
 * One encoding of an instruction as plain data, whether given operands fit it, and its bytes. The rows come from
 * `encode.ts`; nothing here knows where from.
 */
import type { MemoryOperand, Operand, RegisterOperand } from "./operand.ts"

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
  readonly mnemonic: string
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
  readonly mayRepeat: boolean
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

const RSP = 4
const RBP = 5
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
  if (displacement === 0n && (base.number & 7) !== RBP) return { mod: NO_DISPLACEMENT, rm, sib, displacementBytes: 0 }
  if (displacement !== undefined && isSigned8(displacement)) return { mod: DISPLACEMENT_8, rm, sib, displacementBytes: 1 }
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

/**
 * The bytes of `operands` under `row`, which accepts them. `undefined` where a high byte register meets a REX prefix.
 * Prefixes stand in the order in which GNU as writes them.
 */
export const emit = (row: Encoding, operands: ReadonlyArray<Operand>, prefixes: ReadonlyArray<number>): Encoded | undefined => {
  let reg = row.group ?? 0
  let rm: RegisterOperand | MemoryOperand | undefined
  let opcodeRegister = 0
  let rex = row.operandBits === 64 && !row.isDefault64 ? 0x48 : 0
  let isHighByteUsed = false
  const trailing: Array<{ readonly operand: number; readonly slot: Slot }> = []
  let segment: RegisterOperand | undefined
  let addressBits = row.addressBits

  for (const [operand, slot] of row.slots.entries()) {
    const value = operands[operand]
    if (value === undefined) continue
    if (value._tag === "Register" && slot.role !== "implied") {
      if (value.isHighByte) isHighByteUsed = true
      if (needsRex(value)) rex |= 0x40
    }
    if (value._tag === "Memory") {
      if (slot.role !== "implied" || segment === undefined) segment = overrideOf(value)
      if ((value.base ?? value.index)?.widthBits === 32) addressBits = 32
    }
    if (slot.role === "reg" && value._tag === "Register") reg = value.number
    else if (slot.role === "opcode" && value._tag === "Register") opcodeRegister = value.number
    else if (slot.role === "rm" && (value._tag === "Register" || value._tag === "Memory")) rm = value
    else if (slot.role !== "implied") trailing.push({ operand, slot })
  }
  if (operands.length === 0 && row.slots.some(({ role }) => role === "rm" || role === "reg")) return undefined

  if (reg > 7) rex |= 0x44
  if (opcodeRegister > 7 || (rm?._tag === "Register" && rm.number > 7)) rex |= 0x41
  if (rm?._tag === "Memory") {
    if ((rm.index?.number ?? 0) > 7) rex |= 0x42
    if ((rm.base?.number ?? 0) > 7) rex |= 0x41
  }
  if (rex !== 0 && isHighByteUsed) return undefined

  const bytes: Array<number> = []
  const fields: Array<Field> = []
  if (segment !== undefined) bytes.push(segmentPrefixes[segment.number] ?? 0)
  if (addressBits === 32) bytes.push(0x67)
  if (row.operandBits === 16 || row.mandatoryPrefix === 0x66) bytes.push(0x66)
  if (row.mandatoryPrefix !== undefined && row.mandatoryPrefix !== 0x66) bytes.push(row.mandatoryPrefix)
  bytes.push(...prefixes)
  if (rex !== 0) bytes.push(rex)
  bytes.push(...row.opcode.slice(0, -1), (row.opcode.at(-1) ?? 0) + (opcodeRegister & 7))

  if (rm?._tag === "Register") bytes.push((REGISTER_DIRECT << 6) | ((reg & 7) << 3) | (rm.number & 7))
  if (rm?._tag === "Memory") {
    const { displacementBytes, mod, rm: rmField, sib } = addressing(rm)
    bytes.push((mod << 6) | ((reg & 7) << 3) | rmField)
    if (sib !== undefined) bytes.push(sib)
    if (rm.displacement === undefined) {
      fields.push({ operand: operands.indexOf(rm), at: bytes.length, sizeBytes: 4, isRelative: rm.base?.file === "ip", isSigned: true })
    }
    bytes.push(...littleEndian(rm.displacement ?? 0n, displacementBytes))
  }
  for (const { operand, slot } of trailing) {
    const value = operands[operand]
    const literal = value?._tag === "Immediate" ? value.value : value?._tag === "Memory" ? value.displacement : undefined
    if (literal === undefined) {
      fields.push({ operand, at: bytes.length, sizeBytes: slot.sizeBytes, isRelative: slot.role === "branch", isSigned: slot.isSigned })
    }
    bytes.push(...littleEndian(literal ?? 0n, slot.sizeBytes))
  }
  return { bytes, fields }
}
