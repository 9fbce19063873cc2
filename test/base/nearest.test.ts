import { assert, describe, it } from "vitest"
import { nearest } from "../../src/base/nearest.ts"

describe("nearest", () => {
  it.each([
    ["rnu", ["replay", "run"], "run"],
    ["mainline-6.21", ["mainline-6.1", "mainline-6.12", "mainline-6.18"], "mainline-6.12"],
    ["Quiet", ["quiet", "random"], "quiet"],
    ["xyz", ["run", "show"], undefined],
    ["", ["run"], undefined],
    ["x".repeat(10_000), ["x"], undefined]
  ] as const)("finds what %j may have meant", (typed, names, expected) => {
    assert.strictEqual(nearest(typed, names), expected)
  })
})
