import { describe, expect, it } from "vitest"
import { stream } from "../../src/base/prng.ts"
import { gap } from "../../src/strategy/gap.ts"

const DRAWS = 20_000

describe("a gap", () => {
  it.each([0.5, 0.1, 1 / 30, 1 / 400])("at a rate of %d is geometric: its mean, and its first values", (rate) => {
    const chance = stream("1", `gap/${rate}`)
    const counts = new Map<number, number>()
    let sum = 0
    for (let draw = 0; draw < DRAWS; draw++) {
      const passed = gap(chance, rate, 1_000_000)
      sum += passed
      counts.set(passed, (counts.get(passed) ?? 0) + 1)
    }
    // Five standard deviations of the mean of DRAWS geometric draws, and of a frequency.
    const mean = (1 - rate) / rate
    expect(Math.abs(sum / DRAWS - mean)).toBeLessThan(5 * Math.sqrt(1 - rate) / rate / Math.sqrt(DRAWS))
    for (const passed of [0, 1, 2]) {
      const expected = rate * (1 - rate) ** passed
      expect(Math.abs((counts.get(passed) ?? 0) / DRAWS - expected)).toBeLessThan(5 * Math.sqrt(expected / DRAWS))
    }
  })
  it("never comes at a rate of 0, and at once at a rate of 1", () => {
    const chance = stream("1", "gap/ends")
    expect(gap(chance, 0, 77)).toBe(78)
    for (let draw = 0; draw < 100; draw++) expect(gap(chance, 1, 77)).toBe(0)
  })
  it("says no more than that nothing comes as far as the caller cares", () => {
    const chance = stream("1", "gap/far")
    for (let draw = 0; draw < 100; draw++) expect(gap(chance, 1e-9, 5)).toBeGreaterThan(5)
  })
})
