/** Whatever the text, each parser takes it or says what it expected: never an exception, and not late. Long form: RSEQLAB_HOSTILE_TEXTS=3000. */
import { describe, expect, it } from "vitest"
import { stream } from "../../src/base/prng.ts"
import { oneOf } from "../log/arbitrary.ts"
import { filesUnder } from "../support/source-tree.ts"
import { others, parsers, parts } from "./parsers.ts"
import { byBytes } from "./spoil.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const caseCount = Number(process.env["RSEQLAB_HOSTILE_TEXTS"] ?? 60)
const SLOW_MS = 20_000
describe("hostile text", () => {
  it.each(parsers)("is taken or refused by $key", { timeout: 3_600_000 }, (parser) => {
    let takenCount = 0
    for (let index = 0; index < caseCount; index += 1) {
      const draw = stream(seed, `${parser.key}/${index}`)
      const bytes = oneOf(draw, parser.spoils ?? [byBytes])(draw, parser)
      const begun = performance.now()
      const again = `seed ${seed}, case ${index} of ${parser.key}: ${JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 300)))}`
      try {
        if (parser.read(bytes, draw)) takenCount += 1
      } catch (cause) {
        throw new Error(`${again}\n${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
      expect(performance.now() - begun, again).toBeLessThan(SLOW_MS)
    }
    // What is always refused, or never, is not looked at.
    expect(takenCount, `${parser.key} took ${takenCount} of ${caseCount}`).toBeGreaterThan(0)
    expect(takenCount).toBeLessThan(caseCount)
  })

  it("is looked at by a row for whatever reads some", () => {
    const reads = /^export (?:const|function) ((?:parse|read|decode|load|assemble|unpack|walk|shaped|open)(?:[A-Z]\w*)?)\b|^export const (\w+): (?:written\.)?Written</gm
    const found = filesUnder("src").flatMap(({ path, text }) => [...text.matchAll(reads)].map(([, name, flag]) => `${path.slice("src/".length)} ${name ?? flag}`))
    const known = new Set([...parsers.map(({ key }) => key), ...Object.keys(parts), ...others])
    expect(found.length).toBeGreaterThan(40)
    expect(found.filter((key) => !known.has(key)), "neither a row, nor a part of one, nor known to be none").toEqual([])
    const there = new Set([...found, "cli/flags.ts quantity", "lab/corpus.ts openCorpus (stats)"])
    expect([...known].filter((key) => !there.has(key)), "rows of what is not there").toEqual([])
    expect(Object.values(parts).filter((whole) => !parsers.some(({ key }) => key.endsWith(` ${whole}`)))).toEqual([])
  })
})
