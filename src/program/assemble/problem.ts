/** One piece of source that says one thing, and where it stands; comments are gone. */
export interface Statement {
  readonly text: string
  /** Line of the file, from 1. Inside an expansion: the line of the macro's body. */
  readonly line: number
  /** Where `text` begins in `source`, from 0. */
  readonly column: number
  /** The whole line, as it was written or as a macro made it. */
  readonly source: string
  readonly within: Expansion | undefined
}

/** A place in a statement: characters into its text. */
export interface Place {
  readonly statement: Statement
  readonly at: number
}

/** The macro call that a statement came from. */
export interface Expansion {
  readonly macro: string
  readonly line: number
  readonly within: Expansion | undefined
}

/** Why a text could not be assembled: the first place at which it could not, and what was expected there. */
export interface AssemblyError {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** Reads on from "expected": `a register, such as %rax`. */
  readonly expected: string
  /** The line, as written or as a macro made it. */
  readonly source: string
  /** The macro calls it came from, innermost first. */
  readonly within: ReadonlyArray<{ readonly macro: string; readonly line: number }>
}

/**
 * Keeps the first problem of a text. Everything that parses returns `undefined` where it could not, after
 * saying why here; whoever gets an `undefined` returns one too.
 */
export interface Problems {
  readonly first: () => AssemblyError | undefined
  readonly expected: (place: Place, expected: string) => undefined
}

export const newProblems = (file: string): Problems => {
  let first: AssemblyError | undefined
  return {
    first: () => first,
    expected: ({ at, statement }, expected) => {
      first ??= {
        file,
        line: statement.line,
        column: statement.column + at + 1,
        expected,
        source: statement.source,
        within: callsOf(statement.within)
      }
      return undefined
    }
  }
}

const callsOf = (innermost: Expansion | undefined): AssemblyError["within"] => {
  const calls: Array<{ readonly macro: string; readonly line: number }> = []
  for (let each = innermost; each !== undefined; each = each.within) {
    calls.push({ macro: each.macro, line: each.line })
  }
  return calls
}

const EXCERPT_LENGTH_MAX = 120
/** Calls shown of those a problem came from: the innermost, and the one in the text. */
const CALL_COUNT_MAX = 4

/**
 * Three lines and one for each of a few macros: place and expectation, the source, a caret under it. Not escaped
 * for a terminal.
 */
export const describeAssemblyError = (
  { column, expected, file, line, source, within }: AssemblyError
): string => {
  // A very long line is shown from a little before the place.
  const from = column > EXCERPT_LENGTH_MAX ? column - EXCERPT_LENGTH_MAX / 2 : 0
  const excerpt = source.slice(from, from + EXCERPT_LENGTH_MAX)
  const caret = `${excerpt.slice(0, column - 1 - from).replace(/[^\t]/g, " ")}^`
  const said = within.map((call) => `  in macro ${call.macro}, called at ${file}:${call.line}`)
  const calls = said.length <= CALL_COUNT_MAX ? said : [...said.slice(0, CALL_COUNT_MAX - 2), `  in ${said.length - CALL_COUNT_MAX + 1} more macros`, ...said.slice(-1)]
  return [`${file}:${line}:${column}: expected ${expected}`, `  ${excerpt}`, `  ${caret}`, ...calls].join("\n")
}
