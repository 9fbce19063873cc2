/** The deviation that decides, and the instructions between which it fails: every step shown. */
import * as Effect from "effect/Effect"
import { wrap } from "../analysis/report/wrap.ts"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { plural } from "../analysis/report/reporter/default.ts"
import { hex } from "../base/bits.ts"
import { taskName } from "../base/ids.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { driveJudged } from "../lab/failing.ts"
import { bisectRefused, EndsAlike } from "../lab/search-recording.ts"
import { type Bisected, bisectPair, type BisectQuestion, type Verdict } from "../search/bisect.ts"
import { instructionAt } from "../search/explain.ts"
import type { Target } from "../search/target.ts"
import type { Schedule } from "../log/choice.ts"
import { RESULT_SCHEMA } from "./result.ts"

export interface Step {
  readonly what: string
  readonly verdict: Verdict
}

export interface PairResult {
  readonly lines: ReadonlyArray<string>
  readonly value: object
}

const WHAT_WIDTH = 44

export const stepLine = ({ verdict, what }: Step, index: number): string => `${String(index + 1).padStart(4)}  ${what.padEnd(WHAT_WIDTH)}  ${verdict}`

const describe = ({ spec: { program } }: Target, { critical: { is, located }, failing, passing, range, trialCount }: Bisected, steps: ReadonlyArray<Step>): PairResult => {
  const critical = printDeviation(located.deviation)
  const at = instructionAt(program, located.address)
  const first = range === undefined ? at : instructionAt(program, range.firstIp)
  const last = range === undefined ? at : instructionAt(program, range.lastIp)
  const rangeLines = range === undefined ? [] : [
    ...(range.lastPassingBefore === undefined ? [] : [`  passes    at count ${range.lastPassingBefore} and before`]),
    `  fails     from count ${range.firstFailing}: ${first.place}  ${first.text}`,
    `            to count ${range.lastFailing}: ${last.place}  ${last.text}`,
    ...(range.firstPassingAfter === undefined ? [] : [`  passes    at count ${range.firstPassingAfter} and after`])
  ]
  const lines = [
    ...steps.map(stepLine),
    "",
    `CRITICAL  ${critical}`,
    ...wrap(is === "only in the failing run" ? `the run fails with it and passes without it, at ${at.place}, before \`${at.text}\`` : "the run passes with it and fails without it", 100, "  "),
    ...rangeLines,
    `  failing   ${printSchedule(failing.schedule)}`,
    `  passing   ${passing.schedule.length === 0 ? "quiet" : printSchedule(passing.schedule)}`,
    `  tried     ${plural(trialCount, "run")}`
  ]
  const placeValue = ({ ip, place, text }: typeof at) => ({ ip: hex(ip), place, text })
  return {
    lines,
    value: {
      schema: RESULT_SCHEMA, critical, is, task: taskName(located.deviation.task), kind: located.deviation.kind, at: placeValue(at),
      range: range === undefined ? null : {
        firstFailing: range.firstFailing, lastFailing: range.lastFailing, lastPassingBefore: range.lastPassingBefore ?? null,
        firstPassingAfter: range.firstPassingAfter ?? null, first: placeValue(first), last: placeValue(last)
      },
      failing: printSchedule(failing.schedule), passing: printSchedule(passing.schedule), trialCount, steps
    }
  }
}

/** Who says what passes. `name`: for messages. `mayWaver`: of one run it may say now this and now that. */
export interface Judge<E, R> {
  readonly judge: (question: BisectQuestion) => Effect.Effect<Verdict, E, R>
  readonly name: string
  readonly mayWaver: boolean
}

/** Between two schedules of one target. */
export const pairOf = <E, R>(target: Target, passing: Schedule, failing: Schedule, { judge, mayWaver, name }: Judge<E, R>) =>
  Effect.gen(function*() {
    const steps: Array<Step> = []
    const judgeName = escapeTerminal(name)
    const hear = ({ what }: BisectQuestion, verdict: Verdict): void => void steps.push({ what, verdict })
    const result = yield* driveJudged(bisectPair(target.trials, passing, failing), judge, hear)
    if (result._tag !== "Bisected") return yield* bisectRefused(result, judgeName, passing.length === 0)
    if (mayWaver) yield* judgedAgain(result, { judge, mayWaver, name: judgeName }, hear)
    return describe(target, result, steps)
  })

/** The two runs that it all hangs on, judged once more. */
const judgedAgain = <E, R>({ failing, passing, trialCount }: Bisected, { judge, name }: Judge<E, R>, hear: (question: BisectQuestion, verdict: Verdict) => void) =>
  Effect.gen(function*() {
    for (const [trial, first, which] of [[passing, "passes", "last that passed"], [failing, "fails", "last that failed"]] as const) {
      const question: BisectQuestion = { what: `the ${which}, again`, trial, trialCount }
      const verdict = yield* judge(question)
      hear(question, verdict)
      if (verdict === first) continue
      return yield* new EndsAlike({ problem: `of one and the same run ${name} said first that it ${first}, and then that it ${verdict === "skip" ? "cannot be judged" : verdict}; a bisection wants a judge who says the same each time` })
    }
  })
