/** What a processor answered once, against every engine: on machines that have no such processor, too. */
import { describe, expect, it } from "vitest"
import { formNamed } from "../../src/x86/form.ts"
import { printInstruction } from "../../src/x86/print.ts"
import { casesOf } from "../hardware/case.ts"
import { answersTo } from "../hardware/engines.ts"
import { encodingsOf, judgedRows } from "../hardware/judged.ts"
import { comparable } from "../hardware/open.ts"
import { CODE } from "../hardware/place.ts"
import { differences } from "../hardware/result.ts"
import { readVectorFile, vectorFileNames } from "./files.ts"
import { CASES_PER_FORM, VECTOR_SEED, type VectorForm, digestOf, readResults } from "./format.ts"

/** The careful way takes every so manieth case. */
const CAREFUL_PERIOD = 4

const files = vectorFileNames().map(readVectorFile)

const disagreements = ([name, inputs, results]: VectorForm): ReadonlyArray<string> => {
  const form = formNamed(name)
  if (form === undefined) return [`${name} is no form any more: write the vectors again`]
  const cases = casesOf(form, encodingsOf(form), VECTOR_SEED, CASES_PER_FORM)
  if (digestOf(cases) !== inputs) return [`${name}: the generator makes other cases than these vectors are of: write them again`]
  const expected = readResults(cases, results)
  return cases.flatMap((tested, number) => {
    const answer = expected[number]
    if (answer === undefined) return [`${name}: no answer to case ${number}`]
    return answersTo(tested, number % CAREFUL_PERIOD === 0).flatMap(({ engine, result }) => {
      const found = differences(tested, answer, result, comparable(tested, answer))
      return found.length === 0 ? [] : [`${printInstruction(tested.bytes, CODE)} [${engine.name}], case ${number}\n  ${found.join("\n  ")}`]
    })
  })
}

describe("vectors", () => {
  it("have at least 40 cases of every form that a processor can judge", () => {
    const kept = new Set(files.flatMap(([, , , forms]) => forms.map(([name]) => name)))
    const missing = [...judgedRows().values()].flat().map(({ form }) => form.name).filter((name) => !kept.has(name))
    expect(missing).toEqual([])
    expect(files.every(([version, seed, casesPerForm]) => version === 1 && seed === VECTOR_SEED && casesPerForm >= 40)).toBe(true)
  })

  for (const [at, name] of vectorFileNames().entries()) {
    it(`in ${name} are what every engine answers`, () => {
      const lines = (files[at]?.[3] ?? []).flatMap(disagreements)
      expect(lines.slice(0, 5).join("\n")).toBe("")
    }, 120_000)
  }
})
