/** Symbols, expressions over them, and their values before and after the layout. */
import { NESTING_MAX } from "./limits.ts"

/** A place: so many bytes into a fragment of a section. */
export interface Label {
  readonly _tag: "Label"
  readonly section: { readonly address: number }
  readonly fragment: { readonly offset: number }
  readonly offset: number
}

/**
 * How much is known. *assembling*: places inside a fragment. *relaxing*: places inside a section, as far
 * as this round has come. *placed*: addresses.
 */
export type Stage = "assembling" | "relaxing" | "placed"

export interface AssemblySymbol {
  readonly name: string
  /** `undefined`: used, or declared, but not defined so far. */
  definition: Label | Expression | undefined
  type: "function" | "object" | "other"
  size: Expression | undefined
  /** The value at one moment, so that what hangs on many symbols is not walked again and again. */
  known: { readonly moment: number; readonly value: Value } | undefined
}

export type Expression =
  | { readonly _tag: "Number"; readonly value: bigint }
  | { readonly _tag: "Reference"; readonly symbol: AssemblySymbol }
  | { readonly _tag: "Unary"; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
    readonly _tag: "Binary"
    readonly operator: BinaryOperator
    readonly left: Expression
    readonly right: Expression
  }

export type UnaryOperator = "-" | "~" | "!" | "+"
export type BinaryOperator =
  | "*" | "/" | "%" | "<<" | ">>" | "|" | "&" | "^" | "+" | "-"
  | "==" | "!=" | "<>" | "<=" | ">=" | "<" | ">" | "&&" | "||"

/** A number, a distance from an anchor (a fragment or a section), or what would be needed to have one. */
export type Value =
  | { readonly _tag: "Known"; readonly anchor: object | undefined; readonly offset: bigint }
  | { readonly _tag: "Unknown"; readonly expected: string }

const unknown = (expected: string): Value => ({ _tag: "Unknown", expected })
const number = (offset: bigint): Value => ({ _tag: "Known", anchor: undefined, offset })
/** GNU as says all ones for true. */
const truth = (holds: boolean): bigint => (holds ? -1n : 0n)

/** What two places with one anchor may be asked. */
const comparing: ReadonlySet<BinaryOperator> = new Set(["-", "==", "!=", "<>", "<=", ">=", "<", ">"])

const apply = (operator: BinaryOperator, a: bigint, b: bigint): bigint | undefined => {
  switch (operator) {
    case "*": return a * b
    case "/": return b === 0n ? undefined : a / b
    case "%": return b === 0n ? undefined : a % b
    case "<<": return b < 0n || b > 63n ? 0n : a << b
    case ">>": return b < 0n || b > 63n ? 0n : BigInt.asUintN(64, a) >> b
    case "|": return a | b
    case "&": return a & b
    case "^": return a ^ b
    case "+": return a + b
    case "-": return a - b
    case "==": return truth(a === b)
    case "!=":
    case "<>": return truth(a !== b)
    case "<=": return truth(a <= b)
    case ">=": return truth(a >= b)
    case "<": return truth(a < b)
    case ">": return truth(a > b)
    case "&&": return a !== 0n && b !== 0n ? 1n : 0n
    case "||": return a !== 0n || b !== 0n ? 1n : 0n
  }
}

/**
 * Values at one moment. Before it is placed, a label is a distance from its anchor: only differences
 * are numbers.
 */
export interface Evaluator {
  readonly evaluate: (expression: Expression) => Value
}

/** Every moment has its own number, so that no symbol keeps a value of an earlier one. */
let momentCount = 0

const valueOfLabel = ({ fragment, offset, section }: Label, stage: Stage): Value => {
  switch (stage) {
    case "assembling": return { _tag: "Known", anchor: fragment, offset: BigInt(offset) }
    case "relaxing": return { _tag: "Known", anchor: section, offset: BigInt(fragment.offset + offset) }
    case "placed": return number(BigInt(section.address + fragment.offset + offset))
  }
}

export const newEvaluator = (stage: Stage): Evaluator => {
  const moment = ++momentCount
  const pending = new Set<AssemblySymbol>()

  const valueOf = (symbol: AssemblySymbol): Value => {
    const { definition } = symbol
    if (definition === undefined) return unknown(`a definition of ${symbol.name}`)
    if (definition._tag === "Label") return valueOfLabel(definition, stage)
    if (symbol.known?.moment === moment) return symbol.known.value
    if (pending.has(symbol)) return unknown(`a definition of ${symbol.name} that does not hang on itself`)
    if (pending.size >= NESTING_MAX) {
      return unknown(`definitions that hang on at most ${NESTING_MAX} others in a row`)
    }
    pending.add(symbol)
    const value = evaluate(definition)
    pending.delete(symbol)
    symbol.known = { moment, value }
    return value
  }

  const evaluate = (expression: Expression): Value => {
    switch (expression._tag) {
      case "Number": return number(expression.value)
      case "Reference": return valueOf(expression.symbol)
      case "Unary": {
        const operand = evaluate(expression.operand)
        if (operand._tag === "Unknown") return operand
        if (operand.anchor !== undefined) return unknown("a number, not an address")
        switch (expression.operator) {
          case "-": return number(BigInt.asIntN(64, -operand.offset))
          case "~": return number(BigInt.asIntN(64, ~operand.offset))
          case "!": return number(operand.offset === 0n ? 1n : 0n)
          case "+": return operand
        }
      }
      case "Binary": return binary(expression.operator, evaluate(expression.left), evaluate(expression.right))
    }
  }

  const binary = (operator: BinaryOperator, left: Value, right: Value): Value => {
    if (left._tag === "Unknown") return left
    if (right._tag === "Unknown") return right
    const isMoved = operator === "+"
      ? left.anchor === undefined || right.anchor === undefined
      : operator === "-" && right.anchor === undefined
    if (isMoved) {
      const offset = operator === "+" ? left.offset + right.offset : left.offset - right.offset
      return { _tag: "Known", anchor: left.anchor ?? right.anchor, offset: BigInt.asIntN(64, offset) }
    }
    if (left.anchor !== right.anchor || (left.anchor !== undefined && !comparing.has(operator))) {
      return unknown("a value that is known before addresses are")
    }
    const result = apply(operator, left.offset, right.offset)
    return result === undefined ? unknown("a divisor other than 0") : number(BigInt.asIntN(64, result))
  }

  return { evaluate }
}
