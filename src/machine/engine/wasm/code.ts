/** Writes the body of one function: expressions, statements, labels, temporaries. Knows WebAssembly, not x86. */
import { known } from "../../../base/assert.ts"
import { operators } from "../../../x86/operator.ts"
import { I32, I64, V128, type Value, type ValueType, valueOf } from "../../../x86/value.ts"
import { Bytes } from "./bytes.ts"

/** Opcodes of loads, sign-extending, and of stores, by width. */
export const loadOf = { 8: [0x30], 16: [0x32], 32: [0x34], 64: [0x29] } as const
export const storeOf = { 8: [0x3c], 16: [0x3d], 32: [0x3e], 64: [0x37] } as const
const VECTOR_LOAD = [0xfd, 0] as const
const VECTOR_STORE = [0xfd, 11] as const

/** A place control can branch to: how many constructs were open when it was opened. */
export type Label = number & { readonly Label: unique symbol }

/** Temporaries, used again from one case to the next: a function with thousands of locals is slow to compile. */
class Temporaries {
  readonly types: Array<ValueType> = []
  private readonly parameterCount: number
  private readonly free: Record<ValueType, Array<number>> = { i32: [], i64: [], v128: [] }
  private taken: Array<{ type: ValueType; index: number }> = []

  constructor(parameterCount: number) {
    this.parameterCount = parameterCount
  }

  take(type: ValueType): number {
    const index = this.free[type].pop() ?? this.parameterCount + this.types.push(type) - 1
    this.taken.push({ type, index })
    return index
  }

  giveBack(): void {
    for (const { index, type } of this.taken.reverse()) this.free[type].push(index)
    this.taken = []
  }
}

export class CodeWriter {
  readonly out = new Bytes()
  private readonly temporaries: Temporaries
  private depth = 0

  constructor(parameterCount: number) {
    this.temporaries = new Temporaries(parameterCount)
  }

  get locals(): ReadonlyArray<ValueType> { return this.temporaries.types }

  /** What `let` has given so far may be overwritten from here on. */
  forgetTemporaries(): void {
    this.temporaries.giveBack()
  }

  // ---- expressions
  emit(value: Value): void {
    const { out } = this
    const { node } = value
    switch (node.kind) {
      case "constant": return this.constant(value, node.value)
      case "local": out.byte(0x20).unsigned(node.index); return
      case "apply":
        for (const operand of node.operands) this.emit(operand)
        out.bytes(operators[node.operator].opcode)
        return
      case "select":
        this.emit(node.whenTrue)
        this.emit(node.whenFalse)
        this.emit(node.condition)
        out.byte(0x1b)
        return
      case "load":
        this.emit(node.address)
        out.bytes(node.opcode).byte(0).unsigned(node.offset)
        return
      case "call":
        for (const operand of node.operands) this.emit(operand)
        out.byte(0x10).unsigned(node.index)
    }
  }

  private constant(value: Value, constant: bigint): void {
    if (value instanceof I32) this.out.byte(0x41).signed32(Number(BigInt.asIntN(32, constant)))
    else if (value instanceof I64) this.out.byte(0x42).signed64(BigInt.asIntN(64, constant))
    else {
      this.out.bytes([0xfd, 12])
      for (let at = 0n; at < 128n; at += 8n) this.out.byte(Number((constant >> at) & 0xffn))
    }
  }

  local(type: "i32", index: number): I32
  local(type: "i64", index: number): I64
  local(type: ValueType, index: number): Value
  local(type: ValueType, index: number): Value { return valueOf(type, { kind: "local", index }) }

  /** A fresh temporary that is set later. */
  variable(type: "i32"): I32
  variable(type: "i64"): I64
  variable(type: "i32" | "i64"): Value { return this.local(type, this.temporaries.take(type)) }

  let<T extends Value>(value: T): T {
    if (value.node.kind === "constant" || value.node.kind === "local") return value
    const index = this.temporaries.take(value.type)
    this.emit(value)
    this.out.byte(0x21).unsigned(index)
    return this.local(value.type, index) as T
  }

  load8(address: I32, offset: number): I32 { return new I32({ kind: "load", address, opcode: [0x2d], offset }) }
  load16(address: I32, offset: number): I32 { return new I32({ kind: "load", address, opcode: [0x2f], offset }) }
  load32(address: I32, offset: number): I32 { return new I32({ kind: "load", address, opcode: [0x28], offset }) }
  load64(address: I32, offset: number): I64 { return new I64({ kind: "load", address, opcode: [0x29], offset }) }
  loadVector(address: I32, offset: number): V128 { return new V128({ kind: "load", address, opcode: VECTOR_LOAD, offset }) }
  /** Sign-extended to 64 bits. */
  loadSigned(width: 8 | 16 | 32 | 64, address: I32, offset: number): I64 {
    return new I64({ kind: "load", address, opcode: loadOf[width], offset })
  }
  call32(index: number, ...operands: ReadonlyArray<Value>): I32 { return new I32({ kind: "call", index, operands }) }

  // ---- statements
  set(variable: Value, value: Value): void {
    this.emit(value)
    this.setToTop(variable)
  }

  /** The value that raw code has left on the stack. */
  setToTop(variable: Value): void {
    const { node } = variable
    this.out.byte(0x21).unsigned(known(node.kind === "local" ? node.index : undefined, "only variables are set"))
  }

  /** A call for its effect. */
  call(index: number, ...operands: ReadonlyArray<Value>): void {
    for (const operand of operands) this.emit(operand)
    this.out.byte(0x10).unsigned(index)
  }

  private store(opcode: ReadonlyArray<number>, address: I32, value: Value, offset: number): void {
    this.emit(address)
    this.emit(value)
    this.out.bytes(opcode).byte(0).unsigned(offset)
  }
  store32(address: I32, value: I32, offset: number): void { this.store([0x36], address, value, offset) }
  storeLow(width: 8 | 16 | 32 | 64, address: I32, value: I64, offset: number): void { this.store(storeOf[width], address, value, offset) }
  storeVector(address: I32, value: V128, offset: number): void { this.store(VECTOR_STORE, address, value, offset) }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.openIf(condition, then)
    this.closeIf(otherwise)
  }
  protected openIf(condition: I32, then: () => void): void {
    this.emit(condition)
    this.out.bytes([0x04, 0x40])
    this.depth++
    then()
  }
  protected closeIf(otherwise: (() => void) | undefined): void {
    if (otherwise !== undefined) {
      this.out.byte(0x05)
      otherwise()
    }
    this.end()
  }

  /** Branching to the label leaves the block. */
  openBlock(): Label {
    this.out.bytes([0x02, 0x40])
    return this.depth++ as Label
  }
  /** Branching to the label begins again. */
  openLoop(): Label {
    this.out.bytes([0x03, 0x40])
    return this.depth++ as Label
  }
  end(): void {
    this.out.byte(0x0b)
    this.depth--
  }
  private labelIndex(label: Label): number { return this.depth - label - 1 }
  branch(label: Label): void {
    this.out.byte(0x0c).unsigned(this.labelIndex(label))
  }
  branchIf(condition: I32, label: Label): void {
    this.emit(condition)
    this.out.byte(0x0d).unsigned(this.labelIndex(label))
  }
  branchTable(selector: I32, labels: ReadonlyArray<Label>, otherwise: Label): void {
    this.emit(selector)
    this.out.byte(0x0e).unsigned(labels.length)
    for (const label of labels) this.out.unsigned(this.labelIndex(label))
    this.out.unsigned(this.labelIndex(otherwise))
  }
  return(value: Value): void {
    this.emit(value)
    this.out.byte(0x0f)
  }
  /** Control never comes here. */
  unreachable(): void {
    this.out.byte(0x00)
  }
}
