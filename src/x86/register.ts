/**
 * The register file as every engine sees it: 64-bit slots, named by the byte at which they begin.
 *
 * A register inside an instruction is a *byte offset* into the file, so `ah` is 1 and needs no case of its own, and an
 * 8- or 16-bit write is a narrow store. Besides the sixteen architectural registers, the file has a slot that is always
 * zero (a missing base or index) and the two segment bases, so that an address is a sum of slots.
 */

/** Bits of an integer operand. */
export type Width = 8 | 16 | 32 | 64
/** Bits of any operand: 128 is a vector. */
export type OperandWidth = Width | 128

export const RAX = 0
export const RCX = 1
export const RDX = 2
export const RBX = 3
export const RSP = 4
export const RBP = 5
export const RSI = 6
export const RDI = 7
export const R11 = 11

/** Always zero: nothing writes it. */
export const ZERO_SLOT = 16
/** The base that `%fs:` adds. The three slots from `ZERO_SLOT` on are in the order of `Segment`. */
export const FS_SLOT = 17
export const GS_SLOT = 18
export const SLOT_COUNT = 19
export const SLOT_BYTES = 8

export const GENERAL_REGISTER_COUNT = 16
export const VECTOR_REGISTER_COUNT = 16
export const VECTOR_BYTES = 16

/** Which base an address adds: none, fs, gs. As a number it counts slots from `ZERO_SLOT`. */
export type Segment = 0 | 1 | 2

const legacy = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"]
const high = ["ah", "ch", "dh", "bh"]

const generalName = (number: number, width: Width): string => {
  const old = legacy[number]
  if (old === undefined) return `r${number}${{ 8: "b", 16: "w", 32: "d", 64: "" }[width]}`
  if (width === 8) return number < 4 ? `${old[0] ?? ""}l` : `${old}l`
  return `${{ 16: "", 32: "e", 64: "r" }[width]}${old}`
}

/** A general register at one width. */
export interface RegisterName {
  readonly name: string
  readonly width: Width
  /** Offset of its low byte in the register file. */
  readonly byte: number
}

/** Every general register at every width, `ah ch dh bh` included. */
export const generalRegisters: ReadonlyArray<RegisterName> = [
  ...([64, 32, 16, 8] as const).flatMap((width) =>
    Array.from({ length: GENERAL_REGISTER_COUNT }, (_, number) => ({
      name: generalName(number, width),
      width,
      byte: number * SLOT_BYTES
    }))
  ),
  ...high.map((name, number): RegisterName => ({ name, width: 8, byte: number * SLOT_BYTES + 1 }))
]
