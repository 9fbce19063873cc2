/**
 * Ranges whose accesses matter to somebody: marks, which stop the engine before an access, and watches, which have it written
 * down. A page with either has no tag in any TLB: the engine looks for marks in a table of them (`engine/wasm/miss.ts`), and accesses
 * to a page with watches come by the slow path. Other pages never notice.
 */
import { type AddressRange, PAGE_BYTES } from "../base/ids.ts"
import type { AccessKind, Mark } from "../base/mark.ts"
import { covering, coveringToo, type Ranges, touches } from "../base/ranges.ts"
import type { Linear } from "./engine/linear.ts"
import { EXCHANGE, MARK_BYTES, MARK_COUNT_MAX, exchange, markedRange } from "./layout.ts"

/** How marks divide: what is asked of memory, and of code. */
export interface MarkSet {
  readonly any: ReadonlyArray<AddressRange>
  readonly writes: ReadonlyArray<AddressRange>
  readonly executed: ReadonlySet<number>
  readonly areCallsMarked: boolean
}

export const NO_MARKS: MarkSet = { any: [], writes: [], executed: new Set(), areCallsMarked: false }

export const markSetOf = (marks: ReadonlyArray<Mark>): MarkSet => ({
  any: marks.flatMap((mark) => (mark._tag === "Accessed" && mark.by === "any" ? [{ start: mark.start, end: mark.end }] : [])),
  writes: marks.flatMap((mark) => (mark._tag === "Accessed" && mark.by === "write" ? [{ start: mark.start, end: mark.end }] : [])),
  executed: new Set(marks.flatMap((mark) => (mark._tag === "Executed" ? [mark.at] : []))),
  areCallsMarked: marks.some((mark) => mark._tag === "Called")
})

export const sameMark = (one: Mark, other: Mark): boolean => {
  if (one._tag === "Accessed") {
    return other._tag === "Accessed" && one.start === other.start && one.end === other.end && one.by === other.by
  }
  return one._tag === other._tag && (one._tag !== "Executed" || other._tag !== "Executed" || one.at === other.at)
}

export class Guards {
  private readonly linear: Linear
  /** What marks and watches cover, however many there are. */
  private any: Ranges<AddressRange>
  private writes: Ranges<AddressRange>
  private watches: Ranges<AddressRange>
  /** Whether LOCKed accesses are watched wherever they are. */
  areLockedWatched = false
  /** Whether there is anything at all: the question that is asked most. */
  isEmpty = true
  /** Whether the engine has all marked ranges in its table, and can look for itself. */
  areMarksTold = true

  constructor(linear: Linear) {
    this.linear = linear
    this.setMarks(NO_MARKS)
  }

  setMarks(marks: MarkSet): void {
    this.any = covering(marks.any)
    this.writes = covering(marks.writes)
    this.refresh()
    this.areMarksTold = marks.any.length + marks.writes.length <= MARK_COUNT_MAX
    if (this.areMarksTold) this.tellEngine([...marks.any, ...marks.writes], marks.any.length)
  }

  private tellEngine(ranges: ReadonlyArray<AddressRange>, anyCount: number): void {
    const { i32, u64 } = this.linear
    let at = EXCHANGE + exchange.marks
    for (const [index, { end, start }] of ranges.entries()) {
      u64[(at + markedRange.start) >>> 3] = BigInt(start)
      u64[(at + markedRange.end) >>> 3] = BigInt(end)
      i32[(at + markedRange.isMetByReads) >>> 2] = index < anyCount ? 1 : 0
      at += MARK_BYTES
    }
    i32[(EXCHANGE + exchange.marksEnd) >>> 2] = at
  }
  setWatches(watches: ReadonlyArray<AddressRange>, areLockedWatched: boolean): void {
    this.watches = covering(watches)
    this.areLockedWatched = areLockedWatched
    this.refresh()
  }
  /** One more, until they are set again. */
  watchToo(range: AddressRange): void {
    this.watches = coveringToo(this.watches, range)
  }
  private refresh(): void {
    this.isEmpty = !this.areLockedWatched && this.any === undefined && this.writes === undefined && this.watches === undefined
  }

  /** Whether there is a mark on the page that begins there. */
  marksOn(page: number): boolean {
    return touches(this.any, page, page + PAGE_BYTES) || touches(this.writes, page, page + PAGE_BYTES)
  }
  /** Whether accesses to the page that begins there must come by the slow path. */
  watchesOn(page: number): boolean { return touches(this.watches, page, page + PAGE_BYTES) }

  isMarked(at: number, sizeBytes: number, kind: AccessKind): boolean {
    return touches(this.any, at, at + sizeBytes) || (kind !== "read" && touches(this.writes, at, at + sizeBytes))
  }
  isWatched(at: number, sizeBytes: number): boolean {
    return touches(this.watches, at, at + sizeBytes)
  }
}
