import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type Decider as Answers, type Deviation, quietDecider, type Schedule } from "../log/choice.ts"
import { parseSchedule, type PlacedDeviation, type TypedSchedule } from "../log/schedule.ts"
import type { DropReason } from "../log/telling.ts"
import type { Program } from "../program/program.ts"
import { tellLeniently } from "../run/lenient.ts"
import { type RunSpec, start } from "../run/start.ts"
import { sharedIn } from "../search/target.ts"
import { defaultStrategyOptions, isSteered, type Strategy, type StrategyDefinition, type StrategyOptions } from "../strategy/definition.ts"
import { profileOf } from "../strategy/offers.ts"
import { unheard } from "./unheard.ts"

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
export type SeededOptions = Partial<Omit<StrategyOptions, "sections" | "watches" | "profile">>

/** How many instructions a run under `decider` has, all tasks together. */
const icountOf = (spec: RunSpec, decider: Answers): number => {
  const run = start(spec, decider)
  if ("_tag" in run) return 0
  while (run.outcome === undefined) run.step()
  return run.kernel.now
}

/**
 * The strategy at work on a program, as searches have it: what tasks share steers beside what the program says to watch. What a
 * quiet run shows is looked at only by strategies that ask.
 */
export const strategyFor = (definition: StrategyDefinition, spec: RunSpec, options: SeededOptions = {}): Strategy => {
  const { experiment: { watches }, sections } = spec.program
  const steering = isSteered(definition.power) ? [...watches, ...sharedIn(spec)] : watches
  const told: StrategyOptions = { ...defaultStrategyOptions, ...options, sections, watches: steering }
  return definition.make({
    ...told,
    get profile() {
      return profileOf((decider) => icountOf(spec, decider), told)
    }
  })
}

/** The strategy as it would be typed, the seed apart. */
export const strategyText = ({ name }: StrategyDefinition, { everyBoundary, everyIcount, rates = {} }: SeededOptions): string =>
  [
    name,
    ...Object.entries(rates).map(([kind, oneIn]) => `--rate ${kind}=${oneIn === 0 ? "0" : `1/${oneIn}`}`),
    ...(everyIcount === undefined ? [] : [`--every-icount ${everyIcount}`]),
    ...(everyBoundary === true ? ["--every"] : [])
  ].join(" ")

/** Tells a schedule leniently: what cannot be taken is dropped and listed. `strategy`: where it comes from. */
export const telling = (schedule: TypedSchedule, program: Program, strategy = "schedule"): Deciding => {
  const dropped: Array<Dropped> = []
  const answers = tellLeniently(program, schedule, (deviation, reason) => void dropped.push({ deviation, reason }))
  const finish = (): ReadonlyArray<Dropped> => {
    answers.finish()
    return dropped
  }
  return { answers, strategy, seed: undefined, finish }
}

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
  readonly decide: (spec: RunSpec) => Effect.Effect<Deciding>
}>()("rseqlab/lab/Decider") {
  static readonly layerQuiet: Layer.Layer<Decider> = Layer.succeed(Decider, { decide: () => Effect.succeed(quietly) })

  /** Answers of one's own. Equal answers must follow from equal questions, or no replay meets them. */
  static readonly layerOf = (answers: Answers, strategy = "own"): Layer.Layer<Decider> =>
    Layer.succeed(Decider, { decide: () => Effect.succeed({ answers, strategy, seed: undefined, finish: nothingDropped }) })

  /** The first run of a strategy. */
  static readonly layerSeeded = (definition: StrategyDefinition, options: SeededOptions = {}): Layer.Layer<Decider> =>
    Layer.succeed(Decider, {
      decide: (spec) => unheard(() => {
        const answers = strategyFor(definition, spec, options).nextRun(0)
        if (answers === undefined) return quietly
        return { answers, strategy: strategyText(definition, options), seed: options.seed, finish: nothingDropped }
      })
    })

  /** The deviations of another run. `strategy`: who found them. */
  static readonly layerRecorded = (schedule: Schedule, strategy = "schedule"): Layer.Layer<Decider> =>
    Layer.succeed(Decider, { decide: ({ program }) => Effect.sync(() => telling(schedule, program, strategy)) })

  /** A schedule as text: `1.1@57:turn=1,1.2@push+0x12:preempt`. */
  static readonly layerScripted = (text: string): Layer.Layer<Decider, ScheduleMalformed> =>
    Layer.effect(Decider, Effect.map(readSchedule(text), (schedule) => ({ decide: ({ program }) => Effect.sync(() => telling(schedule, program)) })))
}
