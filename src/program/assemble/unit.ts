/**
 * What is being assembled: sections, symbols, the place where the next byte goes. Statements change it,
 * the layout reads it.
 */
import {
  newByteBuffer,
  newSection,
  type BytesFragment,
  type Fixup,
  type Fragment,
  type Section
} from "./section.ts"
import { OUTPUT_BYTES_MAX } from "./limits.ts"
import type { Cursor } from "./cursor.ts"
import { readExpression, type Names } from "./expression.ts"
import type { Place, Problems } from "./problem.ts"
import { newEvaluator, type AssemblySymbol, type Expression, type Label } from "./symbol.ts"

export interface Unit {
  readonly problems: Problems
  readonly sections: ReadonlyMap<string, Section>
  readonly symbols: ReadonlyMap<string, AssemblySymbol>
  /** The symbol of that name, made if need be. */
  readonly symbol: (name: string) => AssemblySymbol
  /** Gives a symbol a label here. `undefined` after a problem. */
  readonly label: (name: string, place: Place) => true | undefined
  /** Begins another label `digits:`. */
  readonly localLabel: (digits: string) => void
  /** `.set`: a value may be given anew; whoever has read the symbol keeps the value he read. */
  readonly assign: (name: string, value: Expression, place: Place) => true | undefined

  readonly section: () => Section
  readonly enter: (name: string, flags: string | undefined, hasBytes: boolean | undefined) => void
  readonly push: () => void
  /** `undefined`: nothing was pushed. */
  readonly pop: () => true | undefined
  /** To the section before this one. */
  readonly swap: () => true | undefined

  /** Appends bytes, with fixups at offsets into them. `undefined` after a problem. */
  readonly emit: (bytes: ArrayLike<number>, fixups: ReadonlyArray<Fixup>, place: Place) => true | undefined
  /** Appends a fragment that stands for itself. */
  readonly append: (fragment: Fragment) => void

  readonly expression: (cursor: Cursor) => Expression | undefined
  /** An expression that is a number already now. */
  readonly number: (cursor: Cursor, what: string) => bigint | undefined
  /** The value of an expression, if it is a number already now. */
  readonly numberOf: (expression: Expression) => bigint | undefined
}

export const newUnit = (problems: Problems): Unit => {
  const sections = new Map<string, Section>()
  const symbols = new Map<string, AssemblySymbol>()
  const lastLocal = new Map<string, AssemblySymbol>()
  const nextLocal = new Map<string, AssemblySymbol>()
  const stack: Array<readonly [Section, Section]> = []
  let outputBytes = 0

  const sectionNamed = (name: string, flags: string | undefined, hasBytes: boolean | undefined): Section => {
    const met = sections.get(name)
    if (met !== undefined) return met
    const made = newSection(name, flags, hasBytes)
    sections.set(name, made)
    return made
  }
  let current = sectionNamed(".text", undefined, undefined)
  let previous = current

  const newSymbol = (name: string): AssemblySymbol =>
    ({ name, definition: undefined, type: "other", size: undefined, known: undefined })

  const symbol = (name: string): AssemblySymbol => {
    const met = symbols.get(name)
    if (met !== undefined) return met
    const made = newSymbol(name)
    symbols.set(name, made)
    return made
  }

  /** The fragment that takes bytes; behind anything else a new one is begun. */
  const open = (): BytesFragment => {
    const last = current.fragments.at(-1)
    if (last?._tag === "Bytes") return last
    const made: BytesFragment = { _tag: "Bytes", bytes: newByteBuffer(), fixups: [], offset: 0 }
    current.fragments.push(made)
    return made
  }

  const here = (): Label => {
    const fragment = open()
    return { _tag: "Label", fragment, offset: fragment.bytes.length(), section: current }
  }

  const define = (one: AssemblySymbol): void => {
    one.definition = here()
  }

  const names: Names = {
    reference: (name) => {
      const one = symbol(name)
      // A number that is known now is read now: `.set` may change it later.
      return one.definition?._tag === "Number" ? one.definition : { _tag: "Reference", symbol: one }
    },
    here: () => ({ _tag: "Reference", symbol: { ...newSymbol("."), definition: here() } }),
    local: (digits, direction) => {
      if (direction === "b") {
        const last = lastLocal.get(digits)
        return last === undefined ? undefined : { _tag: "Reference", symbol: last }
      }
      const next = nextLocal.get(digits) ?? newSymbol(`${digits}f`)
      nextLocal.set(digits, next)
      return { _tag: "Reference", symbol: next }
    }
  }

  const expression = (cursor: Cursor): Expression | undefined => {
    const read = readExpression(cursor, names)
    if (read === undefined) return undefined
    const value = numberOf(read)
    return value === undefined ? read : { _tag: "Number", value }
  }

  const numberOf = (read: Expression): bigint | undefined => {
    if (read._tag === "Number") return read.value
    const value = newEvaluator("assembling").evaluate(read)
    return value._tag === "Known" && value.anchor === undefined ? value.offset : undefined
  }

  const enter = (section: Section): void => {
    previous = current
    current = section
  }

  return {
    problems,
    sections,
    symbols,
    symbol,
    label: (name, place) => {
      const one = symbol(name)
      if (one.definition !== undefined) {
        return problems.expected(place, `a label that is not defined yet; ${name} is`)
      }
      define(one)
      return true
    },
    localLabel: (digits) => {
      const one = nextLocal.get(digits) ?? newSymbol(`${digits}b`)
      nextLocal.delete(digits)
      define(one)
      lastLocal.set(digits, one)
    },
    assign: (name, value, place) => {
      const met = symbols.get(name)
      if (met?.definition?._tag === "Label") {
        return problems.expected(place, `a name that is no label; ${name} is one`)
      }
      if (met === undefined || met.definition === undefined) symbol(name).definition = value
      else symbols.set(name, { ...newSymbol(name), definition: value })
      return true
    },
    section: () => current,
    enter: (name, flags, hasBytes) => enter(sectionNamed(name, flags, hasBytes)),
    push: () => stack.push([current, previous]),
    pop: () => {
      const top = stack.pop()
      if (top === undefined) return undefined
      ;[current, previous] = top
      return true
    },
    swap: () => {
      enter(previous)
      return true
    },
    emit: (bytes, fixups, place) => {
      outputBytes += bytes.length
      if (outputBytes > OUTPUT_BYTES_MAX) return problems.expected(place, "at most 64 MiB of output")
      if (!current.hasBytes && (fixups.length > 0 || Array.from(bytes).some((byte) => byte !== 0))) {
        return problems.expected(place, `zeros only: ${current.name} holds no bytes`)
      }
      const fragment = open()
      const at = fragment.bytes.length()
      for (const fixup of fixups) {
        fragment.fixups.push({
          ...fixup, at: fixup.at + at,
          relativeTo: fixup.relativeTo === undefined ? undefined : fixup.relativeTo + at
        })
      }
      fragment.bytes.push(bytes)
      return true
    },
    append: (fragment) => {
      current.fragments.push(fragment)
    },
    expression,
    number: (cursor, what) => {
      const at = cursor.at()
      const read = expression(cursor)
      if (read === undefined) return undefined
      return numberOf(read) ?? cursor.expected(`${what} that is known here`, at)
    },
    numberOf
  }
}
