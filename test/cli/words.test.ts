import { execFileSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import { shellWord, toJson } from "../../src/cli/say.ts"
import { countsOf } from "../../scripts/test-counts.ts"

describe("a word for a shell", () => {
  it.each(["plain-1.2@3:turn=1", "two words", "it's", "$(id)`id`", "a\u001b]0;x\u0007b", "back\\slash", "é\u202e", ""])("comes back as it was: %j", (word) => {
    const quoted = shellWord(word)
    assert.notMatch(quoted, /[\p{Cc}\p{Cf}]/u)
    assert.strictEqual(execFileSync("bash", ["-c", `printf %s ${quoted}`], { encoding: "utf8" }), word)
  })
})

describe("JSON for machines", () => {
  it("carries no control byte, and reads back the same", () => {
    const value = { text: "\u0000\u001b\u007f\u0085\u009f\u2028</script>" }
    assert.notMatch(toJson(value), /[\p{Cc}\p{Zl}]/u)
    assert.deepStrictEqual(JSON.parse(toJson(value)), value)
  })
  it("spells 64-bit words in hex", () => {
    assert.strictEqual(toJson({ word: 2n ** 63n }), "{\"word\":\"0x8000000000000000\"}")
  })
})

describe("counting tests", () => {
  const file = (status: string, ...tests: ReadonlyArray<string>) => ({ status, assertionResults: tests.map((one) => ({ status: one })) })
  const report = (...testResults: ReadonlyArray<ReturnType<typeof file>>): string => JSON.stringify({ testResults })

  it.each([
    ["what passed", report(file("passed", "passed", "passed")), 0, { passed: 2, failed: 0 }],
    ["what failed, and not what was left out", report(file("failed", "passed", "failed", "pending", "todo")), 1, { passed: 1, failed: 1 }],
    ["a file that did not load as one", report(file("passed", "passed"), file("failed")), 1, { passed: 1, failed: 1 }],
    ["a run that ended badly with nothing to show", report(file("passed", "passed")), 1, { passed: 1, failed: 1 }],
    ["no tests at all as a failure", report(), 0, { passed: 0, failed: 1 }],
    ["no report as a failure", undefined, 0, { passed: 0, failed: 1 }],
    ["a broken report as a failure", "{", 0, { passed: 0, failed: 1 }]
  ] as const)("counts %s", (_claim, text, status, expected) => {
    assert.deepStrictEqual(countsOf(text, status), expected)
  })
})
