/**
 * Schedules as text: what a person types, a failure prints and a file keeps.
 *
 *     1.1@57:turn=1,1.2@31/1:signal=USR1,1@push+0x12#3:preempt=kernel
 *
 *     schedule  = [ deviation *( "," deviation ) ]              blanks and line ends may stand around each
 *     deviation = task "@" where [ "/" nth ] ":" kind [ "=" option ]
 *     where     = count | place [ "#" arrival ]
 *     place     = "0x" address | symbol [ "+" offset ]          offset in decimal, or in hex after 0x
 *
 * What is 0 is left out in print. Only `preempt` may stand without an option: the first task waiting.
 */
import { type Address, type Count, parseTask, type TaskId, taskName } from "../base/ids.ts"
import { hex } from "../base/bits.ts"
import { assert } from "../base/assert.ts"
import { type Deviation, type Kind, kinds, optionName, type Option, parseKind, parseOption, type Schedule } from "./choice.ts"
import { SCHEDULE_DEVIATION_COUNT_MAX, SCHEDULE_TEXT_LENGTH_MAX, SYMBOL_LENGTH_MAX } from "./limits.ts"

/** Where in the program a task stands, instead of how far it has come: what survives an edit of the schedule or the program. */
export interface Place {
  /** The symbol `offset` counts from; without one, `offset` is the address. */
  readonly symbol: string | undefined
  readonly offset: Address
  /** How often the task has stood there before. */
  readonly arrival: number
}

/** A deviation held by place: what an editor moves about. */
export interface PlacedDeviation {
  readonly task: TaskId
  readonly place: Place
  /** As in `Deviation`, at the count the arrival turns out to have. */
  readonly nth: number
  readonly kind: Kind
  readonly option: Option
}

/** What can be typed: deviations by count and by place. */
export type TypedSchedule = ReadonlyArray<Deviation | PlacedDeviation>

export const isPlaced = (deviation: Deviation | PlacedDeviation): deviation is PlacedDeviation => "place" in deviation

/** True where no deviation is held by place: such a schedule can be told without running the program first. */
export const isCounted = (schedule: TypedSchedule): schedule is Schedule => !schedule.some(isPlaced)

export type ParsedSchedule =
  | { readonly _tag: "Parsed"; readonly schedule: TypedSchedule }
  /** `column` counts characters from 1, over the whole text. */
  | { readonly _tag: "Malformed"; readonly column: number; readonly expected: string; readonly found: string }

const SYMBOL = /[A-Za-z_.$][A-Za-z0-9_.$]*/y
const isSpellable = (symbol: string): boolean => {
  SYMBOL.lastIndex = 0
  return symbol.length <= SYMBOL_LENGTH_MAX && SYMBOL.test(symbol) && SYMBOL.lastIndex === symbol.length
}

/** The place of `address`, from a symbol where one is given and its name can be spelled in a schedule. */
export const placeOf = (address: Address, arrival: number, from?: { readonly name: string; readonly at: Address }): Place =>
  from !== undefined && from.at <= address && isSpellable(from.name)
    ? { symbol: from.name, offset: address - from.at, arrival }
    : { symbol: undefined, offset: address, arrival }

const printPlace = ({ arrival, offset, symbol }: Place): string => {
  assert(symbol === undefined || isSpellable(symbol), "a place names its symbol only where a schedule can spell it")
  const base = symbol === undefined ? hex(offset) : offset === 0 ? symbol : `${symbol}+${hex(offset)}`
  return arrival === 0 ? base : `${base}#${arrival}`
}

export const printDeviation = (deviation: Deviation | PlacedDeviation): string => {
  const { kind, nth, option, task } = deviation
  const where = isPlaced(deviation) ? printPlace(deviation.place) : String(deviation.count)
  const name = optionName(kind, option)
  return `${taskName(task)}@${where}${nth === 0 ? "" : `/${nth}`}:${kind}${name === "" ? "" : `=${name}`}`
}

export const printSchedule = (schedule: TypedSchedule): string => schedule.map(printDeviation).join(",")

/** One reading of a text: a position that only moves forward, and the first thing that was not as expected. */
class Reader {
  readonly text: string
  at = 0
  problem: { readonly at: number; readonly expected: string } | undefined

  constructor(text: string) {
    this.text = text
  }

  /** What `pattern` (sticky) matches here, or "". */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const [match = ""] = pattern.exec(this.text) ?? []
    this.at += match.length
    return match
  }

  has(character: string): boolean {
    if (this.text[this.at] !== character) return false
    this.at += 1
    return true
  }

  /** Notes what should have stood at `at`; the first note is the one that is told. */
  expect(expected: string, at = this.at): undefined {
    this.problem ??= { at, expected }
    return undefined
  }

  /** A natural of a double, up to 2^53 - 1. */
  natural(what: string): number | undefined {
    const start = this.at
    const value = Number(this.take(/[0-9]{1,16}/y) || NaN)
    return Number.isSafeInteger(value) ? value : this.expect(what, start)
  }

  address(what: string): Address | undefined {
    const start = this.at
    const value = Number(this.take(/0x[0-9a-fA-F]{1,13}/y) || NaN)
    return Number.isSafeInteger(value) ? value : this.expect(what, start)
  }
}

const BLANKS = /[ \t\r\n]*/y

const readPlace = (reader: Reader): Place | undefined => {
  let symbol: string | undefined
  let offset: Address | undefined
  if (reader.text.startsWith("0x", reader.at)) {
    offset = reader.address("an address of at most 52 bits")
  } else {
    const start = reader.at
    symbol = reader.take(SYMBOL)
    if (symbol === "") return reader.expect("a count, a symbol or an address that begins with 0x", start)
    if (symbol.length > SYMBOL_LENGTH_MAX) return reader.expect(`a symbol of at most ${SYMBOL_LENGTH_MAX} characters`, start)
    offset = !reader.has("+") ? 0
      : reader.text.startsWith("0x", reader.at) ? reader.address("an offset of at most 52 bits")
      : reader.natural("an offset: digits, or 0x and hex digits")
  }
  if (offset === undefined) return undefined
  const arrival = reader.has("#") ? reader.natural("how many arrivals came before, after #") : 0
  return arrival === undefined ? undefined : { symbol, offset, arrival }
}

const readWhere = (reader: Reader): Count | Place | undefined =>
  /[0-9]/.test(reader.text[reader.at] ?? "") && !reader.text.startsWith("0x", reader.at)
    ? reader.natural("a count of at most 2^53 - 1")
    : readPlace(reader)

const readOption = (reader: Reader, kind: Kind): Option | undefined => {
  const expected = `${kinds[kind].options.name} for ${kind}`
  if (!reader.has("=")) return parseOption(kind, "") ?? reader.expect(`= and ${expected}`)
  const start = reader.at
  const text = reader.take(/[A-Za-z0-9_.:+-]{1,256}/y)
  return (text === "" ? undefined : parseOption(kind, text)) ?? reader.expect(expected, start)
}

const readDeviation = (reader: Reader): Deviation | PlacedDeviation | undefined => {
  const start = reader.at
  const task = parseTask(reader.take(/[0-9.]{1,200}/y))
  if (task === undefined) return reader.expect("a task: 1, or a descent such as 1.2", start)
  if (!reader.has("@")) return reader.expect("@ and where the task is")
  const where = readWhere(reader)
  if (where === undefined) return undefined
  const nth = reader.has("/") ? reader.natural("which visit, after /") : 0
  if (nth === undefined) return undefined
  if (!reader.has(":")) return reader.expect(": and what happens there")
  const kindStart = reader.at
  const kind = parseKind(reader.take(/[a-z-]{1,32}/y))
  if (kind === undefined) return reader.expect(`one of ${Object.keys(kinds).join(" ")}`, kindStart)
  const option = readOption(reader, kind)
  if (option === undefined) return undefined
  return typeof where === "number" ? { task, count: where, nth, kind, option } : { task, place: where, nth, kind, option }
}

/** Reads what `printSchedule` prints, and what people type. At most 16 MiB of text and 10^6 deviations. */
export const parseSchedule = (text: string): ParsedSchedule => {
  const reader = new Reader(text)
  const schedule: Array<Deviation | PlacedDeviation> = []
  if (text.length > SCHEDULE_TEXT_LENGTH_MAX) {
    reader.expect(`at most ${SCHEDULE_TEXT_LENGTH_MAX} characters`, SCHEDULE_TEXT_LENGTH_MAX)
  } else {
    reader.take(BLANKS)
    while (reader.at < text.length) {
      if (schedule.length === SCHEDULE_DEVIATION_COUNT_MAX) reader.expect(`at most ${SCHEDULE_DEVIATION_COUNT_MAX} deviations`)
      const deviation = reader.problem === undefined ? readDeviation(reader) : undefined
      if (deviation === undefined) break
      schedule.push(deviation)
      reader.take(BLANKS)
      if (reader.at === text.length) break
      if (!reader.has(",")) reader.expect("a comma or the end")
      reader.take(BLANKS)
      if (reader.at === text.length) reader.expect("another deviation after the comma")
    }
  }
  if (reader.problem === undefined) return { _tag: "Parsed", schedule }
  const { at, expected } = reader.problem
  const found = at >= text.length ? "the end" : text.slice(at, at + 16)
  return { _tag: "Malformed", column: at + 1, expected, found }
}

export const sameKey = (a: Deviation, b: Deviation): boolean =>
  a.task === b.task && a.count === b.count && a.nth === b.nth &&
  (a.kind === b.kind || (kinds[a.kind].is === "interruption" && kinds[b.kind].is === "interruption"))

/**
 * `schedule` without `deviation`. Where an interruption does not happen no stretch ends, so the later visits of its task at its
 * count come one sooner.
 */
export const without = (schedule: Schedule, deviation: Deviation): Schedule => {
  const endsStretch = kinds[deviation.kind].is === "interruption"
  const isLaterVisit = (other: Deviation): boolean =>
    endsStretch && kinds[other.kind].is === "interruption" &&
    other.task === deviation.task && other.count === deviation.count && other.nth > deviation.nth
  return schedule
    .filter((other) => !(sameKey(other, deviation) && other.kind === deviation.kind && other.option === deviation.option))
    .map((other) => (isLaterVisit(other) ? { ...other, nth: other.nth - 1 } : other))
}
