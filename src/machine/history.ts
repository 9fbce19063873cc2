/**
 * Snapshots of the versioned pages: a tree of differences with the present at its root.
 *
 * The present is always in place, in linear memory. A version is a version *next to it, towards the present*, and the pages
 * that were different there, kept in the vault. So taking one costs nothing, the first change of a page since the last one
 * costs a copy of it, and going back costs a copy for each page that was changed on the way: never anything in
 * proportion to the size of memory. Going to a version turns the path to it round, so that the tree hangs from there and
 * every other version stays within reach. Source: Baker, Shallow Binding Makes Functional Arrays Fast, SIGPLAN Notices 26(8), 1991.
 */
import { assert, known } from "../base/assert.ts"
import type { Linear } from "./engine/linear.ts"

/** In a difference: the page held nothing there that anyone could miss. */
const NOTHING = -1
/** Holders of a version that is in no tree any more. */
const GONE = -1

/** What owns caches of pages: they are told when bytes change behind their back. */
export interface Caches {
  /** A page may be written again without anyone's noticing; from now on a first write must be noticed. */
  readonly settled: (page: number) => void
  /** A page has the bytes of the version that is restored. */
  readonly reverted: (page: number) => void
  /** After all pages of one restore. `isFar`: more may have changed than what was written since the last snapshot or restore. */
  readonly arrived: (isFar: boolean) => void
}

export class Version {
  /** One step closer to the present; none: nothing but what is dirty lies between. */
  next: Version | undefined
  readonly previous = new Set<Version>()
  /** What to put back, coming from `next`: pages, and their places in the vault. */
  pages: Array<number> = []
  places: Array<number> = []
  /** Snapshots that name it. A version nobody names stays as long as the way to others forks here. */
  holders = 1
  /** Another one each time it becomes the base. */
  number = 0
}

export class History {
  private readonly linear: Linear
  private readonly caches: Caches
  /** The version the present has come from; none before the first. */
  private base: Version | undefined
  private baseCount = 0
  /** Changes with every snapshot and every restore. */
  private epoch = 1
  /** Pages that may have changed since the epoch began, and how many they are. */
  private dirty = new Int32Array(1024)
  private dirtyCount = 0
  // ---- by page
  /** The epoch in which it was noticed dirty. */
  private readonly dirtyEpoch: Float64Array
  /** Valid if `keptFor` is the base's number: where the base's bytes of the page are, even if it is clean now. */
  private readonly keptFor: Float64Array
  private readonly keptAt: Int32Array

  constructor(linear: Linear, caches: Caches, pageCountMax: number) {
    this.linear = linear
    this.caches = caches
    this.dirtyEpoch = new Float64Array(pageCountMax)
    this.keptFor = new Float64Array(pageCountMax)
    this.keptAt = new Int32Array(pageCountMax)
  }

  /** To be called before a versioned page changes, and before it is given up: whoever gets it will not care what was there. */
  touch(page: number): void {
    if (this.dirtyEpoch[page] !== this.epoch) this.notice(page, false)
  }

  /** The same for a page that is taken into use. If it was used when the epoch began, giving it up has touched it. */
  touchFree(page: number): void {
    if (this.dirtyEpoch[page] !== this.epoch) this.notice(page, true)
  }

  private notice(page: number, isNew: boolean): void {
    this.noteDirty(page)
    const { base } = this
    if (base === undefined || this.keptFor[page] === base.number) return
    this.register(base, page, isNew ? NOTHING : this.linear.keep(page))
  }

  private noteDirty(page: number): void {
    this.dirtyEpoch[page] = this.epoch
    if (this.dirtyCount === this.dirty.length) {
      const grown = new Int32Array(2 * this.dirty.length)
      grown.set(this.dirty)
      this.dirty = grown
    }
    this.dirty[this.dirtyCount++] = page
  }

  private register(base: Version, page: number, place: number): void {
    base.pages.push(page)
    base.places.push(place)
    this.keptFor[page] = base.number
    this.keptAt[page] = place
  }

  private beginEpoch(): void {
    this.epoch++
    this.dirtyCount = 0
  }

  snapshot(): Version {
    const { base } = this
    if (base !== undefined && this.dirtyCount === 0) {
      base.holders++
      return base
    }
    for (let index = 0; index < this.dirtyCount; index++) this.caches.settled(this.dirty[index] ?? 0)
    if (base !== undefined) this.dropClean(base)
    const version = new Version()
    if (base !== undefined) {
      base.next = version
      version.previous.add(base)
    }
    this.makeBase(version)
    this.beginEpoch()
    return version
  }

  /** What another version has kept cannot be mistaken for this one's: its number is new. */
  private makeBase(version: Version): void {
    version.next = undefined
    version.number = ++this.baseCount
    this.base = version
  }

  /** Of a base that is about to become a difference, what is not one. */
  private dropClean(base: Version): void {
    const { pages, places } = base
    base.pages = []
    base.places = []
    pages.forEach((page, index) => {
      const place = known(places[index], "a place for each page")
      if (this.dirtyEpoch[page] === this.epoch) {
        base.pages.push(page)
        base.places.push(place)
      } else this.drop(place)
    })
  }

  private drop(place: number): void {
    if (place !== NOTHING) this.linear.dropPlace(place)
  }

  restore(version: Version): void {
    assert(version.holders > 0, "only a snapshot that is held can be restored")
    this.undo()
    const from = this.base
    if (version === from) return this.caches.arrived(false)
    const path = this.pathTo(version)
    for (const step of path) this.stepBack(step)
    if (from !== undefined) this.tidy(from)
    for (const step of path) this.tidy(step) // where ways forked that no longer do
    this.caches.arrived(true)
  }

  /** Back to the base. What it keeps stays kept: the same pages are likely to be changed again. */
  private undo(): void {
    for (let index = 0; index < this.dirtyCount; index++) {
      const page = this.dirty[index] ?? 0
      const place = this.keptAt[page] ?? NOTHING
      if (place !== NOTHING) this.linear.bringBack(place, page)
      this.caches.reverted(page)
    }
    this.beginEpoch()
  }

  /** Versions from the base, exclusive, to this one. */
  private pathTo(version: Version): ReadonlyArray<Version> {
    const path: Array<Version> = []
    for (let at = version; at !== this.base; at = known(at.next, "every version leads to the base")) path.unshift(at)
    return path
  }

  /** From the base to a version whose `next` it is; their difference changes sides. */
  private stepBack(to: Version): void {
    const from = known(this.base, "a path begins at the base")
    this.dropClean(from) // nothing is dirty: all of it
    for (const [index, page] of to.pages.entries()) {
      const place = known(to.places[index], "a place for each page")
      from.pages.push(page)
      from.places.push(this.linear.keep(page))
      if (place !== NOTHING) this.linear.bringBack(place, page)
      this.drop(place)
      this.caches.reverted(page)
    }
    to.pages = []
    to.places = []
    from.previous.delete(to)
    from.next = to
    to.previous.add(from)
    this.makeBase(to)
  }

  release(version: Version): void {
    assert(version.holders > 0, "a snapshot is released once")
    version.holders--
    this.tidy(version)
  }

  /** Takes a version away that nobody names, unless ways fork at it. */
  private tidy(version: Version): void {
    if (version.holders !== 0 || version.previous.size > 1) return
    version.holders = GONE
    const [before] = version.previous
    const { next } = version
    if (before === undefined) for (const place of version.places) this.drop(place)
    else this.join(before, version)
    if (next !== undefined) {
      next.previous.delete(version)
      if (before !== undefined) next.previous.add(before)
      else this.tidy(next)
    } else if (before === undefined) this.base = undefined
  }

  /** `before` now leads to where `version` led. */
  private join(before: Version, version: Version): void {
    const has = new Set(before.pages)
    version.pages.forEach((page, index) => {
      const place = known(version.places[index], "a place for each page")
      if (has.has(page)) return this.drop(place)
      before.pages.push(page)
      before.places.push(place)
    })
    before.next = version.next
    if (before.next !== undefined) return
    // It is the base now: what it keeps must be found by page, and is different from the present.
    this.makeBase(before)
    before.pages.forEach((page, index) => {
      this.keptFor[page] = before.number
      this.keptAt[page] = before.places[index] ?? NOTHING
      if (this.dirtyEpoch[page] !== this.epoch) this.noteDirty(page)
    })
  }
}
