/** The head of a recording: everything a run is a function of, but for inputs and answers. And its end: what became of it. */
import { known } from "../base/assert.ts"
import { wordOf } from "../base/bits.ts"
import { type AddressRange, CPU_MAX, type CpuId, parseTask, TASK_SIZE, type TaskId, taskName } from "../base/ids.ts"
import { bytes, checked, list, mapped, natural, oneOf, optional, type Plain, type Shape, type Shaped, since, text, truth, tuple, variant, whole, word64 } from "../base/plain.ts"
import { SEED_LENGTH_MAX } from "../base/prng.ts"
import { kindNames, type Menu, parseKind } from "./choice.ts"
import { dictionary } from "./entry-writer.ts"
import type { FieldKind } from "./event.ts"
import type { DictionaryRow } from "./names.ts"
import type { Outcome } from "./outcome.ts"
import { isRecordKey } from "./record.ts"
import { FORMAT_VERSION, type QuietPolicy } from "./version.ts"

/** What the simulated hardware offers, and where a run ends for want of it. */
export interface MachineOptions {
  readonly cpus: ReadonlyArray<CpuId>
  readonly memoryBytesMax: number
  readonly icountMax: number
  readonly taskCountMax: number
  readonly outputBytesMax: number
}

/** Who made the watched entries: an observer of all that the program describes, and of this besides. Asked the same, it says the same. */
export interface Watching {
  /** `OBSERVER_VERSION` of who looked. */
  readonly version: number
  readonly isFollowing: boolean
  readonly watches: ReadonlyArray<AddressRange>
  /** In place of those the program describes. */
  readonly sections: ReadonlyArray<AddressRange>
  readonly reached: ReadonlyArray<number>
}

/** What a run is a function of; and who watched it. */
export interface Header {
  readonly toolVersion: string
  readonly kernelVersion: number
  readonly policy: QuietPolicy
  /** The program's own name, for people, and all of it. */
  readonly program: { readonly name: string; readonly value: Plain }
  readonly machine: MachineOptions
  /** Contracts in force, by name, in the order in which they are asked. */
  readonly abis: ReadonlyArray<string>
  readonly argv: ReadonlyArray<string>
  /** NAME=value */
  readonly env: ReadonlyArray<string>
  readonly menu: Menu
  /** The strategy as it was typed, options included; "" where there was none. */
  readonly strategy: string
  /** Random bytes of the guest are drawn from it, too. */
  readonly seed: string
  /** `undefined`: nobody, or somebody of whom nothing is known. */
  readonly watching: Watching | undefined
}

/** What a recording says of itself besides: how to read it, and whether it is whole. */
export interface HeaderRead extends Header {
  readonly formatVersion: number
  readonly programHash: string
  readonly programBytes: number
  readonly features: ReadonlyArray<string>
  readonly kinds: ReadonlyArray<string>
  readonly events: ReadonlyArray<DictionaryRow>
}

export const MAGIC = "rseqlab recording"
const NAME_LENGTH_MAX = 4096
const LIST_LENGTH_MAX = 65_536

/** The header without the program's value, which has frames of its own. */
export const plainOfHeader = (header: Header, programHash: string, programBytes: number): Plain => {
  const { machine, menu, policy, watching } = header
  const ranges = (all: ReadonlyArray<AddressRange>): Plain => all.map(({ end, start }) => [start, end])
  return [
    MAGIC,
    FORMAT_VERSION,
    [],
    header.toolVersion,
    header.kernelVersion,
    [policy.number, policy.turnIcount, policy.sliceIcount],
    [header.program.name, programHash, programBytes],
    [machine.cpus, machine.memoryBytesMax, machine.icountMax, machine.taskCountMax, machine.outputBytesMax],
    header.abis,
    header.argv,
    header.env,
    [kindNames.filter((kind) => menu.kinds.has(kind)), menu.signals, menu.arriveIcountMax, menu.clockSteps],
    header.strategy,
    header.seed,
    kindNames,
    dictionary.map(({ fields, tag }) => [tag, fields.map(([name, holds]) => [name, holds])]),
    watching === undefined ? null : [watching.version, watching.isFollowing, ranges(watching.watches), ranges(watching.sections), watching.reached]
  ]
}

const name = text(NAME_LENGTH_MAX)
const names = list(name, LIST_LENGTH_MAX)
const arguments_ = list(text(131_072), LIST_LENGTH_MAX)
const identifier = checked(name, "an identifier", isRecordKey)
const fieldKind = oneOf("task", "cpu", "natural", "address", "integer", "word64", "text", "bytes", "cpus", "words64", "record") satisfies Shape<FieldKind>

const unique = <T>(shape: Shape<ReadonlyArray<T>>, by: (value: T) => unknown): Shape<ReadonlyArray<T>> =>
  checked(shape, "each once", (all) => new Set(all.map(by)).size === all.length)

const cpus = checked(unique(list(whole(0, CPU_MAX), 64), (cpu) => cpu), "at least one CPU", (all) => all.length > 0)

const menuShape = tuple({ kinds: names, signals: list(whole(1, 64), 64), arriveIcountMax: natural, clockSteps: list(natural, 1024) })

/** The menu, if this version can ask all of it. */
export const menuOf = (menu: Shaped<typeof menuShape>): Menu | undefined => {
  const kinds = menu.kinds.map(parseKind)
  return kinds.includes(undefined) ? undefined : { ...menu, kinds: new Set(kinds.filter((kind) => kind !== undefined)) }
}

const ranges = list(checked(tuple({ start: whole(0, TASK_SIZE), end: whole(0, TASK_SIZE) }), "a range that ends behind its start", ({ end, start }) => start < end), LIST_LENGTH_MAX)
const watchingShape: Shape<Watching> = tuple({ version: natural, isFollowing: truth, watches: ranges, sections: ranges, reached: list(whole(0, TASK_SIZE), LIST_LENGTH_MAX) })

/** What must hold before anything else is believed: appended to in every format to come. */
export const preambleShape = tuple({ magic: name, formatVersion: natural, features: names })

export const headerShape = tuple({
  magic: name,
  formatVersion: natural,
  features: names,
  toolVersion: name,
  kernelVersion: natural,
  policy: tuple({ number: natural, turnIcount: natural, sliceIcount: natural }),
  program: tuple({ name, hash: text(64), bytes: natural }),
  machine: tuple({ cpus, memoryBytesMax: natural, icountMax: natural, taskCountMax: natural, outputBytesMax: natural }),
  abis: names,
  argv: arguments_,
  env: arguments_,
  menu: menuShape,
  strategy: name,
  seed: text(2 * SEED_LENGTH_MAX),
  kinds: unique(names, (kind) => kind),
  events: unique(
    list(tuple({
      tag: identifier,
      fields: unique(list(mapped(tuple({ name: identifier, holds: fieldKind }), ({ holds, name }) => [name, holds] as const), 256), ([field]) => field)
    }), 4096),
    ({ tag }) => tag
  ),
  watching: since(optional(watchingShape), undefined)
})

/** How a run stood at some point: what a replay compares. */
export interface Check {
  readonly now: number
  /** Entries made up to here, kept or not. */
  readonly entryCount: number
  /** 16 hex digits: registers and memory. */
  readonly stateHash: string
  /** Of all questions asked: key and number of options. */
  readonly questionsDigest: string
}

export const plainOfCheck = ({ entryCount, now, questionsDigest, stateHash }: Check): Plain => [now, entryCount, stateHash, questionsDigest]
export const checkShape: Shape<Check> = tuple({ now: natural, entryCount: natural, stateHash: text(64), questionsDigest: text(64) })

/** How a run ended, and how much there was. */
export interface End extends Check {
  readonly outcome: Outcome
}

export const plainOfEnd = (end: End, deviationCount: number): Plain => [plainOfOutcome(end.outcome), plainOfCheck(end), deviationCount]

const plainOfOutcome = (outcome: Outcome): Plain => {
  switch (outcome._tag) {
    case "Exited": return [outcome._tag, outcome.status]
    case "Killed": return [outcome._tag, outcome.signal]
    case "Deadlocked": return [outcome._tag, outcome.tasks.map(taskName)]
    case "OutOfBudget": return [outcome._tag, outcome.limit]
    case "Unsupported": return [outcome._tag, outcome.what, wordOf(outcome.ip), outcome.bytes]
    case "Abandoned": return [outcome._tag]
  }
}

const task: Shape<TaskId> = mapped(checked(text(200), "a task", (descent) => parseTask(descent) !== undefined), (descent) => known(parseTask(descent), "it was checked"))
const sentence = text(65_536)
/** Any that a double holds, so it travels as 64 bits. */
const anyAddress: Shape<number> = mapped(word64, Number)
const limit = oneOf("icount", "memory", "tasks", "output")

/** The outcome `_tag` with these fields. */
const outcome = <const Tag extends Outcome["_tag"], const Fields extends { readonly [field: string]: Shape<unknown> }>(_tag: Tag, fields: Fields) =>
  mapped(tuple(fields), (value) => ({ _tag, ...value }))

const outcomeShape: Shape<Outcome> = variant<Outcome>({
  Exited: outcome("Exited", { status: natural }),
  Killed: outcome("Killed", { signal: natural }),
  Deadlocked: outcome("Deadlocked", { tasks: list(task, LIST_LENGTH_MAX) }),
  OutOfBudget: outcome("OutOfBudget", { limit }),
  Unsupported: outcome("Unsupported", { what: sentence, ip: anyAddress, bytes }),
  Abandoned: outcome("Abandoned", {})
} satisfies { readonly [Tag in Outcome["_tag"]]: Shape<Outcome> })

export const endShape = tuple({ outcome: outcomeShape, check: checkShape, deviationCount: natural })
