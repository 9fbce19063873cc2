/**
 * Address spaces: page tables in linear memory, lazy frames, copy on write, sharing.
 *
 * A table has 1024 entries of 4 bytes; four levels take 10, 10, 10 and 5 bits of a page's number, so the 47 bits of an address
 * split evenly over two 32-bit words. An entry of any level that is no table maps all it covers, untouched: a terabyte
 * costs one entry until somebody looks. Everything is in versioned memory; nothing here is kept in objects. The host page of
 * an entry is 0 where no frame has been given yet; its lower bits are `entryBits`.
 */
import { assert } from "../base/assert.ts"
import { type Address, type AddressRange, PAGE_BYTES, TASK_SIZE } from "../base/ids.ts"
import type { CodeCache } from "./code-cache.ts"
import type { Contexts } from "./contexts.ts"
import type { EntryChanges } from "./entry-changes.ts"
import type { Linear } from "./engine/linear.ts"
import type { Frames } from "./frames.ts"
import type { FrameHashes } from "./hash.ts"
import type { History } from "./history.ts"
import { CONTROL, SPACES, SPACE_BYTES, SPACE_COUNT_MAX, control, entryBits, space as field } from "./layout.ts"
import type { Protection } from "./machine.ts"
import {
  HOST_PAGE, PROTECTION, TABLE_ENTRY_COUNT, TOP_ENTRY_COUNT, TOP_LEVEL, highWord, isShared, lowWord, pagesIn
} from "./page-entry.ts"

const { mapped: MAPPED, shared: SHARED, table: TABLE } = entryBits
/** All spaces together. It bounds what page tables can grow to: a table for each 4 MiB. */
const MAPPED_PAGES_MAX = 2 ** 38 / PAGE_BYTES
/** Ranges of more pages are dropped from a TLB by dropping everything. */
const FEW_PAGES = 64

/** What becomes of an entry that a change of a range covers wholly. Of a table, all its entries are asked. */
interface Change {
  readonly entry: (entry: number, level: number) => number
  /** A table that is covered wholly goes, and this takes its place. */
  readonly replacesTables: boolean
}

/** A page that has its own entry, or a stretch that has one together. */
export type Visit = (entry: number, firstPage: number, pageCount: number) => void

export class Spaces {
  private readonly linear: Linear
  private readonly history: History
  private readonly frames: Frames
  private readonly contexts: Contexts
  private readonly hashes: FrameHashes
  private code: CodeCache | undefined
  /** How often a space has left its code space: an engine that runs in it must not run on. */
  codeSpaceChanges = 0
  /** Told of each change of an entry, so that a restore can drop the entries that are no more: the space and the page's low word. */
  private readonly changes: EntryChanges

  constructor(linear: Linear, history: History, frames: Frames, contexts: Contexts, hashes: FrameHashes, changes: EntryChanges) {
    this.linear = linear
    this.history = history
    this.frames = frames
    this.contexts = contexts
    this.hashes = hashes
    this.changes = changes
    this.frames.setControl(control.topSpace, SPACES)
  }

  /** Code is decoded from memory, and memory tells code of changes: they meet here. */
  attach(code: CodeCache): void {
    this.code = code
  }

  // ---- spaces
  create(codeSpace: number): number {
    const free = this.frames.control(control.freeSpace)
    const space = free !== 0 ? free : this.frames.control(control.topSpace)
    if (free !== 0) this.frames.setControl(control.freeSpace, this.word(free + field.next))
    else {
      assert(space < SPACES + SPACE_BYTES * SPACE_COUNT_MAX, `there are at most ${SPACE_COUNT_MAX} address spaces`)
      this.frames.setControl(control.topSpace, space + SPACE_BYTES)
    }
    this.contexts.release(space)
    this.changes.renewed(space)
    this.history.touch(space >>> 12)
    this.linear.i32.fill(0, space >>> 2, (space + SPACE_BYTES) >>> 2)
    this.setWord(space + field.codeSpace, codeSpace)
    return space
  }

  destroy(space: number): void {
    assert(this.codeSpace(space) !== 0, "a space is freed once")
    for (let index = 0; index < TOP_ENTRY_COUNT; index++) this.dropEntry(this.word(space + 4 * index), TOP_LEVEL)
    this.history.touch(space >>> 12)
    this.linear.i32.fill(0, space >>> 2, (space + SPACE_BYTES) >>> 2)
    this.setWord(space + field.next, this.frames.control(control.freeSpace))
    this.frames.setControl(control.freeSpace, space)
    this.contexts.release(space)
  }

  /** A copy: private frames are shared until either side writes, shared ones for ever. */
  fork(space: number): number {
    const copy = this.create(this.codeSpace(space))
    for (let index = 0; index < TOP_ENTRY_COUNT; index++) {
      const entry = this.word(space + 4 * index)
      if (entry !== 0) this.setWord(copy + 4 * index, this.copyEntry(entry, TOP_LEVEL))
    }
    return copy
  }

  private copyEntry(entry: number, level: number): number {
    if ((entry & TABLE) !== 0) {
      const table = this.frames.takeTable()
      const from = entry & HOST_PAGE
      this.linear.i32.copyWithin(table >>> 2, from >>> 2, (from >>> 2) + TABLE_ENTRY_COUNT)
      for (let index = 0; index < TABLE_ENTRY_COUNT; index++) {
        const below = this.word(table + 4 * index)
        if (below === 0) continue
        const copied = this.copyEntry(below, level - 1) // which may replace the views of memory
        this.linear.i32[(table >>> 2) + index] = copied
      }
      return table | TABLE
    }
    this.countMapped(pagesIn(level))
    const page = entry >>> 12
    if (page === 0) return entry
    this.frames.share(page)
    if ((entry & SHARED) === 0) this.contexts.revokeWrites(page)
    return entry
  }

  codeSpace(space: number): number { return this.word(space + field.codeSpace) }

  private word(address: number): number { return this.linear.i32[address >>> 2] ?? 0 }
  private setWord(address: number, value: number): void {
    this.history.touch(address >>> 12)
    this.linear.i32[address >>> 2] = value
  }
  private countMapped(pages: number): void {
    this.history.touch(CONTROL >>> 12)
    const at = (CONTROL + control.mappedCount) >>> 3
    this.linear.f64[at] = (this.linear.f64[at] ?? 0) + pages
  }
  private get mappedCount(): number { return this.linear.f64[(CONTROL + control.mappedCount) >>> 3] ?? 0 }

  // ---- looking
  /** The entry that maps the page at the address, 0 if none. Precondition: `high` < 2^15. */
  entryAt(space: number, low: number, high: number): number {
    const { i32 } = this.linear
    let entry = i32[(space >>> 2) + (high >>> 10)] ?? 0
    if ((entry & TABLE) === 0) return entry
    entry = i32[((entry & HOST_PAGE) >>> 2) + (high & 1023)] ?? 0
    if ((entry & TABLE) === 0) return entry
    entry = i32[((entry & HOST_PAGE) >>> 2) + (low >>> 22)] ?? 0
    if ((entry & TABLE) === 0) return entry
    return i32[((entry & HOST_PAGE) >>> 2) + ((low >>> 12) & 1023)] ?? 0
  }

  /** Every entry that maps something, in ascending order. */
  visit(space: number, seen: Visit): void {
    for (let index = 0; index < TOP_ENTRY_COUNT; index++) {
      this.visitEntry(this.word(space + 4 * index), TOP_LEVEL, index * pagesIn(TOP_LEVEL), seen)
    }
  }

  private visitEntry(entry: number, level: number, firstPage: number, seen: Visit): void {
    if (entry === 0) return
    if ((entry & TABLE) === 0) return seen(entry, firstPage, pagesIn(level))
    const table = entry & HOST_PAGE
    for (let index = 0; index < TABLE_ENTRY_COUNT; index++) {
      const below = this.word(table + 4 * index)
      if (below !== 0) this.visitEntry(below, level - 1, firstPage + index * pagesIn(level - 1), seen)
    }
  }

  /** Mapped ranges in ascending order, neighbours of equal protection and kind joined. */
  mappings(space: number): ReadonlyArray<AddressRange & { readonly protection: Protection; readonly isShared: boolean }> {
    const ranges: Array<{ start: number; end: number; protection: Protection; isShared: boolean }> = []
    this.visit(space, (entry, firstPage, pageCount) => {
      const start = firstPage * PAGE_BYTES
      const end = start + pageCount * PAGE_BYTES
      const protection = entry & PROTECTION
      const last = ranges.at(-1)
      if (last?.end === start && last.protection === protection && last.isShared === isShared(entry)) last.end = end
      else ranges.push({ start, end, protection, isShared: isShared(entry) })
    })
    return ranges
  }

  protectionAt(space: number, at: Address): Protection | undefined {
    const entry = 0 <= at && at < TASK_SIZE ? this.entryAt(space, lowWord(at), highWord(at)) : 0
    return entry === 0 ? undefined : entry & PROTECTION
  }

  // ---- changing ranges
  map(space: number, range: AddressRange, protection: Protection, isShared: boolean): boolean {
    const pageCount = checked(range)
    // Tables on the way to both ends; and shared pages have their frames at once, so that a fork need not look for them.
    const needed = 2 * TOP_LEVEL + (isShared ? pageCount + Math.ceil(pageCount / TABLE_ENTRY_COUNT) : 0)
    if (this.mappedCount + pageCount > MAPPED_PAGES_MAX || !this.frames.hasRoom(needed)) return false
    const untouched = MAPPED | (isShared ? SHARED : 0) | protection
    this.change(space, range, {
      entry: (before, level) => {
        this.dropEntry(before, level)
        this.countMapped(pagesIn(level))
        return untouched
      },
      replacesTables: true
    })
    if (!isShared) return true
    for (let at = range.start; at < range.end; at += PAGE_BYTES) {
      const frame = this.materialize(space, lowWord(at), highWord(at), untouched)
      assert(frame !== 0, "there was room for shared frames")
    }
    return true
  }

  unmap(space: number, range: AddressRange): void {
    checked(range)
    this.change(space, range, {
      entry: (before, level) => {
        this.dropEntry(before, level)
        return 0
      },
      replacesTables: true
    })
  }

  protect(space: number, range: AddressRange, protection: Protection): boolean {
    checked(range)
    const end = Math.min(range.end, this.firstHole(space, range))
    if (end > range.start && !this.frames.hasRoom(2 * TOP_LEVEL)) return false
    if (end > range.start) {
      this.change(space, { start: range.start, end }, {
        entry: (before) => (before & ~PROTECTION) | protection,
        replacesTables: false
      })
    }
    return end === range.end
  }

  /** The first address of the range that is not mapped; its end if all is. */
  private firstHole(space: number, { end, start }: AddressRange): Address {
    for (let at = start; at < end;) {
      let { level, slot } = this.slotOf(space, lowWord(at), highWord(at))
      if (level > 0) {
        if (this.word(slot) === 0) return at
        const covered = pagesIn(level) * PAGE_BYTES
        at = (Math.floor(at / covered) + 1) * covered
        continue
      }
      // Along the table: a thread's stack is two thousand pages.
      do {
        if (this.word(slot) === 0) return at
        at += PAGE_BYTES
        slot += 4
      } while (at < end && slot % PAGE_BYTES !== 0)
    }
    return end
  }

  /** Where the entry stands that says what is mapped there, and at which level. */
  private slotOf(space: number, low: number, high: number): { slot: number; level: number } {
    let slot = space + 4 * (high >>> 10)
    let level = TOP_LEVEL
    for (const index of [high & 1023, low >>> 22, (low >>> 12) & 1023]) {
      const entry = this.word(slot)
      if ((entry & TABLE) === 0) break
      slot = (entry & HOST_PAGE) + 4 * index
      level--
    }
    return { slot, level }
  }

  private change(space: number, { end, start }: AddressRange, change: Change): void {
    this.leaveCode(space, start, end)
    const firstPage = start / PAGE_BYTES
    const endPage = end / PAGE_BYTES
    for (let index = 0; index < TOP_ENTRY_COUNT; index++) {
      this.changeSlot(space + 4 * index, TOP_LEVEL, index * pagesIn(TOP_LEVEL), firstPage, endPage, change)
    }
    this.entriesChanged(space, start, end)
  }

  /** Where code has been decoded, a mapping never changes: a space that changes it has another code space from now on. */
  private leaveCode(space: number, start: number, end: number): void {
    if (this.code?.covers(this.codeSpace(space), start, end) !== true) return
    this.setWord(space + field.codeSpace, this.code.newCodeSpace())
    this.codeSpaceChanges++
  }

  private changeSlot(slot: number, level: number, slotPage: number, firstPage: number, endPage: number, change: Change): void {
    const slotEnd = slotPage + pagesIn(level)
    if (endPage <= slotPage || slotEnd <= firstPage) return
    const before = this.word(slot)
    const isWhole = firstPage <= slotPage && slotEnd <= endPage
    if (isWhole && ((before & TABLE) === 0 || change.replacesTables)) {
      this.changeEntry(slot, level, change)
      return
    }
    const table = (before & TABLE) !== 0 ? before & HOST_PAGE : this.split(slot, before)
    const covered = pagesIn(level - 1)
    const first = Math.max(0, Math.floor((firstPage - slotPage) / covered))
    const last = Math.min(TABLE_ENTRY_COUNT, Math.ceil((endPage - slotPage) / covered))
    if (level === 1) {
      for (let index = first; index < last; index++) this.changeEntry(table + 4 * index, 0, change)
      return
    }
    for (let index = first; index < last; index++) {
      this.changeSlot(table + 4 * index, level - 1, slotPage + index * covered, firstPage, endPage, change)
    }
  }

  private changeEntry(slot: number, level: number, change: Change): void {
    const before = this.word(slot)
    const after = change.entry(before, level)
    if (after !== before) this.setWord(slot, after)
  }

  /** Replaces an entry by a table that says the same. */
  private split(slot: number, entry: number): number {
    const table = this.frames.takeTable()
    this.linear.i32.fill(entry, table >>> 2, (table >>> 2) + TABLE_ENTRY_COUNT)
    this.setWord(slot, table | TABLE)
    return table
  }

  /** Gives up what an entry names, tables and frames. */
  private dropEntry(entry: number, level: number): void {
    if (entry === 0) return
    if ((entry & TABLE) === 0) {
      this.countMapped(-pagesIn(level))
      if (entry >>> 12 !== 0) this.dropFrame(entry >>> 12)
      return
    }
    const table = entry & HOST_PAGE
    for (let index = 0; index < TABLE_ENTRY_COUNT; index++) this.dropEntry(this.word(table + 4 * index), level - 1)
    this.frames.dropTable(table >>> 12)
  }

  private dropFrame(page: number): void {
    if (this.frames.dropFrame(page)) this.contexts.revokeWrites(page)
  }

  private entriesChanged(space: number, start: number, end: number): void {
    if ((end - start) / PAGE_BYTES > FEW_PAGES) {
      this.contexts.dropSpace(space)
      this.changes.many()
      return
    }
    for (let at = start; at < end; at += PAGE_BYTES) {
      this.contexts.drop(space, lowWord(at))
      this.changes.one(space, lowWord(at))
    }
  }

  // ---- frames
  /** The host page that a read of this entry sees. */
  hostOfRead(entry: number, zeroFrame: number): number {
    return entry >>> 12 === 0 ? zeroFrame : (entry & HOST_PAGE) >>> 0
  }

  /**
   * The host page that a write through this entry changes, its own by now: an untouched page gets a frame, a private one that
   * others see is copied. 0 where there is no room. What has been decoded from it is the caller's to ask about.
   */
  hostOfWrite(space: number, low: number, high: number, entry: number): number {
    const page = entry >>> 12
    if (page === 0) return this.materialize(space, low, high, entry)
    if ((entry & SHARED) === 0 && this.frames.references(page) > 1) return this.copyFrame(space, low, high, entry)
    this.history.touch(page)
    this.hashes.forget(page)
    return (entry & HOST_PAGE) >>> 0
  }

  private materialize(space: number, low: number, high: number, entry: number): number {
    const frame = this.frames.takeFrame()
    if (frame === 0) return 0
    this.renew(frame)
    this.linear.u8.fill(0, frame, frame + PAGE_BYTES)
    this.setLeaf(space, low, high, entry, frame)
    return frame
  }

  /** A frame is about to hold other bytes: nothing that was known of it holds. */
  private renew(frame: number): void {
    this.code?.reused(frame >>> 12)
    this.hashes.forget(frame >>> 12)
  }

  private copyFrame(space: number, low: number, high: number, entry: number): number {
    const frame = this.frames.takeFrame()
    if (frame === 0) return 0
    const from = (entry & HOST_PAGE) >>> 0
    this.renew(frame)
    this.linear.u8.copyWithin(frame, from, from + PAGE_BYTES)
    this.dropFrame(from >>> 12)
    this.setLeaf(space, low, high, entry, frame)
    return frame
  }

  private setLeaf(space: number, low: number, high: number, entry: number, frame: number): void {
    // Even if the bytes are the same: code decoded from a frame must hear of its changes, and from this one none has been.
    const page = high * 2 ** 32 + ((low & HOST_PAGE) >>> 0)
    this.leaveCode(space, page, page + PAGE_BYTES)
    let slot = space + 4 * (high >>> 10)
    for (const index of [high & 1023, low >>> 22, (low >>> 12) & 1023]) {
      const above = this.word(slot)
      slot = ((above & TABLE) !== 0 ? above & HOST_PAGE : this.split(slot, above)) + 4 * index
    }
    this.setWord(slot, frame | (entry & 4095))
    this.contexts.drop(space, low)
    this.changes.one(space, low)
  }
}

/** How many pages; a range is aligned and below the end of user space. */
const checked = ({ end, start }: AddressRange): number => {
  assert(start % PAGE_BYTES === 0 && end % PAGE_BYTES === 0, "mapped ranges begin and end between pages")
  assert(0 <= start && start < end && end <= TASK_SIZE, "mapped ranges are not empty and lie in user space")
  return (end - start) / PAGE_BYTES
}
