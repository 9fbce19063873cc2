/**
 * The reference engine: the emitter in which everything is constant.
 *
 * Its registers read as constants, so every expression folds to a number, an `if` runs one of its ways, and performing a row *is*
 * executing the instruction. It shares the rows with every other engine and so judges the engines, not the meaning; that is
 * the processor's. Flags are computed at once and from wide sums, on purpose: not from the carry vectors of `lazy-flag.ts`.
 * Slow, about a hundred thousand instructions a second.
 */
import { assert, known } from "../../base/assert.ts"
import { u64 } from "../../base/bits.ts"
import type { AccessKind } from "../../base/mark.ts"
import { INSTRUCTION_BYTES_MAX, decode } from "../../x86/decode.ts"
import {
  type Emitter, type JumpTarget, type Place, type Refusal, type RegisterOperand, type RetiredStop, type VectorPlace, WriteOrder
} from "../../x86/emitter.ts"
import { type Condition, DIRECTION_FLAG, FIXED_FLAGS, type FlagName, conditions, flagBit, flagNames } from "../../x86/flag.ts"
import { type Instruction, isThroughStack, perform } from "../../x86/form.ts"
import { printInstruction } from "../../x86/print.ts"
import { SLOT_BYTES, SLOT_COUNT, VECTOR_BYTES, VECTOR_REGISTER_COUNT, type Width, ZERO_SLOT } from "../../x86/register.ts"
import { type I32, type I64, type V128, type Value, int, long, vector } from "../../x86/value.ts"
import { BUDGET_SPENT, type Fault, type Stop } from "../stop.ts"

/** Everything an instruction can see of a task, as unsigned numbers. */
export interface ReferenceState {
  /** The slots of the register file: general registers, zero, fs base, gs base. */
  readonly registers: Array<bigint>
  readonly vectors: Array<bigint>
  /** 0 or 1 each. */
  readonly flags: Record<FlagName, bigint>
  /** DF: 0 or 1. */
  direction: bigint
  ip: bigint
  /** Instructions retired. */
  count: number
}

export const newReferenceState = (): ReferenceState => ({
  registers: Array.from({ length: SLOT_COUNT }, () => 0n),
  vectors: Array.from({ length: VECTOR_REGISTER_COUNT }, () => 0n),
  flags: { CF: 0n, PF: 0n, AF: 0n, ZF: 0n, SF: 0n, OF: 0n },
  direction: 0n,
  ip: 0n,
  count: 0
})

/** The image of eflags, IF and bit 1 set. */
export const eflagsOf = ({ direction, flags }: ReferenceState): number =>
  flagNames.reduce((image, name) => image | (Number(flags[name]) << flagBit[name]), FIXED_FLAGS | (direction === 1n ? DIRECTION_FLAG : 0))

export const setEflags = (state: ReferenceState, image: number): void => {
  for (const name of flagNames) state.flags[name] = BigInt((image >> flagBit[name]) & 1)
  state.direction = (image & DIRECTION_FLAG) === 0 ? 0n : 1n
}

/** Guest memory, little-endian. Addresses are unsigned 64-bit numbers and wrap around. */
export interface ReferenceMemory {
  /** The fault that an access of all these bytes meets first; `modify` is a write. Changes nothing. */
  readonly check: (at: bigint, sizeBytes: number, kind: AccessKind | "execute") => Fault | undefined
  /** Precondition of both: `check` found no fault. */
  readonly read: (at: bigint, sizeBytes: number) => bigint
  readonly write: (at: bigint, sizeBytes: number, value: bigint) => void
}

export type Outcome =
  | { readonly _tag: "Retired" }
  | { readonly _tag: RetiredStop }
  | { readonly _tag: "Faulted"; readonly fault: Fault }
  | { readonly _tag: "Unsupported" }

const RETIRED: Outcome = { _tag: "Retired" }

/** Ends an instruction that did not happen. Thrown and caught in this file. */
class Refused {
  readonly outcome: Outcome
  constructor(outcome: Outcome) {
    this.outcome = outcome
  }
}

const bitsOf = (value: Value): bigint => known(value.constant, "in the reference engine every value is a constant")
const isTrue = (condition: I32): boolean => bitsOf(condition) !== 0n
const mask = (width: Width): bigint => (1n << BigInt(width)) - 1n
const signExtended = (value: bigint, width: Width): I64 => long(BigInt.asIntN(width, value))

/** Addresses are 48 bits, sign-extended. Source: Intel SDM 1, 3.3.7.1. */
const isCanonical = (address: bigint): boolean => u64(BigInt.asIntN(48, address)) === address

/** One bit for a condition that holds. */
const truth = (holds: boolean): bigint => (holds ? 1n : 0n)

const isEvenlySet = (byte: bigint): boolean => {
  let ones = 0
  for (let bit = 0n; bit < 8n; bit++) ones += Number((byte >> bit) & 1n)
  return ones % 2 === 0
}

/** What each condition asks of the flags; the odd ones negate. Source: Intel SDM 1, appendix B. */
const holds: Readonly<Record<Condition, (flags: Readonly<Record<FlagName, bigint>>) => boolean>> = {
  o: ({ OF }) => OF === 1n,
  no: ({ OF }) => OF === 0n,
  b: ({ CF }) => CF === 1n,
  ae: ({ CF }) => CF === 0n,
  e: ({ ZF }) => ZF === 1n,
  ne: ({ ZF }) => ZF === 0n,
  be: ({ CF, ZF }) => CF === 1n || ZF === 1n,
  a: ({ CF, ZF }) => CF === 0n && ZF === 0n,
  s: ({ SF }) => SF === 1n,
  ns: ({ SF }) => SF === 0n,
  p: ({ PF }) => PF === 1n,
  np: ({ PF }) => PF === 0n,
  l: ({ OF, SF }) => SF !== OF,
  ge: ({ OF, SF }) => SF === OF,
  le: ({ OF, SF, ZF }) => ZF === 1n || SF !== OF,
  g: ({ OF, SF, ZF }) => ZF === 0n && SF === OF
}
assert(conditions.every((condition) => condition in holds), "every condition has a meaning")

/** One instruction of one state. */
class ReferenceEmitter implements Emitter {
  private readonly state: ReferenceState
  private readonly guest: ReferenceMemory
  private readonly instruction: Instruction
  private readonly order = new WriteOrder()
  /** Where control goes, and what the instruction answers, if it retires. */
  goesTo: bigint
  outcome: Outcome = RETIRED

  constructor(state: ReferenceState, guest: ReferenceMemory, instruction: Instruction) {
    this.state = state
    this.guest = guest
    this.instruction = instruction
    this.goesTo = u64(BigInt(instruction.ip + instruction.lengthBytes))
  }

  let<T extends Value>(value: T): T {
    bitsOf(value)
    return value
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    if (isTrue(condition)) then()
    else otherwise?.()
  }

  // ---- operands

  private byteOf(register: RegisterOperand): number {
    return typeof register === "number" ? register * SLOT_BYTES : this.instruction[register]
  }

  private slot(byte: number): bigint {
    return known(this.state.registers[Math.floor(byte / SLOT_BYTES)], "a field names a slot of the register file")
  }

  register(register: RegisterOperand, width: Width): Place {
    const byte = this.byteOf(register)
    const shift = BigInt(byte % SLOT_BYTES) * 8n
    return {
      read: () => signExtended(this.slot(byte) >> shift, width),
      write: (value) => {
        this.order.wrote()
        const slot = Math.floor(byte / SLOT_BYTES)
        assert(slot < ZERO_SLOT, "only general registers are written")
        const bits = bitsOf(value) & mask(width)
        const kept = width >= 32 ? 0n : this.slot(byte) & ~(mask(width) << shift)
        this.state.registers[slot] = kept | (bits << shift)
      }
    }
  }

  vectorRegister(register: "d" | "s"): VectorPlace {
    const index = this.instruction[register] / VECTOR_BYTES
    return {
      read: () => vector(known(this.state.vectors[index], "a field names a vector")),
      write: (value) => {
        this.order.wrote()
        this.state.vectors[index] = bitsOf(value)
      }
    }
  }

  immediate(): I64 {
    return long(this.instruction.immediate)
  }

  address(): I64 {
    const { base, displacement, index, isAddress32, scale, segment } = this.instruction
    const offset = this.slot(base) + (this.slot(index) << BigInt(scale)) + displacement
    const segmentBase = this.slot((ZERO_SLOT + segment) * SLOT_BYTES)
    return long((isAddress32 ? BigInt.asUintN(32, offset) : offset) + segmentBase)
  }

  next(): I64 {
    return long(BigInt(this.instruction.ip + this.instruction.lengthBytes))
  }

  private checked(at: I64, sizeBytes: number, kind: AccessKind): bigint {
    this.order.mayStop()
    const address = bitsOf(at)
    const fault = this.guest.check(address, sizeBytes, kind)
    if (fault === undefined) return address
    const isOfStack = fault._tag === "GeneralProtection" && isThroughStack(this.instruction.form.row, this.instruction, kind)
    throw new Refused({ _tag: "Faulted", fault: isOfStack ? { _tag: "StackFault" } : fault })
  }

  private mayWrite(kind: AccessKind): void {
    assert(kind !== "read", "what is written was declared so")
    this.order.wrote()
  }

  memory(at: I64, width: Width, kind: AccessKind): Place {
    const bytes = width / 8
    const address = this.checked(at, bytes, kind)
    return {
      read: () => signExtended(this.guest.read(address, bytes), width),
      write: (value) => {
        this.mayWrite(kind)
        this.guest.write(address, bytes, bitsOf(value) & mask(width))
      }
    }
  }

  vectorMemory(at: I64, kind: AccessKind): VectorPlace {
    const address = this.checked(at, VECTOR_BYTES, kind)
    return {
      read: (): V128 => vector(this.guest.read(address, VECTOR_BYTES)),
      write: (value) => {
        this.mayWrite(kind)
        this.guest.write(address, VECTOR_BYTES, bitsOf(value))
      }
    }
  }

  // ---- flags

  private setSigns(width: Width, result: bigint): void {
    const { flags } = this.state
    flags.ZF = truth(result === 0n)
    flags.SF = result >> BigInt(width - 1)
    flags.PF = truth(isEvenlySet(result & 0xffn))
  }

  /** OF: the sum of the signed numbers is not the signed result; CF and AF likewise, of the unsigned and of four bits. */
  arithmeticFlags(of: "sum" | "difference", width: Width, result: I64, a: I64, b: I64, carry?: I64): void {
    this.order.wrote()
    const { flags } = this.state
    const sign = of === "sum" ? 1n : -1n
    const carried = carry === undefined ? 0n : bitsOf(carry)
    const exact = (cut: (value: bigint) => bigint): bigint => cut(bitsOf(a)) + sign * (cut(bitsOf(b)) + carried)
    const doesNotFit = (cut: (value: bigint) => bigint): bigint => {
      const whole = exact(cut)
      return truth(whole !== cut(whole))
    }
    flags.CF = doesNotFit((value) => value & mask(width))
    flags.AF = doesNotFit((value) => value & 15n)
    flags.OF = doesNotFit((value) => BigInt.asIntN(width, value))
    this.setSigns(width, bitsOf(result) & mask(width))
  }

  stepFlags(of: "increment" | "decrement", width: Width, result: I64): void {
    const { CF } = this.state.flags
    const before = of === "increment" ? result.sub(1n) : result.add(1n)
    this.arithmeticFlags(of === "increment" ? "sum" : "difference", width, result, before.signed(width), long(1n))
    this.state.flags.CF = CF
  }

  resultFlags(width: Width, result: I64, given: { readonly CF?: I64; readonly OF?: I64; readonly AF?: I64 }): void {
    const none = long(0n)
    this.patchFlags({ CF: given.CF ?? none, OF: given.OF ?? none, AF: given.AF ?? none })
    this.setSigns(width, bitsOf(result) & mask(width))
  }

  patchFlags(given: Partial<Readonly<Record<FlagName, I64>>>): void {
    this.order.wrote()
    for (const name of flagNames) {
      const value = given[name]
      if (value === undefined) continue
      const bit = bitsOf(value)
      assert(bit <= 1n, "a flag is 0 or 1")
      this.state.flags[name] = bit
    }
  }

  flag(name: FlagName): I64 {
    return long(this.state.flags[name])
  }

  condition(condition: Condition): I32 {
    return int(holds[condition](this.state.flags) ? 1 : 0)
  }

  direction(): I64 {
    return long(this.state.direction)
  }

  setDirection(direction: I64): void {
    this.order.wrote()
    this.state.direction = bitsOf(direction)
  }

  // ---- control

  jump(): void {
    this.goesTo = u64(this.instruction.immediate)
  }

  jumpIf(condition: I32): void {
    if (isTrue(condition)) this.jump()
  }

  target(at: I64): JumpTarget {
    const address = bitsOf(at)
    this.stopIf(int(isCanonical(address) ? 0 : 1), "GeneralProtection")
    return { at }
  }

  jumpTo({ at }: JumpTarget): void {
    this.goesTo = bitsOf(at)
  }

  againIf(condition: I32): void {
    if (isTrue(condition)) this.goesTo = u64(BigInt(this.instruction.ip))
  }

  retireAndStop(stop: RetiredStop): void {
    this.outcome = { _tag: stop }
  }

  stopIf(condition: I32, refusal: Refusal): void {
    this.order.mayStop()
    if (!isTrue(condition)) return
    throw new Refused(refusal === "Unsupported" ? { _tag: refusal } : { _tag: "Faulted", fault: { _tag: refusal } })
  }
}

/** Executes one instruction, which stands at the state's ip. What did not retire has changed nothing. */
export const executeReference = (state: ReferenceState, memory: ReferenceMemory, instruction: Instruction): Outcome => {
  assert(state.ip === BigInt(instruction.ip), "the instruction is the one the state stands at")
  const emitter = new ReferenceEmitter(state, memory, instruction)
  try {
    perform(emitter, instruction.form)
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.outcome
    throw thrown
  }
  state.ip = emitter.goesTo
  state.count++
  return emitter.outcome
}

/** The bytes at the state's ip that may be executed, up to one instruction's; a fault if there is none. */
const fetch = (state: ReferenceState, memory: ReferenceMemory, lengthBytes: number): Fault | Uint8Array => {
  const bytes = new Uint8Array(lengthBytes)
  for (let at = 0; at < lengthBytes; at++) {
    const address = u64(state.ip + BigInt(at))
    const fault = memory.check(address, 1, "execute")
    if (fault !== undefined) return at === 0 ? fault : bytes.subarray(0, at)
    bytes[at] = Number(memory.read(address, 1))
  }
  return bytes
}

/** Runs at most `budgetIcount` instructions from the bytes in memory. Nothing is kept of them: code may change under way. */
export const runReference = (state: ReferenceState, memory: ReferenceMemory, budgetIcount: number): Stop => {
  for (let left = budgetIcount; left > 0; left--) {
    const bytes = fetch(state, memory, INSTRUCTION_BYTES_MAX)
    if (!(bytes instanceof Uint8Array)) return { _tag: "Faulted", fault: bytes }
    const ip = Number(state.ip)
    const instruction = decode(bytes, ip)
    if (instruction === "truncated") {
      const fault = memory.check(u64(state.ip + BigInt(bytes.length)), 1, "execute")
      return { _tag: "Faulted", fault: known(fault, "what cuts an instruction short is a byte that may not be executed") }
    }
    const outcome = executeReference(state, memory, instruction)
    if (outcome._tag === "Unsupported") return { _tag: "Unsupported", ip, bytes, text: printInstruction(bytes, ip) }
    if (outcome._tag !== "Retired") return outcome
  }
  return BUDGET_SPENT
}
