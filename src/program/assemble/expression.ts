/**
 * Reads expressions. Precedence as in GNU as: `* / % << >>`, then `| & ^`, then `+ -` and comparisons,
 * then `&&`, then `||`.
 */
import type { Cursor } from "./cursor.ts"
import { NESTING_MAX, OPERATOR_COUNT_MAX } from "./limits.ts"
import type { BinaryOperator, Expression, UnaryOperator } from "./symbol.ts"

/** What names stand for where the expression is read. */
export interface Names {
  readonly reference: (name: string) => Expression
  /** `.`: the place that is being assembled. */
  readonly here: () => Expression
  /** `1b` and `1f`; `undefined` if there is no such label before. */
  readonly local: (digits: string, direction: "b" | "f") => Expression | undefined
}

/** How tightly each binds, the loosest first. */
const levels: Readonly<Record<BinaryOperator, number>> = {
  "||": 0,
  "&&": 1,
  "==": 2, "!=": 2, "<>": 2, "<=": 2, ">=": 2, "<": 2, ">": 2, "+": 2, "-": 2,
  "|": 3, "&": 3, "^": 3,
  "*": 4, "/": 4, "%": 4, "<<": 4, ">>": 4
}
const OPERATOR = /\|\||&&|==|!=|<>|<=|>=|<<|>>|[-+<>|&^*/%]/y
const isBinaryOperator = (text: string): text is BinaryOperator => Object.hasOwn(levels, text)
const unaryOperators: ReadonlyArray<UnaryOperator> = ["-", "~", "!", "+"]

const HEXADECIMAL = /0[xX]([0-9a-fA-F]{1,40})(?![0-9A-Za-z_])/y
const BINARY = /0[bB]([01]{1,80})(?![0-9A-Za-z_])/y
const LOCAL = /([0-9]{1,9})([bf])(?![0-9A-Za-z_])/y
const OCTAL = /0([0-7]{1,40})(?![0-9A-Za-z_])/y
const DECIMAL = /([0-9]{1,40})(?![0-9A-Za-z_])/y
const CHARACTER = /'(\\?)([\u0020-\u007e])'?/y
const RELOCATION = /@([A-Za-z]+)/y

const escapes: ReadonlyMap<string, number> = new Map([
  ["n", 10], ["t", 9], ["r", 13], ["b", 8], ["f", 12], ["0", 0], ["\\", 92], ["'", 39], ["\"", 34]
])

const NUMBER_MAX = (1n << 64n) - 1n

/** An expression, as far as it goes. `undefined` after a problem. */
export const readExpression = (cursor: Cursor, names: Names): Expression | undefined => {
  let operatorCount = 0

  /** Operators that bind at least as tightly as `level`. */
  const binary = (level: number, depth: number): Expression | undefined => {
    let left = unary(depth)
    while (left !== undefined) {
      const at = cursor.at()
      const operator = cursor.match(OPERATOR)?.[0]
      if (operator === undefined || !isBinaryOperator(operator) || levels[operator] < level) {
        cursor.moveTo(at)
        return left
      }
      if (++operatorCount > OPERATOR_COUNT_MAX) {
        return cursor.expected(`at most ${OPERATOR_COUNT_MAX} operators in an expression`, at)
      }
      const right = binary(levels[operator] + 1, depth)
      left = right === undefined ? undefined : { _tag: "Binary", operator, left, right }
    }
    return undefined
  }

  const unary = (depth: number): Expression | undefined => {
    if (depth > NESTING_MAX) {
      return cursor.expected(`at most ${NESTING_MAX} parentheses and signs in each other`)
    }
    const operator = unaryOperators.find((each) => cursor.take(each))
    if (operator === undefined) return primary(depth)
    const operand = unary(depth + 1)
    if (operand === undefined) return undefined
    // Folded at once, so that `-8` is a number wherever it stands.
    if (operand._tag === "Number" && operator === "-") return { _tag: "Number", value: -operand.value }
    return operator === "+" ? operand : { _tag: "Unary", operator, operand }
  }

  const number = (digits: string, prefix: string): Expression | undefined => {
    const value = BigInt(prefix + digits)
    return value > NUMBER_MAX ? cursor.expected("a number below 2^64") : { _tag: "Number", value }
  }

  const primary = (depth: number): Expression | undefined => {
    const begun = cursor.at()
    if (cursor.take("(")) {
      const inner = binary(0, depth + 1)
      if (inner === undefined) return undefined
      return cursor.take(")") ? inner : cursor.expected("`)`")
    }
    const hexadecimal = cursor.match(HEXADECIMAL)
    if (hexadecimal !== undefined) return number(hexadecimal[1] ?? "", "0x")
    const base2 = cursor.match(BINARY)
    if (base2 !== undefined) return number(base2[1] ?? "", "0b")
    const local = cursor.match(LOCAL)
    if (local !== undefined) {
      const [, digits = "", letter] = local
      const direction = letter === "b" ? "b" : "f"
      return names.local(digits, direction) ?? cursor.expected(`a label ${digits}: before this`, begun)
    }
    const octal = cursor.match(OCTAL)
    if (octal !== undefined) return number(octal[1] ?? "", "0o")
    const decimal = cursor.match(DECIMAL)
    if (decimal !== undefined) return number(decimal[1] ?? "", "")
    const character = cursor.match(CHARACTER)
    if (character !== undefined) {
      const [, backslash = "", written = ""] = character
      const code = backslash === "" ? written.charCodeAt(0) : escapes.get(written)
      return code === undefined
        ? cursor.expected("a character, such as 'a or '\\n", begun)
        : { _tag: "Number", value: BigInt(code) }
    }
    const word = cursor.word()
    if (word === undefined) return cursor.expected("a number, a symbol or `(`")
    if (word === ".") return names.here()
    const relocation = cursor.match(RELOCATION)
    // A static program needs no linkage table: the function itself is meant.
    if (relocation !== undefined && relocation[1]?.toUpperCase() !== "PLT") {
      return cursor.expected("no relocation but @PLT: a static program has no tables to go through", begun)
    }
    return names.reference(word)
  }

  return binary(0, 0)
}
