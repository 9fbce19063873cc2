/** From flags to the layers of an experiment. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { SCHEDULE_TEXT_LENGTH_MAX } from "../log/limits.ts"
import { isSameFile, readWhole } from "../host/files.ts"
import { Decider, type SeededOptions, strategyFor, strategyText } from "../lab/decider.ts"
import { EventLog } from "../lab/event-log.ts"
import { defaultSeed, Kernel, type KernelOptions } from "../lab/kernel.ts"
import { ProgramStore } from "../lab/program-store.ts"
import { tryStrategy } from "../lab/try-strategy.ts"
import { unheard } from "../lab/unheard.ts"
import type { RunSpec } from "../run/start.ts"
import { sharedIn } from "../search/target.ts"
import { isSeeded, isSteered, isStepwise, type Power, type StrategyDefinition } from "../strategy/definition.ts"
import { strategies, strategyWith } from "../strategy/table.ts"
import { Surroundings } from "./color.ts"
import { seed as seedText } from "./flags.ts"
import type { LimitFlags, RunFlags } from "./run-flags.ts"
import { say } from "./say.ts"
import { sayShared } from "./say-shared.ts"

type Program = RunSpec["program"]

/** A command line whose parts are right and do not go together. */
export class CommandLineRefused extends Schema.TaggedError<CommandLineRefused>()("CommandLineRefused", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

const refuse = (problem: string): Effect.Effect<never, CommandLineRefused> => Effect.fail(new CommandLineRefused({ problem }))

export const loadProgram = ({ program, repeat }: RunFlags) => ProgramStore.use((store) => store.load(program, { repeat }))

/** `NAME=value` of the variables named; one that is not set is said and left out. */
const environmentFor = ({ env: names }: RunFlags) =>
  Effect.gen(function*() {
    const { env } = yield* Surroundings
    const pairs: Array<string> = []
    for (const name of new Set(names)) {
      const value = env[name]
      if (value === undefined) yield* say(`${name} is not set, so the program does not see it`)
      else pairs.push(`${name}=${value}`)
    }
    return pairs
  })

const seedFor = ({ seed }: RunFlags) =>
  Effect.gen(function*() {
    const { env } = yield* Surroundings
    const fromEnv = env["RSEQLAB_SEED"]
    if (seed !== undefined || fromEnv === undefined || fromEnv === "") return seed
    return seedText.parse(fromEnv) ?? (yield* refuse(`RSEQLAB_SEED expects ${seedText.expected}`))
  })

/** The limits that are named. */
export const limitsFor = ({ maxIcount, maxMemory, maxTasks }: LimitFlags): Partial<RunSpec["limits"]> => ({
  ...(maxIcount === undefined ? {} : { maxIcount }),
  ...(maxMemory === undefined ? {} : { maxMemoryBytes: maxMemory }),
  ...(maxTasks === undefined ? {} : { maxTasks })
})

const kernelOptions = (flags: RunFlags, seed: string | undefined, env: ReadonlyArray<string>): KernelOptions => {
  const { abi, cpus, guestArguments, menu, signals } = flags
  return {
    cpus, abi, seed, env, arguments: guestArguments,
    menu: { ...(menu === undefined ? {} : { kinds: new Set(menu) }), ...(signals === undefined ? {} : { signals }) },
    limits: limitsFor(flags)
  }
}

const seededOptions = ({ every, everyIcount, rate }: RunFlags, seed: string | undefined): SeededOptions => ({
  ...(seed === undefined ? {} : { seed }),
  ...(rate.length === 0 ? {} : { rates: Object.fromEntries(rate.map(({ kind, oneIn }) => [kind, oneIn])) }),
  ...(everyIcount === undefined ? {} : { everyIcount }),
  ...(every ? { everyBoundary: true } : {})
})

/** The text of `--schedule`, from the command line or from a file. */
export const scheduleText = (typed: string): Effect.Effect<string, CommandLineRefused> =>
  Effect.suspend(() => {
    if (!typed.startsWith("@")) return Effect.succeed(typed)
    const file = typed.slice(1)
    const read = readWhole(file, SCHEDULE_TEXT_LENGTH_MAX)
    return read._tag === "Read" ? Effect.succeed(new TextDecoder().decode(read.bytes))
      : refuse(`--schedule @${file}: ${read._tag === "Missing" ? "there is no such file" : read.why}; name a file that holds a schedule's text`)
  })

/** Of those that enumerate all runs are tried, and the first that fails is the one shown, or else the quiet one. */
const RUN_COUNT_MAX = 1_000_000

/** Flags for what some strategies can be told. Alone, each means the first strategy that heeds it. */
const toldBy = ({ every, everyIcount, rate }: RunFlags): ReadonlyArray<{ readonly flag: string; readonly isGiven: boolean; readonly power: Power["_tag"] }> => [
  { flag: "--rate", isGiven: rate.length > 0, power: "Chances" },
  { flag: "--every-icount", isGiven: everyIcount !== undefined, power: "Rotates" },
  { flag: "--every", isGiven: every, power: "Enumerates" }
]

/** What steers a strategy, where nobody has named it; and where there is nothing to steer it. */
const saySteering = (definition: StrategyDefinition, program: Program) =>
  Effect.gen(function*() {
    const spec = yield* (yield* Kernel).specOf(program)
    const shared = yield* unheard(() => sharedIn(spec))
    yield* sayShared(program, shared, false)
    if (isStepwise(definition.power) && shared.length + program.experiment.watches.length === 0) {
      yield* say(`${definition.name} deviates at watched accesses: nothing is watched, and tasks share nothing in a quiet run, so this is the quiet run`)
    }
  })

const searched = (program: Program, definition: StrategyDefinition, options: SeededOptions) =>
  Effect.gen(function*() {
    const spec = yield* (yield* Kernel).specOf(program)
    const strategy = yield* unheard(() => strategyFor(definition, spec, options))
    const { found, runCount } = yield* tryStrategy(spec, strategy, RUN_COUNT_MAX)
    yield* say(found === undefined
      ? `${definition.name}: ${runCount} runs of ${escapeTerminal(program.name)}, none fails; the quiet one is shown`
      : `${definition.name}: run ${found.runIndex} of ${escapeTerminal(program.name)} fails and is shown`)
    return Decider.layerRecorded(found?.trial.schedule ?? [], strategyText(definition, options))
  })

const deciderFor = (flags: RunFlags, seed: string | undefined, program: Program) =>
  Effect.gen(function*() {
    const { schedule, strategy } = flags
    if (schedule !== undefined) {
      if (strategy !== undefined) return yield* refuse("--schedule and --strategy both decide; name one of them")
      return Decider.layerScripted(yield* scheduleText(schedule))
    }
    const told = toldBy(flags).filter(({ isGiven }) => isGiven)
    const name = strategy ?? (seed !== undefined ? strategyWith("Chances") : strategyWith(told[0]?.power ?? "Nothing"))
    const definition: StrategyDefinition = strategies[name]
    const odd = told.find(({ power }) => power !== definition.power._tag)
    if (odd !== undefined) return yield* refuse(`${odd.flag} is for --strategy ${strategyWith(odd.power)}, not for ${name}`)
    const options = seededOptions(flags, seed ?? (isSeeded(definition.power) ? defaultSeed : undefined))
    if (isSteered(definition.power)) yield* saySteering(definition, program)
    return definition.power._tag === "Enumerates" ? yield* searched(program, definition, options) : Decider.layerSeeded(definition, options)
  })

const logFor = ({ force, jsonl, keep, program, record, schedule }: RunFlags) =>
  Effect.gen(function*() {
    if (record === undefined) {
      if (force) return yield* refuse("--force is for --record FILE, and no file is named")
      if (keep !== undefined) return yield* refuse("--keep is for --record FILE, and no file is named")
      return jsonl ? EventLog.layerObserving : EventLog.layerNone
    }
    if (record === "") return yield* refuse("--record expects the name of a file")
    if (isSameFile(record, program)) return yield* refuse("--record would replace the program itself; choose another name")
    if (schedule?.startsWith("@") === true && isSameFile(record, schedule.slice(1))) return yield* refuse("--record would replace the schedule that is told; choose another name")
    return EventLog.layerRecording(record, { mayReplace: force, ...(keep === undefined ? {} : { keep }) })
  })

/** What the flags make of kernel, decider and log. */
export const layersFor = (flags: RunFlags, program: Program) =>
  Effect.gen(function*() {
    if (flags.json && flags.jsonl) return yield* refuse("--json and --jsonl both take standard output; name one of them")
    const seed = yield* seedFor(flags)
    const kernel = Kernel.layer(kernelOptions(flags, seed, yield* environmentFor(flags)))
    const log = yield* logFor(flags)
    const decider = yield* deciderFor(flags, seed, program).pipe(Effect.provide(kernel))
    return Layer.mergeAll(kernel, decider, log)
  })
