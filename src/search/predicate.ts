/**
 * What a bisection over time asks of a moment.
 *
 *     expr     = and *( "||" and )                 and = not *( "&&" not )
 *     not      = "!" not | compare                 compare = sum [ ( "==" | "!=" | "<=" | ">=" | "<" | ">" ) sum ]
 *     sum      = term *( ( "+" | "-" ) term )      term = value *( ( "*" | "&" ) value )
 *     value    = "-" value | "(" expr ")" | number | access | event | register | "now" | "tasks" | symbol
 *     access   = ( "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" ) "(" expr ")"
 *     event    = "event" "(" NAME ")"              how many of them there have been
 *     register = task "." ( "rax" … "r15" | "rip" | "count" | "cpu" )      such as 1.1.rax
 *
 * Numbers are decimal, or hex after 0x. A symbol is its address. Arithmetic is on whole numbers without bound. What cannot be
 * read (an unmapped page, a task that is not there) makes every comparison with it false.
 */
import { eventTags } from "../log/event.ts"
import type { Program } from "../program/program.ts"

/**
 * A moment of a run, as far as predicates see it. Whoever gives the view learns from what is asked when the answer may be another.
 * `near`: the value is only held against this one.
 */
export interface PredicateView {
  readonly read: (address: bigint, sizeBytes: number) => bigint | undefined
  readonly register: (task: string, name: string, near?: bigint) => bigint | undefined
  readonly eventCount: (tag: string) => bigint
  readonly now: (near?: bigint) => bigint
  readonly taskCount: () => bigint
}

export type Predicate = (view: PredicateView) => boolean

/** `column` counts characters from 1. `names`: what could have been meant by `found`. */
export interface PredicateProblem {
  readonly _tag: "Malformed"
  readonly column: number
  readonly expected: string
  readonly found: string
  readonly names: ReadonlyArray<string>
}

/** `near` is heeded by what only ever grows. */
type Value = (view: PredicateView, near?: bigint) => bigint | undefined

const LENGTH_MAX = 4_096
const DEPTH_MAX = 64

const TOKEN = /\s*(?:([0-9]+(?:\.[0-9]+)*\.[a-z][a-z0-9]*)|(0x[0-9a-fA-F]{1,16}|[0-9]{1,20})|([A-Za-z_$][A-Za-z0-9_.$]*)|(\|\||&&|==|!=|<=|>=|[-+*&<>!()]))/y

interface Token {
  readonly at: number
  readonly text: string
  readonly is: "register" | "number" | "name" | "sign" | "end"
}

const registers = new Set(["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "count", "cpu"])
const accesses: Readonly<Record<string, readonly [sizeBytes: number, isSigned: boolean]>> = {
  u8: [1, false], u16: [2, false], u32: [4, false], u64: [8, false], i8: [1, true], i16: [2, true], i32: [4, true], i64: [8, true]
}

/** Thrown inside the parser and caught at its door: a problem may stand at any depth. */
class Refused extends Error {
  readonly problem: PredicateProblem
  constructor(problem: PredicateProblem) {
    super(problem.expected)
    this.problem = problem
  }
}

const refuse = ({ at, text }: Token, expected: string, names: ReadonlyArray<string> = []): never => {
  throw new Refused({ _tag: "Malformed", column: at + 1, expected, found: text === "" ? "the end" : text, names })
}

const tokensOf = (text: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  let at = 0
  const end = text.trimEnd().length
  while (at < end) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) {
      const blank = /\s*/y
      blank.lastIndex = at
      const start = at + (blank.exec(text)?.[0].length ?? 0)
      return refuse({ at: start, text: text.slice(start, start + 1), is: "sign" }, "a number, a symbol, a register or an operator")
    }
    const [, register, number, name, sign] = match
    const word = register ?? number ?? name ?? sign ?? ""
    tokens.push({ at: TOKEN.lastIndex - word.length, text: word, is: register !== undefined ? "register" : number !== undefined ? "number" : name !== undefined ? "name" : "sign" })
    at = TOKEN.lastIndex
  }
  return [...tokens, { at: end, text: "", is: "end" }]
}

const truth = (value: boolean): bigint => (value ? 1n : 0n)
const isTrue = (value: bigint | undefined): boolean => value !== undefined && value !== 0n

const comparisons: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, ">": (a, b) => a > b
}
const operators: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => BigInt.asIntN(128, a * b), "&": (a, b) => a & b
}

/** Both, or nothing. */
const both = (left: Value, right: Value, join: (a: bigint, b: bigint) => bigint): Value => (view) => {
  const a = left(view)
  const b = right(view)
  return a === undefined || b === undefined ? undefined : join(a, b)
}

class Parser {
  private readonly tokens: ReadonlyArray<Token>
  private readonly symbols: ReadonlyMap<string, bigint>
  private index = 0
  private depth = 0
  /** Registers named so far. */
  private registerCount = 0
  /** Values that heed what they are held against. */
  private readonly clocks = new Set<Value>()

  constructor(tokens: ReadonlyArray<Token>, symbols: ReadonlyMap<string, bigint>) {
    this.tokens = tokens
    this.symbols = symbols
  }

  private get token(): Token {
    return this.tokens[this.index] ?? { at: 0, text: "", is: "end" }
  }

  private take(): Token {
    const token = this.token
    this.index++
    return token
  }

  private takeSign(signs: ReadonlyArray<string>): string | undefined {
    const { is, text } = this.token
    if (is !== "sign" || !signs.includes(text)) return undefined
    this.index++
    return text
  }

  private expect(sign: string): void {
    if (this.takeSign([sign]) === undefined) refuse(this.token, `\`${sign}\``)
  }

  whole(): Value {
    const value = this.either()
    if (this.token.is !== "end") refuse(this.token, "an operator or the end")
    return value
  }

  private either(): Value {
    if (++this.depth > DEPTH_MAX) refuse(this.token, `at most ${DEPTH_MAX} levels of parentheses`)
    let left = this.all()
    while (this.takeSign(["||"]) !== undefined) {
      const [one, other] = [left, this.all()]
      left = (view) => truth(isTrue(one(view)) || isTrue(other(view)))
    }
    this.depth--
    return left
  }

  private all(): Value {
    const operands: Array<{ readonly value: Value; readonly isCostly: boolean }> = []
    do {
      const before = this.registerCount
      const value = this.not()
      operands.push({ value, isCostly: this.registerCount > before })
    } while (this.takeSign(["&&"]) !== undefined)
    const [only, ...more] = operands
    if (only !== undefined && more.length === 0) return only.value
    // Registers last: while something else is false, nobody has to look at them.
    const order = [...operands.filter(({ isCostly }) => !isCostly), ...operands.filter(({ isCostly }) => isCostly)]
    return (view) => truth(order.every(({ value }) => isTrue(value(view))))
  }

  private not(): Value {
    let isOdd = false
    while (this.takeSign(["!"]) !== undefined) isOdd = !isOdd
    const value = this.compare()
    return isOdd ? (view) => truth(!isTrue(value(view))) : value
  }

  private compare(): Value {
    const left = this.sum()
    const sign = this.takeSign(Object.keys(comparisons))
    const holds = sign === undefined ? undefined : comparisons[sign]
    if (holds === undefined) return left
    const right = this.sum()
    const isClockOnTheRight = this.clocks.has(right)
    return (view) => {
      // Whoever may be a clock is asked last, and told what it is held against.
      const first = isClockOnTheRight ? left(view) : right(view)
      if (first === undefined) return 0n
      const second = isClockOnTheRight ? right(view, first) : left(view, first)
      if (second === undefined) return 0n
      return truth(isClockOnTheRight ? holds(first, second) : holds(second, first))
    }
  }

  private clock(value: Value): Value {
    this.clocks.add(value)
    return value
  }

  private chain(signs: ReadonlyArray<string>, next: () => Value): Value {
    let left = next()
    for (;;) {
      const sign = this.takeSign(signs)
      const join = sign === undefined ? undefined : operators[sign]
      if (join === undefined) return left
      left = both(left, next(), join)
    }
  }

  private sum(): Value {
    return this.chain(["+", "-"], () => this.chain(["*", "&"], () => this.value()))
  }

  private value(): Value {
    const token = this.take()
    switch (token.is) {
      case "number": {
        const number = BigInt(token.text)
        return () => number
      }
      case "register":
        return this.register(token)
      case "name":
        return this.named(token)
      case "sign":
        if (token.text === "(") {
          const inner = this.either()
          this.expect(")")
          return inner
        }
        if (token.text === "-") {
          if (++this.depth > DEPTH_MAX) refuse(token, `at most ${DEPTH_MAX} levels`)
          const inner = this.value()
          this.depth--
          return (view) => {
            const value = inner(view)
            return value === undefined ? undefined : -value
          }
        }
    }
    return refuse(token, "a number, a symbol, a register such as 1.1.rax, u64(…), event(NAME), now or tasks")
  }

  private register(token: Token): Value {
    const dot = token.text.lastIndexOf(".")
    const task = token.text.slice(0, dot)
    const name = token.text.slice(dot + 1)
    if (!registers.has(name)) refuse(token, "a register of a task: rax … r15, rip, count or cpu", [...registers].map((one) => `${task}.${one}`))
    this.registerCount++
    return this.clock((view, near) => view.register(task, name, near))
  }

  private named(token: Token): Value {
    const { text } = token
    const access = Object.hasOwn(accesses, text) ? accesses[text] : undefined
    const isCall = this.token.text === "("
    if (access !== undefined && isCall) {
      const [sizeBytes, isSigned] = access
      this.expect("(")
      const address = this.either()
      this.expect(")")
      return (view) => {
        const at = address(view)
        const word = at === undefined ? undefined : view.read(at, sizeBytes)
        return word === undefined || !isSigned ? word : BigInt.asIntN(sizeBytes * 8, word)
      }
    }
    if (text === "event" && isCall) {
      this.expect("(")
      const name = this.take()
      if (!eventTags.some((tag) => tag === name.text)) refuse(name, "the name of an event, such as Aborted", eventTags)
      this.expect(")")
      return (view) => view.eventCount(name.text)
    }
    const symbol = this.symbols.get(text)
    if (symbol !== undefined) return () => symbol
    if (text === "now") return this.clock((view, near) => view.now(near))
    if (text === "tasks") return (view) => view.taskCount()
    return refuse(token, "a symbol of the program", [...this.symbols.keys(), ...Object.keys(accesses), "event", "now", "tasks"])
  }
}

export const parsePredicate = (text: string, { symbols }: Pick<Program, "symbols">): { readonly _tag: "Parsed"; readonly predicate: Predicate } | PredicateProblem => {
  if (text.length > LENGTH_MAX) return { _tag: "Malformed", column: LENGTH_MAX + 1, expected: `at most ${LENGTH_MAX} characters`, found: `${text.length}`, names: [] }
  try {
    const value = new Parser(tokensOf(text), new Map(symbols.map(({ at, name }) => [name, BigInt(at)]))).whole()
    return { _tag: "Parsed", predicate: (view) => isTrue(value(view)) }
  } catch (error) {
    if (error instanceof Refused) return error.problem
    throw error
  }
}
