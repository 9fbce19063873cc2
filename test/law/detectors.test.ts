/** What every detector owes: it fires on its canary, keeps silent on what is nearly the same, and says what proves it. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { detect, Detection } from "../../src/analysis/detect/definition.ts"
import { detectors } from "../../src/analysis/detect/table.ts"
import type { Entry } from "../../src/log/event.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { canaries } from "../analysis/detect/canaries.ts"

const recordings = new URL("../../recordings/", import.meta.url)
const entriesOf = (file: URL): Iterable<Entry> => {
  const read = readRecording(readFileSync(file))
  if (read._tag === "Unreadable") throw new Error(`${file.pathname}: ${read.problem.expected}`)
  return read.recording.entries
}
const quietFolder = new URL("quiet/", recordings)
const quietFiles = existsSync(quietFolder) ? readdirSync(quietFolder).filter((name) => name.endsWith(".rec")) : []

describe.each(Object.values(detectors))("detector $name", (detector) => {
  const { fires, silent } = canaries[detector.name]

  it.each(fires)("fires on %s", (_claim, entries, evidence) => {
    const found = detect([detector], entries)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ detector: detector.name, severity: detector.severity, evidence })
  })
  it.each(silent)("is silent on %s", (_claim, entries) => {
    expect(detect([detector], entries)).toEqual([])
  })
  const canary = new URL(`${detector.canary}.rec`, recordings)
  it(`fires on recordings/${detector.canary}.rec`, () => {
    expect(detect([detector], entriesOf(canary))).not.toEqual([])
  })
  it.each(quietFiles)("is silent on recordings/quiet/%s", (name) => {
    expect(detect([detector], entriesOf(new URL(name, quietFolder)))).toEqual([])
  })
  it("is silent where what it watches is left out", () => {
    const detection = new Detection([detector])
    for (const [, entries] of fires) expect(detect([detector], entries.filter(({ event }) => !detection.wants(event._tag)))).toEqual([])
  })
  it("points at entries there are, in order", () => {
    for (const [, entries] of fires) {
      for (const { evidence } of detect([detector], entries)) {
        expect(evidence).toEqual([...new Set(evidence)].sort((a, b) => a - b))
        expect(evidence.every((index) => index < entries.length)).toBe(true)
      }
    }
  })
  it("judges each log from its beginning", () => {
    for (const [, entries] of fires) expect(detect([detector], entries)).toEqual(detect([detector], entries))
  })
  it("states its rule, its page and its canary", () => {
    expect(detector.rule).toMatch(/^[a-z].*[^.]$/)
    expect(detector.page).toMatch(/^[A-Z][^]*\.$/)
    expect(detector.canary).toMatch(/^[a-z0-9-]+\/[a-z0-9-]+$/)
    expect(detector.watches.length).toBeGreaterThan(0)
  })
})

describe("all detectors", () => {
  it("are silent on each other's silence", () => {
    for (const { silent } of Object.values(canaries)) {
      for (const [claim, entries] of silent) expect(detect(Object.values(detectors), entries), claim).toEqual([])
    }
  })
  it("give a program for another contract one name", () => {
    const names = detect(Object.values(detectors), entriesOf(new URL("contract-missing/other-contract.rec", recordings))).map(({ detector }) => detector)
    expect(names).toContain("abi-mismatch")
    expect(names).not.toContain("unregistered-section")
  })
})
