/**
 * How many boundaries pass before something with a chance of `rate` at each happens: a geometric gap, drawn with one draw.
 *
 * Only multiplications and comparisons of doubles, which every machine rounds alike: a logarithm might differ in its last bit.
 */
import type { Stream } from "../base/prng.ts"

const TABLE_ROWS = 512

/** Survival after 0, 1, 2 … boundaries, as fractions of 2^32. */
const survivals = (rate: number): Float64Array => {
  const rows = new Float64Array(TABLE_ROWS + 1)
  let alive = 1
  for (let row = 0; row <= TABLE_ROWS; row++) {
    rows[row] = alive
    alive *= 1 - rate
  }
  return rows
}

const tables = new Map<number, Float64Array>()

/** Boundaries before the next event, from 0; at most about `most`, beyond which the caller does not care. */
export const gap = (stream: Stream, rate: number, most: number): number => {
  if (rate <= 0) return most + 1
  let table = tables.get(rate)
  if (table === undefined) tables.set(rate, (table = survivals(rate)))
  const last = table[TABLE_ROWS] ?? 0
  for (let passed = 0; passed <= most; passed += TABLE_ROWS) {
    const draw = (stream.bits() >>> 0) / 2 ** 32
    if (draw < last) continue
    let low = 0
    let high = TABLE_ROWS
    // The first row whose successor has fallen to the draw or below.
    while (low < high) {
      const middle = (low + high) >> 1
      if ((table[middle + 1] ?? 0) <= draw) high = middle
      else low = middle + 1
    }
    return passed + low
  }
  return most + 1
}
