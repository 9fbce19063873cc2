/** Macros: their definitions, the arguments of a call, and bodies with values put in. */
import type { Cursor } from "./cursor.ts"
import type { Statement } from "./problem.ts"

interface Parameter {
  readonly name: string
  readonly otherwise: string
  readonly isRequired: boolean
  /** Takes the rest of the line, commas and all. */
  readonly isVariadic: boolean
}

export interface Macro {
  readonly name: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: ReadonlyArray<Statement>
}

/** What stands for each name of a body. */
export type Values = ReadonlyMap<string, string>

/** `NAME PARAMETER[:req|:vararg][=DEFAULT], …`, from behind `.macro`. `undefined` after a problem. */
export const readMacro = (cursor: Cursor, body: ReadonlyArray<Statement>): Macro | undefined => {
  const name = cursor.word()
  if (name === undefined) return cursor.expected("a name for the macro")
  cursor.take(",")
  const parameters: Array<Parameter> = []
  while (!cursor.isAtEnd()) {
    const parameter = cursor.word()
    if (parameter === undefined) return cursor.expected("the name of a parameter")
    const mark = cursor.match(/:(req|vararg)/y)?.[1]
    const otherwise = cursor.take("=") ? readArgument(cursor) : ""
    parameters.push({ name: parameter, otherwise, isRequired: mark === "req", isVariadic: mark === "vararg" })
    cursor.take(",")
  }
  return { name, parameters, body }
}

/** The arguments of a call, by position or by name. `undefined` after a problem. */
export const readArguments = (cursor: Cursor, { name: macro, parameters }: Macro): Values | undefined => {
  const values = new Map(parameters.map(({ name, otherwise }) => [name, otherwise]))
  const given = new Set<string>()
  let position = 0
  while (!cursor.isAtEnd()) {
    const at = cursor.at()
    const named = cursor.match(/([A-Za-z_][A-Za-z0-9_$]*)[ \t]*=(?!=)/y)?.[1]
    const byName = parameters.find(({ name }) => name === named)
    if (byName === undefined) cursor.moveTo(at)
    const parameter = byName ?? parameters[position++]
    if (parameter === undefined) return cursor.expected(`at most ${parameters.length} arguments for ${macro}`)
    const value = parameter.isVariadic ? readRest(cursor) : readArgument(cursor)
    if (value !== "") {
      values.set(parameter.name, value)
      given.add(parameter.name)
    }
    if (cursor.at() === at && !cursor.sees(",")) return cursor.expected("an argument")
    cursor.take(",")
  }
  const missing = parameters.find(({ isRequired, name }) => isRequired && !given.has(name))
  return missing === undefined ? values : cursor.expected(`an argument for ${missing.name}`)
}

/** One argument: up to a comma or a space outside strings and parentheses. Quotes around it are dropped. */
export const readArgument = (cursor: Cursor): string => {
  const { text } = cursor.statement
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
  const isQuoted = written.length >= 2 && written.startsWith("\"") && written.endsWith("\"")
  return isQuoted ? written.slice(1, -1) : written
}

const readRest = (cursor: Cursor): string => {
  const { text } = cursor.statement
  const written = text.slice(cursor.at()).trimEnd()
  cursor.moveTo(text.length)
  return written
}

/** `\name`, `\@` (how many calls there were before) and `\()` (nothing, between a name and what follows). */
export const substitute = (text: string, values: Values, callCount: number): string =>
  text.replace(/\\(\(\)|@|[A-Za-z_][A-Za-z0-9_$]*)/g, (whole, name: string) => {
    if (name === "()") return ""
    return name === "@" ? String(callCount) : (values.get(name) ?? whole)
  })
