/**
 * Programs as plain values, for recordings to carry. The way back checks everything: a recording may come from a stranger.
 */
import { CPU_MAX, TASK_SIZE } from "../base/ids.ts"
import {
  bytes, checked, list, type Misshapen, natural, oneOf, optional, type Plain, plainOf, type Shape, shaped, since, text, tuple, whole, word64
} from "../base/plain.ts"
import { faultNames } from "../log/choice.ts"
import type { DescribedSection, Experiment, Program, ProgramSymbol, Segment, TaskRequest } from "./program.ts"
import { NAME_LENGTH_MAX, programLimits } from "./limits.ts"
import { type Watch, watchNames } from "./watch.ts"

const TEXT_LENGTH_MAX = 16 * 2 ** 20
const OPTION_LENGTH_MAX = 64

export const plainOfProgram = (program: Program): Plain => [
  program.name,
  program.segments.map(({ bytes, memoryBytes, protection, start }): Plain => [start, bytes, memoryBytes, protection]),
  program.symbols.map(({ at, kind, name, sizeBytes }): Plain => [name, at, sizeBytes, kind]),
  program.sections.map(({ abort, descriptor, end, start }): Plain => [descriptor, start, end, abort]),
  program.entry,
  program.headers === undefined ? null : [program.headers.at, program.headers.sizeBytes, program.headers.count],
  plainOfExperiment(program.experiment),
  program.end,
  plainOf(program.text)
]

const plainOfExperiment = ({ abi, cpus, faults, finallyEntry, repeat, tasks, watches }: Experiment): Plain => [
  plainOf(cpus),
  plainOf(abi),
  tasks.map(({ argument, cpu, entry, name, stackBytes }): Plain => [entry, name, plainOf(cpu), argument, stackBytes]),
  watches.map(({ claim, end, name, option, other, start, strideBytes }): Plain => [name, start, end, claim, strideBytes, option, other]),
  plainOf(finallyEntry),
  plainOf(repeat),
  faults
]

const address = whole(0, TASK_SIZE)
const name = text(NAME_LENGTH_MAX)
const cpu = whole(0, CPU_MAX)
/** Of a symbol or a descriptor: whatever the file said, as long as a double holds it. */
const anyAddress = natural

const segment: Shape<Segment> = checked(
  tuple({ start: address, bytes, memoryBytes: whole(0, TASK_SIZE), protection: whole(0, 7) }),
  "a segment that ends in user space and holds its bytes",
  ({ bytes, memoryBytes, start }) => bytes.length <= memoryBytes && start + memoryBytes <= TASK_SIZE
)

const symbol: Shape<ProgramSymbol> = tuple({ name, at: anyAddress, sizeBytes: natural, kind: oneOf("function", "object", "other") })

const section: Shape<DescribedSection> = tuple({ descriptor: anyAddress, start: anyAddress, end: anyAddress, abort: anyAddress })

const task: Shape<TaskRequest> = tuple({ entry: address, name, cpu: optional(cpu), argument: word64, stackBytes: natural })

/** What it claims came later: an older one claims nothing. */
const watch: Shape<Watch> = tuple({
  name, start: address, end: address, claim: since(oneOf(...watchNames), "watch"), strideBytes: since(address, 0), option: since(text(OPTION_LENGTH_MAX), ""), other: since(address, 0)
})

const experiment: Shape<Experiment> = tuple({
  cpus: optional(list(cpu, 64)),
  abi: optional(name),
  tasks: list(task, programLimits.tasks.max),
  watches: list(watch, programLimits.watches.max),
  finallyEntry: optional(address),
  repeat: optional(natural),
  faults: since(list(oneOf(...faultNames), faultNames.length), [])
})

const program: Shape<Program> = tuple({
  name,
  segments: list(segment, programLimits.segments.max),
  symbols: list(symbol, programLimits.symbols.max),
  sections: list(section, programLimits["described sections"].max),
  entry: address,
  headers: optional(tuple({ at: address, sizeBytes: natural, count: natural })),
  experiment,
  end: address,
  text: since(optional(text(TEXT_LENGTH_MAX)), undefined)
})

/** The program a plain value is, or where it is none. Bytes of segments are those of the value, not copied. */
export const programOfPlain = (plain: Plain):
  { readonly _tag: "Shaped"; readonly value: Program } | { readonly _tag: "Misshapen"; readonly problem: Misshapen } =>
  shaped(program, plain, "program")
