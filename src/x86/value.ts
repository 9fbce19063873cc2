/**
 * Pure values: expressions over 32-bit, 64-bit and 128-bit words, with one table of operators.
 *
 * A row of the table says how Wasm spells the operator and what it means on BigInts. Applied to constants it is evaluated at
 * once. So the expressions that write code where registers are unknown *compute* where registers are constants: that is
 * the reference engine, and the constant folding of every other.
 */
import { assert } from "../base/assert.ts"
import type { Width } from "./register.ts"
import { type Operator, type OperatorName, operators } from "./operator.ts"

export type ValueType = "i32" | "i64" | "v128"

/** What a value is made of. The last three are made only by engines that write code. */
export type Node =
  | { readonly kind: "constant"; readonly value: bigint }
  | { readonly kind: "apply"; readonly operator: OperatorName; readonly operands: ReadonlyArray<Value> }
  | { readonly kind: "select"; readonly condition: I32; readonly whenTrue: Value; readonly whenFalse: Value }
  | { readonly kind: "local"; readonly index: number }
  | { readonly kind: "load"; readonly opcode: ReadonlyArray<number>; readonly address: I32; readonly offset: number }
  | { readonly kind: "call"; readonly index: number; readonly operands: ReadonlyArray<Value> }

/** An expression. Immutable; used twice it is evaluated twice, unless an emitter has bound it with `let`. */
export abstract class Value {
  abstract readonly type: ValueType
  readonly node: Node

  constructor(node: Node) {
    this.node = node
  }

  /** Unsigned, in the bits of its type; `undefined` if it depends on anything. */
  get constant(): bigint | undefined {
    return this.node.kind === "constant" ? this.node.value : undefined
  }
}

/** 32 bits: conditions (0 or 1, any other value being true), host addresses, small counts. */
export class I32 extends Value {
  readonly type = "i32"

  add(other: I32 | number): I32 { return apply32("i32.add", this, int(other)) }
  sub(other: I32 | number): I32 { return apply32("i32.sub", this, int(other)) }
  and(other: I32 | number): I32 { return apply32("i32.and", this, int(other)) }
  or(other: I32 | number): I32 { return apply32("i32.or", this, int(other)) }
  xor(other: I32 | number): I32 { return apply32("i32.xor", this, int(other)) }
  shl(by: I32 | number): I32 { return apply32("i32.shl", this, int(by)) }
  shrU(by: I32 | number): I32 { return apply32("i32.shrU", this, int(by)) }
  eq(other: I32 | number): I32 { return apply32("i32.eq", this, int(other)) }
  ne(other: I32 | number): I32 { return apply32("i32.ne", this, int(other)) }
  ltS(other: I32 | number): I32 { return apply32("i32.ltS", this, int(other)) }
  ltU(other: I32 | number): I32 { return apply32("i32.ltU", this, int(other)) }
  /** 1 where this is 0, else 0. */
  not(): I32 { return apply32("i32.eqz", this) }
  popcount(): I32 { return apply32("i32.popcnt", this) }
  /** To 64 bits, with zeros above. */
  extend(): I64 { return apply64("i64.extendU", this) }
}

/** 64 bits: what registers and memory hold. */
export class I64 extends Value {
  readonly type = "i64"

  add(other: I64 | bigint): I64 { return apply64("i64.add", this, long(other)) }
  sub(other: I64 | bigint): I64 { return apply64("i64.sub", this, long(other)) }
  mul(other: I64 | bigint): I64 { return apply64("i64.mul", this, long(other)) }
  /** Precondition of the four divisions: the divisor is not 0; for `divS`, not -1 with the least dividend either. */
  divU(other: I64 | bigint): I64 { return apply64("i64.divU", this, long(other)) }
  divS(other: I64 | bigint): I64 { return apply64("i64.divS", this, long(other)) }
  remU(other: I64 | bigint): I64 { return apply64("i64.remU", this, long(other)) }
  remS(other: I64 | bigint): I64 { return apply64("i64.remS", this, long(other)) }
  and(other: I64 | bigint): I64 { return apply64("i64.and", this, long(other)) }
  or(other: I64 | bigint): I64 { return apply64("i64.or", this, long(other)) }
  xor(other: I64 | bigint): I64 { return apply64("i64.xor", this, long(other)) }
  /** Shift counts are taken modulo 64, as Wasm and x86 do. */
  shl(by: I64 | bigint): I64 { return apply64("i64.shl", this, long(by)) }
  shrU(by: I64 | bigint): I64 { return apply64("i64.shrU", this, long(by)) }
  shrS(by: I64 | bigint): I64 { return apply64("i64.shrS", this, long(by)) }
  not(): I64 { return this.xor(-1n) }
  negate(): I64 { return long(0n).sub(this) }
  /** 64 where this is 0. */
  leadingZeros(): I64 { return apply64("i64.clz", this) }
  trailingZeros(): I64 { return apply64("i64.ctz", this) }
  isZero(): I32 { return apply32("i64.eqz", this) }
  eq(other: I64 | bigint): I32 { return apply32("i64.eq", this, long(other)) }
  ne(other: I64 | bigint): I32 { return apply32("i64.ne", this, long(other)) }
  ltS(other: I64 | bigint): I32 { return apply32("i64.ltS", this, long(other)) }
  ltU(other: I64 | bigint): I32 { return apply32("i64.ltU", this, long(other)) }
  geU(other: I64 | bigint): I32 { return apply32("i64.geU", this, long(other)) }
  gtU(other: I64 | bigint): I32 { return apply32("i64.gtU", this, long(other)) }
  isNegative(): I32 { return this.ltS(0n) }
  /** Bit `number` as 0 or 1. */
  bit(number: I64 | bigint): I64 { return this.shrU(number).and(1n) }
  /** The low 32 bits. */
  wrap(): I32 { return apply32("i32.wrap", this) }
  /** The low `width` bits, sign-extended. */
  signed(width: Width): I64 { return width === 64 ? this : apply64(`i64.extend${width}`, this) }
  /** The low `width` bits, zero-extended. */
  unsigned(width: Width): I64 {
    if (width === 64) return this
    return width === 32 ? this.wrap().extend() : this.and((1n << BigInt(width)) - 1n)
  }
}

/** 128 bits, lane 0 lowest. */
export class V128 extends Value {
  readonly type = "v128"

  /** A lane-wise operator of two vectors. */
  with(operator: OperatorName, other: V128): V128 { return applyVector(operator, this, other) }
  /** A lane-wise shift; the count is taken modulo the bits of a lane. */
  shift(operator: OperatorName, by: I32): V128 { return applyVector(operator, this, by) }
  and(other: V128): V128 { return this.with("v128.and", other) }
  or(other: V128): V128 { return this.with("v128.or", other) }
  /** The low and the high 64 bits. */
  low(): I64 { return apply64("i64x2.low", this) }
  high(): I64 { return apply64("i64x2.high", this) }
  withHigh(value: I64): V128 { return applyVector("i64x2.withHigh", this, value) }
  withLow(value: I64): V128 { return applyVector("i64x2.withLow", this, value) }
  /** The top bit of each lane, lane 0 lowest. */
  mask(operator: "i8x16.bitmask" | "i32x4.bitmask" | "i64x2.bitmask"): I32 { return apply32(operator, this) }
}

/** A value of a type, from what it is made of. */
export const valueOf = (type: ValueType, node: Node): Value =>
  type === "i32" ? new I32(node) : type === "i64" ? new I64(node) : new V128(node)

export const int = (value: I32 | number): I32 =>
  typeof value === "number" ? new I32({ kind: "constant", value: BigInt.asUintN(32, BigInt(value)) }) : value

export const long = (value: I64 | bigint): I64 =>
  typeof value === "bigint" ? new I64({ kind: "constant", value: BigInt.asUintN(64, value) }) : value

/** A constant vector, as one unsigned number of 128 bits. */
export const vector = (value: bigint): V128 => new V128({ kind: "constant", value: BigInt.asUintN(128, value) })

/** Two 64-bit words as a vector. */
export const pair = (low: I64, high: I64): V128 => splat(low).withHigh(high)

/** 64 bits, twice. */
export const splat = (value: I64): V128 => applyVector("i64x2.splat", value)
/** The low byte of a value, sixteen times. */
export const splatByte = (value: I32): V128 => applyVector("i8x16.splat", value)

/** One of two values; both are evaluated. */
export const select = <T extends I32 | I64>(condition: I32, whenTrue: T, whenFalse: T): T => {
  const known = condition.constant
  if (known !== undefined) return known !== 0n ? whenTrue : whenFalse
  return valueOf(whenTrue.type, { kind: "select", condition, whenTrue, whenFalse }) as T
}

/** Right operands that change nothing: 0 for these. */
const keepsLeft: ReadonlySet<OperatorName> = new Set<OperatorName>([
  "i32.add", "i32.sub", "i32.or", "i32.xor", "i32.shl", "i32.shrU",
  "i64.add", "i64.sub", "i64.or", "i64.xor", "i64.shl", "i64.shrU", "i64.shrS"
])

const apply = (name: OperatorName, operands: ReadonlyArray<Value>): Value => {
  const operator: Operator = operators[name]
  const constants: Array<bigint> = []
  for (const operand of operands) {
    const constant = operand.constant
    if (constant !== undefined) constants.push(constant)
  }
  if (constants.length === operands.length) {
    return valueOf(operator.result, { kind: "constant", value: operator.fold(...constants) })
  }
  const left = operands[0]
  if (left !== undefined && operands[1]?.constant === 0n && keepsLeft.has(name)) return left
  return valueOf(operator.result, { kind: "apply", operator: name, operands })
}

const apply32 = (name: OperatorName, ...operands: ReadonlyArray<Value>): I32 => {
  const value = apply(name, operands)
  assert(value instanceof I32, `${name} gives 32 bits`)
  return value
}

const apply64 = (name: OperatorName, ...operands: ReadonlyArray<Value>): I64 => {
  const value = apply(name, operands)
  assert(value instanceof I64, `${name} gives 64 bits`)
  return value
}

const applyVector = (name: OperatorName, ...operands: ReadonlyArray<Value>): V128 => {
  const value = apply(name, operands)
  assert(value instanceof V128, `${name} gives a vector`)
  return value
}
