import seedrandom from "seedrandom"
import { assert } from "./assert.ts"

/**
 * Chance: one named stream a use, so that drawing more for one purpose moves no other.
 *
 * tychei: four 32-bit words of state, cheap to make, copied and restored exactly.
 */
export interface Stream {
  /** A whole number, `0 <= n < bound`, `bound` at most 2^32. */
  readonly below: (bound: number) => number
  /** True about once in `period` draws. */
  readonly oneIn: (period: number) => boolean
  /** 32 random bits, signed. */
  readonly bits: () => number
}

/** The stream `name` of `seed`. Equal arguments draw equal numbers, on every machine. */
export const stream = (seed: string, name: string): Stream => {
  const generator = seedrandom.tychei(`${seed}/${name}`)
  const below = (bound: number): number => {
    assert(Number.isInteger(bound) && bound > 0 && bound <= 2 ** 32, "a bound is a whole number from 1 to 2^32")
    // 32 bits scaled: the bias is below bound / 2^32, the cost one draw whatever the bound.
    return Math.floor(((generator.int32() >>> 0) / 2 ** 32) * bound)
  }
  return { below, oneIn: (period) => below(period) === 0, bits: () => generator.int32() }
}

/** The longest seed: any text of at most so many characters. */
export const SEED_LENGTH_MAX = 64
