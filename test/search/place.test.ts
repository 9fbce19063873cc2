import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { printSchedule } from "../../src/log/schedule.ts"
import { loadProgram } from "../../src/program/load.ts"
import { specOf } from "../../src/run/start.ts"
import { deciders } from "../../src/search/fuzz.ts"
import { performPlaced } from "../../src/search/minimize.ts"
import { placed } from "../../src/search/place.ts"
import { defaultTargetOptions, makeTarget, searchPolicy, type Target } from "../../src/search/target.ts"
import { abisNamed, exampleSpec } from "../support/examples.ts"

const targetFor = (file: string): Target => {
  const spec = file.endsWith(".s") ? exampleSpec(file) : (() => {
    const loaded = loadProgram(readFileSync(new URL(`../fixtures/${file}`, import.meta.url)), file, {})
    if (loaded._tag !== "Loaded") throw new Error(loaded.message)
    return specOf(loaded.program, abisNamed("mainline-6.12"))
  })()
  const target = makeTarget(spec, defaultTargetOptions)
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

describe("a schedule by place", () => {
  it.each(["percpu-push-bad.s", "p2.s", "musl-threads.elf"])("of %s is the same run", (file) => {
    const target = targetFor(file)
    const deciderOf = deciders(target)
    const kinds = new Set<string>()
    for (let run = 1; run < 60; run++) {
      const { schedule } = target.trials.perform(deciderOf(run).decider)
      for (const { kind } of schedule) kinds.add(kind)
      const located = placed(target.trials, schedule)
      expect(located.length).toBe(schedule.length)
      // At the very count at which a turn ends by itself a place is met one visit later, after that end.
      if (schedule.some(({ count }) => count > 0 && count % searchPolicy.turnIcount === 0)) continue
      const again = performPlaced(target.trials, located)
      expect(printSchedule(again.schedule) === printSchedule(schedule), `run ${run}`).toBe(true)
    }
    // A task is placed before it is there: where it stands is for the question to say.
    if (file.endsWith(".elf")) expect(kinds).toContain("place")
  })
})
