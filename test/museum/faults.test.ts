/** What only faults show is found with them and not without; and what is right stays right, whatever is asked. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { defaultMenu, isFault, kindNames, type Menu } from "../../src/log/choice.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import { fuzz, type Hit } from "../../src/search/fuzz.ts"
import { minimize, sameFinding } from "../../src/search/minimize.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { specOf } from "../../src/run/start.ts"
import { abisNamed, assembleText } from "../support/examples.ts"
import type { Variant } from "./exhibit.ts"
import { exhibitSpec } from "./exhibit.ts"
import { type FaultExhibit, faultShelf } from "./faults.ts"

/** Runs within which a mistake is found, and that its twin and its own run without faults are given. */
const RUN_MAX = 2_000
const QUIET_RUN_COUNT = 300

const targetOf = (exhibit: FaultExhibit, variant: Variant, kinds: Menu["kinds"]): Target => {
  const { signals } = exhibit
  const target = makeTarget({ ...exhibitSpec(exhibit, variant), menu: { ...defaultMenu, kinds, signals } }, defaultTargetOptions)
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const firstHit = (target: Target, runCount: number): Hit | undefined => {
  for (const { hit } of fuzz(target, runCount)) if (hit !== undefined) return hit
  return undefined
}

const everything = new Set(kindNames)

describe.each(faultShelf)("$name: $summary", (exhibit) => {
  it("is found with faults, and minimized to the fault that shows it", () => {
    const target = targetOf(exhibit, "bad", everything)
    expect(target.quiet.outcome).toEqual({ _tag: "Exited", status: 0 })
    const hit = firstHit(target, RUN_MAX)
    if (hit === undefined) return expect.fail(`not in ${RUN_MAX} runs`)
    const minimizing = minimize(target.trials, hit.trial.schedule, sameFinding(hit.finding), 2_000)
    let step = minimizing.next()
    while (step.done !== true) step = minimizing.next()
    const schedule = step.value?.schedule ?? []
    expect(schedule.map(({ kind }) => kind).filter(isFault), printSchedule(schedule)).toEqual([exhibit.shownBy])
  })

  it.each([["without faults", "bad", defaultMenu.kinds], ["in its twin", "twin", everything]] as const)("is not found %s", (_, variant, kinds) => {
    const hit = firstHit(targetOf(exhibit, variant, kinds), QUIET_RUN_COUNT)
    expect(hit?.finding.message, hit && `run ${hit.run}: ${printSchedule(hit.trial.schedule)}`).toBeUndefined()
  })
})

it("a refusal that the program reports and ends for stops no campaign, and one that it ignores does", () => {
  const text = readFileSync(new URL("../../examples/page-refused.s", import.meta.url), "utf8")
  const noted = new Set<string>()
  const searched = (before: string): Hit | undefined => {
    const program = assembleText(`#: faults refuse\n${before}\n${text}`, "page-refused.s")
    const target = makeTarget(specOf(program, abisNamed("mainline-6.12")), defaultTargetOptions)
    if ("_tag" in target) throw new Error(target.reason)
    expect(target.spec.menu.kinds).toEqual(new Set([...defaultMenu.kinds, "refuse"]))
    for (const { hit, trial } of fuzz(target, 100)) {
      for (const { detector, severity } of trial.findings) noted.add(`${severity} ${detector}`)
      if (hit !== undefined) return hit
    }
    return undefined
  }
  expect(searched("")).toBe(undefined)
  expect([...noted]).toEqual(["note refusal-reported"])
  expect(searched(".set IGNORED, 1")?.finding).toMatchObject({ detector: "guest-failure", message: "SIGSEGV ended the program" })
})

it("the default menu has no faults on it", () => {
  expect([...defaultMenu.kinds]).toEqual(["turn", "preempt", "migrate", "signal", "pick", "place", "wake", "arrive", "clock", "pause", "split"])
})
