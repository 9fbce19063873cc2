/**
 * Every encoding of every form, found by trying: iced knows all encodings there are, and the decoder says which form each is.
 *
 * So no list of operands is kept beside the table. A form that no encoding reaches is dead, and the law says so.
 */
import {
  Code, CodeExt, Encoder, EncodingKind, Instruction as Handle, OpCodeOperandKind as Kind, OpKind, Register, RegisterExt
} from "iced-x86"
import { decode } from "../../src/x86/decode.ts"
import type { Form, Instruction } from "../../src/x86/form.ts"
import { Draw } from "./draw.ts"
import { BRANCH_BYTES, CODE } from "./place.ts"

/** One way to spell a form. */
export interface Encoding {
  readonly code: Code
  readonly operandKinds: ReadonlyArray<Kind>
  readonly isMemory: boolean
  readonly prefix: "none" | "rep" | "repne" | "lock"
}

export interface Sample {
  readonly bytes: Uint8Array
  readonly instruction: Instruction
}

type Size = 8 | 16 | 32 | 64

const lists = {
  8: [
    Register.AL, Register.CL, Register.DL, Register.BL, Register.SPL, Register.BPL, Register.SIL, Register.DIL, Register.R8L, Register.R9L,
    Register.R10L, Register.R11L, Register.R12L, Register.R13L, Register.R14L, Register.R15L
  ],
  16: Array.from({ length: 16 }, (_, number) => Register.AX + number),
  32: Array.from({ length: 16 }, (_, number) => Register.EAX + number),
  64: Array.from({ length: 16 }, (_, number) => Register.RAX + number)
} as const satisfies Record<Size, ReadonlyArray<Register>>

const highBytes = [Register.AH, Register.CH, Register.DH, Register.BH]

/** High bytes exist beside registers that need no REX prefix alone: an instruction that has one keeps to the first four. */
interface Choice {
  readonly draw: Draw
  readonly isHigh: boolean
  /** The register drawn last: often drawn again, since an operand twice is awkward. */
  last: number
}

const chooseNumber = (choice: Choice): number => {
  const limit = choice.isHigh ? 4 : 16
  const number = choice.draw.oneIn(4) ? choice.last : choice.draw.oneIn(8) ? 4 % limit : choice.draw.below(limit)
  choice.last = number % limit
  return choice.last
}

const chooseRegister = (choice: Choice, size: Size): Register => {
  const number = chooseNumber(choice)
  if (size === 8 && choice.isHigh && choice.draw.oneIn(2)) return choice.draw.pick(highBytes)
  return lists[size][number] ?? Register.AL
}

const registerKinds = new Map<Kind, Size>([
  [Kind.r8_reg, 8], [Kind.r8_opcode, 8], [Kind.r8_or_mem, 8],
  [Kind.r16_reg, 16], [Kind.r16_opcode, 16], [Kind.r16_or_mem, 16], [Kind.r16_rm, 16],
  [Kind.r32_reg, 32], [Kind.r32_opcode, 32], [Kind.r32_or_mem, 32], [Kind.r32_rm, 32],
  [Kind.r64_reg, 64], [Kind.r64_opcode, 64], [Kind.r64_or_mem, 64], [Kind.r64_rm, 64]
])
const vectorKinds: ReadonlySet<Kind> = new Set([Kind.xmm_reg, Kind.xmm_rm, Kind.xmm_or_mem])
const eitherKinds: ReadonlySet<Kind> = new Set([Kind.r8_or_mem, Kind.r16_or_mem, Kind.r32_or_mem, Kind.r64_or_mem, Kind.xmm_or_mem])
const memoryKinds: ReadonlySet<Kind> = new Set([Kind.mem, Kind.mem_offs])
const fixedRegisters = new Map<Kind, Register>([
  [Kind.al, Register.AL], [Kind.cl, Register.CL], [Kind.ax, Register.AX], [Kind.eax, Register.EAX], [Kind.rax, Register.RAX]
])
const immediateKinds = new Map<Kind, OpKind>([
  [Kind.imm8, OpKind.Immediate8], [Kind.imm8_const_1, OpKind.Immediate8], [Kind.imm8sex16, OpKind.Immediate8to16],
  [Kind.imm8sex32, OpKind.Immediate8to32], [Kind.imm8sex64, OpKind.Immediate8to64], [Kind.imm16, OpKind.Immediate16],
  [Kind.imm32, OpKind.Immediate32], [Kind.imm32sex64, OpKind.Immediate32to64], [Kind.imm64, OpKind.Immediate64]
])
const immediateBits = new Map<OpKind, number>([
  [OpKind.Immediate8, 8], [OpKind.Immediate8to16, 8], [OpKind.Immediate8to32, 8], [OpKind.Immediate8to64, 8],
  [OpKind.Immediate16, 16], [OpKind.Immediate32, 32], [OpKind.Immediate32to64, 32], [OpKind.Immediate64, 64]
])
const branchKinds: ReadonlySet<Kind> = new Set([Kind.br64_1, Kind.br64_4])
const stringKinds = new Map<Kind, OpKind>([[Kind.seg_rSI, OpKind.MemorySegRSI], [Kind.es_rDI, OpKind.MemoryESRDI]])

const isKnown = (kind: Kind): boolean =>
  registerKinds.has(kind) || vectorKinds.has(kind) || memoryKinds.has(kind) || fixedRegisters.has(kind) || immediateKinds.has(kind) ||
  branchKinds.has(kind) || stringKinds.has(kind)

// ---- operands

/** How far an address may be from what stands in a register. */
const chooseDisplacement = (draw: Draw): bigint =>
  draw.oneIn(3) ? 0n : draw.oneIn(2) ? BigInt(draw.below(256) - 128) : BigInt(draw.below(0x4000) - 0x2000)

const chooseMemory = (handle: Handle, kind: Kind, draw: Draw, isHigh: boolean): void => {
  const place = draw.target()
  handle.memoryDisplSize = 8
  if (kind === Kind.mem_offs) {
    handle.memoryDisplacement = BigInt(place)
    return
  }
  if (draw.oneIn(5)) handle.segmentPrefix = Register.GS
  // Without a REX prefix, as beside a high byte, only the old eight registers are there.
  const names = lists[draw.oneIn(8) ? 32 : 64].slice(0, isHigh ? 8 : 16)
  const indices = names.filter((name) => RegisterExt.number(name) !== 4)
  const shape = draw.below(10)
  if (shape === 0) {
    handle.memoryBase = Register.RIP
    handle.memoryDisplacement = BigInt(place)
    return
  }
  if (shape === 1) {
    handle.memoryDisplSize = draw.oneIn(2) ? 4 : 8
    handle.memoryDisplacement = BigInt(place)
    return
  }
  if (shape !== 2) handle.memoryBase = draw.oneIn(6) ? names[4] ?? Register.RSP : draw.pick(names)
  if (shape === 2 || shape > 6) {
    handle.memoryIndex = draw.pick(indices)
    handle.memoryIndexScale = draw.pick([1, 2, 4, 8])
  }
  handle.memoryDisplacement = chooseDisplacement(draw)
}

const chooseImmediate = (draw: Draw, bits: number): bigint => {
  const value = draw.oneIn(2) ? draw.edge() : draw.any()
  return BigInt.asIntN(bits, value)
}

const setImmediate = (handle: Handle, position: number, kind: OpKind, draw: Draw, isOne: boolean): void => {
  const bits = immediateBits.get(kind) ?? 8
  const value = isOne ? 1n : chooseImmediate(draw, bits)
  handle.setOpKind(position, kind)
  switch (kind) {
    case OpKind.Immediate8: handle.immediate8 = Number(BigInt.asUintN(8, value)); return
    case OpKind.Immediate8to16: handle.immediate8to16 = Number(value); return
    case OpKind.Immediate8to32: handle.immediate8to32 = Number(value); return
    case OpKind.Immediate8to64: handle.immediate8to64 = value; return
    case OpKind.Immediate16: handle.immediate16 = Number(BigInt.asUintN(16, value)); return
    case OpKind.Immediate32: handle.immediate32 = Number(BigInt.asUintN(32, value)); return
    case OpKind.Immediate32to64: handle.immediate32to64 = value; return
    default: handle.immediate64 = BigInt.asUintN(64, value)
  }
}

const setOperand = (handle: Handle, encoding: Encoding, position: number, choice: Choice): void => {
  const kind = encoding.operandKinds[position] ?? Kind.None
  const { draw } = choice
  const immediate = immediateKinds.get(kind)
  const text = stringKinds.get(kind)
  if (memoryKinds.has(kind) || (encoding.isMemory && eitherKinds.has(kind))) {
    handle.setOpKind(position, OpKind.Memory)
    chooseMemory(handle, kind, draw, choice.isHigh)
  } else if (vectorKinds.has(kind)) {
    handle.setOpKind(position, OpKind.Register)
    handle.setOpRegister(position, Register.XMM0 + chooseNumber({ ...choice, isHigh: false }))
  } else if (immediate !== undefined) {
    setImmediate(handle, position, immediate, draw, kind === Kind.imm8_const_1)
  } else if (branchKinds.has(kind)) {
    handle.setOpKind(position, OpKind.NearBranch64)
    handle.nearBranch64 = BigInt(CODE + BRANCH_BYTES)
  } else if (text !== undefined) {
    handle.setOpKind(position, text)
    if (text === OpKind.MemorySegRSI && draw.oneIn(4)) handle.segmentPrefix = Register.GS
  } else {
    handle.setOpKind(position, OpKind.Register)
    handle.setOpRegister(position, fixedRegisters.get(kind) ?? chooseRegister(choice, registerKinds.get(kind) ?? 64))
  }
}

const encoder = new Encoder(64)

/** Bytes with operands drawn; `undefined` where the draw has no encoding, such as a high byte beside a new register. */
const encode = (encoding: Encoding, draw: Draw, targetBytes: number): Uint8Array | undefined => {
  const handle = new Handle()
  try {
    handle.code = encoding.code
    const choice: Choice = { draw, isHigh: draw.oneIn(5), last: draw.below(16) }
    for (let position = 0; position < encoding.operandKinds.length; position++) setOperand(handle, encoding, position, choice)
    handle.hasLockPrefix = encoding.prefix === "lock"
    handle.hasRepPrefix = encoding.prefix === "rep"
    handle.hasRepnePrefix = encoding.prefix === "repne"
    if (handle.op0Kind === OpKind.NearBranch64) handle.nearBranch64 = BigInt(CODE + targetBytes)
    encoder.encode(handle, BigInt(CODE))
    return encoder.takeBuffer()
  } catch {
    encoder.takeBuffer()
    return undefined
  } finally {
    handle.free()
  }
}

/** An instruction of this encoding, at `CODE`, with operands drawn. A direct branch leads `BRANCH_BYTES` behind it. */
export const sample = (encoding: Encoding, draw: Draw): Sample => {
  for (;;) {
    const bytes = encode(encoding, draw, BRANCH_BYTES)
    if (bytes === undefined) continue
    const instruction = decode(bytes, CODE)
    if (instruction === "truncated" || instruction.form.shape !== "j") return { bytes, instruction: instruction as Instruction }
    // The length is known now, and so is where the branch should lead.
    const length = bytes.length
    for (const at of bytes.keys()) if (at >= length - (length > 3 ? 4 : 1)) bytes[at] = 0
    bytes[length - (length > 3 ? 4 : 1)] = BRANCH_BYTES
    return { bytes, instruction: decode(bytes, CODE) as Instruction }
  }
}

// ---- which form is which

/** These are tzcnt and lzcnt on the processor that judges, and bsf and bsr on the simulated one. */
const otherwiseNewer = /^(Tzcnt|Lzcnt)_/

const codes: ReadonlyArray<Code> = Object.values(Code)
  .filter((code): code is Code => typeof code === "number" && !otherwiseNewer.test(Code[code] ?? ""))

const encodingsOfCode = (code: Code): ReadonlyArray<Encoding> => {
  const info = CodeExt.opCode(code)
  const { canUseLockPrefix, canUseRepPrefix, canUseRepnePrefix, encoding, isInstruction, mode64, opCount } = info
  const operandKinds = Array.from({ length: opCount }, (_, position) => info.opKind(position))
  info.free()
  if (!isInstruction || !mode64 || encoding !== EncodingKind.Legacy || !operandKinds.every(isKnown)) return []
  const isString = operandKinds.some((kind) => stringKinds.has(kind))
  const hasMemory = operandKinds.some((kind) => memoryKinds.has(kind))
  const hasEither = operandKinds.some((kind) => eitherKinds.has(kind))
  const places = hasEither ? [false, true] : [hasMemory]
  return places.flatMap((isMemory): ReadonlyArray<Encoding> => [
    { code, operandKinds, isMemory, prefix: "none" },
    ...(canUseLockPrefix && isMemory ? [{ code, operandKinds, isMemory, prefix: "lock" } as const] : []),
    ...(canUseRepPrefix && isString ? [{ code, operandKinds, isMemory, prefix: "rep" } as const] : []),
    ...(canUseRepnePrefix && isString ? [{ code, operandKinds, isMemory, prefix: "repne" } as const] : [])
  ])
}

/**
 * Encodings by the name of their form, those that no row models under `unsupported.*.64`. Each is tried with chances of its
 * own, so that the answer for one depends on no other.
 */
export const findEncodings = (): ReadonlyMap<string, ReadonlyArray<Encoding>> => {
  const found = new Map<string, Array<Encoding>>()
  for (const encoding of codes.flatMap(encodingsOfCode)) {
    const draw = new Draw("encodings", `${Code[encoding.code] ?? ""} ${encoding.isMemory} ${encoding.prefix}`)
    // Several draws, since a shift by 0 or a misfit of operands would hide the form.
    const names = new Set(Array.from({ length: 6 }, () => nameOf(encoding, draw)))
    for (const name of names) {
      if (name === undefined) continue
      const list = found.get(name)
      if (list === undefined) found.set(name, [encoding])
      else list.push(encoding)
    }
  }
  return found
}

const nameOf = (encoding: Encoding, draw: Draw): string | undefined => {
  for (let attempt = 0; attempt < 30; attempt++) {
    const bytes = encode(encoding, draw, BRANCH_BYTES)
    if (bytes === undefined) continue
    const instruction = decode(bytes, CODE)
    return instruction === "truncated" ? undefined : instruction.form.name
  }
  return undefined
}

/** A sample whose form is the one asked for: a shift by 0 is none of a shift's form. */
export const sampleOf = (form: Form, encodings: ReadonlyArray<Encoding>, draw: Draw): Sample => {
  for (;;) {
    const made = sample(draw.pick(encodings), draw)
    if (made.instruction.form.code === form.code) return made
  }
}
