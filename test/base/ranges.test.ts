import { assert, describe, it } from "vitest"
import type { AddressRange } from "../../src/base/ids.ts"
import type { Stream } from "../../src/base/prng.ts"
import { allOf, countOf, coveredUntil, covering, coveringToo, firstBehind, type Ranges, rangesIn, replacedIn, roomBelow, touches } from "../../src/base/ranges.ts"
import { forSeeds } from "../log/arbitrary.ts"

interface Painted extends AddressRange {
  readonly color: number
}

/** The last color is never one with its like. */
const COLOR_COUNT = 4
const areOne = (a: Painted, b: Painted): boolean => a.color === b.color && a.color !== COLOR_COUNT - 1

/** The same by a plain list. */
const replacedInList = (list: ReadonlyArray<Painted>, { end, start }: AddressRange, pieces: ReadonlyArray<Painted>, isJoining: boolean): ReadonlyArray<Painted> => {
  const apart = [
    ...list.filter((one) => one.start < start).map((one) => ({ ...one, end: Math.min(one.end, start) })),
    ...pieces,
    ...list.filter((one) => one.end > end).map((one) => ({ ...one, start: Math.max(one.start, end) }))
  ]
  if (!isJoining) return apart
  // Only where something was changed do neighbors meet.
  return apart.reduce<Array<Painted>>((all, one) => {
    const last = all.at(-1)
    const meet = last !== undefined && last.end === one.start && one.start >= start && one.start <= end && areOne(last, one)
    return meet ? [...all.slice(0, -1), { ...last, end: one.end }] : [...all, one]
  }, [])
}

const roomInList = (list: ReadonlyArray<Painted>, top: number, sizeBytes: number): number => {
  for (let end = top; end >= sizeBytes; end--) if (list.every((one) => one.end <= end - sizeBytes || end <= one.start)) return end
  return -1
}

const untilInList = (list: ReadonlyArray<Painted>, at: number): number => list.reduce((until, one) => (one.start <= until && until < one.end ? one.end : until), at)

/** No path is more than twice as long as it needs to be. */
const heightOf = (ranges: Ranges<AddressRange>): number => {
  if (ranges === undefined) return 0
  const [left, right] = [heightOf(ranges.left), heightOf(ranges.right)]
  assert.isAtMost(Math.abs(left - right), 1, "both sides are equally high, or nearly")
  return Math.max(left, right) + 1
}

const SPACE = 60
const rangeIn = (draw: Stream, { end, start }: AddressRange): AddressRange => {
  const from = start + draw.below(end - start)
  return { start: from, end: from + 1 + draw.below(end - from) }
}
const piecesIn = (draw: Stream, { end, start }: AddressRange): ReadonlyArray<Painted> => {
  const pieces: Array<Painted> = []
  for (let at = start + draw.below(3); at < end;) {
    const until = Math.min(end, at + 1 + draw.below(6))
    pieces.push({ start: at, end: until, color: draw.below(COLOR_COUNT) })
    at = until + (draw.oneIn(2) ? 0 : draw.below(3))
  }
  return pieces
}

describe("ranges", () => {
  it("are what a plain list of them would be, and stay balanced", () =>
    forSeeds(60, (draw) => {
      let ranges: Ranges<Painted>
      let list: ReadonlyArray<Painted> = []
      const isJoining = draw.oneIn(2)
      for (let step = 0; step < 60; step++) {
        const range = rangeIn(draw, { start: 0, end: SPACE })
        const pieces = draw.oneIn(3) ? [] : piecesIn(draw, range)
        const before = allOf(ranges)
        const after = replacedIn(ranges, range, pieces, isJoining ? areOne : undefined)
        assert.deepStrictEqual(allOf(ranges), before, "what was there is as it was")
        ranges = after
        list = replacedInList(list, range, pieces, isJoining)
        assert.deepStrictEqual(allOf(ranges), list)
        assert.strictEqual(countOf(ranges), list.length)
        heightOf(ranges)
        const asked = rangeIn(draw, { start: 0, end: SPACE + 5 })
        const inAsked = list.filter((one) => one.start < asked.end && asked.start < one.end)
        assert.deepStrictEqual(rangesIn(ranges, asked), inAsked)
        assert.strictEqual(touches(ranges, asked.start, asked.end), inAsked.length > 0)
        assert.deepStrictEqual(firstBehind(ranges, asked.start), list.find(({ end }) => end > asked.start))
        assert.strictEqual(coveredUntil(ranges, asked.start), untilInList(list, asked.start))
        const sizeBytes = 1 + draw.below(12)
        const room = roomInList(list, asked.end, sizeBytes)
        const found = roomBelow(ranges, asked.end, sizeBytes)
        assert.strictEqual(found < sizeBytes ? -1 : found, room, `room of ${sizeBytes} below ${asked.end}`)
      }
    }))

  it("cover what any of them covers", () =>
    forSeeds(60, (draw) => {
      const all = Array.from({ length: draw.below(12) }, () => rangeIn(draw, { start: 0, end: SPACE }))
      const covered = covering(all)
      for (let at = 0; at < SPACE; at++) assert.strictEqual(touches(covered, at, at + 1), all.some(({ end, start }) => start <= at && at < end), `at ${at}`)
      heightOf(covered)
      assert.deepStrictEqual(allOf(all.reduce<Ranges<AddressRange>>(coveringToo, undefined)), allOf(covered), "one by one")
      for (const [index, { start }] of allOf(covered).entries()) assert.isTrue(index === 0 || (allOf(covered)[index - 1]?.end ?? 0) < start, "what touches is one")
    }))

  it("share with what they were made of all but a path", () => {
    const COUNT = 20_000
    let ranges: Ranges<AddressRange>
    for (let index = 0; index < COUNT; index++) ranges = replacedIn(ranges, { start: 4 * index, end: 4 * index + 2 }, [{ start: 4 * index, end: 4 * index + 2 }])
    const height = heightOf(ranges)
    assert.isAtMost(height, 1.45 * Math.log2(COUNT + 2))
    const nodes = new Set<object>()
    const gather = (node: Ranges<AddressRange>): void => {
      if (node === undefined) return
      nodes.add(node)
      gather(node.left)
      gather(node.right)
    }
    gather(ranges)
    const freshIn = (node: Ranges<AddressRange>): number => (node === undefined || nodes.has(node) ? 0 : 1 + freshIn(node.left) + freshIn(node.right))
    for (let index = 0; index < COUNT; index += 997) {
      const at = 4 * index
      for (const changed of [replacedIn(ranges, { start: at, end: at + 1 }, []), replacedIn(ranges, { start: at + 2, end: at + 4 }, [{ start: at + 2, end: at + 4 }]), replacedIn(ranges, { start: at, end: at + 400 }, [])]) {
        assert.isAtMost(freshIn(changed), 4 * height)
      }
    }
  })
})
