import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Address } from "../base/ids.ts"
import { type Decider as Answers, type Deviation, quietDecider, type Schedule } from "../log/choice.ts"
import { type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { isPlaced, parseSchedule, type PlacedDeviation, type TypedSchedule } from "../log/schedule.ts"
import { type DropReason, recorded, tell } from "../log/telling.ts"
import type { Program } from "../program/program.ts"
import type { RunSpec } from "../run/start.ts"
import { defaultStrategyOptions, type Strategy, type StrategyDefinition, type StrategyOptions } from "../strategy/definition.ts"
import { didYouMean } from "./nearest.ts"

export class ScheduleMalformed extends Schema.TaggedError<ScheduleMalformed>()("ScheduleMalformed", {
  /** Counted in characters from 1. */
  column: Schema.Int,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `the schedule: at character ${this.column}: expected ${this.expected}, found ${JSON.stringify(this.found)}; such as 1.1@57:turn=1,1.2@31:preempt`
  }
}

export class PlaceUnknown extends Schema.TaggedError<PlaceUnknown>()("PlaceUnknown", {
  symbol: Schema.String,
  hint: Schema.String
}) {
  override get message(): string {
    return `the schedule names a place from ${this.symbol}, and the program has no such symbol${this.hint}`
  }
}

/** A deviation that was not taken, and why. */
export interface Dropped {
  readonly deviation: Deviation | PlacedDeviation
  readonly reason: DropReason
}

/** Somebody who answers one run. */
export interface Deciding {
  readonly answers: Answers
  /** What decides, for people: `random`, `schedule`. */
  readonly strategy: string
  readonly seed: string | undefined
  /** The run is over: what was to be told and could not be. */
  readonly finish: () => ReadonlyArray<Dropped>
}

const nothingDropped = (): ReadonlyArray<Dropped> => []
const quietly: Deciding = { answers: quietDecider, strategy: "quiet", seed: undefined, finish: nothingDropped }

/** What a strategy is told besides what it can see in the program. */
export type SeededOptions = Partial<Omit<StrategyOptions, "sections" | "watches">>

/** The strategy at work on a program: one decider after another, until there is nothing left to try. */
export const strategyFor = (definition: StrategyDefinition, spec: RunSpec, options: SeededOptions = {}): Strategy =>
  definition.make({ ...defaultStrategyOptions, ...options, sections: spec.program.sections, watches: spec.program.experiment.watches })

const addressOf = ({ place }: PlacedDeviation, program: Program): Address | undefined =>
  place.symbol === undefined ? place.offset : symbolAddress(program, place.symbol, place.offset)
const symbolAddress = ({ symbols }: Program, name: string, offset: number): Address | undefined => {
  const symbol = symbols.find((one) => one.name === name)
  return symbol === undefined ? undefined : symbol.at + offset
}

const located = (schedule: TypedSchedule, program: Program): Effect.Effect<ReadonlyArray<LocatedDeviation>, PlaceUnknown> =>
  Effect.forEach(schedule.filter(isPlaced), (deviation) => {
    const address = addressOf(deviation, program)
    if (address !== undefined) return Effect.succeed({ deviation, address })
    const symbol = deviation.place.symbol ?? ""
    return Effect.fail(new PlaceUnknown({ symbol, hint: didYouMean(symbol, program.symbols.map(({ name }) => name)) }))
  })

/** Tells a schedule leniently: what cannot be taken is dropped and listed. */
export const telling = (schedule: TypedSchedule, program: Program): Effect.Effect<Deciding, PlaceUnknown> =>
  Effect.map(located(schedule, program), (placed) => {
    const dropped: Array<Dropped> = []
    const drop = (deviation: Deviation | PlacedDeviation, reason: DropReason): void => void dropped.push({ deviation, reason })
    const told = { strategy: "schedule", seed: undefined }
    if (placed.length > 0) {
      const answers = tellTyped(schedule, placed, drop)
      return { ...told, answers, finish: () => (answers.finish(), dropped) }
    }
    const counted = tell(schedule.filter((deviation): deviation is Deviation => !isPlaced(deviation)), drop)
    return { ...told, answers: recorded(counted), finish: () => (counted.finish(), dropped) }
  })

/** A schedule as people type it. */
export const readSchedule = (text: string): Effect.Effect<TypedSchedule, ScheduleMalformed> =>
  Effect.suspend(() => {
    const parsed = parseSchedule(text)
    if (parsed._tag === "Parsed") return Effect.succeed(parsed.schedule)
    const { column, expected, found } = parsed
    return Effect.fail(new ScheduleMalformed({ column, expected, found }))
  })

/** Who answers a run. Another layer is another run of the same program. */
export class Decider extends Context.Service<Decider, {
  readonly decide: (spec: RunSpec) => Effect.Effect<Deciding, PlaceUnknown>
}>()("rseqlab/lab/Decider") {
  static readonly layerQuiet: Layer.Layer<Decider> = Layer.succeed(Decider, { decide: () => Effect.succeed(quietly) })

  /** The first run of a strategy. */
  static readonly layerSeeded = (definition: StrategyDefinition, options: SeededOptions = {}): Layer.Layer<Decider> =>
    Layer.succeed(Decider, {
      decide: (spec) => Effect.sync(() => {
        const answers = strategyFor(definition, spec, options).nextRun(0)
        const seed = options.seed ?? defaultStrategyOptions.seed
        return answers === undefined ? quietly : { answers, strategy: definition.name, seed, finish: nothingDropped }
      })
    })

  /** The deviations of another run. */
  static readonly layerRecorded = (schedule: Schedule): Layer.Layer<Decider> =>
    Layer.succeed(Decider, { decide: ({ program }) => telling(schedule, program) })

  /** A schedule as text: `1.1@57:turn=1,1.2@push+0x12:preempt`. */
  static readonly layerScripted = (text: string): Layer.Layer<Decider, ScheduleMalformed> =>
    Layer.effect(Decider, Effect.map(readSchedule(text), (schedule) => ({ decide: ({ program }) => telling(schedule, program) })))
}
