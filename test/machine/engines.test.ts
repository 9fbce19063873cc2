/**
 * Every form, as the interpreter executes it and as the reference does: the same rows, through two emitters.
 *
 * `RSEQLAB_SEED=text` draws other cases, `RSEQLAB_ENGINE_CASES=2000` more of them a form.
 */
import { describe, expect, it } from "vitest"
import { printInstruction } from "../../src/x86/print.ts"
import { casesOf } from "../hardware/case.ts"
import { referenceEngine } from "../hardware/reference-engine.ts"
import { judgedRows } from "../hardware/judged.ts"
import { everything } from "../hardware/open.ts"
import { CODE, PAGE } from "../hardware/place.ts"
import { differences } from "../hardware/result.ts"
import { type Way, machineEngine } from "./support/case-engine.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const casesPerForm = Number(process.env["RSEQLAB_ENGINE_CASES"] ?? 6)
const ways: ReadonlyArray<Way> = ["cold", "warm", "careful"]

/** The page of the instruction itself is mapped for the machine alone. */
const touchesCode = (at: bigint): boolean => at >= BigInt(CODE) && at < BigInt(CODE + PAGE)

describe("the interpreter agrees with the reference", () => {
  for (const [row, forms] of judgedRows()) {
    it(`on ${row}`, () => {
      const lines: Array<string> = []
      for (const { encodings, form } of forms) {
        for (const [number, tested] of casesOf(form, encodings, seed, casesPerForm).entries()) {
          const expected = referenceEngine.run(tested)
          if (touchesCode(expected.faultAddress)) continue
          for (const way of ways) {
            const found = differences(tested, expected, machineEngine(way).run(tested), everything)
            if (found.length > 0) lines.push(`seed ${seed}, case ${number}: ${printInstruction(tested.bytes, CODE)} [${form.name}, ${way}]\n  ${found.join("\n  ")}`)
          }
        }
      }
      expect(lines.slice(0, 5).join("\n")).toBe("")
    })
  }
})
