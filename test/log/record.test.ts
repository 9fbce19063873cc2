import { assert, describe, it } from "vitest"
import { childTask, rootTask, type TaskId } from "../../src/base/ids.ts"
import { ColumnReader, ColumnWriter } from "../../src/log/column.ts"
import type { ContractRecord } from "../../src/log/event.ts"
import { TextTable } from "../../src/log/names.ts"
import { RecordReader, RecordWriter } from "../../src/log/record.ts"
import { forSeeds, natural, oneOf, word64 } from "./arbitrary.ts"

type Told = readonly [task: TaskId, record: ContractRecord | undefined]

const tasks = [1, 2, 3].map((ordinal) => childTask(rootTask, ordinal))
const [first, second] = [childTask(rootTask, 1), childTask(rootTask, 2)]

const written = (told: ReadonlyArray<Told>): { readonly column: ColumnWriter; readonly texts: ReadonlyArray<string> } => {
  const texts = new TextTable()
  const writer = new RecordWriter(texts)
  const column = new ColumnWriter()
  for (const [task, record] of told) writer.write(column, record, task)
  return { column, texts: texts.fresh() }
}

const read = (told: ReadonlyArray<Told>): ReadonlyArray<ContractRecord | undefined> => {
  const { column, texts } = written(told)
  const bytes = new ColumnReader(column.headBytes(), column.tailBytes())
  const reader = new RecordReader(texts)
  const records = told.map(() => reader.read(bytes))
  assert.isTrue(bytes.isWhole)
  return records
}

const registration = { area: 0x40_0000_0000, signature: 0x53053053, events: 0, isDue: 0, cidPlusOne: 1 }
/** The records of `told`, as they should come back. */
const recordsOf = (told: ReadonlyArray<Told>): ReadonlyArray<ContractRecord | undefined> => told.map(([, record]) => record)

describe("records in a column", () => {
  it("come back, whatever changes from one to the next", () =>
    forSeeds(60, (draw) => {
      const lasts = new Map<TaskId, ContractRecord>()
      const drawn = (): ContractRecord[string] => oneOf<ContractRecord[string]>(draw, [0, natural(draw), word64(draw), 0n, `text ${draw.below(5)}`])
      const told = Array.from({ length: 60 }, (): Told => {
        const task = oneOf(draw, tasks)
        const last = lasts.get(task)
        if (draw.oneIn(8)) return [task, undefined]
        const record = last === undefined || draw.oneIn(6)
          ? Object.fromEntries(Array.from({ length: draw.below(34) }, (_, index) => [`key${index}`, drawn()]))
          : Object.fromEntries(Object.entries(last).map(([name, value]) => [name, draw.oneIn(4) ? drawn() : value]))
        lasts.set(task, record)
        return [task, record]
      })
      assert.deepStrictEqual(read(told), recordsOf(told))
    }))

  it("cost one byte a field that changed, and two", () => {
    const { column } = written([[first, registration], [second, registration], [first, { ...registration, events: 1, isDue: 1, cidPlusOne: 0 }]])
    const before = written([[first, registration], [second, registration]]).column
    assert.deepStrictEqual([...column.headBytes()].slice(before.headBytes().length), [2, 0b11100, 1, 1, 0])
    assert.strictEqual(column.tailBytes().length, before.tailBytes().length)
  })

  it("come back with their fields in another order, fewer, more, or of another sort", () => {
    const { area, ...rest } = registration
    const told: ReadonlyArray<Told> = [
      registration, { ...rest, area }, rest, registration, { ...registration, more: 1 }, { ...registration, area: BigInt(area) }, {}, registration
    ].map((record) => [first, record])
    assert.deepStrictEqual(read(told).map((record) => Object.entries(record ?? {})), recordsOf(told).map((record) => Object.entries(record ?? {})))
  })

  it.each([-1, -0, 0.5, 2 ** 53])("do not take %d for a natural, first or later", (value) => {
    assert.throws(() => written([[first, { ...registration, events: value }]]))
    assert.throws(() => written([[first, registration], [first, { ...registration, events: value }]]))
  })

  it("have plain identifiers for names", () =>
    ["", "9", "__proto__", "a b", "a".repeat(65)].forEach((name) => assert.throws(() => written([[first, Object.fromEntries([[name, 1]])]]), /plain identifiers/)))

  /** One field `a` of a natural, then what an enemy says. */
  const hostile = (...heads: ReadonlyArray<number>): ColumnReader => new ColumnReader(Uint8Array.of(1, 1, 0, 0, 7, ...heads), new Uint8Array(0))
  it.each([
    ["a base that is not there", [3, 1, 0]],
    ["a change to a field that is not there", [2, 0b10, 0]],
    ["a change that is cut", [2, 1]],
    ["a name that is no place of a text", [1, 1, 9, 0, 0]],
    ["a name that is none", [1, 1, 1, 0, 0]],
    ["a sort that is none", [1, 1, 0, 3, 0]],
    ["a text that is none", [1, 1, 0, 2, 9]],
    ["more fields than a record may have", [1, 240 + 1]]
  ])("refuse %s", (_claim, heads) => {
    const column = hostile(...heads)
    const reader = new RecordReader(["a", "not a name"])
    assert.deepStrictEqual(reader.read(column), { a: 7 })
    reader.next(column)
    assert.isTrue(column.isBroken)
  })

  it("are no bases with more than 30 fields", () => {
    const column = new ColumnReader(Uint8Array.of(1, 31, ...Array.from({ length: 31 }, () => [0, 0, 0]).flat(), 2, 0), new Uint8Array(0))
    const reader = new RecordReader(["a"])
    reader.next(column)
    assert.isFalse(column.isBroken)
    reader.next(column)
    assert.isTrue(column.isBroken)
  })
})
