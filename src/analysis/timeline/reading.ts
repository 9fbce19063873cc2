/** What a reader of entries may know besides them. Without it numbers stand as numbers; nothing is guessed. */
import { contains, type Address } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import type { DictionaryRow } from "../../log/names.ts"
import type { Program, ProgramSymbol } from "../../program/program.ts"
import { escapeTerminal } from "../report/format/terminal.ts"

/** A call as far as its text goes: a row of the kernel's table is one. */
export interface CallReading {
  readonly name: string
  /** In register order; the kind says how a word is spelled. */
  readonly parameters: Readonly<Record<string, string>>
}

export interface Reading {
  /** `push+0x12`, or the address. Safe to print. */
  readonly place: (address: Address) => string
  /** The call of that number, as the run's kernel understood it. */
  readonly call: (number: number) => CallReading | undefined
  /** What the fields of events hold that are not known here, or are others, by tag. */
  readonly unlike?: ReadonlyMap<string, DictionaryRow["fields"]>
}

/** Numbers as numbers. */
export const plainReading: Reading = { place: hex, call: () => undefined }

/** Sizes and kinds that a linker would prefer to show, best first. */
const rank = ({ kind, sizeBytes }: ProgramSymbol): number => (kind === "function" ? 0 : kind === "object" ? 1 : 2) - (sizeBytes > 0 ? 0.5 : 0)

/** Beyond so many bytes after a symbol without a size, its name says nothing. */
const UNSIZED_REACH_BYTES = 4096

/** Places of `program` by symbol and offset. */
export const placesOf = ({ segments, symbols }: Pick<Program, "segments" | "symbols">): Reading["place"] => {
  const ordered = symbols.filter(({ name }) => name !== "")
    .sort((a, b) => a.at - b.at || rank(b) - rank(a) || (a.name < b.name ? 1 : -1))
  const isMapped = (address: Address): boolean =>
    segments.some(({ memoryBytes, start }) => contains({ start, end: start + memoryBytes }, address))
  return (address) => {
    let low = 0
    let high = ordered.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ordered[middle]?.at ?? Infinity) <= address) low = middle + 1
      else high = middle
    }
    const symbol = ordered[low - 1]
    if (symbol === undefined || !isMapped(address)) return hex(address)
    const offset = address - symbol.at
    if (offset >= (symbol.sizeBytes > 0 ? symbol.sizeBytes : UNSIZED_REACH_BYTES)) return hex(address)
    return offset === 0 ? escapeTerminal(symbol.name) : `${escapeTerminal(symbol.name)}+${hex(offset)}`
  }
}

/** A finding's message, whose addresses are hexadecimal numbers, with places by symbol where they have one. */
export const withPlaces = (message: string, { place }: Pick<Reading, "place">): string =>
  message.replace(/\b0x[0-9a-f]{1,12}\b/g, (address) => place(Number(address)))

/** Symbols of the program, calls from whoever knows the kernel. */
export const readingOf = (program: Pick<Program, "segments" | "symbols">, call: Reading["call"] = () => undefined): Reading =>
  ({ place: placesOf(program), call })
