/**
 * Bytes to instructions, through the table: iced-x86 reads the encoding, the rows say what there is.
 *
 * An encoding becomes a mnemonic, a shape and a width, and these name a form. Only what is irregular in x86 itself is spelled
 * out here. What no row models becomes the form `unsupported`, what no processor accepts becomes `ud`.
 *
 * The simulated processor has neither BMI1 nor LZCNT (`instruction/cpuid.ts`), and without them the encodings of tzcnt and lzcnt
 * are bsf and bsr with an idle prefix. Source: Intel SDM 2B, TZCNT.
 */
import {
  Code, Decoder, DecoderError, DecoderOptions, Instruction as Handle, MemorySizeExt, Mnemonic, OpKind, Register, RegisterExt
} from "iced-x86"
import { assert, known } from "../base/assert.ts"
import { type Form, type Instruction, ZERO_BYTE, formNamed, forms } from "./form.ts"
import {
  FS_SLOT, GS_SLOT, type OperandWidth, RSI, RSP, SLOT_BYTES, type Segment, VECTOR_BYTES, VECTOR_REGISTER_COUNT, generalRegisters
} from "./register.ts"

/** No instruction is longer. */
export const INSTRUCTION_BYTES_MAX = 15

/**
 * The instruction that `bytes` begin with, as it stands at `ip`. `truncated`: it goes on behind them, so the page that should
 * follow decides. Bytes behind the instruction do not matter.
 */
export const decode = (bytes: Uint8Array, ip: number): Instruction | "truncated" => {
  const decoder = new Decoder(64, bytes.subarray(0, INSTRUCTION_BYTES_MAX), OPTIONS)
  decoder.ip = BigInt(ip)
  decoder.decodeOut(handle)
  const error = decoder.lastError
  decoder.free()
  if (error === DecoderError.NoMoreBytes && bytes.length < INSTRUCTION_BYTES_MAX) return "truncated"
  return lower(handle, ip)
}

const OPTIONS = DecoderOptions.NoMPFX_0FBC | DecoderOptions.NoMPFX_0FBD

/** iced's objects are handles into its own memory: one is used again and again, and none leaves this file. */
const handle = new Handle()

// ---- registers

interface KnownRegister {
  readonly letter: "r" | "x"
  readonly byte: number
  readonly width: OperandWidth
}

const icedName = (name: string): string => name.toUpperCase().replace(/^(R\d+)B$/, "$1L")

const icedRegisters: ReadonlyMap<string, unknown> = new Map(Object.entries(Register))

const registerNumber = (name: string): Register => {
  const found = icedRegisters.get(icedName(name))
  assert(typeof found === "number", `the decoder knows the register ${name}`)
  return found
}

const knownRegisters: ReadonlyMap<Register, KnownRegister> = new Map<Register, KnownRegister>([
  ...generalRegisters.map(({ byte, name, width }) => [registerNumber(name), { letter: "r", byte, width }] as const),
  ...Array.from({ length: VECTOR_REGISTER_COUNT }, (_, number) =>
    [registerNumber(`xmm${number}`), { letter: "x", byte: number * VECTOR_BYTES, width: 128 }] as const)
])

const byteOf = (register: Register): number =>
  register === Register.None
    ? ZERO_BYTE
    : known(knownRegisters.get(RegisterExt.fullRegister(register)), "an address is made of general registers").byte

// ---- which form

const mnemonicNames: ReadonlyArray<string> = Object.keys(Mnemonic)
  .filter((key) => Number.isNaN(Number(key)))
  .map((name) => name.toLowerCase())

/** Forms by mnemonic, shape and width as the decoder sees them. */
const formOfKey: ReadonlyMap<string, Form> = (() => {
  const found = new Map<string, Form>()
  for (const form of forms) {
    for (const mnemonic of form.row.mnemonics ?? [form.row.name]) {
      const source = form.row.sourceWidths === undefined ? "" : `.${form.sourceWidth}`
      const key = form.shape === "*" ? `${mnemonic}.*` : `${mnemonic}.${form.shape}.${form.width}${source}`
      assert(!found.has(key), `one form answers to ${key}`)
      found.set(key, form)
    }
  }
  return found
})()

const special = (name: string): Form => known(formNamed(`${name}.*.64`), `the table has the row ${name}`)
const unsupported = special("unsupported")
const undefinedInstruction = special("ud")
const privileged = special("privileged")

/** Sizes that neither mnemonic nor operands tell, and no row has: two bytes of stack, or a counter of 16 or 32 bits. */
const otherwiseSized: ReadonlySet<Code> = new Set([
  Code.Retnw, Code.Retnw_imm16, Code.Leavew, Code.Loop_rel8_64_ECX, Code.Loope_rel8_64_ECX, Code.Loopne_rel8_64_ECX
])

/** What an operand is, as a letter of a shape; `?` is one that no shape has. */
const letterOf = (instruction: Handle, position: number): string => {
  const kind = instruction.opKind(position)
  switch (kind) {
    case OpKind.Register: {
      const register = instruction.opRegister(position)
      if (position > 0 && register === Register.CL && isShift(instruction)) return "c"
      return knownRegisters.get(register)?.letter ?? "?"
    }
    case OpKind.Memory: return MemorySizeExt.size(instruction.memorySize) === VECTOR_BYTES ? "v" : "m"
    case OpKind.NearBranch64: return "j"
    default: return OpKind.Immediate8 <= kind && kind <= OpKind.Immediate32to64 ? "i" : "?"
  }
}

const shifts: ReadonlySet<string> = new Set(["rol", "ror", "rcl", "rcr", "shl", "sal", "shr", "sar", "shld", "shrd"])
const mnemonicOf = (instruction: Handle): string => known(mnemonicNames[instruction.mnemonic], "every mnemonic has a name")
const isShift = (instruction: Handle): boolean => shifts.has(mnemonicOf(instruction))

const widthAt = (instruction: Handle, position: number, letter: string): number | undefined =>
  letter === "m"
    ? MemorySizeExt.size(instruction.memorySize) * 8
    : letter === "r" ? knownRegisters.get(instruction.opRegister(position))?.width : undefined

const repeatPrefix = (instruction: Handle): string =>
  instruction.hasRepnePrefix ? "repne " : instruction.hasRepPrefix ? "rep " : ""

/** The form of an encoding, by what it is and not by which registers it names. */
const findForm = (instruction: Handle): Form => {
  if (instruction.code === Code.INVALID) return undefinedInstruction
  const mnemonic = mnemonicOf(instruction)
  if (mnemonic === "mov" && instruction.isPrivileged) return privileged
  const whatever = formOfKey.get(`${mnemonic}.*`)
  if (whatever !== undefined) return whatever
  if (otherwiseSized.has(instruction.code)) return unsupported
  if (instruction.isStringInstruction) return findString(instruction, mnemonic)
  const letters = Array.from({ length: instruction.opCount }, (_, position) => letterOf(instruction, position))
  const widths = letters.map((letter, position) => widthAt(instruction, position, letter))
  const width = widths.find((each) => each !== undefined) ?? widthWithoutOperands(instruction, letters)
  const key = `${mnemonic}.${letters.join("")}.${width}`
  return formOfKey.get(key) ?? formOfKey.get(`${key}.${widths[1] ?? 0}`) ?? unsupported
}

/** Of an instruction without a general register or memory: vectors, or what a push of a number pushes. */
const widthWithoutOperands = (instruction: Handle, letters: ReadonlyArray<string>): number => {
  if (letters.some((letter) => letter === "x" || letter === "v")) return 128
  return instruction.code === Code.Pushw_imm8 || instruction.code === Code.Push_imm16 ? 16 : 64
}

const findString = (instruction: Handle, mnemonic: string): Form => {
  const kinds = Array.from({ length: instruction.opCount }, (_, position) => instruction.opKind(position))
  const isNarrow = kinds.some((kind) => [OpKind.MemorySegESI, OpKind.MemoryESEDI].includes(kind))
  const width = MemorySizeExt.size(instruction.memorySize) * 8
  return (isNarrow ? undefined : formOfKey.get(`${repeatPrefix(instruction)}${mnemonic}..${width}`)) ?? unsupported
}

/** Nothing but the code, a memory operand and a repeat prefix decides the form, so each combination is looked up once. */
const formCache = new Map<number, Form>()

const formOf = (instruction: Handle): Form => {
  const hasMemory = instruction.memorySize !== 0 || instruction.op0Kind === OpKind.Memory || instruction.op1Kind === OpKind.Memory
  const repeat = instruction.hasRepnePrefix ? 2 : instruction.hasRepPrefix ? 1 : 0
  const narrow = instruction.op0Kind * 32 + instruction.op1Kind
  const key = ((instruction.code * 2 + (hasMemory ? 1 : 0)) * 4 + repeat) * 1024 + narrow
  let form = formCache.get(key)
  if (form === undefined) {
    form = findForm(instruction)
    formCache.set(key, form)
  }
  return form
}

// ---- the instruction

interface Address {
  readonly base: number
  readonly index: number
  readonly scale: number
  readonly segment: Segment
  readonly isAddress32: boolean
  readonly displacement: bigint
}

const nowhere: Address = { base: ZERO_BYTE, index: ZERO_BYTE, scale: 0, segment: 0, isAddress32: false, displacement: 0n }

const segmentOf = (register: Register): Segment => (register === Register.FS ? 1 : register === Register.GS ? 2 : 0)

const isNarrowRegister = (register: Register): boolean => register === Register.EIP || knownRegisters.get(register)?.width === 32

/** Where it can, a segment base takes the place of a missing base or index: then the address is an ordinary one. */
const withSegment = (address: Address): Address => {
  const { base, index, isAddress32, segment } = address
  if (segment === 0 || isAddress32) return address
  const slot = (segment === 1 ? FS_SLOT : GS_SLOT) * SLOT_BYTES
  if (base === ZERO_BYTE) return { ...address, base: slot, segment: 0 }
  return index === ZERO_BYTE ? { ...address, base: slot, index: base, scale: 0, segment: 0 } : address
}

const addressOf = (instruction: Handle, form: Form): Address => {
  const { memoryBase, memoryIndex } = instruction
  // What iced calls the displacement of an ip-relative address is the address.
  const base = memoryBase === Register.RIP || memoryBase === Register.EIP ? ZERO_BYTE : byteOf(memoryBase)
  const isAbsolute = memoryBase === Register.None && memoryIndex === Register.None
  const isNarrow = isAbsolute ? instruction.memoryDisplSize === 4 : isNarrowRegister(memoryBase) || isNarrowRegister(memoryIndex)
  // A pop into memory makes its address after the stack pointer has risen.
  const risen = form.row.access[0] === "pop" && base === RSP * SLOT_BYTES ? BigInt(form.width / 8) : 0n
  return withSegment({
    base,
    index: byteOf(memoryIndex),
    scale: Math.log2(instruction.memoryIndexScale),
    segment: form.row.name === "lea" ? 0 : segmentOf(instruction.memorySegment),
    isAddress32: isNarrow,
    displacement: BigInt.asIntN(64, instruction.memoryDisplacement + risen)
  })
}

/** The source of a string instruction: rsi, and a segment base if it has a prefix. */
const stringSource = (instruction: Handle): Address =>
  withSegment({ ...nowhere, base: RSI * SLOT_BYTES, segment: segmentOf(instruction.memorySegment) })

/** The three registers and the number that an instruction can have, by position. */
const lower = (instruction: Handle, ip: number): Instruction => {
  const form = formOf(instruction)
  const lengthBytes = instruction.length
  const plain: Instruction = {
    form, ip, lengthBytes, d: ZERO_BYTE, s: ZERO_BYTE, ...nowhere, immediate: 0n, isLocked: instruction.hasLockPrefix
  }
  if (form.shape === "*") return plain
  if (instruction.isStringInstruction) return { ...plain, ...stringSource(instruction) }

  let { d, immediate, s } = plain
  let address = nowhere
  for (let position = 0; position < instruction.opCount; position++) {
    switch (form.shape[position]) {
      case "r": case "x": {
        const { byte } = known(knownRegisters.get(instruction.opRegister(position)), "a letter stands for a register we know")
        if (position === 0) d = byte
        else s = byte
        break
      }
      case "m": case "v": address = addressOf(instruction, form); break
      case "i": immediate = BigInt.asIntN(form.width === 128 ? 64 : form.width, instruction.immediate(position)); break
      case "j": immediate = BigInt.asIntN(64, instruction.nearBranchTarget); break
    }
  }
  const whole = { ...plain, ...address, d, s, immediate, isLocked: plain.isLocked || isExchange(form) }
  return isOutOfReach(whole) ? { ...plain, form: unsupported } : isShift(instruction) ? lowerShift(whole) : whole
}

/** An exchange with memory is locked, prefix or not. */
const isExchange = ({ row, shape }: Form): boolean => row.name === "xchg" && shape === "mr"

/** A bit string is addressed by a sum that would have to be cut to 32 bits, too. */
const isOutOfReach = ({ form, isAddress32 }: Instruction): boolean =>
  isAddress32 && form.row.name !== "lea" && form.shape !== "j" && form.row.access.includes("address")

/** The processor masks a count. A register shifted by nothing is only moved: a 32-bit one is cleared above. */
const lowerShift = (instruction: Instruction): Instruction => {
  const { d, form, immediate } = instruction
  if (!form.shape.endsWith("i")) return instruction
  const count = immediate & (form.width === 64 ? 63n : 31n)
  const isMove = count === 0n && form.shape.startsWith("r")
  return isMove
    ? { ...instruction, form: moveOf(form.width), s: d, immediate: 0n }
    : { ...instruction, immediate: count }
}

const moveOf = (width: OperandWidth): Form => known(formNamed(`mov.rr.${width}`), "registers of every width are moved")
