/** What every reading owes: a verb, nothing unprintable, nothing that was not said. */
import { describe as group, expect, it } from "vitest"
import { describe, sentenceOf } from "../../../src/analysis/timeline/describe.ts"
import { readingOf } from "../../../src/analysis/timeline/reading.ts"
import { type Event, eventRows, type EventTag, eventTags, type FieldKind, type FieldValue } from "../../../src/log/event.ts"
import { task1, task2 } from "../entries.ts"

const HOSTILE = "a\u001b]0;x\u0007\nb\u202e"

/** Ordinary values, and the worst there are. */
const values: Readonly<Record<FieldKind, readonly [ordinary: FieldValue, worst: FieldValue]>> = {
  task: [task1, task2],
  cpu: [1, 2 ** 20 - 1],
  natural: [3, Number.MAX_SAFE_INTEGER],
  address: [0x401020, 2 ** 63],
  integer: [-11, Number.MIN_SAFE_INTEGER],
  word64: [0n, 2n ** 64n - 1n],
  text: ["futex", HOSTILE],
  bytes: [new Uint8Array([104, 105]), Uint8Array.from({ length: 300 }, (_, index) => index)],
  cpus: [[0, 1], []],
  words64: [[1n, 2n], Array.from({ length: 6 }, () => 2n ** 64n - 1n)],
  record: [{ area: 1, kept: "x" }, { [HOSTILE]: HOSTILE, word: 2n ** 64n - 1n }]
}

const eventOf = (tag: EventTag, which: 0 | 1): Event =>
  ({ _tag: tag, ...Object.fromEntries(Object.entries<FieldKind>(eventRows[tag].fields).map(([field, kind]) => [field, values[kind][which]])) }) as Event

const reading = readingOf(
  { segments: [{ start: 0x401000, bytes: new Uint8Array(0x100), memoryBytes: 0x100, protection: 5 }], symbols: [{ name: HOSTILE, at: 0x401000, sizeBytes: 0x100, kind: "function" }] },
  (number) => (number === 3 ? { name: "futex", parameters: { at: "address", operation: "i32", value: "u32", left: "i64", rest: "u64", size: "size" } } : undefined)
)

group.each(eventTags)("the reading of %s", (tag) => {
  it.each([0, 1] as const)("is a sentence fit to print (values %i)", (which) => {
    const event = eventOf(tag, which)
    const text = describe({ index: 1, now: 2, cpu: 0, task: task1, count: 3, event }, reading)
    expect(sentenceOf(event, reading).verb).toMatch(/^[a-z]/)
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(text).not.toMatch(/undefined|NaN|\[object| {3}/)
  })
  it("is the same twice", () => {
    expect(sentenceOf(eventOf(tag, 0), reading)).toEqual(sentenceOf(eventOf(tag, 0), reading))
  })
})
