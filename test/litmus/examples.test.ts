/**
 * Each example has exactly the outcomes its first lines promise: all are reached, no other is, under every single deviation
 * at every boundary, a sample of pairs, and chance.
 */
import { describe, expect, it } from "vitest"
import { quietDecider } from "../../src/log/choice.ts"
import type { Outcome } from "../../src/log/outcome.ts"
import { start } from "../../src/run/start.ts"
import { Trials } from "../../src/search/trial.ts"
import { searchPolicy } from "../../src/search/target.ts"
import { defaultStrategyOptions, type StrategyDefinition } from "../../src/strategy/definition.ts"
import { profileOf } from "../../src/strategy/offers.ts"
import { strategies } from "../../src/strategy/table.ts"
import { exampleNames, exampleSpec } from "../support/examples.ts"

const outcomes: Readonly<Record<string, ReadonlyArray<string>>> = {
  "commit-sequence.s": ["status 0"],
  "commit-sequence-bad.s": ["status 0", "status 1"],
  "commit-sequence-mainline.s": ["status 0"],
  "commit-sequence-mainline-bad.s": ["status 0", "status 1"],
  "futex-ping-pong.s": ["status 0"],
  "migrate-before-commit.s": ["status 0"],
  "p1.s": ["status 0", "status 1"],
  "p2.s": ["status 0", "status 1"],
  "p3.s": ["status 0", "status 1"],
  "page-refused.s": ["status 0"],
  "percpu-counter.s": ["status 0"],
  "percpu-opv-fallback.s": ["status 0"],
  "percpu-pop.s": ["status 0"],
  "percpu-push.s": ["status 0"],
  "percpu-push-bad.s": ["status 0", "status 1"],
  "publish.s": ["status 0"],
  "publish-bad.s": ["status 0"],
  "plain-increment.s": ["status 0", "status 1"],
  "reorder.s": ["status 0", "status 1"],
  "signal-in-section.s": ["status 0"],
  "spin-lock.s": ["status 0"],
  "wait-not-repeated.s": ["status 0"]
}

const textOf = (outcome: Outcome): string => (outcome._tag === "Exited" ? `status ${outcome.status}` : outcome._tag)

/** Of what can be tried whole as much as that takes, of all others a sample. */
const runCountOf = ({ power, turns }: StrategyDefinition): number => (turns.length === 0 ? 0 : power._tag === "Enumerates" && power.deviationCount === 1 ? 1_500 : 200)
/** A schedule that makes somebody spin for slices ends here, without an outcome of the guest's. */
const ICOUNT_MAX = 40_000

describe("outcomes", () => {
  it("are written down for every example", () => {
    expect(Object.keys(outcomes).sort()).toEqual(exampleNames)
  })

  it.each(exampleNames)("%s", (file) => {
    const spec = exampleSpec(file)
    const run = start({ ...spec, quiet: searchPolicy, limits: { ...spec.limits, maxIcount: ICOUNT_MAX } }, quietDecider)
    if ("_tag" in run) throw new Error(run.reason)
    const trials = new Trials(run, { detectors: [], forkAtNow: 0 })
    const { experiment, sections } = spec.program
    const options = { ...defaultStrategyOptions, seed: file, sections, watches: experiment.watches, everyBoundary: true }
    const made = { ...options, profile: profileOf((decider) => trials.perform(decider).icount, options) }
    const seen = new Map<string, string>()
    for (const definition of Object.values<StrategyDefinition>(strategies)) {
      const { name } = definition
      const strategy = definition.make(made)
      for (let index = 0; index < runCountOf(definition); index++) {
        const decider = strategy.nextRun(index)
        if (decider === undefined) break
        const { outcome } = trials.perform(decider)
        if (outcome._tag !== "OutOfBudget") seen.set(textOf(outcome), `${name} run ${index}`)
      }
    }
    expect([...seen.keys()].sort(), JSON.stringify([...seen])).toEqual(outcomes[file])
  })
})
