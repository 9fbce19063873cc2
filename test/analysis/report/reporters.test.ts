/** Whatever strangers write, no report carries a control byte, a command or markup of theirs. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { reporters } from "../../../src/analysis/report/reporter/table.ts"
import type { ReportedFailure, SearchReport } from "../../../src/analysis/report/report.ts"

const weapons = ["\u001b]0;x\u0007", "</script>", "]]>", "<failure>", "::error::x", "\n::set-output name=a::b", "##[error]", "\u202e", "\u0000", "%0A", "\"'`", "\u009b31m"]
const hostile = fc.array(fc.oneof(fc.constantFrom(...weapons), fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 6 }).map((parts) => parts.join(""))

const failure = fc.record({
  message: hostile, placed: hostile, why: hostile, saved: hostile, rule: hostile, schedule: hostile,
  seen: fc.array(fc.record({ detector: fc.constant("two-commits"), severity: fc.constant("warning" as const), message: hostile, evidence: fc.constant([4]) }), { maxLength: 2 }),
  steps: fc.array(fc.record({ entry: fc.nat(), task: fc.constant("1.1"), text: hostile, isEssential: fc.boolean() }), { maxLength: 3 })
}).map((drawn): ReportedFailure => ({
  detector: "guest-failure", severity: "error", evidence: [1], run: 3, strategy: "random", deviationCount: 1, proof: "minimum", experiment: [{ name: "cpus", before: 2, after: 2 }, { name: "repeat", before: 3, after: 1 }], name: "fail-000000000000",
  commands: [["show", "rseqlab show x"]], ...drawn
}))
const report = fc.record({ program: hostile, seed: hostile, failures: fc.array(failure, { maxLength: 2 }), unsupported: fc.dictionary(hostile, fc.nat(), { maxKeys: 2 }) })
  .map((drawn): SearchReport => ({
    abis: ["mainline-6.12"], cpus: [0, 1], toolVersion: "0", from: 0, until: 9, runCountMax: 10, strategies: { random: 9 }, unendedCount: 0, ended: "tried",
    milliseconds: 5, failingRunCount: 1, ...drawn
  }))

describe.each(Object.values(reporters))("$name", ({ name, print }) => {
  it("prints no control byte but line ends, and ends its last line", () => {
    fc.assert(fc.property(report, (drawn) => {
      const text = print(drawn)
      expect(text).not.toMatch(/[^\P{Cc}\n]/u)
      expect(text.endsWith("\n")).toBe(true)
      if (name === "json" || name === "sarif") JSON.parse(text)
      if (name === "jsonl") for (const line of text.trimEnd().split("\n")) JSON.parse(line)
      if (name !== "default" && name !== "github") expect(text).not.toMatch(/<\/script>|<!--/)
      if (name === "junit") expect(text.match(/<failure/g)?.length ?? 0).toBe(drawn.failures.length)
      if (name === "github") expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("| ")).every((line) => line.startsWith("::error file="))).toBe(true)
    }), { numRuns: 300, seed: 20150611 })
  })
})
