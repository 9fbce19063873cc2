/**
 * One bug is one story: whichever seed comes to it, it is told by the same deviations, under the same name. RSEQLAB_STORY_SEEDS=6 takes
 * so many seeds.
 */
import { describe, expect, it } from "vitest"
import { specOf } from "../../src/run/start.ts"
import { searchedText } from "../../src/search/simplest.ts"
import { exhibitSpec } from "../museum/exhibit.ts"
import { museum } from "../museum/table.ts"
import { abisNamed, assembleText } from "../support/examples.ts"
import { firstHit, savedAndTold, searchTarget } from "../support/saved.ts"
import { caseText } from "./table.ts"

const RUN_MAX = 10_000
/** By default those that come by the longest ways. */
const seeds = process.env["RSEQLAB_STORY_SEEDS"] === undefined ? ["1", "6"] : Array.from({ length: Number(process.env["RSEQLAB_STORY_SEEDS"]) }, (_, index) => String(index + 1))
/** Where many tests run at once. */
const PATIENCE_MS = 240_000

const story = async (name: string, spec: ReturnType<typeof specOf>, seed: string) => {
  const target = searchTarget(spec, seed)
  const hit = firstHit(target, RUN_MAX)
  if (hit === undefined) throw new Error(`${name}, seed ${seed}: not found`)
  return (await savedAndTold(target, hit, caseText("12-waiters-flag-not-kept", true))).failure
}

describe("a free list that is found by an old number of the CPU", () => {
  const text = caseText("25-free-list-many-tellings")
  const spec = specOf(assembleText(text, "freelist.s"), abisNamed("mainline-6.12"))

  it.each(seeds)("is told by the same three deviations by seed %s, and first what names the mistake", async (seed) => {
    const { explanation, key, minimized, name, placed, searched } = await story("freelist", spec, seed)
    expect(placed).toBe("1.2@worker+0x26:migrate=1,1.1@loop+0x4:migrate=0,1.2@pop_start+0x14:turn=0")
    expect(key).toBe("guest-failure\n\n\nwrong-cpu-commit\npop_start\n")
    expect(name).toMatch(/^fail-/)
    expect(explanation?.sentence).toMatch(/^Task 1\.1, in the section at pop_start, stores on CPU 0 to freelist\+0x40, which it found by the number 1\. /)
    // There are too many pairs to try them all, so nobody says that there are none.
    expect([minimized.proof, searched.map(({ strategy }) => strategy)]).toEqual(["no subset fails", ["one-deviation"]])
  }, PATIENCE_MS)
})

describe("a minimum", () => {
  it("is said where every schedule of fewer deviations was tried, with the search that did", async () => {
    const exhibit = museum.find(({ name }) => name === "lock-not-rechecked")
    if (exhibit === undefined) throw new Error("there is none")
    const failure = await story(exhibit.name, exhibitSpec(exhibit, "bad"), "1")
    const { minimized: { deviations, proof }, target } = failure
    expect([deviations.length, proof]).toEqual([2, "minimum"])
    expect(searchedText(failure)).toBe(`none found, by all runs of one-deviation (${target.options.profile.offers.length})`)
  })
})
