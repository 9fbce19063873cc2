/** Operands as an assembler writes them down: what the encoder chooses an encoding by. */

export type RegisterFile = "general" | "xmm" | "mm" | "segment" | "ip"

export interface RegisterOperand {
  readonly _tag: "Register"
  readonly name: string
  readonly file: RegisterFile
  readonly number: number
  readonly widthBits: number
  /** ah, ch, dh, bh: numbers 4 to 7 without a REX prefix. */
  readonly isHighByte: boolean
}

/** `value`: `undefined` where a symbol will fill it in later. */
export interface ImmediateOperand {
  readonly _tag: "Immediate"
  readonly value: bigint | undefined
}

export interface MemoryOperand {
  readonly _tag: "Memory"
  readonly segment: RegisterOperand | undefined
  /** A general register, `rip`, or none. */
  readonly base: RegisterOperand | undefined
  readonly index: RegisterOperand | undefined
  readonly scale: 1 | 2 | 4 | 8
  /** `undefined` where a symbol will fill it in later; 0 where nothing was written. */
  readonly displacement: bigint | undefined
}

/** The target of a direct jump or call: always filled in later. */
export interface BranchOperand {
  readonly _tag: "Branch"
}

export type Operand = RegisterOperand | ImmediateOperand | MemoryOperand | BranchOperand

const general64 = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
const general32 = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"]
const general16 = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"]
const general8 = ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"]
const highBytes = ["ah", "ch", "dh", "bh"]
const segments = ["es", "cs", "ss", "ds", "fs", "gs"]
const first8 = [0, 1, 2, 3, 4, 5, 6, 7]
const all16 = [...first8, 8, 9, 10, 11, 12, 13, 14, 15]

const register = (
  name: string,
  file: RegisterFile,
  number: number,
  widthBits: number,
  isHighByte = false
): RegisterOperand =>
  ({ _tag: "Register", name, file, number, widthBits, isHighByte })

const registers: ReadonlyMap<string, RegisterOperand> = new Map(
  [
    ...general64.map((name, number) => register(name, "general", number, 64)),
    ...general32.map((name, number) => register(name, "general", number, 32)),
    ...general16.map((name, number) => register(name, "general", number, 16)),
    ...general8.map((name, number) => register(name, "general", number, 8)),
    ...highBytes.map((name, number) => register(name, "general", number + 4, 8, true)),
    ...all16.slice(8).flatMap((number) => [
      register(`r${number}`, "general", number, 64),
      register(`r${number}d`, "general", number, 32),
      register(`r${number}w`, "general", number, 16),
      register(`r${number}b`, "general", number, 8)
    ]),
    ...all16.map((number) => register(`xmm${number}`, "xmm", number, 128)),
    ...first8.map((number) => register(`mm${number}`, "mm", number, 64)),
    ...segments.map((name, number) => register(name, "segment", number, 16)),
    register("rip", "ip", 0, 64)
  ].map((row) => [row.name, row])
)

/** The register of that name, without its `%`. */
export const registerNamed = (name: string): RegisterOperand | undefined => registers.get(name)
