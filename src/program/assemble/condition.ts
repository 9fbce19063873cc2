/** `.if` and its kin: which statements count. */
import type { Cursor } from "./cursor.ts"
import { NESTING_MAX } from "./limits.ts"
import type { Statement } from "./problem.ts"
import type { Unit } from "./unit.ts"

/** The conditions that are open in one run of statements. */
export interface Conditions {
  /** Whether statements count here. */
  readonly isActive: () => boolean
  /** Takes `word` and what follows it if it is about conditions. `undefined` after a problem. */
  readonly take: (word: string, cursor: Cursor) => "taken" | "other" | undefined
  /** At the end, every condition is closed. */
  readonly end: () => true | undefined
}

interface Open {
  /** The statements of the present branch count. */
  isActive: boolean
  /** One of the branches has counted. */
  isSettled: boolean
  readonly wasActive: boolean
  readonly from: Statement
}

const isOpening = (word: string): boolean => /^\.if(n?def|eq|ne|lt|le|gt|ge|b|nb)?$/.test(word)
const isContinuing = (word: string): boolean => word === ".else" || word === ".elseif" || word === ".endif"

/** Whether what follows `word` holds. `undefined` after a problem. */
const holds = (unit: Unit, word: string, cursor: Cursor): boolean | undefined => {
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

export const newConditions = (unit: Unit): Conditions => {
  const open: Array<Open> = []
  const isActive = (): boolean => open.at(-1)?.isActive ?? true

  const begin = (word: string, cursor: Cursor): "taken" | undefined => {
    if (open.length === NESTING_MAX) return cursor.expected(`conditions at most ${NESTING_MAX} deep`, 0)
    const wasActive = isActive()
    const isTrue = wasActive ? holds(unit, word, cursor) : false
    if (isTrue === undefined) return undefined
    open.push({ isActive: isTrue, isSettled: isTrue, wasActive, from: cursor.statement })
    return "taken"
  }

  const next = (word: string, cursor: Cursor): "taken" | undefined => {
    const top = open.at(-1)
    if (top === undefined) return cursor.expected(`.if before this ${word}`, 0)
    if (word === ".endif") {
      open.pop()
      return "taken"
    }
    const mayCount = top.wasActive && !top.isSettled
    const isTrue = mayCount && (word === ".else" || holds(unit, ".if", cursor))
    if (isTrue === undefined) return undefined
    top.isActive = isTrue
    top.isSettled ||= isTrue
    return "taken"
  }

  return {
    isActive,
    take: (word, cursor) => {
      if (isOpening(word)) return begin(word, cursor)
      return isContinuing(word) ? next(word, cursor) : "other"
    },
    end: () => {
      const last = open.at(-1)
      if (last === undefined) return true
      return unit.problems.expected({ statement: last.from, at: 0 }, ".endif for this condition")
    }
  }
}
