/** What every strategy owes: the same answers to the same run, only answers there are, and runs that can be made alone. */
import { describe, expect, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { type Decider, type Deviation, kindNames, quietDecider, type Schedule } from "../../src/log/choice.ts"
import { start } from "../../src/run/start.ts"
import type { StrategyDefinition, StrategyOptions } from "../../src/strategy/definition.ts"
import { defaultStrategyOptions } from "../../src/strategy/definition.ts"
import { profileOf } from "../../src/strategy/offers.ts"
import { strategies } from "../../src/strategy/table.ts"
import { exampleSpec } from "../support/examples.ts"

const FILES = ["percpu-counter.s", "futex-ping-pong.s", "p2.s", "plain-increment.s"]
/** Where everything is asked, faults included. */
const WITH_FAULTS = "plain-increment.s"
const SEEDS = ["1", "2", "three"]
const RUN_COUNT = 8

/** Each program booted once. */
const booted = new Map(FILES.map((file) => {
  const spec = exampleSpec(file)
  const quiet = { ...spec.quiet, turnIcount: 8, sliceIcount: 32 } // stretches are short: their ends are met often
  const menu = file === WITH_FAULTS ? { ...spec.menu, kinds: new Set(kindNames) } : spec.menu
  const run = start({ ...spec, menu, quiet, limits: { ...spec.limits, maxIcount: 200_000 } }, quietDecider)
  if ("_tag" in run) throw new Error(run.reason)
  return [file, { run, boot: run.snapshot() }]
}))

/** Runs to the end under `decider`, with `hold` looking at each answer. */
const performed = (file: string, decider: Decider, hold = (answers: Decider): Decider => answers): { readonly schedule: Schedule; readonly icount: number } => {
  const { boot, run } = known(booted.get(file), "each file is booted")
  const schedule: Array<Deviation> = []
  run.restore(boot)
  run.kernel.decider = hold(decider)
  const unheard = run.kernel.hearTaken((deviation) => void schedule.push(deviation))
  while (run.outcome === undefined) run.step()
  unheard()
  return { schedule, icount: run.kernel.now }
}

/** The same whatever the seed: one quiet run tells it. */
const profiled = new Map(FILES.map((file) => {
  const { program: { experiment, sections } } = exampleSpec(file)
  const options = { ...defaultStrategyOptions, sections, watches: experiment.watches }
  return [file, { ...options, profile: profileOf((decider) => performed(file, decider).icount, options) }]
}))
const optionsFor = (file: string, seed: string): StrategyOptions => ({ ...(profiled.get(file) ?? defaultStrategyOptions), seed })

/** The decider with a judge before it. */
const held = (decider: Decider): Decider => ({
  ...decider,
  get marks() { return decider.marks },
  interrupt: (stretch) => {
    const answer = decider.interrupt(stretch)
    if (answer === "nothing" || answer === "halt") return answer
    const { at, kind, option } = answer
    if (!(Number.isInteger(at) && stretch.from <= at && at <= stretch.until && stretch.options(kind, at).includes(option))) {
      expect.fail(`${kind}=${option} at ${at}, in a stretch from ${stretch.from} to ${stretch.until} that offers ${stretch.options(kind, at).join(" ")}`)
    }
    return answer
  },
  choose: (question) => {
    const answer = decider.choose(question)
    if (!question.options.includes(answer)) expect.fail(`${question.kind} answered ${answer}, not one of ${question.options.join(" ")}`)
    return answer
  }
})

const schedulesOf = (definition: StrategyDefinition, file: string, seed: string, hold?: (decider: Decider) => Decider): ReadonlyArray<Schedule | undefined> => {
  const strategy = definition.make(optionsFor(file, seed))
  return Array.from({ length: RUN_COUNT }, (_, run) => {
    const decider = strategy.nextRun(run)
    return decider === undefined ? undefined : performed(file, decider, hold).schedule
  })
}

describe.each(Object.values<StrategyDefinition>(strategies))("strategy $name", (definition) => {
  it.each(FILES.flatMap((file) => SEEDS.map((seed) => [file, seed] as const)))("takes only options there are, inside their stretch (%s, seed %s)", (file, seed) => {
    schedulesOf(definition, file, seed, held)
  })
  it.each(FILES)("answers the same run the same way (%s)", (file) => {
    expect(schedulesOf(definition, file, "7")).toEqual(schedulesOf(definition, file, "7"))
  })
  it.each(FILES)("makes a run without the runs before it (%s)", (file) => {
    const alone = definition.make(optionsFor(file, "7")).nextRun(RUN_COUNT - 1)
    expect(alone === undefined ? undefined : performed(file, alone).schedule).toEqual(schedulesOf(definition, file, "7")[RUN_COUNT - 1])
  })
  it("says what it does and where that is written down", () => {
    expect(definition.summary).not.toBe("")
    expect(definition.source).not.toBe("")
  })
})

it("the quiet strategy deviates nowhere", () => {
  for (const file of FILES) expect(performed(file, quietDecider).schedule).toEqual([])
})
