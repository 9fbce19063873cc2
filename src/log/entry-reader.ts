/**
 * Reads chunks of entries, in two steps. `checkEntryChunk` looks at every byte, column by column, when a recording is opened, and
 * keeps nothing but names; `decodeEntryChunk` makes entries, row by row, when somebody asks, and relies on it.
 */
import { assert, unreachable } from "../base/assert.ts"
import { CPU_MAX, type TaskId } from "../base/ids.ts"
import { list, natural, shaped, text, tuple } from "../base/plain.ts"
import { type Damage, damage, type Frame, isDamage, unpack } from "./codec.ts"
import { ColumnReader, LITERAL_AHEAD } from "./column.ts"
import { learnTasks, TASK_LENGTH_MAX } from "./deviations.ts"
import { NEAR_MAX, POSITION_COLUMN_COUNT } from "./entry-writer.ts"
import type { Entry, Event, FieldKind, FieldValue } from "./event.ts"
import type { RecordingLimits } from "./limits.ts"
import { nameAt, type Names } from "./names.ts"
import { RecordReader } from "./record.ts"

const headShape = (limits: RecordingLimits) => tuple({
  rowCount: natural,
  firstIndex: natural,
  tasks: list(text(TASK_LENGTH_MAX), Infinity),
  texts: list(text(limits.textLengthMax), Infinity),
  columns: list(natural, Infinity)
})

export interface EntryChunk {
  readonly rowCount: number
  readonly firstIndex: number
}

/** What is needed to read a chunk's rows: its columns, by number. */
type Columns = (place: number) => ColumnReader

const none = new Uint8Array(0)

/** The columns of a chunk, if their lengths add up to what is there. Each is read once, from its beginning. */
const columnsOf = (lengths: ReadonlyArray<number>, bytes: Uint8Array, columnCount: number): Columns | undefined => {
  const readers = new Map<number, ColumnReader>()
  let at = 0
  let last = -1
  if (lengths.length % 3 !== 0) return undefined
  for (let index = 0; index < lengths.length; index += 3) {
    const [place = 0, headCount = 0, tailCount = 0] = lengths.slice(index, index + 3)
    if (place <= last || place >= columnCount || headCount + tailCount > bytes.length - at) return undefined
    readers.set(place, new ColumnReader(bytes.subarray(at, at + headCount), bytes.subarray(at + headCount, at + headCount + tailCount)))
    at += headCount + tailCount
    last = place
  }
  return at === bytes.length ? (place) => readers.get(place) ?? new ColumnReader(none, none) : undefined
}

const openChunk = ({ at, head, parts }: Frame, names: Names, limits: RecordingLimits) => {
  const unpacked = unpack(head, limits)
  if (isDamage(unpacked)) return unpacked
  const shape = shaped(headShape(limits), unpacked.value, "chunk")
  if (shape._tag === "Misshapen") return damage("Corrupt", at, `${shape.problem.path}: ${shape.problem.expected}`)
  const fieldCount = names.events.reduce((sum, { fields }) => sum + fields.length, 0)
  const [bytes] = parts
  const columns = bytes === undefined || parts.length !== 1 ? undefined : columnsOf(shape.value.columns, bytes, POSITION_COLUMN_COUNT + fieldCount)
  return columns === undefined ? damage("Corrupt", at, "columns that fill their part") : { ...shape.value, columns }
}

/** Where entries fell, row by row: a row that says nothing is where the last was. */
class Position {
  now = 0
  cpu = -1
  task = 0 as TaskId
  count = 0
  private readonly nows: ColumnReader
  private readonly cpus: ColumnReader
  private readonly subjects: ColumnReader
  private readonly counts: ColumnReader
  private readonly lastCounts = new Map<TaskId, number>()
  private readonly names: Names

  constructor(columns: Columns, names: Names) {
    this.names = names
    this.nows = columns(1)
    this.cpus = columns(2)
    this.subjects = columns(3)
    this.counts = columns(4)
  }

  /** False where the row makes no sense. */
  move(): boolean {
    this.now = this.nows.onward(this.now)
    this.cpu = this.cpus.upTo(CPU_MAX)
    const task = this.names.tasks[this.subjects.natural()]
    if (task === undefined) return false
    this.task = task
    this.count = this.counts.onward(this.lastCounts.get(task) ?? 0)
    this.lastCounts.set(task, this.count)
    return Number.isSafeInteger(this.now) && Number.isSafeInteger(this.count) && !this.counts.isBroken && !this.cpus.isBroken
  }

  get isWhole(): boolean {
    return this.nows.isWhole && this.cpus.isWhole && this.subjects.isWhole && this.counts.isWhole
  }
}

/** Checks a chunk to the last byte and adds what it brings to `names`. */
export const checkEntryChunk = (frame: Frame, names: Names, limits: RecordingLimits): EntryChunk | Damage => {
  const chunk = openChunk(frame, names, limits)
  if (isDamage(chunk)) return chunk
  const { columns, firstIndex, rowCount } = chunk
  const problem = learnTasks(chunk.tasks, names, limits, frame.at)
  if (problem !== undefined) return problem
  if (names.texts.length + chunk.texts.length > limits.nameCountMax) return damage("TooLarge", frame.at, `at most ${limits.nameCountMax} texts`)
  for (const each of chunk.texts) names.texts.push(each)

  const rowCounts = names.events.map(() => 0)
  const position = new Position(columns, names)
  const tags = columns(0)
  for (let row = 0; row < rowCount; row += 1) {
    const tag = tags.upTo(2 * names.events.length - 1)
    const stays = (tag & 1) === 1
    if (tags.isBroken || (stays ? row === 0 : !position.move())) return damage("Corrupt", frame.at, "entries that fell somewhere")
    rowCounts[tag >>> 1] = (rowCounts[tag >>> 1] ?? 0) + 1
  }
  if (!tags.isWhole || !position.isWhole) return damage("Corrupt", frame.at, `${rowCount} entries`)

  let place = POSITION_COLUMN_COUNT
  for (const [index, { fields, tag }] of names.events.entries()) {
    for (const [name, holds] of fields) {
      const column = columns(place)
      if (!checkField(column, holds, rowCounts[index] ?? 0, names)) return damage("Corrupt", frame.at, `${name} of ${rowCounts[index]} entries ${tag}`)
      place += 1
    }
  }
  return { rowCount, firstIndex }
}

/** Whether a column holds `count` values of its kind and nothing else. */
const checkField = (column: ColumnReader, holds: FieldKind, count: number, names: Names): boolean => {
  const records = new RecordReader(names.texts)
  let last = 0
  for (let index = 0; index < count && !column.isBroken; index += 1) {
    switch (holds) {
      case "task":
        column.upTo(names.tasks.length)
        break
      case "cpu":
        column.upTo(1 + CPU_MAX)
        break
      case "natural":
        column.upTo(Number.MAX_SAFE_INTEGER)
        break
      case "address": {
        const way = column.natural()
        if (way === LITERAL_AHEAD) column.literal()
        else last += unzigzag(way)
        if (last < 0 || last > NEAR_MAX) return false
        break
      }
      case "integer":
      case "word64":
        if (column.natural() === LITERAL_AHEAD) column.literal()
        break
      case "text":
        column.upTo(names.texts.length - 1)
        break
      case "bytes":
        column.rawBytes()
        break
      case "cpus":
        for (let left = column.upTo(CPU_MAX); left > 0 && !column.isBroken; left -= 1) column.upTo(CPU_MAX)
        break
      case "words64":
        for (let left = column.upTo(WORD_COUNT_MAX); left > 0 && !column.isBroken; left -= 1) if (column.natural() === LITERAL_AHEAD) column.literal()
        break
      case "record":
        records.next(column)
        break
      default:
        unreachable(holds)
    }
  }
  return column.isWhole
}

const WORD_COUNT_MAX = 2 ** 20
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)

interface FieldReader {
  readonly name: string
  readonly holds: FieldKind
  readonly column: ColumnReader
  readonly records: RecordReader
  lastAddress: number
}

/** The entries of a chunk that has been checked, one by one. */
export function* decodeEntryChunk(frame: Frame, names: Names, limits: RecordingLimits): Generator<Entry> {
  const chunk = openChunk(frame, names, limits)
  assert(!isDamage(chunk), "a chunk that was checked has not changed since")
  const { columns, firstIndex, rowCount } = chunk
  let place = POSITION_COLUMN_COUNT
  const plans = names.events.map(({ fields, tag }) => ({
    tag,
    fields: fields.map(([name, holds]): FieldReader => ({ name, holds, column: columns(place++), records: new RecordReader(names.texts), lastAddress: 0 }))
  }))
  const position = new Position(columns, names)
  const tags = columns(0)
  for (let row = 0; row < rowCount; row += 1) {
    const tag = tags.natural()
    if ((tag & 1) === 0) position.move()
    const plan = nameAt(plans, tag >>> 1)
    const { count, cpu, now, task } = position
    const event: Record<string, FieldValue | string> = { _tag: plan.tag }
    for (const field of plan.fields) event[field.name] = readField(field, names, cpu, task)
    yield { index: firstIndex + row, now, cpu, task, count, event: event as unknown as Event }
  }
}

const readField = (field: FieldReader, names: Names, cpu: number, task: TaskId): FieldValue => {
  const { column, holds, records } = field
  switch (holds) {
    case "task": {
      const place = column.natural()
      return place === 0 ? task : nameAt(names.tasks, place - 1)
    }
    case "cpu": {
      const other = column.natural()
      return other === 0 ? cpu : other - 1
    }
    case "natural":
      return column.natural()
    case "address": {
      const way = column.natural()
      if (way === LITERAL_AHEAD) return Number(column.literal())
      field.lastAddress += unzigzag(way)
      return field.lastAddress
    }
    case "integer": {
      const value = column.natural()
      return value === LITERAL_AHEAD ? Number(BigInt.asIntN(64, column.literal())) : unzigzag(value)
    }
    case "word64":
      return column.word64()
    case "text":
      return nameAt(names.texts, column.natural())
    case "bytes":
      return column.rawBytes().slice()
    case "cpus":
      return Array.from({ length: column.natural() }, () => column.natural())
    case "words64":
      return Array.from({ length: column.natural() }, () => column.word64())
    case "record":
      return records.read(column)
    default:
      return unreachable(holds)
  }
}
