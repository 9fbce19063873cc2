/**
 * The emitter that writes WebAssembly for an interpreter: operands are read from the record at `form`, registers from the
 * block at `block`, and what a row says becomes code.
 *
 * Three routines are written with it, and each says for itself how control goes on, how it stops and how memory is reached
 * (`Routine`): the loop, the calls for what is rare, and the careful twin, which does everything once and asks about
 * every access.
 */
import { assert, known } from "../../../base/assert.ts"
import type { AccessKind } from "../../../base/mark.ts"
import {
  type Emitter, type JumpTarget, type Place, type Refusal, type RegisterOperand, type RetiredStop, type VectorPlace, WriteOrder
} from "../../../x86/emitter.ts"
import type { Condition, FlagName } from "../../../x86/flag.ts"
import {
  ADDRESS32_BIT, type Form, FORM_BYTES, LENGTH_MASK, SCALE_MASK, SEGMENT_SHIFT, field, perform
} from "../../../x86/form.ts"
import {
  type FlagWords, arithmeticWords, conditionOf, flagOf, patchedWords, resultWords, stepWords
} from "../../../x86/lazy-flag.ts"
import { SLOT_BYTES, VECTOR_BYTES, type Width, ZERO_SLOT } from "../../../x86/register.ts"
import { type I32, type I64, type Value, int, long, select } from "../../../x86/value.ts"
import {
  EXCHANGE, TARGETS, TARGET_COUNT, TLB_ENTRY_COUNT, block as blockField, exchange, target as targetField, tlbEntry
} from "../../layout.ts"
import { type Exit, exitIndex } from "../code.ts"
import { CodeWriter } from "./code.ts"

/** Parameters of every routine, by index of their local. */
export const parameter = { block: 0, form: 1, context: 2, budget: 3 } as const

/** Functions the machine provides, in the order of their indices. All numbers are 32 bits; an address is two words. */
export const machineImports = ["fill", "access", "finish"] as const
export const importIndex = (name: (typeof machineImports)[number]): number => machineImports.indexOf(name)

/** Functions of the module, by index behind the imports. */
const functionNames = ["run", "rare", "careful", "miss"] as const
export const functionIndex = (name: (typeof functionNames)[number]): number => machineImports.length + functionNames.indexOf(name)

/** An access, in one word: its size, its kind, and in bit 8 whether it writes. */
export const requestOf = (sizeBytes: number, kind: AccessKind): number => sizeBytes | (accessKinds.indexOf(kind) << 8)
export const accessKinds: ReadonlyArray<AccessKind> = ["read", "write", "modify"]

const MISS = EXCHANGE + exchange.miss
/** Bits 47 and up of a canonical address are equal. Source: Intel SDM 1, 3.3.7.1. */
const SIGN_SHIFT = 47n

interface WasmTarget extends JumpTarget {
  readonly form: I32
}

export abstract class WasmEmitter extends CodeWriter implements Emitter {
  readonly block = this.local("i32", parameter.block)
  readonly form = this.local("i32", parameter.form)
  readonly context = this.local("i32", parameter.context)
  readonly budget = this.local("i32", parameter.budget)
  private readonly order = new WriteOrder()
  private hasEnded = false

  constructor() {
    super(Object.keys(parameter).length)
  }

  // ---- what differs from routine to routine
  /** The instruction has retired; the next is at `form`. */
  protected abstract go(form: I32): void
  /** The instruction has not happened. */
  protected abstract refuse(exit: Exit): void
  /** The instruction has retired, and the engine comes back. */
  protected abstract retire(exit: Exit): void
  /** Host address of an access that is allowed; whatever is not simple leaves the routine. */
  protected abstract hostOf(at: I64, sizeBytes: number, kind: AccessKind): I32

  /** Writes the case of a form. */
  case(form: Form): void {
    this.forgetTemporaries()
    this.order.reset()
    this.hasEnded = false
    perform(this, form)
    if (!this.hasEnded) this.go(this.following())
  }

  // ---- statements
  override if(condition: I32, then: () => void, otherwise?: () => void): void {
    const constant = condition.constant
    if (constant !== undefined) return constant !== 0n ? then() : otherwise?.()
    this.order.either(
      () => this.openIf(condition, then),
      () => this.closeIf(otherwise)
    )
  }

  // ---- operands
  protected following(): I32 { return this.form.add(FORM_BYTES) }
  private registerField(register: "d" | "s"): I32 { return this.load8(this.form, field[register]) }

  register(register: RegisterOperand, width: Width): Place {
    const address = typeof register === "number" ? this.block : this.let(this.block.add(this.registerField(register)))
    const offset = typeof register === "number" ? register * SLOT_BYTES : 0
    return {
      read: () => this.let(this.loadSigned(width, address, offset)),
      write: (value) => {
        this.order.wrote()
        if (width === 32) this.storeLow(64, address, value.unsigned(32), offset)
        else this.storeLow(width, address, value, offset)
      }
    }
  }

  vectorRegister(register: "d" | "s"): VectorPlace {
    const address = this.let(this.block.add(this.registerField(register)))
    return {
      read: () => this.let(this.loadVector(address, blockField.vectors)),
      write: (value) => {
        this.order.wrote()
        this.storeVector(address, value, blockField.vectors)
      }
    }
  }

  immediate(): I64 { return this.load64(this.form, field.immediate) }

  next(): I64 {
    return this.load64(this.form, field.ip).add(this.load8(this.form, field.tail).and(LENGTH_MASK).extend())
  }

  private slotNamedBy(fieldOffset: number): I64 {
    return this.load64(this.block.add(this.load8(this.form, fieldOffset)), 0)
  }

  /** base + (index << scale) + displacement. The shift takes the low bits of the field, and in simple addresses there are no others. */
  protected simpleAddress(): I64 {
    const scale = this.load8(this.form, field.addressing).extend()
    return this.slotNamedBy(field.base).add(this.slotNamedBy(field.index).shl(scale)).add(this.load64(this.form, field.displacement))
  }

  /** With the segment and the cut to 32 bits that the record may ask for. */
  protected generalAddress(): I64 {
    const addressing = this.let(this.load8(this.form, field.addressing))
    const scaled = this.slotNamedBy(field.index).shl(addressing.and(SCALE_MASK).extend())
    const offset = this.let(this.slotNamedBy(field.base).add(scaled).add(this.load64(this.form, field.displacement)))
    const segment = this.let(addressing.shrU(SEGMENT_SHIFT))
    const base = select(segment.eq(0), long(0n), this.load64(this.block.add(segment.shl(3)), ZERO_SLOT * SLOT_BYTES))
    return select(addressing.and(ADDRESS32_BIT), offset.unsigned(32), offset).add(base)
  }

  address(): I64 { return this.simpleAddress() }

  memory(at: I64, width: Width, kind: AccessKind): Place {
    this.order.mayStop()
    const host = this.hostOf(this.let(at), width / 8, kind)
    return {
      read: () => this.let(this.loadSigned(width, host, 0)),
      write: (value) => {
        assert(kind !== "read", "what is written was declared so")
        this.order.wrote()
        this.storeLow(width, host, value, 0)
      }
    }
  }

  vectorMemory(at: I64, kind: AccessKind): VectorPlace {
    this.order.mayStop()
    const host = this.hostOf(this.let(at), VECTOR_BYTES, kind)
    return {
      read: () => this.let(this.loadVector(host, 0)),
      write: (value) => {
        assert(kind !== "read", "what is written was declared so")
        this.order.wrote()
        this.storeVector(host, value, 0)
      }
    }
  }

  // ---- flags, kept as two words
  private readonly bind = <T extends Value>(value: T): T => this.let(value)

  /** The words as they are now; each is read only if it is asked for. */
  private flagWords(): FlagWords {
    let result: I64 | undefined
    let auxiliary: I64 | undefined
    const word = (offset: number): I64 => this.let(this.load64(this.block, offset))
    return {
      get result() { return result ??= word(blockField.result) },
      get auxiliary() { return auxiliary ??= word(blockField.auxiliary) }
    }
  }

  private setFlagWords({ auxiliary, result }: FlagWords): void {
    this.order.wrote()
    this.storeLow(64, this.block, result, blockField.result)
    this.storeLow(64, this.block, auxiliary, blockField.auxiliary)
  }

  arithmeticFlags(of: "sum" | "difference", width: Width, result: I64, a: I64, b: I64): void {
    this.setFlagWords(arithmeticWords(this.bind, of, width, result, a, b))
  }

  stepFlags(of: "increment" | "decrement", width: Width, result: I64): void {
    this.setFlagWords(stepWords(this.bind, of, width, result, this.flagWords().auxiliary))
  }

  resultFlags(_width: Width, result: I64, given: { readonly CF?: I64; readonly OF?: I64; readonly AF?: I64 }): void {
    this.setFlagWords(resultWords(this.bind, result, given))
  }

  patchFlags(given: Partial<Readonly<Record<FlagName, I64>>>): void {
    this.setFlagWords(patchedWords(this.bind, this.flagWords(), given))
  }

  flag(name: FlagName): I64 { return flagOf(this.flagWords(), name) }
  condition(condition: Condition): I32 { return conditionOf(this.flagWords(), condition) }
  direction(): I64 { return this.load32(this.block, blockField.direction).extend() }

  setDirection(direction: I64): void {
    this.order.wrote()
    this.store32(this.block, direction.wrap(), blockField.direction)
  }

  // ---- control
  private link(): I32 { return this.load32(this.form, field.displacement) }

  jump(): void {
    this.hasEnded = true
    this.go(this.link())
  }

  jumpIf(condition: I32): void {
    this.hasEnded = true
    this.if(condition, () => this.go(this.link()))
    this.go(this.following())
  }

  target(at: I64): WasmTarget {
    this.order.mayStop()
    const to = this.let(at)
    const form = this.variable("i32")
    const row = this.let(to.wrap().and(TARGET_COUNT - 1).shl(4).add(this.context))
    this.if(
      this.load64(row, TARGETS + targetField.ip).eq(to),
      () => this.set(form, this.load32(row, TARGETS + targetField.form)),
      () => {
        const sign = this.let(to.shrS(SIGN_SHIFT))
        this.if(sign.ne(sign.shrS(SIGN_SHIFT)), () => this.refuse("GeneralProtection"))
        this.storeLow(64, int(MISS), to, field.ip)
        this.set(form, int(MISS))
      }
    )
    return { at: to, form }
  }

  jumpTo(target: JumpTarget): void {
    this.hasEnded = true
    this.go(known((target as WasmTarget).form, "a target comes from this emitter"))
  }

  againIf(condition: I32): void {
    this.if(condition, () => this.go(this.form))
  }

  retireAndStop(stop: RetiredStop): void {
    this.hasEnded = true
    this.retire(stop)
  }

  stopIf(condition: I32, refusal: Refusal): void {
    this.order.mayStop()
    this.if(condition, () => this.refuse(refusal))
  }

  // ---- what the routines share
  protected setExit(exit: Exit): void {
    this.store32(int(EXCHANGE), int(exitIndex(exit)), exchange.exit)
  }

  /**
   * The soft TLB in line: one comparison covers presence, permission, the page's end and canonical addresses, for the tag of the
   * last byte's page is compared with that of the entry for the first. What it does not cover, `miss` may; else `otherwise`.
   */
  protected translate(at: I64, sizeBytes: number, kind: AccessKind, otherwise: () => void): I32 {
    const host = this.variable("i32")
    const entry = this.let(at.wrap().shrU(7).and((TLB_ENTRY_COUNT - 1) << 5).add(this.context))
    const tag = this.load64(entry, kind === "read" ? tlbEntry.read : tlbEntry.write)
    this.if(
      tag.ne(at.add(BigInt(sizeBytes - 1)).and(-4096n)),
      () => {
        this.set(host, this.asked(functionIndex("miss"), this.context, at, sizeBytes, kind))
        this.if(host.not(), otherwise)
      },
      () => this.set(host, at.wrap().add(this.load32(entry, tlbEntry.addend)))
    )
    return host
  }

  /** Calls whoever knows the host address of an access: for whom, where, what, and the budget behind the instruction. */
  protected asked(whom: number, subject: I32, at: I64, sizeBytes: number, kind: AccessKind): I32 {
    return this.call32(whom, subject, at.wrap(), at.shrU(32n).wrap(), int(requestOf(sizeBytes, kind)), this.budget)
  }
}
