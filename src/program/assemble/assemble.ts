/**
 * GNU-as text (AT&T syntax) to a program, without a toolchain. The bytes are those that GNU as and ld
 * would give.
 *
 * `#: repeat N` defines the absolute symbol `repeat` as N before the first line; a text that other
 * assemblers shall take as well defines it itself under `.ifndef repeat`.
 */
import type { Program, ProgramSymbol } from "../program.ts"
import { describedSections } from "../described.ts"
import { imageOf } from "../image.ts"
import type { Address } from "../../base/ids.ts"
import type { Cursor } from "./cursor.ts"
import { assign, directiveNamed } from "./directive.ts"
import { expand } from "./expand.ts"
import { placeAnnotations, readAnnotations } from "./experiment.ts"
import { assembleInstruction } from "./instruction.ts"
import { layOut, type PlacedSection } from "./layout.ts"
import { SOURCE_BYTES_MAX } from "./limits.ts"
import { readLines } from "./lines.ts"
import { newProblems, type AssemblyError, type Place, type Problems } from "./problem.ts"
import { newEvaluator } from "./symbol.ts"
import { newUnit, type Unit } from "./unit.ts"

export interface AssembleOptions {
  /** Replaces the number of `#: repeat`. */
  readonly repeat?: number | undefined
}

export type Assembly =
  | { readonly _tag: "Assembled"; readonly program: Program; readonly sections: ReadonlyArray<PlacedSection> }
  | { readonly _tag: "AssemblyFailed"; readonly error: AssemblyError }

/** `file`: for messages, and for the program's name. */
export const assemble = (text: string, file: string, options: AssembleOptions = {}): Assembly => {
  const problems = newProblems(file)
  const made = assembled(text, file, options, problems)
  if (made !== undefined) return { _tag: "Assembled", ...made }
  const error = problems.first() ?? { file, line: 1, column: 1, expected: "a program", source: "", within: [] }
  return { _tag: "AssemblyFailed", error }
}

const START: Place = { statement: { text: "", line: 1, column: 0, source: "", within: undefined }, at: 0 }

const assembled = (
  text: string,
  file: string,
  options: AssembleOptions,
  problems: Problems
): { readonly program: Program; readonly sections: ReadonlyArray<PlacedSection> } | undefined => {
  if (text.length > SOURCE_BYTES_MAX) return problems.expected(START, "a text of at most 16 MiB")
  const source = readLines(text, problems, { firstLine: 1, within: undefined })
  if (source === undefined) return undefined
  const unit = newUnit(problems)
  const written = readAnnotations(unit, source.annotations)
  if (written === undefined) return undefined
  const repeat = options.repeat ?? written.repeat
  const annotations = { ...written, repeat }
  if (repeat !== undefined) unit.symbol("repeat").definition = { _tag: "Number", value: BigInt(repeat) }

  if (expand(unit, source.statements, (cursor) => assembleStatement(unit, cursor)) === undefined) {
    return undefined
  }
  const sections = layOut(unit.sections.values(), problems)
  if (sections === undefined) return undefined
  const symbols = symbolsOf(unit)
  const experiment = placeAnnotations(unit, annotations, symbols)
  if (experiment === undefined) return undefined
  const entry = symbols.find(({ name }) => name === "_start")?.at ?? experiment.tasks[0]?.entry
  if (entry === undefined) return problems.expected(START, "a label _start or a line `#: task LABEL`")
  const image = imageOf(sections)
  const program: Program = {
    name: file.slice(file.lastIndexOf("/") + 1),
    ...image,
    symbols,
    sections: describedSections(sections, image.segments),
    entry,
    headers: undefined,
    experiment,
    text: written.repeat === undefined ? undefined : text
  }
  return { program, sections }
}

const ASSIGNMENT = /([A-Za-z_.$][A-Za-z0-9_.$]*)[ \t]*=(?!=)/y

/** An assignment, a directive or an instruction, or nothing. Labels before it have been read. */
const assembleStatement = (unit: Unit, cursor: Cursor): true | undefined => {
  if (cursor.isAtEnd()) return true
  const place = cursor.place()
  const assigned = cursor.match(ASSIGNMENT)?.[1]
  if (assigned !== undefined) return assign(unit, cursor, assigned, place)
  const word = cursor.word()
  if (word === undefined) return cursor.expected("a label, a directive or an instruction")
  if (!word.startsWith(".")) return assembleInstruction(unit, cursor, word, place)
  const directive = directiveNamed(word)
  return directive === undefined ? cursor.expected("a directive we know", place.at) : directive(unit, cursor)
}

/** What people and tools may name: labels, but for those that begin `.L`. By address, then by name. */
const symbolsOf = (unit: Unit): ReadonlyArray<ProgramSymbol> => {
  const evaluator = newEvaluator("placed")
  const symbols: Array<ProgramSymbol> = []
  for (const symbol of unit.symbols.values()) {
    if (symbol.definition?._tag !== "Label" || symbol.name.startsWith(".L")) continue
    const value = evaluator.evaluate({ _tag: "Reference", symbol })
    const size = symbol.size === undefined ? undefined : evaluator.evaluate(symbol.size)
    if (value._tag === "Unknown") continue
    const at: Address = Number(value.offset)
    const sizeBytes = size?._tag === "Known" && size.offset > 0n && size.offset < 2n ** 32n
      ? Number(size.offset)
      : 0
    symbols.push({ name: symbol.name, at, sizeBytes, kind: symbol.type })
  }
  return symbols.toSorted((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
}
