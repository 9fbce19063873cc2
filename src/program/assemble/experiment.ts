/** `#:` lines: what a program says of the experiment it is meant for. Other assemblers see comments. */
import { type FaultName, faultNames, parseFaults } from "../../log/choice.ts"
import type { Cursor } from "./cursor.ts"
import type { Experiment, ProgramSymbol, TaskRequest } from "../program.ts"
import { atMost, CPU_COUNT_MAX, programLimits, REPEAT_MAX, STACK_BYTES_MAX } from "../limits.ts"
import { byName, opposedWatch, parseWatch, placeWatch, type Watch, type WatchName, watchNames, type WatchRequest } from "../watch.ts"
import { newCursor } from "./cursor.ts"
import type { Place, Statement } from "./problem.ts"
import { newEvaluator, type Expression } from "./symbol.ts"
import type { Unit } from "./unit.ts"

/** What the lines say, before anything has an address. */
export interface Annotations {
  readonly cpus: ReadonlyArray<number> | undefined
  readonly abi: string | undefined
  readonly repeat: number | undefined
  readonly faults: ReadonlyArray<FaultName>
  readonly tasks: ReadonlyArray<WrittenTask>
  readonly watches: ReadonlyArray<{ readonly request: WatchRequest; readonly place: Place }>
  readonly finally: { readonly name: string; readonly place: Place } | undefined
}

interface WrittenTask {
  readonly name: string
  readonly count: number
  readonly cpus: ReadonlyArray<number>
  readonly arguments: ReadonlyArray<Expression>
  readonly stackBytes: number
  readonly place: Place
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] }
type Draft = Mutable<Omit<Annotations, "tasks" | "watches">> & {
  readonly tasks: Array<WrittenTask>
  readonly watches: Array<Annotations["watches"][number]>
}

/** CPUs go by numbers below this. */
const CPU_END = 2 ** 20
const STACK_BYTES_DEFAULT = 16 * 1024

const natural = (cursor: Cursor, what: string, max: number): number | undefined => {
  const at = cursor.at()
  const written = cursor.match(/(0[xX][0-9a-fA-F]{1,12}|[0-9]{1,12})(?![0-9A-Za-z_])/y)?.[1]
  const value = Number(written)
  return written !== undefined && value <= max ? value : cursor.expected(`${what}, at most ${max}`, at)
}

const cpuList = (cursor: Cursor): ReadonlyArray<number> | undefined => {
  const cpus: Array<number> = []
  do {
    const cpu = natural(cursor, "the number of a CPU", CPU_END - 1)
    if (cpu === undefined) return undefined
    cpus.push(cpu)
  } while (cursor.take(","))
  return cpus
}

type Line = (unit: Unit, cursor: Cursor, draft: Draft) => true | undefined

/** `cpus 2`: CPUs 0 and 1; `cpus 0,2,5`: these. */
const cpus: Line = (_unit, cursor, draft) => {
  const at = cursor.at()
  const list = cpuList(cursor)
  if (list === undefined) return undefined
  const [only = 0] = list
  const count = list.length === 1 ? only : list.length
  if (count < 1 || count > CPU_COUNT_MAX) return cursor.expected(`1 to ${CPU_COUNT_MAX} CPUs`, at)
  if (new Set(list).size !== list.length) return cursor.expected("every CPU once", at)
  draft.cpus = list.length === 1
    ? Array.from({ length: count }, (_, cpu) => cpu)
    : list.toSorted((a, b) => a - b)
  return true
}

const abi: Line = (_unit, cursor, draft) => {
  const name = cursor.match(/[A-Za-z0-9][A-Za-z0-9.-]*(,[A-Za-z0-9][A-Za-z0-9.-]*)*/y)?.[0]
  if (name === undefined) return cursor.expected("the name of a contract, such as mainline-6.12")
  draft.abi = name
  return true
}

const repeat: Line = (_unit, cursor, draft) => {
  const count = natural(cursor, "a number of repetitions", REPEAT_MAX)
  if (count === undefined) return undefined
  draft.repeat = count
  return true
}

/** `faults refuse,wait`: these; alone: all. */
const faults: Line = (_unit, cursor, draft) => {
  const at = cursor.at()
  const named = cursor.isAtEnd() ? faultNames : parseFaults(cursor.match(/.*/y)?.[0] ?? "")
  if (named === undefined) return cursor.expected(`faults of ${faultNames.join(",")}, or nothing for all`, at)
  draft.faults = named
  return true
}

/** `task NAME [xCOUNT] [cpu=N,…] [arg=VALUE,…] [stack=BYTES]` */
const task: Line = (unit, cursor, draft) => {
  const place = cursor.place()
  const name = cursor.word()
  if (name === undefined) return cursor.expected("the label where the task begins")
  let count = 1
  let taskCpus: ReadonlyArray<number> = []
  const values: Array<Expression> = []
  let stackBytes = STACK_BYTES_DEFAULT
  while (!cursor.isAtEnd()) {
    const at = cursor.at()
    if (cursor.match(/x(?=[0-9])/y) !== undefined) {
      const read = natural(cursor, "a number of tasks", programLimits.tasks.max)
      if (read === undefined) return undefined
      count = read
    } else if (cursor.take("cpu=")) {
      const list = cpuList(cursor)
      if (list === undefined) return undefined
      taskCpus = list
    } else if (cursor.take("arg=")) {
      do {
        const value = unit.expression(cursor)
        if (value === undefined) return undefined
        values.push(value)
      } while (cursor.take(","))
    } else if (cursor.take("stack=")) {
      const read = natural(cursor, "a size in bytes", STACK_BYTES_MAX)
      if (read === undefined) return undefined
      if (read < 16) return cursor.expected("a stack of at least 16 bytes", at)
      stackBytes = read
    } else {
      return cursor.expected("x2, cpu=0,1, arg=3 or stack=4096", at)
    }
  }
  if (taskCpus.length > 1 && taskCpus.length !== count) {
    return cursor.expected(`one CPU for all or one for each of ${count}`, place.at)
  }
  if (values.length > 1 && values.length !== count) {
    return cursor.expected(`one argument for all or one for each of ${count}`, place.at)
  }
  const written = draft.tasks.reduce((sum, each) => sum + each.count, count)
  if (written > programLimits.tasks.max) return cursor.expected(atMost("tasks"), place.at)
  draft.tasks.push({ name, count, cpus: taskCpus, arguments: values, stackBytes, place })
  return true
}

const watch = (claim: WatchName): Line => (_unit, cursor, draft) => {
  const place = cursor.place()
  const request = parseWatch(claim, cursor.rest().trim().split(/[ \t]+/))
  if ("expected" in request) return cursor.expected(request.expected)
  if (draft.watches.length === programLimits.watches.max) return cursor.expected(atMost("watches"), place.at)
  cursor.match(/.*/ys)
  draft.watches.push({ request, place })
  return true
}

const last: Line = (_unit, cursor, draft) => {
  const place = cursor.place()
  const name = cursor.word()
  if (name === undefined) return cursor.expected("the label of the routine that runs last")
  draft.finally = { name, place }
  return true
}

const watchLines: Readonly<Record<string, Line>> = Object.fromEntries(watchNames.map((name) => [name, watch(name)]))
const lines: Readonly<Record<string, Line>> = { cpus, abi, task, repeat, faults, finally: last, ...watchLines }

/** What there can be several of; of any other line a second would silently take the place of the first. */
const isRepeatable = (word: string): boolean => word === "task" || Object.hasOwn(watchLines, word)

/** Reads the lines. `undefined` after a problem. */
export const readAnnotations = (unit: Unit, annotations: ReadonlyArray<Statement>): Annotations | undefined => {
  const draft: Draft = {
    cpus: undefined, abi: undefined, repeat: undefined, faults: [], tasks: [], watches: [], finally: undefined
  }
  const met = new Set<string>()
  for (const statement of annotations) {
    const cursor = newCursor(statement, unit.problems)
    const at = cursor.at()
    const word = cursor.word() ?? ""
    const line = Object.hasOwn(lines, word) ? lines[word] : undefined
    if (line === undefined) return cursor.expected(`one of ${Object.keys(lines).join(", ")} after #:`, at)
    if (met.has(word) && !isRepeatable(word)) return cursor.expected(`one line #: ${word}, and there was one before`, at)
    met.add(word)
    if (line(unit, cursor, draft) === undefined || cursor.end() === undefined) return undefined
  }
  return draft
}

/** The lines with addresses. `undefined` after a problem. */
export const placeAnnotations = (unit: Unit, annotations: Annotations, symbols: ReadonlyArray<ProgramSymbol>): Experiment | undefined => {
  const evaluator = newEvaluator("placed")
  const addressOf = (name: string, place: Place): number | undefined => {
    const symbol = unit.symbols.get(name)
    if (symbol?.definition?._tag !== "Label") {
      return unit.problems.expected(place, `a label of the program; ${name} is none`)
    }
    const value = evaluator.evaluate({ _tag: "Reference", symbol })
    return value._tag === "Known" ? Number(value.offset) : unit.problems.expected(place, value.expected)
  }

  const tasks: Array<TaskRequest> = []
  for (const { arguments: values, count, cpus: taskCpus, name, place, stackBytes } of annotations.tasks) {
    const entry = addressOf(name, place)
    if (entry === undefined) return undefined
    for (let copy = 0; copy < count; copy += 1) {
      const expression = values[copy] ?? values[0]
      const value = expression === undefined ? undefined : evaluator.evaluate(expression)
      if (value?._tag === "Unknown") return unit.problems.expected(place, value.expected)
      tasks.push({
        entry, name, cpu: taskCpus[copy] ?? taskCpus[0],
        argument: BigInt.asUintN(64, value?.offset ?? 0n), stackBytes
      })
    }
  }
  const watches: Array<Watch> = []
  const named = byName(symbols)
  for (const { place, request } of annotations.watches) {
    const watched = placeWatch(request, named)
    if ("expected" in watched) return unit.problems.expected(place, watched.expected)
    watches.push(watched)
  }
  const opposed = opposedWatch(watches)
  const opposedAt = opposed === undefined ? undefined : annotations.watches[opposed.index]?.place
  if (opposed !== undefined && opposedAt !== undefined) return unit.problems.expected(opposedAt, opposed.expected)
  const { abi: contracts, cpus: machine, faults: asked, finally: routine, repeat: count } = annotations
  const finallyEntry = routine === undefined ? undefined : addressOf(routine.name, routine.place)
  if (routine !== undefined && finallyEntry === undefined) return undefined
  return { cpus: machine, abi: contracts, tasks, watches, finallyEntry, repeat: count, faults: asked }
}
