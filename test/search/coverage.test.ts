import { describe, expect, it } from "vitest"
import { parseSchedule } from "../../src/log/schedule.ts"
import { tellLeniently } from "../../src/run/lenient.ts"
import { Coverage } from "../../src/search/coverage.ts"
import { defaultTargetOptions, makeTarget } from "../../src/search/target.ts"
import { exampleSpec } from "../support/examples.ts"

const target = makeTarget(exampleSpec("percpu-push.s"), defaultTargetOptions)
if ("_tag" in target) throw new Error(target.reason)

/** A run under `text`, as deciders go. */
const told = (text: string) => {
  const parsed = parseSchedule(text)
  if (parsed._tag !== "Parsed") throw new Error(text)
  return tellLeniently(target.spec.program, parsed.schedule, () => {})
}
const preempted = "1.1@35:preempt=1.2,1.2@21:preempt=1.1"

describe("what a run has shown", () => {
  it("is new once", () => {
    const coverage = new Coverage(target)
    coverage.perform(told(preempted))
    const [first, second] = [coverage.news(), coverage.news()]
    expect([first.length > 0, new Set(first).size, second]).toEqual([true, first.length, []])
    coverage.perform(told(preempted))
    expect(coverage.news()).toEqual([])
  })

  it("stays new as long as nobody asks: a run that fails teaches nothing", () => {
    const coverage = new Coverage(target)
    coverage.perform(told(preempted))
    coverage.perform(told(preempted))
    expect(coverage.news().length).toBeGreaterThan(0)
  })

  it("is what was performed here, and nothing else", () => {
    const coverage = new Coverage(target)
    target.trials.perform(told(preempted))
    expect(coverage.news()).toEqual([])
    coverage.perform(told("1.1@35:migrate=1"))
    const alone = coverage.news()
    const other = new Coverage(target)
    other.perform(told("1.1@35:migrate=1"))
    expect(other.news()).toEqual(alone)
  })

  it("names places by section and offset, arming included, and pages elsewhere", () => {
    const coverage = new Coverage(target)
    coverage.perform(told("1.1@35:preempt=1.2,1.2@21:preempt=1.1,1.1@61:preempt=kernel"))
    expect(coverage.news().join("\n")).toMatch(/0x[0-9a-f]+[+-][0-9]+ Preempted/)
  })
})
