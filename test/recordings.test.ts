/** Every recording in recordings/ replays, bit for bit, and the text beside it is its timeline. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { detect } from "../src/analysis/detect/definition.ts"
import { detectors } from "../src/analysis/detect/table.ts"
import { replay } from "../src/run/replay.ts"
import { defaultLimits } from "../src/run/start.ts"
import { golden, goldenText, readGolden, recordingsFolder } from "./support/golden.ts"

const names = (readdirSync(recordingsFolder, { recursive: true }) as ReadonlyArray<string>)
  .filter((file) => file.endsWith(".rec")).map((file) => file.slice(0, -".rec".length)).sort()

const read = (name: string) => readGolden(readFileSync(new URL(`${name}.rec`, recordingsFolder)))

describe("recordings/", () => {
  it("holds what the table names and nothing else", () => {
    expect(names).toEqual(golden.map(({ name }) => name).sort())
  })

  it.each(names)("%s replays, bit for bit", (name) => {
    const told = replay(read(name), defaultLimits)
    if ("_tag" in told) throw new Error(told.reason)
    let result = told.advance(1_000_000)
    while (result === undefined) result = told.advance(1_000_000)
    expect(result._tag, JSON.stringify(result, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))).toBe("Same")
  })

  it.each(names)("%s has its timeline beside it", (name) => {
    const file = new URL(`${name}.txt`, recordingsFolder)
    expect(existsSync(file)).toBe(true)
    expect(goldenText(read(name))).toBe(readFileSync(file, "utf8"))
  })

  it.each(golden.filter(({ made }) => made.by === "found").map(({ name }) => name))("%s shows its finding", (name) => {
    expect(detect(Object.values(detectors), read(name).entries).length).toBeGreaterThan(0)
  })

  it.each(names.filter((name) => name.startsWith("quiet/")))("%s leaves every detector silent", (name) => {
    expect(detect(Object.values(detectors), read(name).entries)).toEqual([])
  })
})
