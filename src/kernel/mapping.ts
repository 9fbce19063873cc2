/** What a process has mapped, by address; parts of mappings, and mappings made one. */
import type { AddressRange } from "../base/ids.ts"
import { firstBehind, type Ranges, rangesIn, replacedIn } from "../base/ranges.ts"

/** Pages that are mapped together. */
export interface Mapping extends AddressRange {
  /** PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4. */
  readonly protection: number
  readonly isShared: boolean
  /** By mlock(2) and its like. */
  readonly isLocked: boolean
}

export type Mappings = Ranges<Mapping>

/**
 * Whether two that touch are one. Each shared one is an object of its own, and stays apart.
 *
 * Source: Linux mm/vma.c vma_merge_existing_range, is_mergeable_vma
 */
const areOne = (a: Mapping, b: Mapping): boolean =>
  !a.isShared && !b.isShared && a.protection === b.protection && a.isLocked === b.isLocked

/** The parts of `range` that are mapped, ascending. */
export const mappedParts = (mappings: Mappings, range: AddressRange): ReadonlyArray<Mapping> =>
  rangesIn(mappings, range).map((mapping) => ({ ...mapping, start: Math.max(mapping.start, range.start), end: Math.min(mapping.end, range.end) }))

/** With `range` unmapped, then these mapped in it. */
export const remapped = (mappings: Mappings, range: AddressRange, pieces: ReadonlyArray<Mapping>): Mappings => replacedIn(mappings, range, pieces, areOne)

/** How many more there are once what is mapped of `range` is something else than what is around it. */
export const splitCount = (mappings: Mappings, { end, start }: AddressRange): number =>
  (liesIn(mappings, start) ? 1 : 0) + (liesIn(mappings, end) ? 1 : 0)

/** Whether a mapping lies on both sides of `at`. */
const liesIn = (mappings: Mappings, at: number): boolean => (firstBehind(mappings, at)?.start ?? at) < at
