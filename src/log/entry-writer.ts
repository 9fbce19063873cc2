/**
 * Chunks of entries: events and observations as columns, one for each field of each event, and five for where they fell.
 *
 * What a row of `event.ts` says a field holds is how it is stored, so a new event needs nothing here. Addresses are told as the
 * distance from the last in their column, tasks and CPUs as 0 where they are the entry's own, a place in the run only where it is
 * another than the last entry's: what repeats becomes small.
 *
 *     head    [row count, first index, new tasks, new texts, columns: number, heads, tails, number, heads, tails …]
 *     parts   the columns' bytes: heads, then tails, column after column
 */
import { assert, known } from "../base/assert.ts"
import type { Address, Count, CpuId, TaskId } from "../base/ids.ts"
import { concatBytes } from "../base/bytes.ts"
import { type Content, frameType, pack } from "./codec.ts"
import { ColumnWriter } from "./column.ts"
import { type ContractRecord, type Event, type EventLog, eventRows, eventTags, type FieldKind, type FieldValue } from "./event.ts"
import { type DictionaryRow, type TaskTable, TextTable } from "./names.ts"

/** What this version can write, as a recording describes it. */
export const dictionary: ReadonlyArray<DictionaryRow> = eventTags.map((tag) => ({ tag, fields: Object.entries<FieldKind>(eventRows[tag].fields) }))

/** tag, now, cpu, task, count; then the fields in the order of the dictionary. */
export const POSITION_COLUMN_COUNT = 5

/** The longest `bytes` of one event. */
export const BLOB_BYTES_MAX = 4 * 2 ** 20

/** Up to here distances between addresses are exact; what lies beyond is told as a literal. */
export const NEAR_MAX = 2 ** 51

const code = {
  task: 0, cpu: 1, natural: 2, address: 3, integer: 4, word64: 5, text: 6, bytes: 7, cpus: 8, words64: 9, record: 10
} as const satisfies Record<FieldKind, number>

/** A name that is safe as a key, and is not moved to the front as numbers are. */
export const isRecordKey = (key: string): boolean => /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/.test(key)

/** One field of one event: what it holds, where it goes, and the last address that went there. */
class FieldWriter {
  readonly name: string
  /** A number: a switch on it is a jump, on a word a row of comparisons. */
  readonly holds: number
  readonly column = new ColumnWriter()
  lastAddress = 0
  lastText = ""
  lastTextPlace = -1

  constructor(name: string, holds: FieldKind) {
    this.name = name
    this.holds = code[holds]
  }
}

/** How an event is written. */
class Plan {
  readonly tag: string
  readonly place: number
  readonly fields: ReadonlyArray<FieldWriter>
  /** What came after this one last, and so is likely to again. */
  next: Plan | undefined

  constructor({ fields, tag }: DictionaryRow, place: number) {
    this.tag = tag
    this.place = place
    this.fields = fields.map(([name, holds]) => new FieldWriter(name, holds))
  }
}

export class EntryChunkWriter implements EventLog {
  rowCount = 0
  /** Since the last flush, so that big blobs end a chunk early. */
  blobBytes = 0
  private firstIndex = 0
  private readonly tasks: TaskTable
  private readonly texts = new TextTable()
  /** Keys of records found fit to be keys. */
  private readonly keyPlaces = new Map<string, number>()
  private readonly tags = new ColumnWriter()
  private readonly nows = new ColumnWriter()
  private readonly cpus = new ColumnWriter()
  private readonly subjects = new ColumnWriter()
  private readonly counts = new ColumnWriter()
  private readonly plans = new Map<string, Plan>()
  private readonly fields: ReadonlyArray<FieldWriter>
  private readonly scratch: Array<FieldValue> = []
  private lastPlan: Plan | undefined
  private lastNow = 0
  private lastCpu: CpuId = -1
  private lastTask: TaskId | undefined
  private lastCount: Count = 0
  /** Of each task, by interned id; with holes. */
  private lastCounts: Array<number | undefined> = []

  constructor(tasks: TaskTable) {
    this.tasks = tasks
    dictionary.forEach((row, place) => this.plans.set(row.tag, new Plan(row, place)))
    this.fields = [...this.plans.values()].flatMap((plan) => plan.fields)
  }

  append(now: number, cpu: CpuId, task: TaskId, count: Count, event: Event): void {
    const guess = this.lastPlan?.next
    const plan = guess !== undefined && guess.tag === event._tag ? guess : known(this.plans.get(event._tag), "an event has a row in the table")
    if (this.lastPlan !== undefined) this.lastPlan.next = plan
    this.lastPlan = plan
    if (now === this.lastNow && task === this.lastTask && count === this.lastCount && cpu === this.lastCpu) {
      this.tags.natural(2 * plan.place + 1)
    } else {
      this.tags.natural(2 * plan.place)
      this.move(now, cpu, task, count)
    }
    const { fields } = plan
    const values = this.valuesOf(event, fields)
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index]
      if (field !== undefined) this.field(field, values[index], cpu, task)
    }
    this.rowCount += 1
  }

  /**
   * The values of an event in the order of its row. Walking an object's own keys reads them twice as fast as asking by name,
   * where the event was made in that order; any other is asked.
   */
  private valuesOf(event: Event, fields: ReadonlyArray<FieldWriter>): ReadonlyArray<FieldValue> {
    const values = event as unknown as Readonly<Record<string, FieldValue>>
    const { scratch } = this
    let index = -1 // the tag comes first
    let isInOrder = true
    for (const key in values) {
      if (index >= 0) {
        if (fields[index]?.name !== key) isInOrder = false
        scratch[index] = values[key]
      }
      index += 1
    }
    assert(index === fields.length, "an event has its tag, the fields of its row, and no others")
    return isInOrder ? scratch : fields.map(({ name }) => values[name])
  }

  private move(now: number, cpu: CpuId, task: TaskId, count: Count): void {
    this.nows.onward(now, this.lastNow)
    this.cpus.natural(cpu)
    this.subjects.natural(this.tasks.indexOf(task))
    this.counts.onward(count, this.lastCounts[task] ?? 0)
    this.lastNow = now
    this.lastCpu = cpu
    this.lastTask = task
    this.lastCount = count
    this.lastCounts[task] = count
  }

  /** The rows so far as a chunk; begins the next. */
  flush(): Content {
    const columns: Array<number> = []
    const bytes: Array<Uint8Array> = []
    const positions = [this.tags, this.nows, this.cpus, this.subjects, this.counts]
    const all = [...positions, ...this.fields.map((field) => field.column)]
    all.forEach((column, place) => {
      if (column.isEmpty) return
      const [heads, tails] = [column.headBytes(), column.tailBytes()]
      columns.push(place, heads.length, tails.length)
      bytes.push(heads, tails)
      column.clear()
    })
    for (const field of this.fields) field.lastAddress = 0
    const head = pack([this.rowCount, this.firstIndex, this.tasks.fresh(), this.texts.fresh(), columns])
    this.firstIndex += this.rowCount
    this.rowCount = 0
    this.blobBytes = 0
    this.lastNow = 0
    this.lastCpu = -1
    this.lastCounts = []
    return { type: frameType.entries, head, parts: [concatBytes(bytes)] }
  }

  private field(field: FieldWriter, value: FieldValue, cpu: CpuId, task: TaskId): void {
    const { column, holds } = field
    switch (holds) {
      case code.task:
        column.natural(value === task ? 0 : 1 + this.tasks.indexOf(value as TaskId))
        return
      case code.cpu:
        column.natural(value === cpu ? 0 : 1 + (value as CpuId))
        return
      case code.natural:
        column.natural(value as number)
        return
      case code.address:
        this.address(field, value as Address)
        return
      case code.integer:
        integer(column, value as number)
        return
      case code.word64:
        column.word64(value as bigint)
        return
      case code.text:
        if (value !== field.lastText || field.lastTextPlace < 0) {
          field.lastText = value as string
          field.lastTextPlace = this.texts.indexOf(value as string)
        }
        column.natural(field.lastTextPlace)
        return
      case code.bytes:
        assert((value as Uint8Array).length <= BLOB_BYTES_MAX, "whoever makes long events splits them")
        column.bytes(value as Uint8Array)
        this.blobBytes += (value as Uint8Array).length
        return
      case code.cpus:
        column.natural((value as ReadonlyArray<CpuId>).length)
        for (const each of value as ReadonlyArray<CpuId>) column.natural(each)
        return
      case code.words64:
        column.natural((value as ReadonlyArray<bigint>).length)
        for (const each of value as ReadonlyArray<bigint>) column.word64(each)
        return
      case code.record:
        this.record(column, value as ContractRecord | undefined)
        return
      default:
        assert(false, "a field holds what the table of kinds lists")
    }
  }

  private address(field: FieldWriter, value: Address): void {
    if (value > NEAR_MAX) {
      field.column.literal(BigInt(value))
    } else {
      field.column.natural(zigzag(value - field.lastAddress))
      field.lastAddress = value
    }
  }

  /** 0 for undefined, or 1 + the number of keys; of each key its text, 0, 1 or 2 for number, 64 bits or text, and that. */
  private record(column: ColumnWriter, record: ContractRecord | undefined): void {
    const keys = record === undefined ? [] : Object.keys(record)
    column.natural(record === undefined ? 0 : 1 + keys.length)
    for (const key of keys) {
      const value = record?.[key]
      column.natural(this.keyPlace(key))
      column.natural(typeof value === "number" ? 0 : typeof value === "bigint" ? 1 : 2)
      if (typeof value === "number") column.natural(value)
      else if (typeof value === "bigint") column.word64(value)
      else column.natural(this.texts.indexOf(String(value)))
    }
  }

  private keyPlace(key: string): number {
    const met = this.keyPlaces.get(key)
    if (met !== undefined) return met
    assert(isRecordKey(key), "a record's keys are plain identifiers")
    const place = this.texts.indexOf(key)
    this.keyPlaces.set(key, place)
    return place
  }
}

/** Signed as natural, small where it was small: 0, -1, 1, -2 … are 0, 1, 2, 3 … */
const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1)

const integer = (column: ColumnWriter, value: number): void => {
  assert(Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) <= 2 ** 63, `a whole number of 64 bits, not ${value}`)
  if (Math.abs(value) <= NEAR_MAX) column.natural(zigzag(value))
  else column.literal(BigInt.asUintN(64, BigInt(value)))
}
