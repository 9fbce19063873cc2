/**
 * A schedule told to another build: where its instructions are there. A place is a symbol and an offset, and either may be another
 * by now. Then the same instruction is looked for, by its text and its neighbors, between the symbols that both builds have around
 * it; and where there is none, what is left is the count.
 */
import type { Address } from "../base/ids.ts"
import type { Deviation, Schedule } from "../log/choice.ts"
import type { LocatedDeviation } from "../log/placed.ts"
import { type PlacedDeviation, placeOf } from "../log/schedule.ts"
import type { Program, ProgramSymbol } from "../program/program.ts"
import { addressOf } from "../run/lenient.ts"
import { decode, INSTRUCTION_BYTES_MAX } from "../x86/decode.ts"
import { printInstruction } from "../x86/print.ts"
import { moving, symbolBefore } from "./place.ts"

/** A deviation as it is told there, and what it is held by. */
export interface Relocated {
  readonly deviation: PlacedDeviation | Deviation
  readonly by: "place" | "instruction" | "count"
}

interface Line {
  readonly at: Address
  /** Without what another build may have moved. */
  readonly text: string
}

/** Neighbors looked at, to either side. */
const NEIGHBOR_COUNT = 6
/** Of a longer stretch without a common symbol the part around it. */
const STRETCH_BYTES_MAX = 32_768
/** Another program is no build of this one: half of the symbols are to be there. */
const COMMON_SYMBOLS = 0.5

const segmentAt = ({ segments }: Program, at: Address) => segments.find(({ bytes, start }) => start <= at && at < start + bytes.length)

/** The instructions of `[start, end)`, as far as there is code. */
const linesOf = (program: Program, start: Address, end: Address): ReadonlyArray<Line> => {
  const segment = segmentAt(program, start)
  if (segment === undefined) return []
  const lines: Array<Line> = []
  for (let at = start; at < Math.min(end, segment.start + segment.bytes.length);) {
    const bytes = segment.bytes.subarray(at - segment.start, at - segment.start + INSTRUCTION_BYTES_MAX)
    const decoded = decode(bytes, at)
    const lengthBytes = decoded === "truncated" ? 1 : Math.max(1, decoded.lengthBytes)
    lines.push({ at, text: unplaced(program, printInstruction(bytes.subarray(0, lengthBytes), at)) })
    at += lengthBytes
  }
  return lines
}

/** The text with a mark for each address: of a branch, relative to the instruction, or of the program's own. */
const unplaced = (program: Program, text: string): string =>
  text.replace(/-?(?:0x[0-9a-f]+|\d+)(?=\(%rip\))/, "@").replace(/^((?:j|call|loop)\w* +)0x[0-9a-f]+$/, "$1@")
    .replace(/0x[0-9a-f]+/g, (here) => (segmentAt(program, Number(here)) === undefined ? here : "@"))

/** Symbols of both builds, by address here. */
const commonSymbols = (from: Program, to: Program): ReadonlyArray<{ readonly here: ProgramSymbol; readonly there: ProgramSymbol }> => {
  const byName = new Map(to.symbols.map((symbol) => [symbol.name, symbol]))
  return from.symbols.flatMap((here) => {
    const there = byName.get(here.name)
    return there === undefined ? [] : [{ here, there }]
  })
}

/** How many lines around `lines[at]` are those around `others[other]`, from there on without a gap. */
const likeness = (lines: ReadonlyArray<Line>, at: number, others: ReadonlyArray<Line>, other: number): number => {
  let count = 0
  for (const step of [-1, 1]) {
    for (let far = step; Math.abs(far) <= NEIGHBOR_COUNT; far += step) {
      const line = lines[at + far]
      if (line === undefined || line.text !== others[other + far]?.text) break
      count++
    }
  }
  return count
}

/** Where the instruction at `address` is in another build; of several alike the one at `wanted`, or else the one as far from the start. */
const sameInstruction = (from: Program, to: Program, address: Address, wanted: Address | undefined): Address | undefined => {
  const common = commonSymbols(from, to)
  const before = common.findLast(({ here }) => here.at <= address)
  const behind = common.find(({ here, there }) => here.at > address && (before === undefined || there.at > before.there.at))
  const start = Math.max(before?.here.at ?? segmentAt(from, address)?.start ?? address, address - STRETCH_BYTES_MAX)
  const lines = linesOf(from, start, Math.min(behind?.here.at ?? Infinity, address + STRETCH_BYTES_MAX))
  const at = lines.findIndex((line) => line.at === address)
  const line = lines[at]
  if (line === undefined) return undefined
  const startThere = before === undefined ? segmentAt(to, to.entry)?.start ?? to.entry : before.there.at + start - before.here.at
  const others = linesOf(to, startThere, Math.min(behind?.there.at ?? Infinity, startThere + 2 * STRETCH_BYTES_MAX))
  const alike = others.flatMap((other, index) => (other.text === line.text ? [{ other, index, likeness: likeness(lines, at, others, index) }] : []))
  const rank = ({ index, likeness: neighbors, other }: (typeof alike)[number]): number => neighbors + (other.at === wanted ? 0.5 : 0) - Math.abs(index - at) / 2 ** 20
  const [best] = alike.toSorted((one, another) => rank(another) - rank(one))
  return best !== undefined && (best.likeness > 0 || alike.length === 1) ? best.other.at : undefined
}

/** Where an address is in another build: as far behind the same symbol, or before the same instruction. */
export const addressThere = (from: Program, to: Program) => (address: Address): Address | undefined =>
  moving(from, to)(address) ?? sameInstruction(from, to, address, undefined)

/** Whether an instruction begins there, read from the symbol before it. */
const isInstruction = (program: Program, at: Address): boolean => {
  const start = symbolBefore(program, at)?.at
  return start !== undefined && at - start <= STRETCH_BYTES_MAX && linesOf(program, start, at + 1).some((line) => line.at === at)
}

/** A located schedule for another build. `schedule`: the same by count. */
export const relocate = (from: Program, to: Program, located: ReadonlyArray<LocatedDeviation>, schedule: Schedule): ReadonlyArray<Relocated> => {
  const isBuild = commonSymbols(from, to).length >= from.symbols.length * COMMON_SYMBOLS
  return located.map(({ address, deviation }, index): Relocated => {
    const wanted = addressOf(to, deviation)
    const there = sameInstruction(from, to, address, wanted)
    if (there !== undefined && there !== wanted) {
      return { by: "instruction", deviation: { ...deviation, place: placeOf(there, deviation.place.arrival, symbolBefore(to, there)) } }
    }
    const counted = schedule[index]
    const isLost = there === undefined && (wanted === undefined || !isInstruction(to, wanted))
    return isLost && isBuild && counted !== undefined ? { by: "count", deviation: counted } : { by: "place", deviation }
  })
}
