/**
 * Ranges whose accesses matter to somebody: marks, which stop the engine before an access, and watches, which have it written
 * down. A page with either has no tag in any TLB, so its accesses come by the slow path; other pages never notice.
 */
import type { AddressRange } from "../base/ids.ts"
import type { AccessKind, Mark } from "../base/mark.ts"

const PAGE_BYTES = 4096

/** How marks divide: what is asked of memory, of code, and of everything. */
export interface MarkSet {
  readonly any: ReadonlyArray<AddressRange>
  readonly writes: ReadonlyArray<AddressRange>
  readonly executed: ReadonlySet<number>
  readonly areCallsMarked: boolean
  readonly isEveryInstructionMarked: boolean
}

export const NO_MARKS: MarkSet = { any: [], writes: [], executed: new Set(), areCallsMarked: false, isEveryInstructionMarked: false }

export const markSetOf = (marks: ReadonlyArray<Mark>): MarkSet => ({
  any: marks.flatMap((mark) => (mark._tag === "Accessed" && mark.by === "any" ? [{ start: mark.start, end: mark.end }] : [])),
  writes: marks.flatMap((mark) => (mark._tag === "Accessed" && mark.by === "write" ? [{ start: mark.start, end: mark.end }] : [])),
  executed: new Set(marks.flatMap((mark) => (mark._tag === "Executed" ? [mark.at] : []))),
  areCallsMarked: marks.some((mark) => mark._tag === "Called"),
  isEveryInstructionMarked: marks.some((mark) => mark._tag === "EveryInstruction")
})

export const sameMark = (one: Mark, other: Mark): boolean => {
  if (one._tag === "Accessed") {
    return other._tag === "Accessed" && one.start === other.start && one.end === other.end && one.by === other.by
  }
  return one._tag === other._tag && (one._tag !== "Executed" || other._tag !== "Executed" || one.at === other.at)
}

const touches = (ranges: ReadonlyArray<AddressRange>, start: number, end: number): boolean => {
  for (const range of ranges) if (range.start < end && start < range.end) return true
  return false
}

export class Guards {
  private marks = NO_MARKS
  private watches: ReadonlyArray<AddressRange> = []
  /** Whether there is anything at all: the question that is asked most. */
  isEmpty = true

  setMarks(marks: MarkSet): void {
    this.marks = marks
    this.refresh()
  }
  setWatches(watches: ReadonlyArray<AddressRange>): void {
    this.watches = watches
    this.refresh()
  }
  private refresh(): void {
    this.isEmpty = this.marks.any.length + this.marks.writes.length + this.watches.length === 0
  }

  /** Whether accesses to the page that begins there must come by the slow path. */
  covers(page: number, isWrite: boolean): boolean {
    const end = page + PAGE_BYTES
    return touches(this.marks.any, page, end) || touches(this.watches, page, end) || (isWrite && touches(this.marks.writes, page, end))
  }

  isMarked(at: number, sizeBytes: number, kind: AccessKind): boolean {
    return touches(this.marks.any, at, at + sizeBytes) || (kind !== "read" && touches(this.marks.writes, at, at + sizeBytes))
  }
  isWatched(at: number, sizeBytes: number): boolean {
    return touches(this.watches, at, at + sizeBytes)
  }
}
