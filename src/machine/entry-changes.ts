/** What a restore has to drop from the TLBs: a list while it is short, then everything. */
import type { Contexts } from "./contexts.ts"

/** Beyond so many, dropping everything is no dearer. */
const LISTED_MAX = 256

/** Entries of page tables that have changed since the last snapshot or restore. */
export class EntryChanges {
  private readonly spaces = new Int32Array(LISTED_MAX)
  private readonly lows = new Int32Array(LISTED_MAX)
  private count = 0
  private renewedSpaces: Array<number> = []
  private areMany = false

  /** Another space has this place now. */
  renewed(space: number): void {
    this.renewedSpaces.push(space)
  }
  one(space: number, low: number): void {
    if (this.count === LISTED_MAX) this.areMany = true
    if (this.areMany) return
    this.spaces[this.count] = space
    this.lows[this.count++] = low
  }
  many(): void {
    this.areMany = true
  }

  /** None since now. */
  forget(): void {
    this.count = 0
    if (this.renewedSpaces.length > 0) this.renewedSpaces = []
    this.areMany = false
  }

  /** Drops them all from the TLBs. */
  dropFrom(contexts: Contexts): void {
    for (const space of this.renewedSpaces) contexts.release(space)
    if (this.areMany) contexts.dropAll()
    else for (let index = 0; index < this.count; index++) contexts.drop(this.spaces[index] ?? 0, this.lows[index] ?? 0)
    this.forget()
  }
}
