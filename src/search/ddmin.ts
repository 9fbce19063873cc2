/**
 * Delta debugging over sets: fewest items that still fail, and one item between a pass and a failure.
 *
 * Both are generators that ask: each yields a subset and is told whether it fails. So a search can be stopped, shown and
 * spread over workers without knowing what a test costs.
 *
 * Source: Zeller & Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28(2), 2002.
 */
import { assert, known } from "../base/assert.ts"

/** Asks about a subset; told `true` if it fails. */
export type Asking<T, R> = Generator<ReadonlyArray<T>, R, boolean>

const chunksOf = <T>(items: ReadonlyArray<T>, count: number): Array<ReadonlyArray<T>> =>
  Array.from({ length: count }, (_, index) =>
    items.slice(Math.floor((index * items.length) / count), Math.floor(((index + 1) * items.length) / count)))

const minus = <T>(items: ReadonlyArray<T>, taken: ReadonlyArray<T>): ReadonlyArray<T> => {
  const gone = new Set(taken)
  return items.filter((item) => !gone.has(item))
}

/** A subset of `items`, which fail, from which no single item can be taken away. */
export function* ddmin<T>(items: ReadonlyArray<T>): Asking<T, ReadonlyArray<T>> {
  let failing = items
  if (failing.length > 0 && (yield [])) return []
  let granularity = 2
  while (failing.length >= 2) {
    const chunks = chunksOf(failing, granularity)
    const reduced = yield* firstFailing(failing, chunks, granularity)
    if (reduced !== undefined) {
      failing = reduced.items
      granularity = reduced.granularity
    } else if (granularity >= failing.length) break
    else granularity = Math.min(failing.length, 2 * granularity)
  }
  return failing
}

function* firstFailing<T>(
  failing: ReadonlyArray<T>, chunks: ReadonlyArray<ReadonlyArray<T>>, granularity: number
): Asking<T, { readonly items: ReadonlyArray<T>; readonly granularity: number } | undefined> {
  for (const chunk of chunks) if (chunk.length < failing.length && (yield chunk)) return { items: chunk, granularity: 2 }
  // With two chunks the complements are the chunks.
  if (granularity === 2) return undefined
  for (const chunk of chunks) {
    const rest = minus(failing, chunk)
    if (yield rest) return { items: rest, granularity: Math.max(granularity - 1, 2) }
  }
  return undefined
}

/**
 * All subsets of `items` smaller than the whole, smallest first, until one fails: then it has the fewest. `undefined`: none
 * fails, the whole is a minimum.
 */
export function* exhaustSmaller<T>(items: ReadonlyArray<T>): Asking<T, ReadonlyArray<T> | undefined> {
  for (let size = 0; size < items.length; size++) {
    for (const subset of subsets(items, size)) if (yield subset) return subset
  }
  return undefined
}

/** How many subsets `exhaustSmaller` may ask about. */
export const smallerSubsetCount = (itemCount: number): number => 2 ** itemCount - 1

export function* subsets<T>(items: ReadonlyArray<T>, size: number, from = 0): Generator<ReadonlyArray<T>> {
  if (size === 0) {
    yield []
    return
  }
  for (let index = from; index + size <= items.length; index++) {
    for (const rest of subsets(items, size - 1, index + 1)) yield [known(items[index], "an index is in range"), ...rest]
  }
}

/** Two configurations, one passing and one failing, that differ in one item. */
export interface Isolated<T> {
  readonly passing: ReadonlyArray<T>
  readonly failing: ReadonlyArray<T>
  /** In `failing` and not in `passing`. */
  readonly item: T
}

/**
 * Narrows the difference between no item (passes) and all `items` (fail) down to one, halving it with each question. What
 * cannot be judged is passed over for its nearest neighbour; `undefined`: all that is left is such. Precondition: the ends are
 * verified, and `items` are not empty.
 */
export function* isolate<T>(items: ReadonlyArray<T>): Generator<ReadonlyArray<T>, Isolated<T> | undefined, boolean | "skip"> {
  assert(items.length > 0, "a pass and a failure differ in something")
  // Both ends are prefixes: what is between them is the difference.
  let passing = 0
  let failing = items.length
  const skipped = new Set<number>()
  while (failing - passing > 1) {
    const middle = nearestNumber((passing + failing) >> 1, passing, failing, skipped)
    if (middle === undefined) return undefined
    const answer = yield items.slice(0, middle)
    if (answer === "skip") skipped.add(middle)
    else if (answer) failing = middle
    else passing = middle
  }
  return { passing: items.slice(0, passing), failing: items.slice(0, failing), item: known(items[passing], "they differ in one") }
}

/** The number nearest to `wanted` strictly between two others that is not left out. */
const nearestNumber = (wanted: number, above: number, below: number, leftOut: ReadonlySet<number>): number | undefined => {
  for (let distance = 0; distance < below - above; distance++) {
    for (const one of [wanted - distance, wanted + distance]) if (one > above && one < below && !leftOut.has(one)) return one
  }
  return undefined
}

/**
 * The edge between a passing and a failing number: neighbours, by halving. Precondition: `passes` passes, `fails` fails.
 * Where the property does not change once only, some edge between the two.
 */
export function* halve(passes: number, fails: number): Generator<number, { readonly passes: number; readonly fails: number }, boolean> {
  let good = passes
  let bad = fails
  while (Math.abs(bad - good) > 1) {
    const middle = Math.trunc((good + bad) / 2)
    if (yield middle) bad = middle
    else good = middle
  }
  return { passes: good, fails: bad }
}
