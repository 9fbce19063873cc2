/**
 * Ranges that do not overlap, in order of address: an immutable tree, of which a change copies one path and shares the rest. So
 * a snapshot of a hundred thousand is a reference, and finding, changing and looking for room take the logarithm of their number.
 *
 * An AVL tree made of `join` alone. Source: Blelloch, Ferizovic & Sun, Just Join for Parallel Ordered Sets, SPAA 2016
 */
import type { Address, AddressRange } from "./ids.ts"

interface Node<T extends AddressRange> {
  readonly left: Ranges<T>
  readonly item: T
  readonly right: Ranges<T>
  readonly height: number
  readonly count: number
  /** From the start of the first to the end of the last. */
  readonly start: Address
  readonly end: Address
  /** The largest room between two neighbors. */
  readonly roomBytes: number
}

/** None, or some. */
export type Ranges<T extends AddressRange> = Node<T> | undefined

export const countOf = (ranges: Ranges<AddressRange>): number => ranges?.count ?? 0
const heightOf = (ranges: Ranges<AddressRange>): number => ranges?.height ?? 0

const made = <T extends AddressRange>(left: Ranges<T>, item: T, right: Ranges<T>): Node<T> => ({
  left, item, right,
  height: Math.max(heightOf(left), heightOf(right)) + 1,
  count: countOf(left) + 1 + countOf(right),
  start: left?.start ?? item.start,
  end: right?.end ?? item.end,
  roomBytes: Math.max(
    left === undefined ? 0 : Math.max(left.roomBytes, item.start - left.end),
    right === undefined ? 0 : Math.max(right.roomBytes, right.start - item.end)
  )
})

/** Two neighbors of a pair that differ by two in height change places. */
const turnedLeft = <T extends AddressRange>({ item, left, right }: Node<T>): Node<T> =>
  right === undefined ? made(left, item, right) : made(made(left, item, right.left), right.item, right.right)
const turnedRight = <T extends AddressRange>({ item, left, right }: Node<T>): Node<T> =>
  left === undefined ? made(left, item, right) : made(left.left, left.item, made(left.right, item, right))

/** `left`, `item`, `right`, which lie in that order. */
const join = <T extends AddressRange>(left: Ranges<T>, item: T, right: Ranges<T>): Node<T> => {
  if (left !== undefined && left.height > heightOf(right) + 1) {
    const below = join(left.right, item, right)
    if (below.height <= heightOf(left.left) + 1) return made(left.left, left.item, below)
    const isLeaning = heightOf(below.left) > heightOf(below.right)
    return turnedLeft(made(left.left, left.item, isLeaning ? turnedRight(below) : below))
  }
  if (right !== undefined && right.height > heightOf(left) + 1) {
    const below = join(left, item, right.left)
    if (below.height <= heightOf(right.right) + 1) return made(below, right.item, right.right)
    const isLeaning = heightOf(below.right) > heightOf(below.left)
    return turnedRight(made(isLeaning ? turnedLeft(below) : below, right.item, right.right))
  }
  return made(left, item, right)
}

/** All but the last. */
const withoutLast = <T extends AddressRange>({ item, left, right }: Node<T>): Ranges<T> =>
  right === undefined ? left : join(left, item, withoutLast(right))

const lastOf = <T extends AddressRange>(ranges: Node<T>): T => {
  let node = ranges
  while (node.right !== undefined) node = node.right
  return node.item
}

/** `left`, then `right`, which lies behind it. */
const joined = <T extends AddressRange>(left: Ranges<T>, right: Ranges<T>): Ranges<T> =>
  left === undefined ? right : right === undefined ? left : join(withoutLast(left), lastOf(left), right)

/** What lies before `at`, of one that lies on both sides its part. */
const before = <T extends AddressRange>(ranges: Ranges<T>, at: Address): Ranges<T> => {
  if (ranges === undefined || ranges.end <= at) return ranges
  if (ranges.start >= at) return undefined
  const { item, left, right } = ranges
  if (item.start >= at) return before(left, at)
  return join(left, item.end <= at ? item : { ...item, end: at }, before(right, at))
}

/** What lies from `at` on. */
const behind = <T extends AddressRange>(ranges: Ranges<T>, at: Address): Ranges<T> => {
  if (ranges === undefined || ranges.start >= at) return ranges
  if (ranges.end <= at) return undefined
  const { item, left, right } = ranges
  if (item.end <= at) return behind(right, at)
  return join(behind(left, at), item.start >= at ? item : { ...item, start: at }, right)
}

/** With another behind all there are; where they touch and `areOne`, as part of the last. */
const appended = <T extends AddressRange>(ranges: Ranges<T>, item: T, areOne: (a: T, b: T) => boolean): Node<T> => {
  const last = ranges === undefined ? undefined : lastOf(ranges)
  return ranges !== undefined && last !== undefined && last.end === item.start && areOne(last, item)
    ? join(withoutLast(ranges), { ...last, end: item.end }, undefined)
    : join(ranges, item, undefined)
}

const never = (): boolean => false

/**
 * With whatever was in `[start, end)` replaced by `pieces`, which lie in it, ascending; of what lies partly in it the rest stays.
 * Neighbors that touch become one where `areOne` says so, of the pieces and of what is around them.
 */
export const replacedIn = <T extends AddressRange>(ranges: Ranges<T>, { end, start }: AddressRange, pieces: ReadonlyArray<T>, areOne: (a: T, b: T) => boolean = never): Ranges<T> => {
  let all = before(ranges, start)
  for (const piece of pieces) all = appended(all, piece, areOne)
  const rest = behind(ranges, end)
  if (all === undefined || rest === undefined) return joined(all, rest)
  const first = firstOf(rest)
  return first.start === all.end && areOne(lastOf(all), first) ? joined(appended(all, first, areOne), behind(rest, first.end)) : joined(all, rest)
}

const firstOf = <T extends AddressRange>(ranges: Node<T>): T => {
  let node = ranges
  while (node.left !== undefined) node = node.left
  return node.item
}

/** Those that lie in `[start, end)`, wholly or in part, ascending. */
export const rangesIn = <T extends AddressRange>(ranges: Ranges<T>, { end, start }: AddressRange): ReadonlyArray<T> => {
  const found: Array<T> = []
  const look = (node: Ranges<T>): void => {
    if (node === undefined || node.end <= start || end <= node.start) return
    look(node.left)
    if (node.item.start < end && start < node.item.end) found.push(node.item)
    look(node.right)
  }
  look(ranges)
  return found
}

/** All of them, ascending. */
export const allOf = <T extends AddressRange>(ranges: Ranges<T>): ReadonlyArray<T> => (ranges === undefined ? [] : rangesIn(ranges, ranges))

const always = (): boolean => true

/** Of ranges that are in order and apart: those from `from` on, before `until`. */
const ofSorted = <T extends AddressRange>(sorted: ReadonlyArray<T>, from: number, until: number): Ranges<T> => {
  const middle = (from + until) >> 1
  const item = sorted[middle]
  return from >= until || item === undefined ? undefined : made(ofSorted(sorted, from, middle), item, ofSorted(sorted, middle + 1, until))
}

/** In the order of their addresses, one where they overlap or touch. */
export const merged = (all: Iterable<AddressRange>): ReadonlyArray<AddressRange> => {
  const apart: Array<{ start: Address; end: Address }> = []
  for (const { end, start } of [...all].sort((a, b) => a.start - b.start)) {
    const last = apart.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else apart.push({ start, end })
  }
  return apart
}

/** What `all` cover together, whether or not they overlap. */
export const covering = (all: Iterable<AddressRange>): Ranges<AddressRange> => {
  const apart = merged(all)
  return ofSorted(apart, 0, apart.length)
}

/** What they cover with one more. */
export const coveringToo = (ranges: Ranges<AddressRange>, { end, start }: AddressRange): Ranges<AddressRange> =>
  replacedIn(ranges, { start, end }, [{ start, end }], always)

/** The first that ends behind `at`. */
export const firstBehind = <T extends AddressRange>(ranges: Ranges<T>, at: Address): T | undefined => {
  let found: T | undefined
  for (let node = ranges; node !== undefined;) {
    if (node.item.end <= at) node = node.right
    else {
      found = node.item
      node = node.left
    }
  }
  return found
}

/** Whether any lies in `[start, end)`, wholly or in part. */
export const touches = (ranges: Ranges<AddressRange>, start: Address, end: Address): boolean => {
  const first = firstBehind(ranges, start)
  return first !== undefined && first.start < end
}

/** Where those that follow `at` without room between them end; `at` itself where none is there. */
export const coveredUntil = (ranges: Ranges<AddressRange>, at: Address): Address => {
  if (ranges === undefined || ranges.end <= at || at < ranges.start) return at
  if (ranges.roomBytes === 0) return ranges.end
  const { item, left, right } = ranges
  if (at >= item.end) return coveredUntil(right, at)
  const until = at >= item.start ? at : coveredUntil(left, at)
  if (until < item.start) return until
  return coveredUntil(right, item.end)
}

/**
 * The end of the highest room of `sizeBytes` that ends at `top` or before; whatever lies there, there is room before the first.
 */
export const roomBelow = (ranges: Ranges<AddressRange>, top: Address, sizeBytes: number): Address => {
  let end = top
  /** Whether the room was found in or above what `node` holds. */
  const isFoundIn = (node: Ranges<AddressRange>): boolean => {
    if (node === undefined || node.start >= end) return false
    if (node.end <= end - sizeBytes) return true
    if (node.end <= end && node.roomBytes < sizeBytes) {
      end = node.start
      return false
    }
    if (isFoundIn(node.right)) return true
    if (node.item.start < end) {
      if (node.item.end <= end - sizeBytes) return true
      end = node.item.start
    }
    return isFoundIn(node.left)
  }
  isFoundIn(ranges)
  return end
}
