/**
 * What an instruction may say. Everything pure is a `Value`; everything that touches state is a method here.
 *
 * An engine is an implementation: one writes Wasm, one evaluates. A row of the instruction table cannot tell which it has.
 * Three conventions carry most of the weight:
 *
 * - Integer values are 64 bits, *sign-extended from their own width*, always: registers, memory, immediates, results.
 *   Unsigned comparison keeps its order under sign extension, and the sign is bit 63 at every width.
 * - What is read is bound: `read()` gives the value of that moment, so a row may write in any order after it.
 * - Nothing that can stop the instruction comes after its first write. An engine that writes code refuses such a row when the
 *   code is written (`WriteOrder`), so a fault always leaves the state as it was before the instruction.
 */
import { assert } from "../base/assert.ts"
import type { AccessKind } from "../base/mark.ts"
import type { Condition, FlagName } from "./flag.ts"
import type { Width } from "./register.ts"
import type { I32, I64, V128, Value } from "./value.ts"

/** A register: a field of the form record (a byte offset into the file), or an architectural number. */
export type RegisterOperand = "d" | "s" | number

export interface Readable {
  /** The value now, sign-extended. */
  readonly read: () => I64
}

/** Somewhere to read and write. */
export interface Place extends Readable {
  /** Takes the low bits; 32 bits written to a register clear its upper half, 8 and 16 leave the rest alone. */
  readonly write: (value: I64) => void
}

export interface VectorPlace {
  readonly read: () => V128
  readonly write: (value: V128) => void
}

/** A computed address that control may go to. An engine may know more of it. */
export interface JumpTarget {
  readonly at: I64
}

/** Why an instruction did not happen. The tags are those of `Fault` and `Stop` in `machine/stop.ts`. */
export type Refusal = "GeneralProtection" | "DivideError" | "InvalidOpcode" | "Unsupported"
/** Why the engine stops behind an instruction that has retired. */
export type RetiredStop = "Call" | "Paused" | "Breakpoint"

export interface Emitter {
  /** Evaluates once; what it returns may be used any number of times. */
  readonly let: <T extends Value>(value: T) => T
  readonly if: (condition: I32, then: () => void, otherwise?: () => void) => void

  // ---- operands
  readonly register: (register: RegisterOperand, width: Width) => Place
  readonly vectorRegister: (register: "d" | "s") => VectorPlace
  /** The number in the instruction, sign-extended from its width. */
  readonly immediate: () => I64
  /** base + (index << scale) + displacement, with what else the addressing form adds (see `Instruction`). */
  readonly address: () => I64
  /** The address behind the instruction. */
  readonly next: () => I64
  /**
   * Translates and checks the access now; if it faults, the instruction stops here, unchanged. Whether the access is locked is
   * in the form record, since it is the prefix that says so.
   */
  readonly memory: (at: I64, width: Width, kind: AccessKind) => Place
  /** The same for 16 bytes, aligned or not. */
  readonly vectorMemory: (at: I64, kind: AccessKind) => VectorPlace

  // ---- flags: all values are 0 or 1
  /** All six flags of `result = a + b + carry` or `a - b - carry`, everything sign-extended. The engine decides how lazily. */
  readonly arithmeticFlags: (of: "sum" | "difference", width: Width, result: I64, a: I64, b: I64, carry?: I64) => void
  /** Of `result = a + 1` or `a - 1`: CF stays. */
  readonly stepFlags: (of: "increment" | "decrement", width: Width, result: I64) => void
  /** ZF, SF and PF of the result, the rest as given; what is left out is 0. */
  readonly resultFlags: (width: Width, result: I64, given: { readonly CF?: I64; readonly OF?: I64; readonly AF?: I64 }) => void
  /** Only these; the others stay. */
  readonly patchFlags: (given: Partial<Readonly<Record<FlagName, I64>>>) => void
  readonly flag: (name: FlagName) => I64
  readonly condition: (condition: Condition) => I32
  /** DF: 1 where string instructions go down. */
  readonly direction: () => I64
  readonly setDirection: (direction: I64) => void

  // ---- control: at most one, last. Falling off the end goes to the next instruction.
  /** To the direct branch's target. */
  readonly jump: () => void
  readonly jumpIf: (condition: I32) => void
  /**
   * Where a jump to a computed address leads. Found before the first write: where the address is not canonical, the branch
   * itself is refused (#GP) and nothing of it has happened, neither push nor pop. Source: Intel SDM 2A, CALL, JMP; 2B, RET.
   */
  readonly target: (at: I64) => JumpTarget
  readonly jumpTo: (target: JumpTarget) => void
  /** Retires, and stays at this instruction if the condition holds: an iteration of a repeated string instruction. */
  readonly againIf: (condition: I32) => void
  readonly retireAndStop: (stop: RetiredStop) => void
  /** Nothing has happened. Before the first write only. */
  readonly stopIf: (condition: I32, refusal: Refusal) => void
}

/**
 * Keeps a row's order honest while its code is written: what may stop the instruction comes before what changes state.
 * An engine tells it of both; a row that has them the wrong way round does not become code.
 */
export class WriteOrder {
  private hasWritten = false

  /** At the beginning of each instruction. */
  reset(): void {
    this.hasWritten = false
  }

  wrote(): void {
    this.hasWritten = true
  }

  mayStop(): void {
    assert(!this.hasWritten, "whatever may stop an instruction comes before its first write")
  }

  /** Two ways of which one is taken: neither sees the other's writes, what follows sees both. */
  either(then: () => void, otherwise: () => void): void {
    const before = this.hasWritten
    then()
    const after = this.hasWritten
    this.hasWritten = before
    otherwise()
    this.hasWritten ||= after
  }
}
