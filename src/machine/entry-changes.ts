/** What a restore has to drop from the TLBs: a list while it is short, then everything. */
import type { Contexts } from "./contexts.ts"

/** Beyond so many, dropping everything is no dearer. */
const LISTED_MAX = 256

/** Entries of page tables that have changed since the last snapshot or restore. */
export class EntryChanges {
  private readonly spaces: Array<number> = []
  private readonly lows: Array<number> = []
  private readonly renewedSpaces: Array<number> = []
  private areMany = false

  /** Another space has this place now. */
  renewed(space: number): void {
    this.renewedSpaces.push(space)
  }
  one(space: number, low: number): void {
    if (this.spaces.length === LISTED_MAX) this.areMany = true
    if (this.areMany) return
    this.spaces.push(space)
    this.lows.push(low)
  }
  many(): void {
    this.areMany = true
  }

  /** None since now. */
  forget(): void {
    this.spaces.length = 0
    this.lows.length = 0
    this.renewedSpaces.length = 0
    this.areMany = false
  }

  /** Drops them all from the TLBs. */
  dropFrom(contexts: Contexts): void {
    for (const space of this.renewedSpaces) contexts.release(space)
    if (this.areMany) contexts.dropAll()
    else for (let index = 0; index < this.spaces.length; index++) contexts.drop(this.spaces[index] ?? 0, this.lows[index] ?? 0)
    this.forget()
  }
}
