/**
 * The state of a machine as 64 bits: what a program could find out, and nothing of how we keep it. Frames go by where they are
 * mapped, flags by their image; pages of zeros are as if never touched; which private pages two spaces still share is nobody's
 * business, which pages they share for ever is.
 */
import { FS_SLOT, GENERAL_REGISTER_COUNT, SLOT_BYTES, VECTOR_BYTES, VECTOR_REGISTER_COUNT } from "../x86/register.ts"
import type { Linear } from "./engine/linear.ts"
import type { FrameHashes } from "./hash.ts"
import { EXCHANGE, block as field, exchange } from "./layout.ts"
import type { BlockId } from "./machine.ts"

const VECTOR_WORD_COUNT = (VECTOR_REGISTER_COUNT * VECTOR_BYTES) / 8
const FLIGHT_WORD_COUNT = (field.flightEnd - field.flightBytes) / 8

/** 16 hex digits over these blocks, in this order, and the spaces they run in. */
export const stateHash = (linear: Linear, hashes: FrameHashes, blocks: ReadonlyArray<BlockId>, withCounts: boolean): string => {
  const { native } = linear
  const spaces: Array<number> = []
  const at = (EXCHANGE + exchange.hashLow) >>> 2
  linear.i32.fill(0, at, at + 2)
  hashes.begin()
  for (const block of blocks) {
    const space = linear.i32[(block + field.space) >>> 2] ?? 0
    if (!spaces.includes(space)) spaces.push(space)
    native.stirWords(block, GENERAL_REGISTER_COUNT)
    native.stirWords(block + FS_SLOT * SLOT_BYTES, 2)
    native.stirWords(block + field.vectors, VECTOR_WORD_COUNT)
    native.stirWords(block + field.ip, 1)
    native.stirDouble(native.eflags(block))
    native.stirDouble(withCounts ? (linear.f64[(block + field.count) >>> 3] ?? 0) : 0)
    native.stirDouble(spaces.indexOf(space))
    const flightBytes = linear.i32[(block + field.flightSize) >>> 2] ?? 0
    if (flightBytes === 0) continue
    native.stirDouble(flightBytes)
    native.stirDouble(linear.f64[(block + field.flightAddress) >>> 3] ?? 0)
    native.stirWords(block + field.flightBytes, FLIGHT_WORD_COUNT)
  }
  for (const space of spaces) {
    native.stirDouble(spaces.length)
    native.hashSpace(space)
  }
  const hex = (word: number | undefined): string => (word ?? 0).toString(16).padStart(8, "0")
  return hex(linear.u32[at + 1]) + hex(linear.u32[at])
}
