/** Hashes of frames, each kept until the frame may have changed. */
import type { Contexts } from "./contexts.ts"
import type { Linear } from "./engine/linear.ts"
import { ZERO_FRAME } from "./layout.ts"

const PAGE_BYTES = 4096

export class FrameHashes {
  private readonly linear: Linear
  private readonly contexts: Contexts
  // ---- by page
  private readonly isKnown: Uint8Array
  private readonly lows: Uint32Array
  private readonly highs: Uint32Array
  // ---- of the page asked about last
  low = 0
  high = 0

  constructor(linear: Linear, contexts: Contexts, pageCountMax: number) {
    this.linear = linear
    this.contexts = contexts
    this.isKnown = new Uint8Array(pageCountMax)
    this.lows = new Uint32Array(pageCountMax)
    this.highs = new Uint32Array(pageCountMax)
  }

  /** The frame is about to change, or has. */
  forget(page: number): void {
    this.isKnown[page] = 0
  }

  /** Sets `low` and `high`: both 0 exactly for a page of zeros, so that one never touched equals one that holds zeros. */
  compute(page: number): void {
    if (this.isKnown[page] !== 1) {
      this.contexts.revokeWrites(page) // the next write must be heard of
      this.hashNow(page)
      this.isKnown[page] = 1
    }
    this.low = this.lows[page] ?? 0
    this.high = this.highs[page] ?? 0
  }

  private hashNow(page: number): void {
    const { linear } = this
    if (page * PAGE_BYTES === ZERO_FRAME || linear.native.isZero(page * PAGE_BYTES) === 1) {
      this.lows[page] = 0
      this.highs[page] = 0
      return
    }
    linear.native.hashPage(page * PAGE_BYTES)
    this.lows[page] = linear.hashLow === 0 && linear.hashHigh === 0 ? 1 : linear.hashLow
    this.highs[page] = linear.hashHigh
  }
}
