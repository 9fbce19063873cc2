/**
 * What an experiment has a number of, and how to ask for less of it: tasks, CPUs, repetitions, arguments.
 *
 * A smaller experiment is one that could be written down: fewer `#: task`s, a shorter `--cpus`, another `#: repeat`. A program
 * reads no input, so there is none to shorten.
 */
import { type CpuId, parseTask, type TaskId, taskName } from "../base/ids.ts"
import { known } from "../base/assert.ts"
import { table } from "../base/table.ts"
import { assemble } from "../program/assemble/assemble.ts"
import type { Program, TaskRequest } from "../program/program.ts"
import { watchedAs } from "../program/watch.ts"
import type { RunSpec } from "../run/start.ts"
import { ddmin, halve } from "./ddmin.ts"

export interface Smaller {
  readonly spec: RunSpec
  /** What a task is called there; one that is gone, and all it would have created, has no name. */
  readonly taskThere: (task: TaskId) => TaskId | undefined
}

/** Asks about smaller experiments, boldest first; told whether each still fails. The last that does is the result. */
export type Shrinking = Generator<Smaller, void, boolean>

export interface Dimension {
  readonly name: string
  readonly sizeOf: (spec: RunSpec) => number
  readonly smaller: (spec: RunSpec) => Shrinking
}

const sameTask = (task: TaskId): TaskId => task

/** Fewer of `items`, as delta debugging goes about it. `make`: `undefined` where so few make no experiment. */
function* fewer<T>(items: ReadonlyArray<T>, make: (kept: ReadonlyArray<T>) => Smaller | undefined): Shrinking {
  const asking = ddmin(items)
  let step = asking.next()
  while (step.done !== true) {
    const smaller = make(step.value)
    step = asking.next(smaller !== undefined && (yield smaller))
  }
}

/** A smaller number: 1, 2, 4, … until one fails, then halving down to its neighbor. `make`: `undefined` for no experiment. */
function* lower(count: number, least: number, make: (count: number) => Smaller | undefined): Shrinking {
  function* fails(tried: number): Generator<Smaller, boolean, boolean> {
    const smaller = make(tried)
    return smaller !== undefined && (yield smaller)
  }
  let passing = least - 1
  let failing = count
  for (let tried = least; tried < count; tried = Math.max(1, tried * 2)) {
    if (yield* fails(tried)) {
      failing = tried
      break
    }
    passing = tried
  }
  const halving = halve(passing, failing)
  let step = halving.next()
  while (step.done !== true) step = halving.next(yield* fails(step.value))
}

const withTasks = (program: Program, tasks: ReadonlyArray<TaskRequest>): Program => ({ ...program, experiment: { ...program.experiment, tasks } })

/** Names after all but some of the `count` tasks that the first one starts are gone: those that are left are counted anew. */
const renaming = (kept: ReadonlyArray<number>, count: number): Smaller["taskThere"] => (task) => {
  const [first = "", ordinal, ...rest] = taskName(task).split(".")
  if (ordinal === undefined) return task
  const index = Number(ordinal) - 1
  const place = index < count ? kept.indexOf(index) : index - count + kept.length
  return place === -1 ? undefined : parseTask([first, place + 1, ...rest].join("."))
}

/** The places in `all` of those that are like `kept`, in order. `undefined`: one of `kept` is like none. */
const tasksLike = (all: ReadonlyArray<TaskRequest>, kept: ReadonlyArray<TaskRequest>): ReadonlyArray<number> | undefined => {
  const places: Array<number> = []
  for (const { argument, name } of kept) {
    const next = (places.at(-1) ?? -1) + 1
    const place = all.findIndex((one, index) => index >= next && one.name === name && one.argument === argument)
    if (place === -1) return undefined
    places.push(place)
  }
  return places
}

/** Who was to start on a CPU that is not among `cpus` starts on the first. */
const startedOn = (program: Program, cpus: ReadonlyArray<CpuId>): Program =>
  withTasks(program, program.experiment.tasks.map((task) => (task.cpu === undefined || cpus.includes(task.cpu) ? task : { ...task, cpu: cpus[0] })))

/** Today's build in the experiment of a recording: those tasks that were asked for then, if it still asks for them all, on those CPUs. */
export const inExperimentOf = (today: Program, { cpus, program }: RunSpec): Program => {
  const { experiment } = program
  const build = watchedAs(program, today)
  const { tasks } = build.experiment
  const places = tasksLike(tasks, experiment.tasks)
  const asked = places?.map((place, index) => ({ ...known(tasks[place], "it is there"), cpu: experiment.tasks[index]?.cpu }))
  return startedOn(asked === undefined || asked.length === 0 ? build : withTasks(build, asked), cpus)
}

const sameBytes = (a: Program, b: Program): boolean =>
  a.segments.length === b.segments.length && a.segments.every(({ bytes, start }, index) => {
    const other = b.segments[index]
    return other !== undefined && other.start === start && other.bytes.length === bytes.length && bytes.every((byte, at) => byte === other.bytes[at])
  })

const assembled = (text: string, { name }: Program, repeat: number): Program | undefined => {
  const assembly = assemble(text, name, { repeat })
  return assembly._tag === "Assembled" ? assembly.program : undefined
}

/** Makes the program with other numbers of repetitions, its tasks as they are now. A text that is not its own makes none. */
const repeating = (program: Program): ((count: number) => Program | undefined) => {
  const { experiment: { repeat, tasks }, text } = program
  const whole = text === undefined || repeat === undefined ? undefined : assembled(text, program, repeat)
  const places = whole !== undefined && sameBytes(whole, program) ? tasksLike(whole.experiment.tasks, tasks) : undefined
  if (text === undefined || places === undefined) return () => undefined
  return (count) => {
    const other = assembled(text, program, count)
    const asked = other === undefined ? [] : places.map((place) => other.experiment.tasks[place]).filter((one) => one !== undefined)
    if (other === undefined || asked.length < places.length) return undefined
    return withTasks(watchedAs(program, other), asked.map((request, index) => ({ ...request, cpu: tasks[index]?.cpu })))
  }
}

const tasks: Dimension = {
  name: "tasks",
  sizeOf: ({ program }) => program.experiment.tasks.length,
  smaller: function*(spec) {
    const { program } = spec
    const all = program.experiment.tasks
    yield* fewer([...all.keys()], (kept) => kept.length === 0 ? undefined : {
      spec: { ...spec, program: withTasks(program, kept.map((index) => known(all[index], "a task that was there"))) },
      taskThere: renaming(kept, all.length)
    })
  }
}

const cpus: Dimension = {
  name: "cpus",
  sizeOf: (spec) => spec.cpus.length,
  smaller: function*(spec) {
    yield* fewer(spec.cpus, (kept) =>
      kept.length === 0 ? undefined : { spec: { ...spec, cpus: kept, program: startedOn(spec.program, kept) }, taskThere: sameTask })
  }
}

const repeat: Dimension = {
  name: "repeat",
  sizeOf: ({ program }) => program.experiment.repeat ?? 0,
  smaller: function*(spec) {
    const make = repeating(spec.program)
    yield* lower(spec.program.experiment.repeat ?? 0, 1, (count) => {
      const program = make(count)
      return program && { spec: { ...spec, program }, taskThere: sameTask }
    })
  }
}

/** The program's own name is none of them. */
const argumentsOf = ({ argv }: RunSpec): ReadonlyArray<string> => argv.slice(1)
const withArguments = (spec: RunSpec, words: ReadonlyArray<string>): Smaller => ({ spec: { ...spec, argv: [...spec.argv.slice(0, 1), ...words] }, taskThere: sameTask })

const argumentCount: Dimension = {
  name: "arguments",
  sizeOf: (spec) => argumentsOf(spec).length,
  smaller: function*(spec) {
    const words = argumentsOf(spec)
    yield* fewer([...words.keys()], (kept) => withArguments(spec, kept.map((index) => known(words[index], "a word that was there"))))
  }
}

const argumentBytes: Dimension = {
  name: "argument bytes",
  sizeOf: (spec) => argumentsOf(spec).join("").length,
  smaller: function*(spec) {
    const words = [...argumentsOf(spec)]
    for (const [index, word] of words.entries()) {
      let made = word
      const asking = lower(word.length, 0, (length) => withArguments(spec, words.with(index, word.slice(0, length))))
      let step = asking.next()
      while (step.done !== true) {
        const fails: boolean = yield step.value
        if (fails) made = known(step.value.spec.argv[index + 1], "an argument that was there")
        step = asking.next(fails)
      }
      words[index] = made
    }
  }
}

/** In the order in which they are tried: a task that is gone may leave a CPU with nothing to do. */
export const dimensions = table(tasks, cpus, repeat, argumentCount, argumentBytes)
