/**
 * The state of a machine as 64 bits: what a program could find out, and nothing of how we keep it. Frames go by where they are
 * mapped, flags by their image; pages of zeros are as if never touched; which private pages two spaces still share is nobody's
 * business, which pages they share for ever is.
 */
import { known } from "../base/assert.ts"
import { GENERAL_REGISTER_COUNT, FS_SLOT, SLOT_BYTES, VECTOR_BYTES, VECTOR_REGISTER_COUNT } from "../x86/register.ts"
import type { Linear } from "./engine/linear.ts"
import type { FrameHashes } from "./hash.ts"
import { EXCHANGE, block as field, exchange } from "./layout.ts"
import type { BlockId, Registers } from "./machine.ts"
import { type Spaces, isShared } from "./spaces.ts"

export class StateHash {
  private readonly linear: Linear
  private readonly spaces: Spaces
  private readonly hashes: FrameHashes

  constructor(linear: Linear, spaces: Spaces, hashes: FrameHashes) {
    this.linear = linear
    this.spaces = spaces
    this.hashes = hashes
  }

  /** 16 hex digits over these blocks, in this order, and the spaces they run in. */
  compute(blocks: ReadonlyArray<BlockId>, withCounts: boolean, registers: (block: BlockId) => Registers): string {
    const { linear, linear: { native } } = this
    const spaces: Array<number> = []
    for (const block of blocks) {
      const space = linear.i32[(block + field.space) >>> 2] ?? 0
      if (!spaces.includes(space)) spaces.push(space)
    }
    const parts = spaces.map((space) => this.hashPages(space))
    const sharedPages = new Map<number, number>()

    this.reset()
    for (const block of blocks) {
      native.stirWords(block, GENERAL_REGISTER_COUNT)
      native.stirWords(block + FS_SLOT * SLOT_BYTES, 2)
      native.stirWords(block + field.vectors, (VECTOR_REGISTER_COUNT * VECTOR_BYTES) / 8)
      native.stirWords(block + field.ip, 1)
      native.stir(registers(block).eflags())
      native.stir(withCounts ? registers(block).count() : 0)
      native.stir(spaces.indexOf(linear.i32[(block + field.space) >>> 2] ?? 0))
    }
    spaces.forEach((space, index) => {
      const mappings = this.spaces.mappings(space)
      native.stir(mappings.length)
      for (const { end, isShared: isSharedRange, protection, start } of mappings) {
        native.stir(start)
        native.stir(end)
        native.stir(protection * 2 + (isSharedRange ? 1 : 0))
      }
      const { high, low } = known(parts[index], "each space has a hash")
      native.stir(low)
      native.stir(high)
      this.stirSharing(space, sharedPages)
    })
    const hex = (word: number): string => word.toString(16).padStart(8, "0")
    return hex(linear.hashHigh) + hex(linear.hashLow)
  }

  private reset(): void {
    const { u32 } = this.linear
    u32[(EXCHANGE + exchange.hashLow) >>> 2] = 0
    u32[(EXCHANGE + exchange.hashHigh) >>> 2] = 0
  }

  /** Over the pages of a space that hold anything, in ascending order. */
  private hashPages(space: number): { readonly low: number; readonly high: number } {
    const { hashes, linear, linear: { native } } = this
    const pages: Array<number> = []
    this.spaces.visit(space, (entry, firstPage) => {
      if (entry >>> 12 === 0) return
      hashes.compute(entry >>> 12)
      if (hashes.low !== 0 || hashes.high !== 0) pages.push(firstPage, hashes.low, hashes.high)
    })
    this.reset()
    for (const word of pages) native.stir(word)
    return { low: linear.hashLow, high: linear.hashHigh }
  }

  /** A shared page is told by which of the shared pages met so far it is. */
  private stirSharing(space: number, met: Map<number, number>): void {
    this.spaces.visit(space, (entry, firstPage) => {
      const page = entry >>> 12
      if (!isShared(entry) || page === 0) return
      if (!met.has(page)) met.set(page, met.size)
      this.linear.native.stir(firstPage)
      this.linear.native.stir(met.get(page) ?? 0)
    })
  }
}
