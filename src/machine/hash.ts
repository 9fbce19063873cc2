/** Hashes of frames, each kept until the frame may have changed. */
import type { Contexts } from "./contexts.ts"
import type { Linear } from "./engine/linear.ts"
import { HASHES } from "./layout.ts"

export class FrameHashes {
  private readonly linear: Linear
  /** Which shared frames the hash under way has met, and in what order. */
  private readonly met = new Map<number, number>()

  constructor(linear: Linear, contexts: Contexts) {
    this.linear = linear
    linear.hashing = {
      unknownFrame: (frame) => contexts.revokeWrites(frame >>> 12), // the next write is to be heard of
      sharedOrdinal: (frame) => {
        const ordinal = this.met.get(frame) ?? this.met.size
        this.met.set(frame, ordinal)
        return ordinal
      }
    }
  }

  /** The frame is about to change, or has. */
  forget(page: number): void {
    const { i32 } = this.linear
    i32[(HASHES >>> 2) + 2 * page] = 0
    i32[(HASHES >>> 2) + 2 * page + 1] = 0
  }

  /** A new hash begins: shared frames are counted from 0 again. */
  begin(): void {
    this.met.clear()
  }
}
