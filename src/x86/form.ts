/**
 * Forms: an instruction row at one shape and one width, numbered; and the 32-byte record of an instruction that an
 * interpreter runs.
 */
import { assert, known } from "../base/assert.ts"
import type { AccessKind } from "../base/mark.ts"
import type { Emitter, Place, VectorPlace } from "./emitter.ts"
import { type Access, type InstructionRow, type Popped, type Pushed } from "./instruction/definition.ts"
import { hottest } from "./instruction/hottest.ts"
import { instructionRows } from "./instruction/table.ts"
import { type OperandWidth, RBP, RCX, RSP, SLOT_BYTES, type Segment, type Width, ZERO_SLOT } from "./register.ts"
import { type I64, long } from "./value.ts"

/** One of the kinds of record there are. */
export interface Form {
  /** Dense from 0, the hottest first. */
  readonly code: number
  /** `add.rm.32`, `movzx.rr.32.8`: row, shape, width, width of the source where it differs. */
  readonly name: string
  readonly row: InstructionRow
  readonly shape: string
  readonly width: OperandWidth
  /** Of the second operand. */
  readonly sourceWidth: Width
  /** Whether it deserves a case in the hottest loop. */
  readonly heat: "hottest" | "common" | "rare"
}

/** A decoded instruction: plain data, from which a record is written and the reference engine works. */
export interface Instruction {
  readonly form: Form
  readonly ip: number
  readonly lengthBytes: number
  /** Byte offsets into the register file, or into the vectors, of the register operands; the zero slot where there is none. */
  readonly d: number
  readonly s: number
  readonly base: number
  readonly index: number
  /** 0 to 3: the index is shifted left so far. */
  readonly scale: number
  /** What a general address adds, behind all else. */
  readonly segment: Segment
  /** base + index + displacement is cut to 32 bits, before the segment is added. */
  readonly isAddress32: boolean
  readonly displacement: bigint
  /** Sign-extended from the operand's width; the target of a direct branch. */
  readonly immediate: bigint
  readonly isLocked: boolean
}

// ---- the record

/**
 * Byte offsets of the fields, little-endian:
 *
 *     0  code          u16   the form's; `GENERAL_ADDRESS` is added where the address is not just base, index, displacement
 *     2  d             u8    byte offset into the register file or the vectors
 *     3  s             u8
 *     4  base          u8    byte offset into the register file
 *     5  index         u8
 *     6  addressing    u8    bits 0-1 scale; in general addresses also bit 2: cut to 32 bits, bits 3-4: segment
 *     7  tail          u8    bits 0-3 length in bytes; bit 7: locked
 *     8  displacement  i64   of direct branches: the engine's own, to keep where they lead
 *    16  immediate     i64
 *    24  ip            i64
 */
export const field = { code: 0, d: 2, s: 3, base: 4, index: 5, addressing: 6, tail: 7, displacement: 8, immediate: 16, ip: 24 } as const
export const FORM_BYTES = 32

/**
 * Added to the code where a segment base stands beside both a base and an index, or where addresses are cut to 32 bits. A
 * fast engine knows no such code and leaves the instruction to its careful twin, which masks the bit and adds it all up.
 */
export const GENERAL_ADDRESS = 0x8000
/** An engine's own codes lie from `forms.length` up to here. */
export const CODE_LIMIT = GENERAL_ADDRESS

export const SCALE_MASK = 3
export const ADDRESS32_BIT = 4
export const SEGMENT_SHIFT = 3
export const LENGTH_MASK = 15
export const LOCKED_BIT = 0x80

export const isGeneralAddress = ({ isAddress32, segment }: Instruction): boolean => isAddress32 || segment !== 0

/** Writes the record of an instruction at `at`. */
export const writeForm = (view: DataView, at: number, instruction: Instruction): void => {
  const { base, d, displacement, form, immediate, index, ip, isAddress32, isLocked, lengthBytes, s, scale, segment } = instruction
  view.setUint16(at + field.code, form.code + (isGeneralAddress(instruction) ? GENERAL_ADDRESS : 0), true)
  view.setUint8(at + field.d, d)
  view.setUint8(at + field.s, s)
  view.setUint8(at + field.base, base)
  view.setUint8(at + field.index, index)
  view.setUint8(at + field.addressing, scale | (isAddress32 ? ADDRESS32_BIT : 0) | (segment << SEGMENT_SHIFT))
  view.setUint8(at + field.tail, lengthBytes | (isLocked ? LOCKED_BIT : 0))
  view.setBigInt64(at + field.displacement, displacement, true)
  view.setBigInt64(at + field.immediate, immediate, true)
  view.setBigInt64(at + field.ip, BigInt(ip), true)
}

/** Of a field that names no register. */
export const ZERO_BYTE = ZERO_SLOT * SLOT_BYTES

/**
 * Whether an access goes through the stack's segment: of what is pushed and popped, or at an address made from rsp or rbp without
 * another segment. A non-canonical address is #SS there, and #GP elsewhere. Source: Intel SDM 3A, Interrupt 12
 */
export const isThroughStack = ({ access, name }: InstructionRow, { base, segment }: Pick<Instruction, "base" | "segment">, kind: AccessKind): boolean =>
  name === "leave" || (kind === "write" && access.includes("push")) || (kind === "read" && access.includes("pop"))
  || (segment === 0 && (base === RSP * SLOT_BYTES || base === RBP * SLOT_BYTES))

// ---- the table of forms

const formName = (row: string, shape: string, width: OperandWidth, sourceWidth: Width | undefined): string =>
  [row, shape, width, ...(sourceWidth === undefined ? [] : [sourceWidth])].join(".")

type Unnumbered = Omit<Form, "code">

const formsOf = (row: InstructionRow): ReadonlyArray<Unnumbered> =>
  row.shapes.flatMap((shape) => row.widths.flatMap((width): ReadonlyArray<Unnumbered> => {
    const heat = (name: string): Form["heat"] => (hottest.includes(name) ? "hottest" : row.isRare ?? false ? "rare" : "common")
    if (row.sourceWidths === undefined) {
      const name = formName(row.name, shape, width, undefined)
      return [{ name, row, shape, width, sourceWidth: width === 128 ? 64 : width, heat: heat(name) }]
    }
    return row.sourceWidths.filter((sourceWidth) => sourceWidth < width).map((sourceWidth) => {
      const name = formName(row.name, shape, width, sourceWidth)
      return { name, row, shape, width, sourceWidth, heat: heat(name) }
    })
  }))

const rank = ({ heat, name }: Unnumbered): number =>
  heat === "hottest" ? hottest.indexOf(name) : heat === "common" ? hottest.length : hottest.length + 1

/**
 * Whether it may read memory and write the same bytes; its access says which. What may be locked and has an operand in memory
 * does, and so do others.
 */
export const mayModifyMemory = ({ row: { access, mayBeLocked = false }, shape }: Form): boolean =>
  access.filter((each) => each !== "push" && each !== "pop")
    .some((each, position) => "mv".includes(shape[position] ?? "?") && (each === "modify" || (each === "address" && mayBeLocked)))

/** All forms; the index is the code. Codes order cases by heat, and say nothing outside one process. */
export const forms: ReadonlyArray<Form> = instructionRows
  .flatMap(formsOf)
  .sort((one, other) => rank(one) - rank(other))
  .map((form, code) => ({ ...form, code }))

assert(forms.length < CODE_LIMIT, "codes leave room for the bit of general addresses")

const byName = new Map(forms.map((form) => [form.name, form]))
assert(byName.size === forms.length, "every form has a name of its own")

/** The form of that name, if there is one. */
export const formNamed = (name: string): Form | undefined => byName.get(name)

// ---- performing

const SLOT_OF_CL = RCX

/**
 * Says an instruction to an emitter: operands are resolved, left to right by declared access, then the body runs. The same
 * for every engine.
 */
export const perform = (e: Emitter, form: Form): void => {
  const { row, shape, sourceWidth, width } = form
  const integerWidth: Width = width === 128 ? 64 : width
  const resolved: Array<Place | VectorPlace | undefined> = []
  let pushed: Pushed | undefined
  let popped: Popped | undefined
  for (const access of row.access) {
    if (access === "push") pushed = push(e, integerWidth)
    else if (access === "pop") popped = pop(e, integerWidth)
    else {
      const position = resolved.length
      const operandWidth = position === 1 ? sourceWidth : integerWidth
      resolved.push(operandAt(e, row, known(shape[position], `${form.name} has a letter for each operand`), access, position, operandWidth))
    }
  }
  const [destination, source, third] = resolved
  const operands = { width, sourceWidth, shape, destination, operand: destination, source, third, pushed, popped }
  row.body(e, width as never, operands as never)
}

const operandAt = (
  e: Emitter, row: InstructionRow, letter: string, access: Access, position: number, width: Width
): Place | VectorPlace | undefined => {
  const register = position === 0 ? "d" : "s"
  switch (letter) {
    case "r": return e.register(register, width)
    case "x": return e.vectorRegister(register)
    case "c": return e.register(SLOT_OF_CL, 8)
    case "i": return { read: () => e.immediate(), write: () => assert(false, "nothing writes a number in an instruction") }
    case "m": return access === "address" ? undefined : e.memory(e.address(), width, kindOf(access))
    case "v": return access === "address" ? undefined : vectorMemory(e, row, kindOf(access))
    default:
      assert(letter === "j", `an operand has a letter of its own, not ${letter}`)
      return undefined
  }
}

const kindOf = (access: Access): AccessKind => {
  assert(access === "read" || access === "write" || access === "modify", "an operand in memory is read, written or both")
  return access
}

const vectorMemory = (e: Emitter, row: InstructionRow, kind: AccessKind): VectorPlace => {
  const at = e.let(e.address())
  if (row.mayBeUnaligned !== true) e.stopIf(at.and(15n).ne(0n), "GeneralProtection")
  return e.vectorMemory(at, kind)
}

const push = (e: Emitter, width: Width): Pushed => {
  const stackPointer = e.register(RSP, 64)
  const top = e.let(stackPointer.read().sub(BigInt(width / 8)))
  const slot = e.memory(top, width, "write")
  return {
    write: (value) => {
      slot.write(value)
      stackPointer.write(top)
    }
  }
}

const pop = (e: Emitter, width: Width): Popped => {
  const stackPointer = e.register(RSP, 64)
  const top = stackPointer.read()
  const slot = e.memory(top, width, "read")
  const past = (extraBytes: I64): I64 => top.add(BigInt(width / 8)).add(extraBytes)
  return { read: () => slot.read(), release: (extraBytes = long(0n)) => stackPointer.write(past(extraBytes)) }
}
