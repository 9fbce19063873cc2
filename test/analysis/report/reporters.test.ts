/** Whatever strangers write, no report carries a control byte, a command or markup of theirs. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { reporters } from "../../../src/analysis/report/reporter/table.ts"
import type { ReportedFailure, SearchReport } from "../../../src/analysis/report/report.ts"

const weapons = ["\ud800", "\u001b]0;x\u0007", "</script>", "]]>", "<failure>", "::error::x", "\n::set-output name=a::b", "##[error]", "\u202e", "\u0000", "%0A", "\"'`", "\u009b31m"]
const hostile = fc.array(fc.oneof(fc.constantFrom(...weapons), fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 6 }).map((parts) => parts.join(""))

const failure = fc.record({
  said: fc.array(hostile, { maxLength: 2 }), lacking: fc.array(hostile, { maxLength: 2 }), message: hostile, placed: hostile, why: hostile, saved: hostile, rule: hostile, schedule: hostile,
  seen: fc.array(fc.record({ detector: fc.constant("two-commits"), severity: fc.constant("warning" as const), message: hostile, evidence: fc.constant([4]) }), { maxLength: 2 }),
  steps: fc.array(fc.record({ entry: fc.nat(), task: fc.constant("1.1"), text: hostile, isEssential: fc.boolean() }), { maxLength: 3 })
}).map((drawn): ReportedFailure => ({
  detector: "guest-failure", severity: "error", evidence: [1], run: 3, strategy: "random", deviationCount: 1, proof: "minimum", fewer: "none found, by all runs of one-deviation (3)", experiment: [{ name: "cpus", before: 2, after: 2 }, { name: "repeat", before: 3, after: 1 }], name: "fail-000000000000",
  commands: [["show", "rseqlab show x"]], ...drawn
}))
const report = fc.record({ lacking: fc.array(hostile, { maxLength: 2 }), program: hostile, seed: hostile, failures: fc.array(failure, { maxLength: 2 }), unsupported: fc.dictionary(hostile, fc.nat(), { maxKeys: 2 }), noted: fc.dictionary(hostile, fc.nat(), { maxKeys: 2 }),
  warned: fc.option(fc.record({
    watchedRunCount: fc.nat(),
    warnings: fc.array(fc.record({ detector: fc.constant("two-commits"), severity: fc.constant("warning" as const), message: hostile, runCount: fc.nat(), saved: fc.option(hostile, { nil: undefined }) }), { maxLength: 2 })
  }), { nil: undefined })
})
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

/** Reads XML as strictly as a parser must, as far as our documents go: elements, attributes, text, references. Throws at what is none. */
interface Element {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: Array<Element>
  text: string
}

const REFERENCE = /&(?:amp|lt|gt|quot|apos|#[0-9]+);/y
const ALLOWED = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u

const isText = (text: string): boolean => {
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", at + 1)) {
    REFERENCE.lastIndex = at
    if (!REFERENCE.test(text)) return false
  }
  return !text.includes("<") && !text.includes("]]>") && ALLOWED.test(text)
}

const readXml = (document: string): Element => {
  const root: Element = { name: "", attributes: new Map(), children: [], text: "" }
  const open = [root]
  const body = document.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "")
  expect(body).not.toBe(document)
  for (const [, text = "", tag] of body.matchAll(/([^<]*)(<[^<]*>)?/g)) {
    const [at] = open.slice(-1)
    if (at === undefined || !isText(tag === undefined ? text : text.replace(/>/g, ""))) throw new Error(`no text: ${JSON.stringify(text)}`)
    at.text += text
    if (tag === undefined) continue
    const closing = /^<\/([a-z-]+)>$/.exec(tag)
    if (closing !== null) {
      if (open.pop()?.name !== closing[1]) throw new Error(`not open: ${tag}`)
      continue
    }
    const opening = /^<([a-z-]+)((?: [a-z]+="[^"<]*")*)>/.exec(tag)
    if (opening === null) throw new Error(`no tag: ${tag}`)
    const attributes = new Map([...(opening[2] ?? "").matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value] as const))
    for (const value of attributes.values()) if (!isText(value)) throw new Error(`no attribute: ${value}`)
    const element: Element = { name: opening[1] ?? "", attributes, children: [], text: tag.slice(opening[0].length) }
    at.children.push(element)
    open.push(element)
  }
  expect(open).toHaveLength(1)
  return root
}

describe("junit", () => {
  it("is well-formed, counts its cases, and shows nothing that turns the writing direction", () => {
    fc.assert(fc.property(report, (drawn) => {
      const text = reporters.junit.print(drawn)
      const [suite, ...others] = readXml(text).children
      expect([suite?.name, others]).toEqual(["testsuite", []])
      expect(suite?.attributes.get("tests")).toBe(String(suite?.children.length))
      expect(suite?.attributes.get("failures")).toBe(String(drawn.failures.length))
      expect(Number(suite?.attributes.get("time"))).toBeGreaterThanOrEqual(0)
      for (const one of suite?.children ?? []) {
        expect([one.name, [...one.attributes.keys()]]).toEqual(["testcase", ["classname", "name"]])
        expect(one.children.map(({ name }) => name)).toEqual(drawn.failures.length > 0 ? ["failure"] : ["system-out"])
      }
      expect(text).not.toMatch(/\p{Cf}/u)
    }), { numRuns: 300, seed: 20150611 })
  })
})

/** What SARIF 2.1.0 requires of the objects we write, and what a property may hold: by the name under which they stand. */
type Shape = Readonly<Record<string, (value: unknown) => boolean>>
const isString = (value: unknown): boolean => typeof value === "string"
const oneOf = (...values: ReadonlyArray<string>) => (value: unknown): boolean => values.includes(String(value))
const filled = (shape: Shape) => (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(shaped(shape))
const listed = (shape: Shape) => (value: unknown): boolean => Array.isArray(value) && value.every(shaped(shape))
const maybe = (holds: (value: unknown) => boolean) => (value: unknown): boolean => value === undefined || holds(value)
const shaped = (shape: Shape) => (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  const fields = value as Readonly<Record<string, unknown>>
  return Object.entries(shape).every(([name, holds]) => holds(fields[name])) && Object.keys(fields).every((name) => Object.hasOwn(shape, name))
}
const message = shaped({ text: isString })
const isReference = (value: unknown): boolean => typeof value === "string" && /^(?:[A-Za-z0-9\-._~!'()*]|%[0-9A-F]{2})*$/.test(value)
const physical = shaped({ artifactLocation: shaped({ uri: isReference }) })
const sarifLog = shaped({
  $schema: isString,
  version: oneOf("2.1.0"),
  runs: filled({
    tool: shaped({ driver: shaped({ name: isString, version: isString, rules: listed({ id: isString, shortDescription: message }) }) }),
    properties: shaped({ seed: isString }),
    results: listed({
      ruleId: isString, level: oneOf("none", "note", "warning", "error"), message, locations: filled({ physicalLocation: physical }),
      partialFingerprints: (value) => typeof value === "object" && value !== null && Object.values(value).every(isString),
      codeFlows: maybe(filled({ threadFlows: filled({ id: isString, locations: filled({
        executionOrder: (value) => Number.isInteger(value) && Number(value) >= -1, importance: oneOf("important", "essential", "unimportant"),
        location: shaped({ physicalLocation: physical, message })
      }) }) })),
      properties: (value) => typeof value === "object" && value !== null
    })
  })
})

describe("sarif", () => {
  it("has the shape of a SARIF 2.1.0 log, and names each rule that a result names", () => {
    fc.assert(fc.property(report, (drawn) => {
      const log = JSON.parse(reporters.sarif.print(drawn)) as { readonly runs: ReadonlyArray<{ readonly tool: { readonly driver: { readonly rules: ReadonlyArray<{ readonly id: string }> } }; readonly results: ReadonlyArray<{ readonly ruleId: string }> }> }
      expect(sarifLog(log)).toBe(true)
      for (const { results, tool } of log.runs) for (const { ruleId } of results) expect(tool.driver.rules.map(({ id }) => id)).toContain(ruleId)
    }), { numRuns: 300, seed: 20150611 })
  })
})
