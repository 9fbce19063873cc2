/**
 * Pages of the arena: who uses how many of them, which are free. All of it is in versioned memory, so that going back to a
 * snapshot brings the allocator back too.
 */
import { assert } from "../base/assert.ts"
import { PAGE_BYTES } from "../base/ids.ts"
import type { History } from "./history.ts"
import type { Linear } from "./engine/linear.ts"
import { ARENA, CONTROL, FIRST_FRAME, PAGE_SHIFT, control, pageCounter } from "./layout.ts"

const CONTROL_PAGE = CONTROL >>> PAGE_SHIFT

export class Frames {
  private readonly linear: Linear
  private readonly history: History
  private readonly pageCountMax: number
  /** By page: whether it has ever been a page table. Not versioned: it is asked when pages have just been other ones. */
  private readonly wasTable: Uint8Array
  /** Somebody wanted a frame and there was no room. Whoever goes back to before that forgets it. */
  isExhausted = false

  /** `maxMemoryBytes`: what frames and page tables may take together. */
  constructor(linear: Linear, history: History, maxMemoryBytes: number, pageCountMax: number) {
    this.linear = linear
    this.history = history
    this.wasTable = new Uint8Array(pageCountMax)
    this.pageCountMax = Math.floor(maxMemoryBytes / PAGE_BYTES)
    this.setControl(control.top, FIRST_FRAME >>> PAGE_SHIFT)
  }

  control(word: number): number { return this.linear.i32[(CONTROL + word) >>> 2] ?? 0 }
  setControl(word: number, value: number): void {
    this.history.touch(CONTROL_PAGE)
    this.linear.i32[(CONTROL + word) >>> 2] = value
  }

  get frameCount(): number { return this.control(control.frameCount) }

  /** Whether `count` more pages fit what may be used. */
  hasRoom(count: number): boolean {
    return this.control(control.frameCount) + this.control(control.tableCount) + count <= this.pageCountMax
  }

  /** A frame for guest bytes, used once, its host address; it holds anything. 0 where there is no room. */
  takeFrame(): number {
    const address = this.hasRoom(1) ? this.take() : 0
    if (address !== 0) this.setControl(control.frameCount, this.control(control.frameCount) + 1)
    else this.isExhausted = true
    return address
  }

  /** A page for a page table, its host address. Tables are few and must not fail half way: they may exceed the limit a little. */
  takeTable(): number {
    const address = this.take()
    assert(address !== 0, "page tables fit the memory of the host")
    this.wasTable[address / PAGE_BYTES] = 1
    this.setControl(control.tableCount, this.control(control.tableCount) + 1)
    return address
  }

  /** Whether the bytes of a page may say what is mapped. A change in the record of a space changes a table as well. */
  saysWhatIsMapped(page: number): boolean { return this.wasTable[page] === 1 }

  private take(): number {
    const free = this.control(control.freeHead)
    const page = free !== 0 ? free : this.control(control.top)
    if (free !== 0) this.setControl(control.freeHead, ~this.references(page))
    else {
      if (page >= this.wasTable.length || !this.linear.reach((page + 1) * PAGE_BYTES)) return 0
      this.setControl(control.top, page + 1)
    }
    this.history.touchFree(page)
    this.setReferences(page, 1)
    return page * PAGE_BYTES
  }

  /** How many page-table entries name the page. */
  references(page: number): number { return this.linear.i32[pageCounter(page)] ?? 0 }
  private setReferences(page: number, count: number): void {
    this.history.touch(pageCounter(page) >>> (PAGE_SHIFT - 2))
    this.linear.i32[pageCounter(page)] = count
  }

  share(page: number): void {
    this.setReferences(page, this.references(page) + 1)
  }

  /** One user fewer. True if that was the last one. */
  dropFrame(page: number): boolean {
    const count = this.references(page) - 1
    assert(count >= 0, "a frame is dropped as often as it was taken and shared")
    if (count > 0) {
      this.setReferences(page, count)
      return false
    }
    this.free(page)
    this.setControl(control.frameCount, this.control(control.frameCount) - 1)
    return true
  }

  dropTable(page: number): void {
    this.free(page)
    this.setControl(control.tableCount, this.control(control.tableCount) - 1)
  }

  private free(page: number): void {
    assert(page > ARENA >>> PAGE_SHIFT, "the zero frame is nobody's")
    this.history.touch(page)
    this.setReferences(page, ~this.control(control.freeHead))
    this.setControl(control.freeHead, page)
  }
}
