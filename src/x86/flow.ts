/**
 * What an instruction does with registers, without doing it: the emitter in which nothing is known.
 *
 * Registers read as names, so a row's body builds expressions of them; what is written is such an expression, and the names
 * in it are what it depends on. Both ways of an `if` are said. Like every engine it knows no instruction by name.
 */
import { known } from "../base/assert.ts"
import type { AccessKind } from "../base/mark.ts"
import type { Emitter, JumpTarget, Place, RegisterOperand, RetiredStop, VectorPlace } from "./emitter.ts"
import { type Instruction, perform } from "./form.ts"
import { FS_SLOT, GENERAL_REGISTER_COUNT, SLOT_BYTES, type Segment, type Width, ZERO_SLOT } from "./register.ts"
import { operators } from "./operator.ts"
import { I32, I64, int, long, V128, type Value } from "./value.ts"

/** General registers as bits: bit 0 is rax. */
export type RegisterSet = number

/** A register that is written, and what the new value is made of; what came from memory, flags or vectors is not in it. */
export interface RegisterWrite {
  readonly register: number
  readonly from: RegisterSet
  /** Nothing of the old value is left, whatever way the instruction takes. */
  readonly isWhole: boolean
  /** The memory it was loaded from, where it is that and nothing else: index into `accesses`. */
  readonly loaded: number | undefined
}

export interface MemoryAccess {
  readonly kind: AccessKind
  readonly sizeBytes: number
  /** Registers its address is made of. */
  readonly by: RegisterSet
  /** The address, given what the registers hold before the instruction. */
  readonly address: (register: (slot: number) => bigint) => bigint
}

export interface Flow {
  /** Registers whose value matters: to a result, an address, a flag, to where control goes. One pushed is only put away. */
  readonly reads: RegisterSet
  readonly writes: ReadonlyArray<RegisterWrite>
  readonly accesses: ReadonlyArray<MemoryAccess>
  readonly isLocked: boolean
  readonly isCall: boolean
}

/** Names: a general register by its number, a segment base by its slot; then whatever else is not known; then loads. */
const UNKNOWN = 1_000
const FIRST_LOAD = UNKNOWN + 1

const name = (index: number): I64 => new I64({ kind: "local", index })
const anyVector = new V128({ kind: "local", index: UNKNOWN })

/** Subtracted from itself, or combined with itself so, anything is 0. */
const cancelling: ReadonlySet<string> = new Set(["i64.sub", "i64.xor", "i32.sub", "i32.xor"])

/** The name a value is, but for its width. */
const nameOf = ({ node }: Value): number | undefined =>
  node.kind === "local" ? node.index
  : node.kind === "apply" && node.operands.length === 1 && node.operator.startsWith("i64.extend") ? nameOf(known(node.operands[0], "it has one operand"))
  : undefined

const namesIn = (value: Value, found: Set<number> = new Set()): ReadonlySet<number> => {
  const { node } = value
  if (node.kind === "local") found.add(node.index)
  else if (node.kind === "select") for (const each of [node.condition, node.whenTrue, node.whenFalse]) namesIn(each, found)
  else if (node.kind === "apply") {
    const [left, right] = node.operands
    const isNothing = cancelling.has(node.operator) && left !== undefined && right !== undefined && nameOf(left) !== undefined && nameOf(left) === nameOf(right)
    if (!isNothing) for (const operand of node.operands) namesIn(operand, found)
  }
  return found
}

const registersIn = (value: Value): RegisterSet => {
  let set = 0
  for (const index of namesIn(value)) if (index < GENERAL_REGISTER_COUNT) set |= 1 << index
  return set
}

const evaluate = (value: Value, slot: (slot: number) => bigint): bigint => {
  const { node } = value
  switch (node.kind) {
    case "constant":
      return node.value
    case "local":
      return node.index < UNKNOWN ? slot(node.index) : 0n
    case "apply":
      return operators[node.operator].fold(...node.operands.map((operand) => evaluate(operand, slot)))
    case "select":
      return evaluate(evaluate(node.condition, slot) !== 0n ? node.whenTrue : node.whenFalse, slot)
    case "load":
    case "call":
      return 0n
  }
}

class FlowEmitter implements Emitter {
  private readonly instruction: Instruction
  reads: RegisterSet = 0
  readonly writes: Array<RegisterWrite> = []
  readonly accesses: Array<MemoryAccess> = []
  isCall = false
  private depth = 0

  constructor(instruction: Instruction) {
    this.instruction = instruction
  }

  private use(...values: ReadonlyArray<Value | undefined>): void {
    for (const value of values) if (value !== undefined) this.reads |= registersIn(value)
  }

  let<T extends Value>(value: T): T {
    return value
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.use(condition)
    this.depth++
    then()
    otherwise?.()
    this.depth--
  }

  // ---- operands
  private byteOf(register: RegisterOperand): number {
    return typeof register === "number" ? register * SLOT_BYTES : this.instruction[register]
  }

  private slot(byte: number): I64 {
    const slot = Math.floor(byte / SLOT_BYTES)
    return slot === ZERO_SLOT ? long(0n) : name(slot)
  }

  register(register: RegisterOperand, width: Width): Place {
    const byte = this.byteOf(register)
    return {
      read: () => this.slot(byte).signed(width),
      write: (value) => {
        const from = registersIn(value)
        this.reads |= from
        const index = nameOf(value)
        const loaded = index === undefined || index < FIRST_LOAD ? undefined : index - FIRST_LOAD
        this.writes.push({ register: Math.floor(byte / SLOT_BYTES), from, isWhole: width >= 32 && this.depth === 0, loaded })
      }
    }
  }

  vectorRegister(): VectorPlace {
    return { read: () => anyVector, write: (value) => this.use(value) }
  }

  immediate(): I64 {
    return long(this.instruction.immediate)
  }

  address(): I64 {
    const { base, displacement, index, isAddress32, scale, segment } = this.instruction
    const offset = this.slot(base).add(this.slot(index).shl(BigInt(scale))).add(displacement)
    return (isAddress32 ? offset.unsigned(32) : offset).add(this.segmentBase(segment))
  }

  private segmentBase(segment: Segment): I64 {
    return segment === 0 ? long(0n) : name(FS_SLOT - 1 + segment)
  }

  next(): I64 {
    return long(BigInt(this.instruction.ip + this.instruction.lengthBytes))
  }

  private access(at: I64, sizeBytes: number, kind: AccessKind): number {
    this.use(at)
    this.accesses.push({ kind, sizeBytes, by: registersIn(at), address: (slot) => evaluate(at, slot) })
    return FIRST_LOAD + this.accesses.length - 1
  }

  memory(at: I64, width: Width, kind: AccessKind): Place {
    const load = name(this.access(at, width / 8, kind))
    // A register that is pushed, as it stands, is put away and taken back: nobody has looked at it.
    const isPushed = this.instruction.form.row.access.includes("push")
    return {
      read: () => load.signed(width),
      write: (value) => {
        if (!isPushed) this.use(value)
      }
    }
  }

  vectorMemory(at: I64, kind: AccessKind): VectorPlace {
    this.access(at, 16, kind)
    return { read: () => anyVector, write: (value) => this.use(value) }
  }

  // ---- flags
  arithmeticFlags(_of: "sum" | "difference", _width: Width, result: I64): void {
    this.use(result)
  }
  stepFlags(_of: "increment" | "decrement", _width: Width, result: I64): void {
    this.use(result)
  }
  resultFlags(_width: Width, result: I64): void {
    this.use(result)
  }
  patchFlags(given: Readonly<Record<string, I64 | undefined>>): void {
    this.use(...Object.values(given))
  }
  flag(): I64 {
    return name(UNKNOWN)
  }
  condition(): I32 {
    return new I32({ kind: "local", index: UNKNOWN })
  }
  direction(): I64 {
    return name(UNKNOWN)
  }
  setDirection(direction: I64): void {
    this.use(direction)
  }

  // ---- control
  jump(): void {}
  jumpIf(condition: I32): void {
    this.use(condition)
  }
  target(at: I64): JumpTarget {
    this.use(at)
    return { at }
  }
  jumpTo(): void {}
  againIf(condition: I32): void {
    this.use(condition)
  }
  retireAndStop(stop: RetiredStop): void {
    this.isCall ||= stop === "Call"
  }
  stopIf(condition: I32): void {
    this.use(condition.and(int(1)))
  }
}

/** What `instruction` does with registers, and where it reaches into memory. */
export const flowOf = (instruction: Instruction): Flow => {
  const emitter = new FlowEmitter(instruction)
  perform(emitter, instruction.form)
  const { accesses, isCall, reads, writes } = emitter
  return { reads, writes, accesses, isLocked: instruction.isLocked, isCall }
}
