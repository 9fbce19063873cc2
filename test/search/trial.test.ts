/** What a trial sees: a run is watched only where something is found in it, and nobody hears of it twice. */
import { describe, expect, it } from "vitest"
import { detectors } from "../../src/analysis/detect/table.ts"
import type { EventTag } from "../../src/log/event.ts"
import { quietDecider } from "../../src/log/choice.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { fuzz, type Hit } from "../../src/search/fuzz.ts"
import { defaultTargetOptions, makeTarget, type Target, type TargetOptions } from "../../src/search/target.ts"
import { type Hearing, isFertile } from "../../src/search/trial.ts"
import { exhibitSpec } from "../museum/exhibit.ts"
import { exampleSpec } from "../support/examples.ts"

const targetOf = (name: string, options: Partial<TargetOptions> = {}): Target => {
  const target = makeTarget(exhibitSpec({ name, summary: "" }, "bad"), { ...defaultTargetOptions, ...options })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const hitOf = (target: Target): Hit => {
  for (const { hit } of fuzz(target, 2_000)) if (hit !== undefined) return hit
  throw new Error("nothing found")
}

describe("a trial", () => {
  it("says of a run that shows something what watching it from the first says", () => {
    const { trial: { schedule, ...shown } } = hitOf(targetOf("disarmed-early"))
    const watched = targetOf("disarmed-early", { isAlwaysWatched: true }).trials.perform(recorded(tell(schedule, () => {})))
    expect(shown.findings.map(({ detector }) => detector)).toEqual(["commit-after-preemption", "guest-failure"])
    expect(watched).toEqual({ ...shown, schedule })
  })

  it("keeps what it has shown when others are made: nothing, or something", () => {
    const target = targetOf("disarmed-early")
    const quiet = target.trials.perform(quietDecider)
    const { trial: { findings } } = hitOf(target)
    const shown = findings.map(({ detector }) => detector)
    target.trials.perform(quietDecider)
    expect([quiet.findings, findings.map(({ detector }) => detector)]).toEqual([[], shown])
  })

  it("watches from the first where it is told to: a call inside a section shows without a failure", () => {
    expect(targetOf("syscall-inside").quiet.findings).toEqual([])
    const { findings } = targetOf("syscall-inside", { isAlwaysWatched: true }).quiet
    expect(findings.map(({ detector }) => detector)).toContain("call-inside-section")
  })

  it("keeps what it found, which may be nothing, whatever the next one finds", () => {
    const target = targetOf("disarmed-early", { isAlwaysWatched: true })
    const { trial: { schedule } } = hitOf(target)
    const { findings } = target.trials.perform(quietDecider)
    expect(target.trials.perform(recorded(tell(schedule, () => {}))).findings).not.toEqual([])
    expect(findings).toEqual([])
  })

  it("does not watch a run that spins to its end without an abort, and breeds none from it", () => {
    const target = makeTarget(exampleSpec("percpu-pop.s"), defaultTargetOptions)
    if ("_tag" in target) throw new Error(target.reason)
    const spinning = [...fuzz(target, 60)].find(({ trial: { outcome } }) => outcome._tag === "OutOfBudget")?.trial
    if (spinning === undefined) throw new Error("one of them spins")
    const before = target.trials.spentIcount
    const again = target.trials.perform(recorded(tell(spinning.schedule, () => {})))
    expect(target.trials.spentIcount - before).toBe(again.icount)
    expect([isFertile(again), isFertile(target.quiet)]).toEqual([false, true])
  })

  it("watches a run that a detector suspects", () => {
    const { trial: { findings, outcome } } = hitOf(targetOf("syscall-inside", { detectors: [detectors.livelock] }))
    expect(outcome).toEqual({ _tag: "OutOfBudget", limit: "icount" })
    expect(findings.map(({ detector }) => detector)).toEqual(["livelock"])
  })

  it("keeps what it found, whatever a later one finds", () => {
    const target = targetOf("disarmed-early")
    const { trials } = target
    const { trial: { findings, schedule } } = hitOf(target)
    const quiet = trials.perform(quietDecider)
    trials.perform(recorded(tell(schedule, () => {})))
    expect([quiet.findings, target.quiet.findings, findings.length]).toEqual([[], [], 2])
  })

  it("is heard once, and by nobody when it is over", () => {
    const target = targetOf("disarmed-early")
    const { trial: { schedule } } = hitOf(target)
    const { trials } = target
    const heard: Array<EventTag> = []
    const kept: Array<unknown> = []
    const hearing: Hearing = {
      log: { append: (_now, _cpu, _task, _count, { _tag }) => void heard.push(_tag) },
      taken: (deviation) => void kept.push(deviation)
    }
    expect(trials.perform(recorded(tell(schedule, () => {})), hearing).findings).not.toEqual([])
    expect(heard.filter((tag) => tag === "Ended")).toHaveLength(1)
    expect(heard).not.toContain("SectionEntered")
    expect(kept).toEqual(schedule)
    trials.perform(recorded(tell(schedule, () => {})))
    expect(heard.filter((tag) => tag === "Ended")).toHaveLength(1)
    expect(kept).toEqual(schedule)
    trials.perform(quietDecider, hearing)
    expect(heard.filter((tag) => tag === "Ended")).toHaveLength(2)
  })
})
