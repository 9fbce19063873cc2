/** Statements that make statements: macros, repetitions, conditions. Everything else goes to `statement`. */
import { newConditions } from "./condition.ts"
import { newCursor, type Cursor } from "./cursor.ts"
import { defineLabels, skipLabels } from "./label.ts"
import { EXPANSION_LENGTH_MAX, NESTING_MAX, STATEMENT_COUNT_MAX } from "./limits.ts"
import { readLines } from "./lines.ts"
import { readArgument, readArguments, readMacro, substitute, type Macro, type Values } from "./macro.ts"
import type { Expansion, Statement } from "./problem.ts"
import type { Unit } from "./unit.ts"

type Statements = ReadonlyArray<Statement>

const closers: Readonly<Record<string, string>> = { ".macro": ".endm", ".rept": ".endr", ".irp": ".endr" }

/** Runs `statements`, and those they make, through `assemble`. `undefined` after a problem. */
export const expand = (
  unit: Unit,
  statements: Statements,
  assemble: (cursor: Cursor) => true | undefined
): true | undefined => {
  const macros = new Map<string, Macro>()
  let statementCount = 0
  let expansionLength = 0
  let callCount = 0

  /** The statement of the text that is expanded now. */
  let outermost: { readonly cursor: Cursor; readonly at: number } | undefined

  /** Whoever is too deep is in something that calls itself: said once, where it began, and not of each call. */
  const tooDeep = (cursor: Cursor): undefined => {
    const { macro, line } = cursor.statement.within ?? {}
    const within = macro === undefined ? "" : `; ${macro} is called again and again, last at line ${line}`
    return (outermost?.cursor ?? cursor).expected(`macros and repetitions at most ${NESTING_MAX} deep${within}`, outermost?.at ?? 0)
  }

  const counted = (cursor: Cursor): true | undefined =>
    ++statementCount > STATEMENT_COUNT_MAX
      ? cursor.expected("at most 1,000,000 statements, repetitions included", 0)
      : true

  /** Index of the statement that closes the block opened at `from`. */
  const closeOf = (all: Statements, from: number, opener: string, cursor: Cursor): number | undefined => {
    const closer = closers[opener] ?? ""
    let depth = 0
    for (let index = from; index < all.length; index += 1) {
      const each = all[index]
      const word = each === undefined ? "" : leadingWord(unit, each)
      if (Object.hasOwn(closers, word) && closers[word] === closer) depth += 1
      if (word === closer && --depth === 0) return index
    }
    return cursor.expected(`${closer} for this ${opener}`, 0)
  }

  /** The body with values put in, as statements again: a value may hold `;`. */
  const instance = (
    body: Statements,
    values: Values,
    within: Expansion | undefined,
    cursor: Cursor
  ): Statements | undefined => {
    const made: Array<Statement> = []
    for (const each of body) {
      const text = substitute(each.text, values, callCount)
      if (text === each.text) {
        made.push({ ...each, within })
        continue
      }
      expansionLength += text.length
      if (expansionLength > EXPANSION_LENGTH_MAX) {
        return cursor.expected("at most 16 MiB of text made by macros and repetitions", 0)
      }
      const read = readLines(text, unit.problems, { firstLine: each.line, within })
      if (read === undefined) return undefined
      made.push(...read.statements)
    }
    return made
  }

  const call = (cursor: Cursor, macro: Macro, depth: number): true | undefined => {
    const values = readArguments(cursor, macro)
    if (values === undefined) return undefined
    const { line, within } = cursor.statement
    const made = instance(macro.body, values, { macro: macro.name, line, within }, cursor)
    callCount += 1
    return made === undefined ? undefined : run(made, depth + 1)
  }

  const repeat = (cursor: Cursor, body: Statements, depth: number): true | undefined => {
    const count = unit.number(cursor, "a number of repetitions")
    if (count === undefined || cursor.end() === undefined) return undefined
    for (let done = 0n; done < count; done += 1n) {
      // What repeats nothing counts as well, or it would go on for ever.
      if (body.length === 0 && counted(cursor) === undefined) return undefined
      if (run(body, depth + 1) === undefined) return undefined
    }
    return true
  }

  /** `.irp NAME, VALUE, …` */
  const repeatOver = (cursor: Cursor, body: Statements, depth: number): true | undefined => {
    const name = cursor.word()
    if (name === undefined) return cursor.expected("a name")
    while (cursor.take(",") || !cursor.isAtEnd()) {
      const value = readArgument(cursor)
      const made = instance(body, new Map([[name, value]]), cursor.statement.within, cursor)
      if (made === undefined || counted(cursor) === undefined) return undefined
      if (run(made, depth + 1) === undefined) return undefined
    }
    return true
  }

  const block = (opener: string, cursor: Cursor, body: Statements, depth: number): true | undefined => {
    if (opener === ".rept") return repeat(cursor, body, depth)
    if (opener === ".irp") return repeatOver(cursor, body, depth)
    const macro = readMacro(cursor, body)
    if (macro === undefined) return undefined
    macros.set(macro.name, macro)
    return true
  }

  const run = (all: Statements, depth: number): true | undefined => {
    const conditions = newConditions(unit)
    for (let index = 0; index < all.length; index += 1) {
      const each = all[index]
      if (each === undefined) break
      const cursor = newCursor(each, unit.problems)
      if (counted(cursor) === undefined) return undefined
      if (depth > NESTING_MAX) return tooDeep(cursor)
      if (!conditions.isActive()) skipLabels(cursor)
      else if (defineLabels(unit, cursor) === undefined) return undefined

      const at = cursor.at()
      if (depth === 0) outermost = { cursor, at }
      const word = cursor.word() ?? ""
      const condition = conditions.take(word, cursor)
      if (condition === undefined) return undefined
      if (condition === "taken" || !conditions.isActive()) continue
      if (Object.hasOwn(closers, word)) {
        const close = closeOf(all, index, word, cursor)
        if (close === undefined) return undefined
        if (block(word, cursor, all.slice(index + 1, close), depth) === undefined) return undefined
        index = close
        continue
      }
      const macro = macros.get(word)
      if (macro === undefined) cursor.moveTo(at)
      if ((macro === undefined ? assemble(cursor) : call(cursor, macro, depth)) === undefined) return undefined
    }
    return conditions.end()
  }

  return run(statements, 0)
}

/** The first word behind the labels, for finding where blocks end. */
const leadingWord = (unit: Unit, statement: Statement): string => {
  const cursor = newCursor(statement, unit.problems)
  skipLabels(cursor)
  return cursor.word() ?? ""
}
