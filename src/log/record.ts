/**
 * Records of contracts in a column. A contract changes a field or two of many, so a record is told by what is different from one
 * told before, a *base*: a whole record is the next base of its chunk, and what is told by a base takes its place.
 *
 *     0           none
 *     1           a whole record: the number of fields; of each its name (place of the text), its sort, its value
 *     2 + base    as that base, but for some fields: a bit for each of its fields, the first lowest; the values of those set
 *
 * Which base is up to the writer: here the last one told for the entry's own task.
 */
import { assert } from "../base/assert.ts"
import type { TaskId } from "../base/ids.ts"
import { type ColumnReader, type ColumnWriter, LITERAL_AHEAD } from "./column.ts"
import type { ContractRecord } from "./event.ts"
import type { TextTable } from "./names.ts"

const NONE = 0
const WHOLE = 1
const FIRST_BASE = 2
/** Records of more fields are no bases: the bits are those of a small integer. */
const BASE_FIELD_COUNT_MAX = 30
/** Bases of a chunk; whole records after so many are none. */
const BASE_COUNT_MAX = 4096
const FIELD_COUNT_MAX = 1024

const isBase = (fieldCount: number, baseCount: number): boolean => fieldCount <= BASE_FIELD_COUNT_MAX && baseCount < BASE_COUNT_MAX

type Value = ContractRecord[string]

/** What a field holds: a natural, a word of 64 bits, the place of a text. */
const NATURAL = 0
const WORD64 = 1
const TEXT = 2
const sortOf = (value: Value): number => (typeof value === "number" ? NATURAL : typeof value === "bigint" ? WORD64 : TEXT)

/** A name that is safe as a key, and is not moved to the front as numbers are. */
export const isRecordKey = (key: string): boolean => /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/.test(key)

interface Base {
  readonly place: number
  readonly names: ReadonlyArray<string>
  /** Changed in place. */
  readonly values: Array<Value>
}

export class RecordWriter {
  private readonly texts: TextTable
  /** Keys of records found fit to be keys. */
  private readonly namePlaces = new Map<string, number>()
  private baseCount = 0
  /** By interned id of the task; with holes. */
  private bases: Array<Base | undefined> = []

  constructor(texts: TextTable) {
    this.texts = texts
  }

  write(column: ColumnWriter, record: ContractRecord | undefined, task: TaskId): void {
    if (record === undefined) return column.natural(NONE)
    const base = this.bases[task]
    const changed = base === undefined ? undefined : changesOf(base, record)
    if (base === undefined || changed === undefined) return this.whole(column, record, task)
    column.natural(FIRST_BASE + base.place)
    column.natural(changed)
    for (let left = changed, index = 0; left !== 0; left >>>= 1, index += 1) {
      if ((left & 1) === 1) this.value(column, base.values[index] ?? 0)
    }
  }

  /** The next record is of another chunk. */
  clear(): void {
    this.baseCount = 0
    this.bases = []
  }

  private whole(column: ColumnWriter, record: ContractRecord, task: TaskId): void {
    const [names, values] = [Object.keys(record), Object.values(record)]
    assert(names.length <= FIELD_COUNT_MAX, "a record is flat and small")
    column.natural(WHOLE)
    column.natural(names.length)
    names.forEach((name, index) => {
      const value = values[index] ?? 0
      column.natural(this.namePlace(name))
      column.natural(sortOf(value))
      this.value(column, value)
    })
    this.bases[task] = isBase(names.length, this.baseCount) ? { place: this.baseCount++, names, values } : undefined
  }

  private value(column: ColumnWriter, value: Value): void {
    if (typeof value === "number") column.natural(value)
    else if (typeof value === "bigint") column.word64(value)
    else column.natural(this.texts.indexOf(value))
  }

  private namePlace(name: string): number {
    const met = this.namePlaces.get(name)
    if (met !== undefined) return met
    assert(isRecordKey(name), "a record's keys are plain identifiers")
    const place = this.texts.indexOf(name)
    this.namePlaces.set(name, place)
    return place
  }
}

/**
 * Makes `base` say what `record` says; the bits of the fields that changed. `undefined` where the fields are others, or of other
 * sorts: then the base is good for nothing any more.
 */
const changesOf = ({ names, values }: Base, record: ContractRecord): number | undefined => {
  let changed = 0
  let index = 0
  for (const name in record) {
    if (names[index] !== name) return undefined
    const value = record[name] ?? 0
    const before = values[index]
    // -0 is equal to 0 and no natural: the column will say so.
    if (before !== value || Object.is(value, -0)) {
      if (typeof before !== typeof value) return undefined
      values[index] = value
      changed |= 1 << index
    }
    index += 1
  }
  return index === names.length ? changed : undefined
}

/** A record that others are told by. */
interface ReadBase extends Base {
  readonly sorts: ReadonlyArray<number>
}

/** Reads the records of one column of one chunk, in their order. What makes no sense breaks the column. */
export class RecordReader {
  private readonly texts: ReadonlyArray<string>
  private readonly bases: Array<ReadBase> = []

  constructor(texts: ReadonlyArray<string>) {
    this.texts = texts
  }

  read(column: ColumnReader): ContractRecord | undefined {
    const base = this.next(column)
    if (base === undefined) return undefined
    const record: Record<string, Value> = {}
    base.names.forEach((name, index) => void (record[name] = base.values[index] ?? 0))
    return record
  }

  /** The next record as its base holds it, until the next. */
  next(column: ColumnReader): Base | undefined {
    const way = column.upTo(FIRST_BASE + this.bases.length - 1)
    if (way === NONE) return undefined
    return way === WHOLE ? this.whole(column) : this.difference(column, this.bases[way - FIRST_BASE])
  }

  private whole(column: ColumnReader): Base | undefined {
    const names: Array<string> = []
    const sorts: Array<number> = []
    const values: Array<Value> = []
    for (let left = column.upTo(FIELD_COUNT_MAX); left > 0 && !column.isBroken; left -= 1) {
      const name = this.text(column)
      if (!isRecordKey(name)) column.broken()
      const sort = column.upTo(TEXT)
      names.push(name)
      sorts.push(sort)
      values.push(this.value(column, sort))
    }
    const base = { place: this.bases.length, names, sorts, values }
    if (isBase(names.length, base.place)) this.bases.push(base)
    return base
  }

  private difference(column: ColumnReader, base: ReadBase | undefined): Base | undefined {
    if (base === undefined) return undefined // the column is broken
    const { sorts, values } = base
    for (let left = column.upTo(2 ** sorts.length - 1), index = 0; left !== 0; left >>>= 1, index += 1) {
      if ((left & 1) === 1) values[index] = this.value(column, sorts[index] ?? NATURAL)
    }
    return base
  }

  private value(column: ColumnReader, sort: number): Value {
    if (sort === NATURAL) return column.upTo(Number.MAX_SAFE_INTEGER)
    if (sort === TEXT) return this.text(column)
    const word = column.natural()
    return word === LITERAL_AHEAD ? column.literal() : BigInt(word)
  }

  private text(column: ColumnReader): string {
    return this.texts[column.upTo(this.texts.length - 1)] ?? ""
  }
}
