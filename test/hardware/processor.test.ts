/**
 * Every form, as this processor executes it and as each engine does.
 *
 * `RSEQLAB_SEED=text` draws other cases, `RSEQLAB_HARDWARE_CASES=5000` more of them a form (200 without).
 */
import { afterAll, describe, expect, it } from "vitest"
import { grouped } from "../../src/base/bits.ts"
import { printInstruction } from "../../src/x86/print.ts"
import { type Case, caseOf, casesOf } from "./case.ts"
import { corners } from "./corner.ts"
import { Draw } from "./draw.ts"
import { answersTo, engineNames } from "./engines.ts"
import { judgedRows } from "./judged.ts"
import { comparable, makersDiffer } from "./open.ts"
import { CODE } from "./place.ts"
import { openProcessor } from "./processor.ts"
import { differences } from "./result.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const casesPerForm = Number(process.env["RSEQLAB_HARDWARE_CASES"] ?? 200)
const CASES_PER_CORNER = 40
/** The careful way takes every so manieth case. */
const CAREFUL_PERIOD = 5

const processor = openProcessor()
const counts = { cases: 0, faults: 0 }
/** Cases that were not compared, by the reason why a processor of this make does otherwise. */
const others = new Map<string, number>()
/** The make that ours keeps to. */
const OUR_MAKER = "GenuineIntel"

/** What each engine does otherwise than the processor, with all it takes to see it again. */
const disagreements = (cases: ReadonlyArray<Case>): ReadonlyArray<string> => {
  const judged = processor?.run(cases) ?? []
  const lines: Array<string> = []
  for (const [number, tested] of cases.entries()) {
    const expected = judged[number]
    if (expected === undefined) break
    const other = processor?.maker === OUR_MAKER ? undefined : makersDiffer(tested)
    if (other !== undefined) {
      others.set(other, (others.get(other) ?? 0) + 1)
      continue
    }
    const answers = answersTo(tested, number % CAREFUL_PERIOD === 0)
    if (answers.length > 0) counts.cases++
    if (answers.length > 0 && expected.ending !== "retired") counts.faults++
    for (const { engine, result } of answers) {
      const found = differences(tested, expected, result, comparable(tested, expected))
      if (found.length === 0) continue
      const what = `${printInstruction(tested.bytes, CODE)} [${engine.name}]`
      lines.push([`seed ${seed}, case ${number % casesPerForm} of its form: ${what}`, ...found].join("\n  "))
    }
  }
  return lines.slice(0, 5)
}

afterAll(() => {
  processor?.close()
  for (const [reason, count] of others) console.log(`${grouped(count)} cases not compared, since for ${processor?.maker ?? ""} ${reason}`)
  console.log(
    processor === undefined
      ? "the processor was not asked: there is no gcc, or this is no x86-64 Linux"
      : `the processor judged ${grouped(counts.cases)} cases (${grouped(counts.faults)} faults) on ${engineNames}; seed ${seed}`
  )
})

describe.skipIf(processor === undefined)("the processor agrees", () => {
  for (const [row, forms] of judgedRows()) {
    it(`on ${row}`, () => {
      const cases = forms.flatMap(({ encodings, form }) => casesOf(form, encodings, seed, casesPerForm))
      expect(disagreements(cases).join("\n")).toBe("")
    }, 600_000)
  }

  it("on corners", () => {
    const draw = new Draw(seed, "corners")
    const numbers = Array.from({ length: CASES_PER_CORNER }, (_, number) => number)
    const cases = corners().flatMap((sample) => numbers.map((number) => caseOf(sample, draw, number % 2 === 0)))
    expect(disagreements(cases).join("\n")).toBe("")
  })
})
