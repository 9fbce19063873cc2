/** Text to statements: comments out, `;` apart, `#:` lines aside. Columns stay what they were. */
import { LINE_LENGTH_MAX } from "./limits.ts"
import type { Expansion, Problems, Statement } from "./problem.ts"

export interface Source {
  readonly statements: ReadonlyArray<Statement>
  /** What stands behind `#:` on lines that begin with it. */
  readonly annotations: ReadonlyArray<Statement>
}

/** The character after a quoted or escaped one, or the end. */
const afterCharacter = (line: string, at: number): number => at + (line[at] === "\\" ? 2 : 1)

/** Just behind the closing quote of the string that opens at `at`, or the end of the line. */
const afterString = (line: string, at: number): number => {
  let next = at + 1
  while (next < line.length && line[next] !== "\"") next = afterCharacter(line, next)
  return Math.min(next + 1, line.length)
}

/** Behind what begins at `at` and may hold `#` or `;` without meaning them: a string or a character. */
const afterToken = (line: string, at: number): number => {
  if (line[at] === "\"") return afterString(line, at)
  return line[at] === "'" ? Math.min(afterCharacter(line, at + 1), line.length) : at + 1
}

/**
 * The line in pieces between `;`, comments blanked. `isInside` says whether a block comment is open
 * before and after.
 */
const piecesOf = (
  line: string,
  wasInside: boolean
): { readonly pieces: Array<{ text: string; column: number }>; readonly isInside: boolean } => {
  const pieces: Array<{ text: string; column: number }> = []
  let isInside = wasInside
  let text = ""
  let begun = 0
  const close = (end: number): void => {
    pieces.push({ text, column: begun })
    text = ""
    begun = end + 1
  }
  let at = 0
  while (at < line.length) {
    const two = line.slice(at, at + 2)
    if (isInside) {
      const end = line.indexOf("*/", at)
      const next = end === -1 ? line.length : end + 2
      text += " ".repeat(next - at)
      isInside = end === -1
      at = next
    } else if (two === "/*") {
      isInside = true
      text += "  "
      at += 2
    } else if (line[at] === "#" || two === "//") {
      break
    } else if (line[at] === ";") {
      close(at)
      at += 1
    } else {
      const next = afterToken(line, at)
      text += line.slice(at, next)
      at = next
    }
  }
  close(line.length)
  return { pieces, isInside }
}

/** `undefined` after a problem. `firstLine`: the number of the text's first line. */
export const readLines = (
  text: string,
  problems: Problems,
  place: { readonly firstLine: number; readonly within: Expansion | undefined }
): Source | undefined => {
  const statements: Array<Statement> = []
  const annotations: Array<Statement> = []
  let isInside = false
  for (const [index, raw] of text.split("\n").entries()) {
    const source = raw.endsWith("\r") ? raw.slice(0, -1) : raw
    const whole: Statement = {
      text: source, line: place.firstLine + index, column: 0, source, within: place.within
    }
    if (source.length > LINE_LENGTH_MAX) {
      const end = { statement: whole, at: LINE_LENGTH_MAX }
      return problems.expected(end, `a line of at most ${LINE_LENGTH_MAX} characters`)
    }
    const indent = source.length - source.trimStart().length
    if (!isInside && source.startsWith("#:", indent)) {
      annotations.push({ ...whole, text: source.slice(indent + 2), column: indent + 2 })
      continue
    }
    const read = piecesOf(source, isInside)
    isInside = read.isInside
    for (const piece of read.pieces) {
      if (piece.text.trim() !== "") statements.push({ ...whole, ...piece })
    }
  }
  return { statements, annotations }
}
