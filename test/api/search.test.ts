/** Searching from a program: what is found, and what is said where there is nothing to find. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { bisect, explain, fuzz, loadProgram, minimize, printSchedule, type Program, record, replay } from "../../src/api/index.ts"

const example = (file: string): Program => loadProgram(readFileSync(new URL(`../../examples/${file}`, import.meta.url)), file)
const bad = example("percpu-push-bad.s")
const search = async () => {
  const { failures: [failure] } = await fuzz(bad, { runs: 2_000 })
  if (failure === undefined) throw new Error("nothing found")
  return failure
}
const once = search()
const found = () => once

describe("a search", () => {
  it("finds the same however often it is asked, as a recording that replays", async () => {
    const [one, two] = [await found(), await search()]
    expect(two.bytes).toEqual(one.bytes)
    expect([one.detector, one.proof, one.schedule.length]).toEqual(["guest-failure", "minimum", 1])
    expect((await replay(one.recording))._tag).toBe("Same")
  })

  it("finds nothing in the correct program, and says how many runs that took", async () => {
    const { failures, runCount, strategies } = await fuzz(example("percpu-push.s"), { runs: 300 })
    expect([failures, runCount]).toEqual([[], 300])
    expect(Object.values(strategies).reduce((sum, count) => sum + count, 0)).toBe(300)
  })

  it("is ended by its signal", async () => {
    const ending = new AbortController()
    const endless = fuzz(example("percpu-push.s"), { runs: 10_000_000, signal: ending.signal })
    setTimeout(() => ending.abort(), 50)
    await expect(endless).rejects.toThrow()
  })

  it("bisects by the finding as by a judge, with the same critical deviation", async () => {
    const { recording } = await found()
    const byFinding = await bisect(recording)
    const byJudge = await bisect(recording, { judge: async ({ outcome }) => (outcome._tag === "Exited" && outcome.status === 0 ? "passes" : "fails") })
    expect(byJudge).toEqual(byFinding)
    expect(byFinding.runCount).toBeLessThanOrEqual(32)
    expect(printSchedule(byFinding.passing)).toBe("")
    expect((await explain(recording)).critical).toBe(printSchedule(byFinding.failing))
  })

  it("takes a schedule's needless deviations away", async () => {
    const { schedule } = await found()
    const { recording } = await record(bad, { schedule: `${printSchedule(schedule)},1@5:preempt=kernel` })
    expect(recording.schedule.length).toBe(2)
    expect((await minimize(recording)).schedule.length).toBe(1)
  })
})

describe("a recording that cannot be searched", () => {
  it("shows no failure", async () => {
    const { recording } = await record(example("percpu-push.s"))
    await expect(minimize(recording)).rejects.toMatchObject({ _tag: "NothingFails" })
    await expect(explain(recording)).rejects.toMatchObject({ _tag: "NothingFails" })
  })

  it("has ends that the judge cannot tell apart", async () => {
    const { recording } = await found()
    await expect(bisect(recording, { judge: () => "fails" })).rejects.toMatchObject({ _tag: "NoPassingEnd" })
    await expect(bisect(recording, { judge: () => "passes" })).rejects.toMatchObject({ _tag: "EndsAlike" })
  })

  it("has a judge that throws: its error is what comes out", async () => {
    const { recording } = await found()
    await expect(bisect(recording, { judge: () => { throw new TypeError("no idea") } })).rejects.toThrow("no idea")
  })
})
