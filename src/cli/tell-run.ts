/** What became of a run, for people: on standard error, after the guest's own last line. */
import * as Effect from "effect/Effect"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { callNameOf } from "../linux/call-number.ts"
import { grouped } from "../base/bits.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import { unmodelledCalls, unmodelledSentence } from "../lab/unmodelled.ts"
import type { RunReport } from "../lab/run-program.ts"
import { paintFor, Surroundings } from "./color.ts"
import { verdictOf } from "./exit.ts"
import type { RunFlags } from "./run-flags.ts"
import { say, shellCommand, shellWord } from "./say.ts"

const SHOWN_SCHEDULE_LENGTH_MAX = 400
const SHOWN_DROPPED_COUNT_MAX = 10

const plural = (amount: number, word: string): string => `${grouped(amount)} ${word}${amount === 1 ? "" : "s"}`

/** The line that was typed, with another flag. */
const typedWith = (typed: ReadonlyArray<string>, words: ReadonlyArray<string>): string => {
  const at = typed.indexOf("--")
  const [before, after] = at === -1 ? [typed, []] : [typed.slice(0, at), typed.slice(at)]
  return shellCommand(["rseqlab", ...before, ...words, ...after])
}

const FAILURE_FILE = "fail.rec"

/** How to have the failure again, and what to do with it. */
const nextSteps = ({ record }: RunFlags, { schedule }: RunReport, typed: ReadonlyArray<string>): ReadonlyArray<string> => {
  const text = printSchedule(schedule)
  const shown = text.length <= SHOWN_SCHEDULE_LENGTH_MAX ? shellWord(text) : `${text.slice(0, SHOWN_SCHEDULE_LENGTH_MAX)}… (--json prints all of it)`
  const file = record ?? FAILURE_FILE
  return [
    ...(schedule.length === 0 ? [] : [`  schedule  ${shown}`]),
    ...(record === undefined ? [`  record    ${typedWith(typed, ["--record", FAILURE_FILE])}`] : []),
    `  replay    ${shellCommand(["rseqlab", "replay", file])}`,
    `  show      ${shellCommand(["rseqlab", "show", file])}`
  ]
}

const droppedLines = ({ dropped }: RunReport): ReadonlyArray<string> => [
  ...dropped.slice(0, SHOWN_DROPPED_COUNT_MAX).map(({ deviation, reason }) => `dropped ${printDeviation(deviation)}: ${reason}`),
  ...(dropped.length > SHOWN_DROPPED_COUNT_MAX ? [`dropped ${dropped.length - SHOWN_DROPPED_COUNT_MAX} more; --json lists them all`] : [])
]

const unknownLines = ({ unknownCalls }: RunReport): ReadonlyArray<string> =>
  unknownCalls.length === 0 ? []
    : [`not there, so answered ENOSYS: ${unknownCalls.map(({ callCount, number }) => `${callNameOf(number) ?? "call"} ${number} (${plural(callCount, "time")})`).join(", ")}`]

const missedLines = ({ missedFiles }: RunReport): ReadonlyArray<string> =>
  missedFiles.length === 0 ? [] : [`the simulated machine does not have: ${missedFiles.map(escapeTerminal).join(", ")}`]

const hostLines = ({ record }: RunFlags, { spec: { env } }: RunReport): ReadonlyArray<string> =>
  record === undefined || env.length === 0 ? []
    : [`${escapeTerminal(record)} holds ${plural(env.length, "environment variable")}, ${grouped(env.join("").length)} bytes from the host`]

/** The lines of ours at the end of a run; the verdict is the last, but for what to type next. */
export const tellRun = (flags: RunFlags, report: RunReport) =>
  Effect.gen(function*() {
    const { typed } = yield* Surroundings
    const paint = yield* paintFor("stderr")
    const { now, outcome, schedule, seed, spec, strategy } = report
    const unmodelled = unmodelledCalls(report.unknownCalls.map(({ number }) => number))
    const verdict = verdictOf(outcome, unmodelled)
    const ended = escapeTerminal(outcomeSentence(outcome, spec.limits))
    const how = verdict === "unsupported" && unmodelled.length > 0 ? `${unmodelledSentence(unmodelled)}, then ${ended}` : ended
    const decided = seed === undefined ? strategy : `seed ${escapeTerminal(seed)}`
    const what = `${how} · ${decided} · ${plural(schedule.length, "deviation")} · ${plural(now, "instruction")}`
    const name = escapeTerminal(spec.program.name)
    const lines = [...unknownLines(report), ...missedLines(report), ...droppedLines(report), ...hostLines(flags, report)]
    if (verdict === "passed") lines.push(`${paint.good("passed")} ${name}: ${what}`)
    else lines.push(`${paint.bad(verdict.toUpperCase())} ${name}: ${what}`, ...nextSteps(flags, report, typed))
    if (verdict === "passed" && flags.record !== undefined) lines.push(`  replay    ${shellCommand(["rseqlab", "replay", flags.record])}`)
    for (const line of lines) yield* say(line)
  })
