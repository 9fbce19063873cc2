import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { Deviation, Schedule } from "../../src/log/choice.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import { loadProgram } from "../../src/program/load.ts"
import { specOf } from "../../src/run/start.ts"
import { deciders } from "../../src/search/fuzz.ts"
import { performPlaced } from "../../src/search/minimize.ts"
import { placed } from "../../src/search/place.ts"
import type { QuietPolicy } from "../../src/log/version.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { abisNamed, exampleSpec } from "../support/examples.ts"

const targetFor = (file: string, quiet?: Partial<QuietPolicy>): Target => {
  const spec = file.endsWith(".s") ? exampleSpec(file) : (() => {
    const loaded = loadProgram(readFileSync(new URL(`../fixtures/${file}`, import.meta.url)), file, {})
    if (loaded._tag !== "Loaded") throw new Error(loaded.message)
    return specOf(loaded.program, abisNamed("mainline-6.12"))
  })()
  const limits = quiet === undefined ? spec.limits : { ...spec.limits, maxIcount: 5_000 }
  const target = makeTarget({ ...spec, limits, quiet: { ...spec.quiet, ...quiet } }, { ...defaultTargetOptions, isAsRecorded: quiet !== undefined })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

/** Runs of the portfolio told by place: what was taken in them. */
const toldByPlace = (target: Target, runCount: number): Schedule => {
  const deciderOf = deciders(target)
  const taken: Array<Deviation> = []
  for (let run = 1; run < runCount; run++) {
    const { schedule } = target.trials.perform(deciderOf(run).decider)
    taken.push(...schedule)
    const located = placed(target.trials, schedule)
    expect(located.length).toBe(schedule.length)
    const again = performPlaced(target.trials, located)
    expect(printSchedule(again.schedule), `run ${run}`).toBe(printSchedule(schedule))
  }
  return taken
}

describe("a schedule by place", () => {
  it.each(["percpu-push-bad.s", "p2.s", "musl-threads.elf"])("of %s is the same run", (file) => {
    const taken = toldByPlace(targetFor(file), 60)
    // A task is placed before it is there: where it stands is for the question to say.
    if (file.endsWith(".elf")) expect(taken.map(({ kind }) => kind)).toContain("place")
  })

  it.each([3, 8])("is the same run where turns end every %i instructions, and something befalls a task in place of an end", (turnIcount) => {
    const taken = toldByPlace(targetFor("percpu-push-bad.s", { turnIcount }), 40)
    expect(taken.filter(({ count, kind, nth }) => kind !== "place" && kind !== "pick" && nth === 0 && count > 0 && count % turnIcount === 0).length).toBeGreaterThan(3)
  })
})
