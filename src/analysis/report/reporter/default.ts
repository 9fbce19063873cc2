import { grouped } from "../../../base/bits.ts"
import { escapeTerminal } from "../format/terminal.ts"
import type { ReportedFailure, SearchReport } from "../report.ts"
import { wrap } from "../wrap.ts"
import { defineReporter } from "./definition.ts"

const COLUMNS = 100
const LABEL_WIDTH = 10
const SCHEDULE_LENGTH_MAX = 400

export const plural = (count: number, word: string): string => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`

const row = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}`

const shownSchedule = (schedule: string): string =>
  schedule.length <= SCHEDULE_LENGTH_MAX ? schedule : `${schedule.slice(0, SCHEDULE_LENGTH_MAX)}… (the recording holds all of it)`

/** What of the experiment the failure does not need. */
const shrunkText = (experiment: ReportedFailure["experiment"]): string =>
  experiment.filter(({ after, before }) => after < before).map(({ after, before, name }) => `${name} ${grouped(before)} → ${grouped(after)}`).join(", ")

const SHOWN_ENTRY_COUNT_MAX = 8

/** `entry 4`, `entries 4, 7, …` */
export const entryList = (entries: ReadonlyArray<number>): string =>
  `${entries.length === 1 ? "entry" : "entries"} ${entries.slice(0, SHOWN_ENTRY_COUNT_MAX).join(", ")}${entries.length > SHOWN_ENTRY_COUNT_MAX ? ", …" : ""}`

/** The block of one failure: what, why, and what to type next. */
export const failureLines = (failure: ReportedFailure, { from, program, runCountMax, seed }: SearchReport): ReadonlyArray<string> => {
  const { commands, deviationCount, detector, evidence, experiment, fewer, lacking, message, proof, run, said, saved, schedule, seen, why } = failure
  const ofRuns = runCountMax === undefined ? "" : ` of ${grouped(from + runCountMax)}`
  const head = `FOUND ${detector} in ${escapeTerminal(program)}`
  const how = `seed ${escapeTerminal(seed)} · ${run < 0 ? "a stored schedule" : `run ${grouped(run)}${ofRuns}`} · ${plural(deviationCount, "deviation")} (${proof})`
  const entries = evidence.length === 0 ? "" : `    ${entryList(evidence)}`
  return [
    `${head.padEnd(45)} ${how}`,
    ...lacking.flatMap((one) => wrap(`${escapeTerminal(one)}, before this:`, COLUMNS, "  ")),
    `  ${escapeTerminal(message)}${entries}`,
    ...said.map((line, index) => row(index === 0 ? "said" : "", escapeTerminal(line))),
    ...wrap(escapeTerminal(why ?? "The quiet run fails: no deviation is needed."), COLUMNS, row("why", "")),
    ...(shrunkText(experiment) === "" ? [] : [row("shrunk", shrunkText(experiment))]),
    ...seen.flatMap((one) => wrap(`${one.detector}: ${escapeTerminal(one.message)}, ${entryList(one.evidence)}`, COLUMNS, row("also seen", ""))),
    ...(fewer === undefined ? [] : [row("fewer", fewer)]),
    row("schedule", schedule === "" ? "none" : escapeTerminal(shownSchedule(schedule))),
    ...(saved === undefined ? [] : [row("saved", escapeTerminal(saved))]),
    ...commands.map(([what, command]) => row(what, command))
  ]
}

/** What was tried, in one or a few lines. */
export const triedLines = (report: SearchReport): ReadonlyArray<string> => {
  const { abis, cpus, ended, failingRunCount, failures, from, lacking, milliseconds, noted, program, seed, strategies, unendedCount, unsupported, until, warned } = report
  const seconds = (milliseconds / 1000).toFixed(1)
  const verdict = failures.length > 0 ? `${plural(failures.length, "distinct failure")} in ${plural(failingRunCount, "failing run")}` : "no failure found"
  const why = ended === "time" ? ", then the time was used up" : ended === "interrupted" ? ", then interrupted" : ""
  const by = Object.entries(strategies).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name} ${grouped(count)}`).join(", ")
  return [
    `${verdict} in ${escapeTerminal(program)}: ${plural(until - from, "run")} in ${seconds} s${why}`,
    ...wrap(by === "" ? "nothing" : by, COLUMNS, row("tried", "")),
    row("runs", until === from ? "none" : `${grouped(from)} to ${grouped(until - 1)} of seed ${escapeTerminal(seed)}`),
    row("under", `${abis.join(",")} · cpus ${cpus.join(",")}`),
    ...(unendedCount === 0 ? [] : [row("not ended", `${plural(unendedCount, "run")} used the instructions up that a run may have here: not judged`)]),
    ...Object.entries(unsupported).map(([what, count]) => row("not judged", `${plural(count, "run")}: not supported: ${escapeTerminal(what)}`)),
    ...lacking.flatMap((one) => wrap(escapeTerminal(one), COLUMNS, row("lacking", ""))),
    ...Object.entries(noted).map(([what, count]) => row("noted", `${plural(count, "run")}: ${escapeTerminal(what)}`)),
    ...(warned?.warnings ?? []).flatMap(({ detector, message, runCount, saved }) => [
      ...wrap(`${detector}: ${escapeTerminal(message)} (${runCount} of ${plural(warned?.watchedRunCount ?? 0, "watched run")})`, COLUMNS, row("seen", "")),
      ...(saved === undefined ? [] : [row("", escapeTerminal(`rseqlab show ${saved}`))])
    ])
  ]
}

export const defaultReporter = defineReporter({
  name: "default",
  summary: "for people",
  print: (report) => {
    const blocks = report.failures.map((failure) => failureLines(failure, report).join("\n"))
    const tried = report.failures.length === 1 && report.ended === "found" ? [] : [triedLines(report).join("\n")]
    return `${[...blocks, ...tried].join("\n\n")}\n`
  }
})
