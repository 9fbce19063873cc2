/**
 * Soft TLBs and tables of jump targets, one *context* a space that runs; a few for all spaces, given to those that ran last.
 *
 * A context is a cache: any entry may be dropped at any time. What matters is that none outlives the truth. So a change of a
 * page table drops by (space, page); and what must notice the next write to a frame (a snapshot, a hash, decoded code, a
 * fork) revokes its write tags wherever they are.
 */
import { PAGE_BYTES } from "../base/ids.ts"
import type { Linear } from "./engine/linear.ts"
import {
  CONTEXTS, CONTEXT_BYTES, CONTEXT_COUNT, NOT_WRITTEN, SPACES, SPACE_BYTES, SPACE_COUNT_MAX, TARGETS, TARGET_BYTES, TARGET_COUNT, TLB_ENTRY_BYTES,
  TLB_ENTRY_COUNT, target, tlbEntry
} from "./layout.ts"

/** Ranges beyond this are dropped by dropping everything. */
const FEW_BYTES = 2 ** 18
/** A tag that no address has: tags are addresses of pages. */
const NO_TAG = -1
/** The tag of guarded pages, in words from the entry. */
const GUARDED = tlbEntry.guarded >>> 2
/** In `writerOf`: more than one entry. */
const SEVERAL = -1

const ordinal = (space: number): number => (space - SPACES) / SPACE_BYTES

export class Contexts {
  private readonly linear: Linear
  /** By ordinal of the space: its context, or 0. */
  private readonly contextOf = new Int32Array(SPACE_COUNT_MAX)
  /** By context: its space, and the code space its targets belong to. */
  private readonly spaceOf = new Int32Array(CONTEXT_COUNT)
  private readonly codeSpaceOf = new Int32Array(CONTEXT_COUNT)
  private nextContext = 0
  /** By page: the entry with its write tag, 0 or SEVERAL. It may have been overwritten since. */
  private readonly writerOf: Int32Array
  private readonly severalWriters = new Map<number, Array<number>>()

  constructor(linear: Linear, pageCountMax: number) {
    this.linear = linear
    this.writerOf = new Int32Array(pageCountMax)
  }

  /** The context of a space that is about to run code of `codeSpace`. */
  of(space: number, codeSpace: number): number {
    const context = this.contextOf[ordinal(space)] ?? 0
    if (context !== 0 && this.codeSpaceOf[(context - CONTEXTS) / CONTEXT_BYTES] === codeSpace) return context
    return this.assign(space, codeSpace, context)
  }

  private assign(space: number, codeSpace: number, current: number): number {
    let context = current
    if (context === 0) {
      const index = this.nextContext
      this.nextContext = (index + 1) % CONTEXT_COUNT
      context = CONTEXTS + index * CONTEXT_BYTES
      const before = this.spaceOf[index] ?? 0
      if (before !== 0) this.contextOf[ordinal(before)] = 0
      this.spaceOf[index] = space
      this.contextOf[ordinal(space)] = context
      this.clearTags(context)
    }
    this.codeSpaceOf[(context - CONTEXTS) / CONTEXT_BYTES] = codeSpace
    this.clearTargets(context)
    return context
  }

  private clearTags(context: number): void {
    this.linear.i32.fill(NO_TAG, context >>> 2, (context + TARGETS) >>> 2)
  }
  /** An address stands in the row of its low bits. So one with other low bits is never found there: -1, and in the last row 0. */
  private clearTargets(context: number): void {
    const { i32 } = this.linear
    i32.fill(NO_TAG, (context + TARGETS) >>> 2, (context + CONTEXT_BYTES) >>> 2)
    i32[this.targetAt(context, -1)] = 0
  }

  // ---- tags
  /**
   * Lets the page at guest address (`high`, `low`) be read, and written if `mayWrite`, at a host page. Precondition: the page
   * table does.
   */
  grant(context: number, low: number, high: number, hostPage: number, mayWrite: boolean): void {
    const { i32 } = this.linear
    const entry = context + ((low >>> 12) & (TLB_ENTRY_COUNT - 1)) * TLB_ENTRY_BYTES
    const at = entry >>> 2
    const tag = low & ~4095
    i32[at + (tlbEntry.read >>> 2)] = tag
    i32[at + (tlbEntry.read >>> 2) + 1] = high
    i32[at + (tlbEntry.write >>> 2)] = mayWrite ? tag : NO_TAG
    i32[at + (tlbEntry.write >>> 2) + 1] = mayWrite ? high : NO_TAG
    i32[at + (tlbEntry.addend >>> 2)] = hostPage - tag
    i32[at + GUARDED] = NO_TAG
    i32[at + GUARDED + 1] = NO_TAG
    if (mayWrite) this.noteWriter(hostPage >>> 12, entry)
  }

  /** The same for a page with marks: the engine finds its host page, and looks whether a mark is met. */
  guard(context: number, low: number, high: number, hostPage: number, mayWrite: boolean): void {
    const { i32 } = this.linear
    const entry = context + ((low >>> 12) & (TLB_ENTRY_COUNT - 1)) * TLB_ENTRY_BYTES
    const at = entry >>> 2
    const tag = low & ~4095
    i32.fill(NO_TAG, at, at + 4)
    i32[at + (tlbEntry.addend >>> 2)] = hostPage - tag
    i32[at + GUARDED] = mayWrite ? tag : tag | NOT_WRITTEN
    i32[at + GUARDED + 1] = high
    if (mayWrite) this.noteWriter(hostPage >>> 12, entry)
  }

  private noteWriter(page: number, entry: number): void {
    const before = this.writerOf[page] ?? 0
    if (before === 0 || before === entry) this.writerOf[page] = entry
    else if (before !== SEVERAL) {
      this.writerOf[page] = SEVERAL
      this.severalWriters.set(page, [before, entry])
    } else {
      const entries = this.severalWriters.get(page)
      if (entries !== undefined && !entries.includes(entry)) entries.push(entry)
    }
  }

  /** The next write to this host page, through whatever space, comes by the slow path. */
  revokeWrites(page: number): void {
    const entry = this.writerOf[page] ?? 0
    if (entry === 0) return
    this.writerOf[page] = 0
    if (entry !== SEVERAL) return this.revokeEntry(page, entry)
    for (const each of this.severalWriters.get(page) ?? []) this.revokeEntry(page, each)
    this.severalWriters.delete(page)
  }

  /** An entry may have been given to another page since; then it is not ours to touch. */
  private revokeEntry(page: number, entry: number): void {
    const { i32 } = this.linear
    const at = entry >>> 2
    const addend = i32[at + (tlbEntry.addend >>> 2)] ?? 0
    // What is no tag, or one that is not for writing, is no multiple of the length of a page.
    for (const tag of [at + (tlbEntry.write >>> 2), at + GUARDED]) {
      if ((((i32[tag] ?? 0) + addend) >>> 0) !== page * PAGE_BYTES) continue
      i32[tag] = NO_TAG
      i32[tag + 1] = NO_TAG
    }
  }

  /** Forgets a page of a space. */
  drop(space: number, low: number): void {
    const context = this.contextOf[ordinal(space)] ?? 0
    if (context === 0) return
    const at = (context + ((low >>> 12) & (TLB_ENTRY_COUNT - 1)) * TLB_ENTRY_BYTES) >>> 2
    this.linear.i32.fill(NO_TAG, at, at + (TLB_ENTRY_BYTES >>> 2))
  }

  /** Forgets a page in all spaces. */
  dropEverywhere(low: number): void {
    for (const space of this.spaceOf) if (space !== 0) this.drop(space, low)
  }

  /** Forgets all pages of a space. */
  dropSpace(space: number): void {
    const context = this.contextOf[ordinal(space)] ?? 0
    if (context !== 0) this.clearTags(context)
  }

  /** Forgets the pages of a range, in all spaces. */
  dropRange(start: number, end: number): void {
    if (end - start > FEW_BYTES) return this.dropAll()
    for (let at = start - (start % PAGE_BYTES); at < end; at += PAGE_BYTES) this.dropEverywhere(at | 0)
  }

  /** Forgets which spaces there are. */
  releaseAll(): void {
    for (const space of this.spaceOf) if (space !== 0) this.release(space)
  }

  /** Forgets all pages of all spaces. */
  dropAll(): void {
    this.spaceOf.forEach((space, index) => {
      if (space !== 0) this.clearTags(CONTEXTS + index * CONTEXT_BYTES)
    })
  }

  /** The space is no more, or is another one: nothing of it holds. */
  release(space: number): void {
    const context = this.contextOf[ordinal(space)] ?? 0
    if (context === 0) return
    this.contextOf[ordinal(space)] = 0
    this.spaceOf[(context - CONTEXTS) / CONTEXT_BYTES] = 0
  }

  // ---- targets
  /** The form at a guest address that jumps lead to, 0 if it is not in the table. */
  formAt(context: number, low: number, high: number): number {
    const { i32 } = this.linear
    const at = this.targetAt(context, low)
    return i32[at] === low && i32[at + 1] === high ? (i32[at + (target.form >>> 2)] ?? 0) : 0
  }

  setForm(context: number, low: number, high: number, form: number): void {
    const { i32 } = this.linear
    const at = this.targetAt(context, low)
    i32[at] = low
    i32[at + 1] = high
    i32[at + (target.form >>> 2)] = form
  }

  private targetAt(context: number, low: number): number {
    return (context + TARGETS + (low & (TARGET_COUNT - 1)) * TARGET_BYTES) >>> 2
  }

  /** Forgets where jumps lead, everywhere. */
  clearAllTargets(): void {
    for (let index = 0; index < CONTEXT_COUNT; index++) this.clearTargets(CONTEXTS + index * CONTEXT_BYTES)
  }
}
