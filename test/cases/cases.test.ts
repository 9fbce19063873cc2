/** Faults from public reports: each is found, what is saved of it is fixed by the fix, and the program without it is never accused. */
import { describe, expect, it } from "vitest"
import { printSchedule } from "../../src/log/schedule.ts"
import type { RunSpec } from "../../src/run/start.ts"
import { specOf } from "../../src/run/start.ts"
import { performPlaced } from "../../src/search/minimize.ts"
import { failureOf } from "../../src/search/trial.ts"
import { abisNamed, assembleText } from "../support/examples.ts"
import { firstHit, savedAndTold, searchTarget } from "../support/saved.ts"
import { type Case, cases, caseText, later } from "./table.ts"

const RUN_MAX = 10_000
/** A twin is run at least so often, however soon the mistake was found. */
const TWIN_RUN_MIN = 400

const specOfCase = ({ abi, name }: Case, isFixed = false): RunSpec => {
  const program = assembleText(caseText(name, isFixed), `${name}.s`)
  return specOf(program, abisNamed(abi ?? program.experiment.abi ?? "mainline-6.12"))
}

describe("a fault from a public report", () => {
  it("is told with what it ends in, or it is said why not", () => {
    expect(new Set([...cases, ...later].map(({ name }) => name)).size).toBe(cases.length + later.length)
    expect(later.map(({ why }) => why).concat(cases.flatMap(({ sentenceLater = [] }) => sentenceLater))).not.toContain("")
    expect([cases.length, cases.filter(({ sentenceLater }) => sentenceLater !== undefined).length, later.length]).toEqual([10, 4, 3])
  })

  it.each(cases)("is found, and fixed by the fix: $name", async (one) => {
    const target = searchTarget(specOfCase(one))
    const hit = firstHit(target, RUN_MAX)
    if (hit === undefined) throw new Error(`not found in ${RUN_MAX} runs`)
    const { failure, verdict, why } = await savedAndTold(target, hit, caseText(one.name, true))
    const { explanation, finding, minimized, seen } = failure
    expect(finding.detector).toBe(one.found)
    if (one.named !== undefined) expect(seen.map(({ detector }) => detector)).toContain(one.named)
    if (one.ends !== undefined) expect(explanation?.sentence).toContain(one.ends)
    if (one.says !== undefined) expect(explanation?.sentence).toContain(one.says)
    expect(["passes now", "no longer applies"], why).toContain(verdict)
    for (const abi of one.contracts?.names ?? []) {
      const other = searchTarget({ ...failure.target.spec, abis: abisNamed(abi) })
      const isFirst = abi === one.contracts?.first
      expect(failureOf(performPlaced(other.trials, minimized.deviations)) !== undefined, abi).toBe(isFirst)
    }
  })

  it.each(cases)("is not seen where it is not: $name", (one) => {
    for (const abi of one.contracts?.names ?? [undefined]) {
      const alarm = firstHit(searchTarget(specOfCase({ ...one, ...(abi === undefined ? {} : { abi }) }, true)), TWIN_RUN_MIN)
      expect(alarm?.finding.message, alarm && `run ${alarm.run}: ${printSchedule(alarm.trial.schedule)}`).toBeUndefined()
    }
  })
})
