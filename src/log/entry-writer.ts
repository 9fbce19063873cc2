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
import { wordOf } from "../base/bits.ts"
import { assert, known } from "../base/assert.ts"
import type { Address, Count, CpuId, TaskId } from "../base/ids.ts"
import { concatBytes } from "../base/bytes.ts"
import { type Content, frameType, pack } from "./codec.ts"
import { ColumnWriter } from "./column.ts"
import { type ContractRecord, type Event, type EventLog, eventRows, eventTags, type FieldKind } from "./event.ts"
import { type DictionaryRow, type TaskTable, TextTable } from "./names.ts"
import { RecordWriter } from "./record.ts"

/** What this version can write, as a recording describes it. */
export const dictionary: ReadonlyArray<DictionaryRow> = eventTags.map((tag) => ({ tag, fields: Object.entries<FieldKind>(eventRows[tag].fields) }))

/** tag, now, cpu, task, count; then the fields in the order of the dictionary. */
export const POSITION_COLUMN_COUNT = 5

/** The longest `bytes` of one event. */
export const BLOB_BYTES_MAX = 4 * 2 ** 20

/** Up to here distances between addresses are exact; what lies beyond is told as a literal. */
export const NEAR_MAX = 2 ** 51

/** What all fields share. */
class Shared {
  readonly tasks: TaskTable
  readonly texts = new TextTable()
  /** Since the last flush, so that big blobs end a chunk early. */
  blobBytes = 0

  constructor(tasks: TaskTable) {
    this.tasks = tasks
  }
}

/** How a value of each kind is written; `cpu` and `task` are the entry's own. */
type FieldMethods = { readonly [Kind in FieldKind]: (value: never, cpu: CpuId, task: TaskId) => void }

/** One field of one event: where its values go, and what the last ones were. */
class FieldWriter implements FieldMethods {
  readonly column = new ColumnWriter()
  private readonly shared: Shared
  private readonly records: RecordWriter
  private lastAddress = 0
  private lastText = ""
  private lastTextPlace = -1

  constructor(shared: Shared) {
    this.shared = shared
    this.records = new RecordWriter(shared.texts)
  }

  /** The next value is of another chunk. */
  clear(): void {
    this.column.clear()
    this.records.clear()
    this.lastAddress = 0
  }

  task(value: TaskId, _cpu: CpuId, own: TaskId): void {
    this.column.natural(value === own ? 0 : 1 + this.shared.tasks.indexOf(value))
  }

  cpu(value: CpuId, own: CpuId): void {
    this.column.natural(value === own ? 0 : 1 + value)
  }

  natural(value: number): void {
    this.column.natural(value)
  }

  address(value: Address): void {
    if (value > NEAR_MAX) return this.column.literal(wordOf(value))
    this.column.natural(zigzag(value - this.lastAddress))
    this.lastAddress = value
  }

  integer(value: number): void {
    assert(Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) <= 2 ** 63, "a whole number of 64 bits")
    if (Math.abs(value) <= NEAR_MAX) this.column.natural(zigzag(value))
    else this.column.literal(value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt.asUintN(64, BigInt(value)))
  }

  word64(value: bigint): void {
    this.column.word64(value)
  }

  text(value: string): void {
    if (value !== this.lastText || this.lastTextPlace < 0) {
      this.lastText = value
      this.lastTextPlace = this.shared.texts.indexOf(value)
    }
    this.column.natural(this.lastTextPlace)
  }

  bytes(value: Uint8Array): void {
    assert(value.length <= BLOB_BYTES_MAX, "whoever makes long events splits them")
    this.column.bytes(value)
    this.shared.blobBytes += value.length
  }

  cpus(value: ReadonlyArray<CpuId>): void {
    this.column.natural(value.length)
    for (const each of value) this.column.natural(each)
  }

  words64(value: ReadonlyArray<bigint>): void {
    this.column.natural(value.length)
    for (const each of value) this.column.word64(each)
  }

  record(value: ContractRecord | undefined, _cpu: CpuId, own: TaskId): void {
    this.records.write(this.column, value, own)
  }
}

type EventWriter = (event: Event, cpu: CpuId, task: TaskId) => void

/**
 * A function that writes the fields of one event, made from its row. V8 then knows the shape it reads and each method it calls;
 * a loop over the row knows neither, and takes three times as long; a closure a field, made by kind, knows the method alone, and
 * takes a third longer. Names are those of our own table.
 */
const writerOf = (fields: DictionaryRow["fields"], writers: ReadonlyArray<FieldWriter>): EventWriter => {
  const steps = fields.map(([name, holds], index) => `f${index}.${holds}(event.${name}, cpu, task)`)
  return new Function(...fields.map((_, index) => `f${index}`), `return (event, cpu, task) => { ${steps.join("; ")} }`)(...writers) as EventWriter
}

/** How an event is written. */
class Plan {
  readonly tag: string
  readonly place: number
  readonly fields: ReadonlyArray<FieldWriter>
  readonly write: EventWriter
  /** What came after this one last, and so is likely to again. */
  next: Plan | undefined

  constructor({ fields, tag }: DictionaryRow, place: number, shared: Shared) {
    this.tag = tag
    this.place = place
    this.fields = fields.map(() => new FieldWriter(shared))
    this.write = writerOf(fields, this.fields)
  }
}

export class EntryChunkWriter implements EventLog {
  rowCount = 0
  private firstIndex = 0
  private readonly shared: Shared
  private readonly tags = new ColumnWriter()
  private readonly nows = new ColumnWriter()
  private readonly cpus = new ColumnWriter()
  private readonly subjects = new ColumnWriter()
  private readonly counts = new ColumnWriter()
  private readonly plans = new Map<string, Plan>()
  private readonly fields: ReadonlyArray<FieldWriter>
  private lastPlan: Plan | undefined
  private lastNow = 0
  private lastCpu: CpuId = -1
  private lastTask: TaskId | undefined
  private lastCount: Count = 0
  /** Of each task, by interned id; with holes. */
  private lastCounts: Array<number | undefined> = []

  constructor(tasks: TaskTable) {
    this.shared = new Shared(tasks)
    dictionary.forEach((row, place) => this.plans.set(row.tag, new Plan(row, place, this.shared)))
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
    plan.write(event, cpu, task)
    this.rowCount += 1
  }

  private move(now: number, cpu: CpuId, task: TaskId, count: Count): void {
    this.nows.onward(now, this.lastNow)
    this.cpus.natural(cpu)
    this.subjects.natural(this.shared.tasks.indexOf(task))
    this.counts.onward(count, this.lastCounts[task] ?? 0)
    this.lastNow = now
    this.lastCpu = cpu
    this.lastTask = task
    this.lastCount = count
    this.lastCounts[task] = count
  }

  /** Bytes that stand in the chunk as they are. */
  get blobBytes(): number {
    return this.shared.blobBytes
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
    })
    for (const column of positions) column.clear()
    for (const field of this.fields) field.clear()
    const head = pack([this.rowCount, this.firstIndex, this.shared.tasks.fresh(), this.shared.texts.fresh(), columns])
    this.firstIndex += this.rowCount
    this.rowCount = 0
    this.shared.blobBytes = 0
    this.lastNow = 0
    this.lastCpu = -1
    this.lastCounts = []
    return { type: frameType.entries, head, parts: [concatBytes(bytes)] }
  }
}

/** Signed as natural, small where it was small: 0, -1, 1, -2 … are 0, 1, 2, 3 … */
const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1)
