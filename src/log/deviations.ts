/**
 * Chunks of a schedule: deviations as columns.
 *
 * Task, kind and option of a deviation are its *shape*. There are few, each spelled out once in a recording, and told by its rank
 * among those that came after the same before: an answer settles which few can follow. The count is the distance from the last
 * deviation of the same task in the chunk; `nth`, hardly ever other than 0, is told apart.
 *
 *     head    [row count, new tasks, new shapes: [place of the task, place of the kind, option] …]
 *     parts   heads and tails of the counts, of the shapes, and of the nths: rows since the last that is not 0, nth
 */
import { assert } from "../base/assert.ts"
import { parseTask, rootTask } from "../base/ids.ts"
import { list, natural, type Plain, shaped, type Shaped, text, tuple } from "../base/plain.ts"
import { type Deviation, kindIndex, optionName, parseKind, parseOption } from "./choice.ts"
import { type Content, type Damage, damage, type Frame, frameType, isDamage, pack, unpack } from "./codec.ts"
import { ColumnReader, ColumnWriter } from "./column.ts"
import type { RecordingLimits } from "./limits.ts"
import { type Names, type Shape, ShapeTable, type TaskTable } from "./names.ts"
import { Successors } from "./successors.ts"

const OPTION_LENGTH_MAX = 256
export const TASK_LENGTH_MAX = 200

export class ScheduleChunkWriter {
  rowCount = 0
  private readonly tasks: TaskTable
  private readonly shapeTable = new ShapeTable()
  private readonly counts = new ColumnWriter()
  private readonly shapes = new ColumnWriter()
  private readonly nths = new ColumnWriter()
  private readonly successors = new Successors()
  /** The row after the last whose nth is not 0. */
  private nthRow = 0
  /** Of each task, by interned id; with holes. */
  private lastCounts: Array<number | undefined> = []

  constructor(tasks: TaskTable) {
    this.tasks = tasks
  }

  add(deviation: Deviation): void {
    const { count, nth, task } = deviation
    this.counts.onward(count, this.lastCounts[task] ?? 0)
    this.lastCounts[task] = count
    this.shapes.natural(this.successors.encode(this.shapeTable.indexOf(deviation)))
    if (nth !== 0) {
      this.nths.natural(this.rowCount - this.nthRow)
      this.nths.natural(nth)
      this.nthRow = this.rowCount + 1
    }
    this.rowCount += 1
  }

  /** The rows so far as a chunk; begins the next. */
  flush(): Content {
    const shapes = this.shapeTable.fresh().map(({ kind, option, task }): Plain => {
      const name = optionName(kind, option)
      assert(name !== "" && parseOption(kind, name) === option, "a schedule that is kept names its options so that they can be read again")
      return [this.tasks.indexOf(task), kindIndex[kind], name]
    })
    const head = pack([this.rowCount, this.tasks.fresh(), shapes])
    const columns = [this.counts, this.shapes, this.nths]
    const parts = columns.flatMap((column) => [column.headBytes(), column.tailBytes()])
    for (const column of columns) column.clear()
    this.rowCount = 0
    this.nthRow = 0
    this.lastCounts = []
    return { type: frameType.schedule, head, parts }
  }
}

const headShape = tuple({
  rowCount: natural,
  tasks: list(text(TASK_LENGTH_MAX), Infinity),
  shapes: list(tuple({ task: natural, kind: natural, option: text(OPTION_LENGTH_MAX) }), Infinity)
})

/** Adds what a chunk's head brings to the tables. */
export const learnTasks = (tasks: ReadonlyArray<string>, names: Names, limits: RecordingLimits, at: number): Damage | undefined => {
  for (const name of tasks) {
    const task = parseTask(name)
    if (task === undefined) return damage("Corrupt", at, "tasks named by descent")
    if (names.tasks.length >= limits.taskCountMax) return damage("TooLarge", at, `at most ${limits.taskCountMax} tasks`)
    names.tasks.push(task)
  }
  return undefined
}

const learnShapes = (shapes: Shaped<typeof headShape>["shapes"], names: Names, limits: RecordingLimits, at: number): Damage | undefined => {
  if (names.shapes.length + shapes.length > limits.nameCountMax) return damage("TooLarge", at, `at most ${limits.nameCountMax} shapes`)
  for (const { kind, option, task } of shapes) {
    const taskId = names.tasks[task]
    const kindName = names.kinds[kind]
    if (taskId === undefined || kindName === undefined) return damage("Corrupt", at, "a task and a kind of choice of this recording")
    const known = parseKind(kindName)
    const parsed = known === undefined ? undefined : parseOption(known, option)
    if (known === undefined) return damage("Newer", at, `a kind of choice this version knows, not ${kindName}`)
    if (parsed === undefined || optionName(known, parsed) !== option || option === "") return damage("Corrupt", at, `an option of ${kindName}`)
    names.shapes.push({ task: taskId, kind: known, option: parsed })
  }
  return undefined
}

/**
 * Checks a chunk to the last byte and adds what it brings to `names`. Gives its row count. Chunks are read in order, with the same
 * `successors`.
 */
export const checkScheduleChunk = ({ at, head, parts }: Frame, names: Names, successors: Successors, limits: RecordingLimits): number | Damage => {
  const unpacked = unpack(head, limits)
  if (isDamage(unpacked)) return unpacked
  const shape = shaped(headShape, unpacked.value, "chunk")
  if (shape._tag === "Misshapen") return damage("Corrupt", at, `${shape.problem.path}: ${shape.problem.expected}`)
  const { rowCount, shapes, tasks } = shape.value
  const problem = learnTasks(tasks, names, limits, at) ?? learnShapes(shapes, names, limits, at)
  if (problem !== undefined) return problem
  if (parts.length !== 6 || parts[0]?.length !== rowCount || parts[2]?.length !== rowCount) return damage("Corrupt", at, `six parts of ${rowCount} rows`)
  const rows = new Rows(parts, names, successors)
  while (rows.next()) {
    // Looking is all: the rows are made when they are asked for.
  }
  return rows.isWhole ? rowCount : damage("Corrupt", at, "rows that refer to what there is")
}

/** The deviations of a chunk that has been checked, in the order of the run; chunks in order too. */
export function* decodeScheduleChunk({ parts }: Content, names: Names, successors: Successors): Generator<Deviation, void> {
  const rows = new Rows(parts, names, successors)
  while (rows.next()) {
    const { count, nth, shape: { kind, option, task } } = rows
    yield { task, count, nth, kind, option }
  }
  assert(rows.isWhole, "a chunk that was checked has not changed since")
}

const none = new Uint8Array(0)
const noShape: Shape = { task: rootTask, kind: "turn", option: 0 }

/** The rows of a chunk, one at a time. */
class Rows {
  shape = noShape
  count = 0
  nth = 0
  private row = 0
  private isBroken = false
  private nthRow: number
  private readonly rowCount: number
  private readonly counts: ColumnReader
  private readonly shapes: ColumnReader
  private readonly nths: ColumnReader
  private readonly names: Names
  private readonly successors: Successors
  private readonly lastCounts: Array<number | undefined> = []

  constructor(parts: ReadonlyArray<Uint8Array>, names: Names, successors: Successors) {
    const [countHeads = none, countTails = none, shapeHeads = none, shapeTails = none, nthHeads = none, nthTails = none] = parts
    this.counts = new ColumnReader(countHeads, countTails)
    this.shapes = new ColumnReader(shapeHeads, shapeTails)
    this.nths = new ColumnReader(nthHeads, nthTails)
    this.rowCount = shapeHeads.length
    this.names = names
    this.successors = successors
    this.nthRow = this.nths.isAtEnd ? Infinity : this.nths.upTo(Number.MAX_SAFE_INTEGER)
  }

  /** Goes on to the next row; false behind the last, and where one makes no sense. */
  next(): boolean {
    if (this.isBroken || this.row === this.rowCount) return false
    const { counts, lastCounts, nths, row, shapes } = this
    const shape = this.names.shapes[this.successors.decode(shapes.natural())]
    if (shape === undefined) return this.broken()
    const count = counts.onward(lastCounts[shape.task] ?? 0)
    this.nth = 0
    if (row === this.nthRow) {
      this.nth = nths.upTo(Number.MAX_SAFE_INTEGER)
      this.nthRow = nths.isAtEnd ? Infinity : row + 1 + nths.upTo(Number.MAX_SAFE_INTEGER)
    }
    if (!Number.isSafeInteger(count) || counts.isBroken || shapes.isBroken || nths.isBroken) return this.broken()
    lastCounts[shape.task] = count
    this.shape = shape
    this.count = count
    this.row = row + 1
    return true
  }

  /** All rows made sense, and nothing is left over. */
  get isWhole(): boolean {
    return !this.isBroken && this.counts.isWhole && this.shapes.isWhole && this.nths.isWhole
  }

  private broken(): false {
    this.isBroken = true
    return false
  }
}
