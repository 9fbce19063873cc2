/** Statements that make statements: macros, repetitions, conditions. Everything else goes to `statement`. */
import { newCursor, type Cursor } from "./cursor.ts"
import { EXPANSION_LENGTH_MAX, NESTING_MAX, STATEMENT_COUNT_MAX } from "./limits.ts"
import { defineLabels, skipLabels } from "./label.ts"
import { readLines } from "./lines.ts"
import type { Statement } from "./problem.ts"
import type { Unit } from "./unit.ts"

interface Parameter {
  readonly name: string
  readonly otherwise: string
  readonly isRequired: boolean
  /** Takes the rest of the line, commas and all. */
  readonly isVariadic: boolean
}

interface Macro {
  readonly name: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: ReadonlyArray<Statement>
}

const closers: Readonly<Record<string, string>> = { ".macro": ".endm", ".rept": ".endr", ".irp": ".endr" }
const isOpener = (word: string): boolean => Object.hasOwn(closers, word)
const isCondition = (word: string): boolean => /^\.if(n?def|eq|ne|lt|le|gt|ge|b|nb)?$/.test(word)

/** Runs `statements`, each made by a macro or written so, through `statement`. `undefined` after a problem. */
export const expand = (
  unit: Unit,
  statements: ReadonlyArray<Statement>,
  statement: (cursor: Cursor) => true | undefined
): true | undefined => {
  const macros = new Map<string, Macro>()
  let statementCount = 0
  let expansionLength = 0
  let callCount = 0

  /** The first word behind the labels, for finding where blocks end. */
  const leadingWord = (each: Statement): string => {
    const cursor = newCursor(each, unit.problems)
    skipLabels(cursor)
    return cursor.word() ?? ""
  }

  /** Index of the line that closes the block opened at `from`. */
  const closeOf = (all: ReadonlyArray<Statement>, from: number, opener: string): number | undefined => {
    const closer = closers[opener] ?? ""
    let depth = 0
    for (let at = from; at < all.length; at += 1) {
      const each = all[at]
      const word = each === undefined ? "" : leadingWord(each)
      if (isOpener(word) && closers[word] === closer) depth += 1
      if (word === closer && --depth === 0) return at
    }
    const opening = all[from]
    return opening === undefined ? undefined : unit.problems.expected({ statement: opening, at: 0 }, `${closer} for this ${opener}`)
  }

  const substitute = (text: string, values: ReadonlyMap<string, string>): string =>
    text.replace(/\\(\(\)|@|[A-Za-z_][A-Za-z0-9_$]*)/g, (whole, name: string) =>
      name === "()" ? "" : name === "@" ? String(callCount) : values.get(name) ?? whole)

  /** The body with values put in, as statements again: a value may hold `;`. */
  const instance = (body: ReadonlyArray<Statement>, values: ReadonlyMap<string, string>, within: Statement["within"], from: Statement): ReadonlyArray<Statement> | undefined => {
    const made: Array<Statement> = []
    for (const each of body) {
      const text = substitute(each.text, values)
      if (text === each.text) {
        made.push({ ...each, within })
        continue
      }
      expansionLength += text.length
      if (expansionLength > EXPANSION_LENGTH_MAX) return unit.problems.expected({ statement: from, at: 0 }, "at most 16 MiB of text made by macros and repetitions")
      const read = readLines(text, unit.problems, { firstLine: each.line, within })
      if (read === undefined) return undefined
      made.push(...read.statements)
    }
    return made
  }

  const defineMacro = (cursor: Cursor, body: ReadonlyArray<Statement>): true | undefined => {
    const name = cursor.word()
    if (name === undefined) return cursor.expected("a name for the macro")
    cursor.take(",")
    const parameters: Array<Parameter> = []
    while (!cursor.isAtEnd()) {
      const parameter = cursor.word()
      if (parameter === undefined) return cursor.expected("the name of a parameter")
      const mark = cursor.match(/:(req|vararg)/y)?.[1]
      const otherwise = cursor.take("=") ? argument(cursor) : ""
      parameters.push({ name: parameter, otherwise, isRequired: mark === "req", isVariadic: mark === "vararg" })
      cursor.take(",")
    }
    macros.set(name, { name, parameters, body })
    return true
  }

  const callMacro = (cursor: Cursor, macro: Macro, depth: number): true | undefined => {
    const values = new Map(macro.parameters.map(({ name, otherwise }) => [name, otherwise]))
    const given = new Set<string>()
    let position = 0
    while (!cursor.isAtEnd()) {
      const at = cursor.at()
      const named = cursor.match(/([A-Za-z_][A-Za-z0-9_$]*)[ \t]*=(?!=)/y)?.[1]
      const byName = macro.parameters.find(({ name }) => name === named)
      if (byName === undefined) cursor.moveTo(at)
      const parameter = byName ?? macro.parameters[position++]
      if (parameter === undefined) return cursor.expected(`at most ${macro.parameters.length} arguments for ${macro.name}`)
      const value = parameter.isVariadic ? rest(cursor) : argument(cursor)
      if (value !== "") {
        values.set(parameter.name, value)
        given.add(parameter.name)
      }
      if (cursor.at() === at && !cursor.sees(",")) return cursor.expected("an argument")
      cursor.take(",")
    }
    const missing = macro.parameters.find(({ isRequired, name }) => isRequired && !given.has(name))
    if (missing !== undefined) return cursor.expected(`an argument for ${missing.name}`)
    const { statement: from } = cursor
    const body = instance(macro.body, values, { macro: macro.name, line: from.line, within: from.within }, from)
    callCount += 1
    return body === undefined ? undefined : run(body, depth + 1)
  }

  const repeat = (cursor: Cursor, body: ReadonlyArray<Statement>, depth: number): true | undefined => {
    const count = unit.number(cursor, "a number of repetitions")
    if (count === undefined || cursor.end() === undefined) return undefined
    for (let done = 0n; done < count; done += 1n) {
      // What repeats nothing counts as well, or it would go on for ever.
      if (body.length === 0 && counted(cursor.statement) === undefined) return undefined
      if (run(body, depth + 1) === undefined) return undefined
    }
    return true
  }

  /** `.irp NAME, VALUE, …` */
  const repeatOver = (cursor: Cursor, body: ReadonlyArray<Statement>, depth: number): true | undefined => {
    const name = cursor.word()
    if (name === undefined) return cursor.expected("a name")
    while (cursor.take(",") || !cursor.isAtEnd()) {
      const at = cursor.at()
      const value = argument(cursor)
      if (cursor.at() === at && !cursor.sees(",") && !cursor.isAtEnd()) return cursor.expected("a value")
      const made = instance(body, new Map([[name, value]]), cursor.statement.within, cursor.statement)
      if (made === undefined || counted(cursor.statement) === undefined || run(made, depth + 1) === undefined) return undefined
    }
    return true
  }

  const holds = (cursor: Cursor, word: string): boolean | undefined => {
    if (word === ".ifb" || word === ".ifnb") return cursor.isAtEnd() === (word === ".ifb")
    if (word === ".ifdef" || word === ".ifndef") {
      const name = cursor.word()
      if (name === undefined) return cursor.expected("a symbol")
      return (unit.symbols.get(name)?.definition !== undefined) === (word === ".ifdef")
    }
    const value = unit.number(cursor, "a condition")
    if (value === undefined || cursor.end() === undefined) return undefined
    switch (word) {
      case ".ifeq": return value === 0n
      case ".iflt": return value < 0n
      case ".ifle": return value <= 0n
      case ".ifgt": return value > 0n
      case ".ifge": return value >= 0n
      default: return value !== 0n
    }
  }

  const counted = (at: Statement): true | undefined =>
    ++statementCount > STATEMENT_COUNT_MAX ? unit.problems.expected({ statement: at, at: 0 }, "at most 1,000,000 statements, repetitions included") : true

  const run = (all: ReadonlyArray<Statement>, depth: number): true | undefined => {
    /** A condition that is open: whether its statements count now, and whether one of its branches has. */
    const open: Array<{ isActive: boolean; isSettled: boolean; readonly wasActive: boolean; readonly from: Statement }> = []
    for (let index = 0; index < all.length; index += 1) {
      const each = all[index]
      if (each === undefined) break
      if (counted(each) === undefined) return undefined
      if (depth > NESTING_MAX) return unit.problems.expected({ statement: each, at: 0 }, `macros and repetitions at most ${NESTING_MAX} deep`)
      const top = open.at(-1)
      const isActive = top?.isActive ?? true
      const cursor = newCursor(each, unit.problems)
      if (!isActive) skipLabels(cursor)
      else if (defineLabels(unit, cursor) === undefined) return undefined
      const at = cursor.at()
      const word = cursor.word() ?? ""

      if (isCondition(word)) {
        const isTrue = isActive ? holds(cursor, word) : false
        if (isTrue === undefined) return undefined
        if (open.push({ isActive: isTrue, isSettled: isTrue, wasActive: isActive, from: each }) > NESTING_MAX) {
          return unit.problems.expected({ statement: each, at: 0 }, `conditions at most ${NESTING_MAX} deep`)
        }
        continue
      }
      if (word === ".else" || word === ".elseif" || word === ".endif") {
        if (top === undefined) return unit.problems.expected({ statement: each, at: 0 }, `.if before this ${word}`)
        if (word === ".endif") {
          open.pop()
          continue
        }
        const isTrue = !top.wasActive || top.isSettled ? false : word === ".else" ? true : holds(cursor, ".if")
        if (isTrue === undefined) return undefined
        top.isActive = isTrue
        top.isSettled ||= isTrue
        continue
      }
      if (!isActive) continue

      if (isOpener(word)) {
        const close = closeOf(all, index, word)
        if (close === undefined) return undefined
        const body = all.slice(index + 1, close)
        const handle = word === ".macro" ? defineMacro : word === ".rept" ? repeat : repeatOver
        if (handle(cursor, body, depth) === undefined) return undefined
        index = close
        continue
      }
      const macro = macros.get(word)
      if (macro !== undefined) {
        if (callMacro(cursor, macro, depth) === undefined) return undefined
        continue
      }
      cursor.moveTo(at)
      if (statement(cursor) === undefined) return undefined
    }
    const unclosed = open.at(-1)
    return unclosed === undefined ? true : unit.problems.expected({ statement: unclosed.from, at: 0 }, ".endif for this condition")
  }

  return run(statements, 0)
}

/** One argument: up to a comma or a space that is in no string and no parenthesis. Quotes around it are dropped. */
const argument = (cursor: Cursor): string => {
  const text = cursor.statement.text
  const begun = cursor.at()
  let at = begun
  let depth = 0
  while (at < text.length) {
    const character = text[at]
    if (character === "\"") {
      const close = text.indexOf("\"", at + 1)
      at = close === -1 ? text.length : close + 1
      continue
    }
    if (depth === 0 && (character === "," || character === " " || character === "\t")) break
    if (character === "(") depth += 1
    if (character === ")") depth -= 1
    at += 1
  }
  cursor.moveTo(at)
  const written = text.slice(begun, at)
  return written.length >= 2 && written.startsWith("\"") && written.endsWith("\"") ? written.slice(1, -1) : written
}

const rest = (cursor: Cursor): string => {
  cursor.at()
  const written = cursor.rest().trimEnd()
  cursor.moveTo(cursor.statement.text.length)
  return written
}
