/**
 * Mappings as a list, ascending and disjoint: what lies in a range is found by halving, and a change copies the rest in one piece.
 * A program may have tens of thousands of them, a page each.
 */
import type { Address, AddressRange } from "../base/ids.ts"
import type { Mapping } from "./state.ts"

type Mappings = ReadonlyArray<Mapping>

/** The index of the first that ends behind `at`; how many there are, if none does. */
const firstBehind = (mappings: Mappings, at: Address): number => {
  let low = 0
  let high = mappings.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((mappings[middle]?.end ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low
}

/** The parts of `[start, end)` that are mapped, ascending. */
export const mappedParts = (mappings: Mappings, { end, start }: AddressRange): ReadonlyArray<Mapping> => {
  const parts: Array<Mapping> = []
  for (let index = firstBehind(mappings, start); index < mappings.length; index++) {
    const mapping = mappings[index]
    if (mapping === undefined || end <= mapping.start) break
    parts.push({ ...mapping, start: Math.max(mapping.start, start), end: Math.min(mapping.end, end) })
  }
  return parts
}

/** Where the mapped run that begins at `start` ends; `start` itself where nothing is mapped. */
export const mappedUntil = (mappings: Mappings, start: Address): Address => {
  let until = start
  for (let index = firstBehind(mappings, start); index < mappings.length; index++) {
    const mapping = mappings[index]
    if (mapping === undefined || until < mapping.start) break
    until = mapping.end
  }
  return until
}

/** With whatever was in `[start, end)` replaced by `pieces`, which lie in it, ascending. */
export const replacedIn = (mappings: Mappings, { end, start }: AddressRange, pieces: Mappings): Mappings => {
  const from = firstBehind(mappings, start)
  let until = from
  while ((mappings[until]?.start ?? end) < end) until++
  const [first, last] = [mappings[from], mappings[until - 1]]
  const around: Array<Mapping> = [...pieces]
  if (until > from && first !== undefined && first.start < start) around.unshift({ ...first, end: start })
  if (until > from && last !== undefined && end < last.end) around.push({ ...last, start: end })
  return mappings.toSpliced(from, until - from, ...around)
}
