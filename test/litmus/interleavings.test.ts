import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { AddressRange } from "../../src/base/ids.ts"
import { accessMarks } from "../../src/strategy/stepwise.ts"
import { parseAbis } from "../../src/kernel/abi/table.ts"
import { quietDecider } from "../../src/log/choice.ts"
import { assemble } from "../../src/program/assemble/assemble.ts"
import { specOf, start } from "../../src/run/start.ts"
import { enumerate, standAtFirstMarks } from "../support/enumerate.ts"

const exhaust = (file: string, repeat: number, taskCount: number) => {
  const assembly = assemble(readFileSync(new URL(`../../examples/${file}`, import.meta.url), "utf8"), file, { repeat })
  if (assembly._tag === "AssemblyFailed") throw new Error(JSON.stringify(assembly.error))
  const { program } = assembly
  const none = parseAbis("none")
  if (none._tag === "Refused") throw new Error(none.message)
  const spec = specOf(program, none.abis)
  const run = start({ ...spec, quiet: { ...spec.quiet, turnIcount: 0, sliceIcount: 0 } }, quietDecider)
  if ("_tag" in run) throw new Error(run.reason)
  const ranges: ReadonlyArray<AddressRange> = program.experiment.watches
  const marks = accessMarks(ranges)
  const outcomes = new Map<string, number>()
  const count = enumerate(run, standAtFirstMarks(run, marks, taskCount), marks, ({ outcome }) => {
    const text = outcome === undefined ? "none" : outcome._tag === "Exited" ? `status ${outcome.status}` : outcome._tag
    outcomes.set(text, (outcomes.get(text) ?? 0) + 1)
  })
  return { count, outcomes: Object.fromEntries(outcomes) }
}

describe("interleavings of marked accesses", () => {
  it.each([
    ["p1.s", 1, 6], ["p1.s", 2, 70], ["p1.s", 3, 924],
    ["p2.s", 1, 220], ["p3.s", 5, 3432], ["reorder.s", 2, 90]
  ] as const)("%s with %i steps has %i", (file, repeat, expected) => {
    const { count, outcomes } = exhaust(file, repeat, file === "reorder.s" ? repeat + 1 : 2)
    console.log(file, repeat, count, outcomes)
    expect(count).toBe(expected)
  })
})
