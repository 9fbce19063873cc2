import type { Place, Problems, Statement } from "./problem.ts"

/** A place in a statement that moves from left to right. Spaces before what is asked for are passed over. */
export interface Cursor {
  readonly statement: Statement
  readonly at: () => number
  readonly place: () => Place
  readonly isAtEnd: () => boolean
  /** The rest of the text, from the place. */
  readonly rest: () => string
  /** Moves over `text` if it stands here. */
  readonly take: (text: string) => boolean
  /** Whether `text` stands here. */
  readonly sees: (text: string) => boolean
  /** Moves over what the pattern (sticky) matches here. */
  readonly match: (pattern: RegExp) => RegExpExecArray | undefined
  /** A name of a symbol, a directive or an instruction. */
  readonly word: () => string | undefined
  readonly moveTo: (at: number) => void
  /** Says what was expected here, or at `at`. */
  readonly expected: (what: string, at?: number) => undefined
  /** The end of the statement is expected here. */
  readonly end: () => true | undefined
}

const WORD = /[A-Za-z_.$\u0080-\uffff][A-Za-z0-9_.$\u0080-\uffff]*/y

export const newCursor = (statement: Statement, problems: Problems): Cursor => {
  const { text } = statement
  let at = 0
  const skip = (): void => {
    while (text[at] === " " || text[at] === "\t") at += 1
  }
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    skip()
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return undefined
    at = pattern.lastIndex
    return found
  }
  const isAtEnd = (): boolean => {
    skip()
    return at >= text.length
  }
  const expected = (what: string, where?: number): undefined => {
    skip()
    return problems.expected({ statement, at: where ?? at }, what)
  }
  return {
    statement,
    at: () => {
      skip()
      return at
    },
    place: () => {
      skip()
      return { statement, at }
    },
    isAtEnd,
    rest: () => text.slice(at),
    take: (wanted) => {
      skip()
      if (!text.startsWith(wanted, at)) return false
      at += wanted.length
      return true
    },
    sees: (wanted) => {
      skip()
      return text.startsWith(wanted, at)
    },
    match,
    word: () => match(WORD)?.[0],
    moveTo: (where) => {
      at = where
    },
    expected,
    end: () => (isAtEnd() ? true : expected("the end of the statement"))
  }
}
