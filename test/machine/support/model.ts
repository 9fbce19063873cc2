/** Memory the simple way: a map from page to bytes, copied whole whenever it is forked. */
import { PAGE_BYTES } from "../../../src/base/ids.ts"
import { type Protection, WRITE } from "../../../src/machine/machine.ts"

interface Page {
  readonly protection: Protection
  readonly isShared: boolean
  /** The same object in every space that shares the page. */
  readonly bytes: Uint8Array
}

export class ModelSpace {
  private readonly pages: Map<number, Page>

  constructor(pages: Map<number, Page> = new Map()) {
    this.pages = pages
  }

  map(first: number, count: number, protection: Protection, isShared: boolean): void {
    for (let page = first; page < first + count; page++) this.pages.set(page, { protection, isShared, bytes: new Uint8Array(PAGE_BYTES) })
  }

  unmap(first: number, count: number): void {
    for (let page = first; page < first + count; page++) this.pages.delete(page)
  }

  /** Stops at the first page that is not there, as the machine does. */
  protect(first: number, count: number, protection: Protection): boolean {
    for (let number = first; number < first + count; number++) {
      const page = this.pages.get(number)
      if (page === undefined) return false
      this.pages.set(number, { ...page, protection })
    }
    return true
  }

  fork(): ModelSpace {
    return new ModelSpace(new Map([...this.pages].map(([number, page]) => [number, page.isShared ? page : { ...page, bytes: page.bytes.slice() }])))
  }

  private allow(at: number, lengthBytes: number, isWrite: boolean): boolean {
    for (let page = Math.floor(at / PAGE_BYTES); page * PAGE_BYTES < at + lengthBytes; page++) {
      const protection = this.pages.get(page)?.protection ?? 0
      if (isWrite ? (protection & WRITE) === 0 : protection === 0) return false
    }
    return true
  }

  read(at: number, lengthBytes: number): Uint8Array | undefined {
    if (!this.allow(at, lengthBytes, false)) return undefined
    return Uint8Array.from({ length: lengthBytes }, (_, index) =>
      this.pages.get(Math.floor((at + index) / PAGE_BYTES))?.bytes[(at + index) % PAGE_BYTES] ?? 0)
  }

  write(at: number, bytes: Uint8Array): boolean {
    if (!this.allow(at, bytes.length, true)) return false
    bytes.forEach((byte, index) => {
      const page = this.pages.get(Math.floor((at + index) / PAGE_BYTES))
      if (page !== undefined) page.bytes[(at + index) % PAGE_BYTES] = byte
    })
    return true
  }

  protectionAt(at: number): Protection | undefined {
    return this.pages.get(Math.floor(at / PAGE_BYTES))?.protection
  }

  /** A copy in which shared pages are shared as before. `copies`: what has been copied so far. */
  copyWith(copies: Map<Uint8Array, Uint8Array>): ModelSpace {
    const copyOf = (bytes: Uint8Array): Uint8Array => {
      let copy = copies.get(bytes)
      if (copy === undefined) copies.set(bytes, copy = bytes.slice())
      return copy
    }
    return new ModelSpace(new Map([...this.pages].map(([number, page]) => [number, { ...page, bytes: copyOf(page.bytes) }])))
  }

  /** The pages that can be read. */
  eachPage(seen: (at: number, bytes: Uint8Array) => void): void {
    for (const [page, { bytes, protection }] of this.pages) if (protection !== 0) seen(page * PAGE_BYTES, bytes)
  }
}
