/** The page of an explanation, in 100 columns: the sentence, then the evidence for it. */
import { describe, sentenceOf } from "../analysis/timeline/describe.ts"
import type { Reading } from "../analysis/timeline/reading.ts"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { entryList, plural } from "../analysis/report/reporter/default.ts"
import { wrap } from "../analysis/report/wrap.ts"
import { hex } from "../base/bits.ts"
import { taskName } from "../base/ids.ts"
import type { Entry, EventTag } from "../log/event.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import type { Explanation } from "../search/explain.ts"
import type { Store } from "../search/meanwhile.ts"
import type { Failure } from "../search/failure.ts"
import type { Opened } from "../lab/search-recording.ts"

const COLUMNS = 100
const BEFORE_COUNT = 4
const AFTER_COUNT = 14

/** What the two timelines show: who runs where, and what happens to sections and watched words. */
const shown: ReadonlySet<EventTag> = new Set<EventTag>([
  "SwitchedIn", "Preempted", "Migrated", "SignalDelivered", "SignalReturned", "SectionEntered", "SectionLeft", "Committed", "Aborted", "Accessed", "Blocked",
  "Woken", "Faulted", "TaskExited", "Ended"
])

const cellOf = (entry: Entry, reading: Reading): string => {
  const { detail, task, verb } = sentenceOf(entry.event, reading)
  return `${task === undefined ? "" : `${taskName(task)} `}${verb} ${detail}`.trim()
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

/** How the two runs go on from the moment that decides: rows with equal numbers before it are the same in both. */
const sideBySide = ({ at, entries, passingEntries }: Explanation, reading: Reading): ReadonlyArray<string> => {
  const failing = entries.filter(({ event }) => shown.has(event._tag))
  const passing = passingEntries.filter(({ event }) => shown.has(event._tag))
  const moment = failing.findIndex(({ index }) => index >= at)
  const from = Math.max(0, moment - BEFORE_COUNT)
  const until = moment + AFTER_COUNT
  const width = Math.floor((COLUMNS - 11) / 2)
  const rows = [`  ${"entry".padStart(5)}  ${"failing".padEnd(width)}  without it`]
  for (let row = from; row < until; row++) {
    const left = failing[row]
    const right = passing[row]
    if (left === undefined && right === undefined) break
    const leftText = left === undefined ? "" : cut(cellOf(left, reading), width)
    const rightText = right === undefined ? "" : cut(cellOf(right, reading), width)
    const mark = row === moment ? ">" : " "
    rows.push(`${mark} ${String(left?.index ?? "").padStart(5)}  ${leftText.padEnd(width)}  ${rightText}`.trimEnd())
  }
  return rows
}

const storeLine = ({ address, after, before, entry, ip, task }: Store, { place }: Reading): string =>
  `  entry ${entry}: ${taskName(task)} ${place(address)} ${hex(before)} → ${hex(after)} at ${place(ip)}`

/** What other detectors say of the run, and the entries that show it. */
const seenLines = ({ seen }: Failure): ReadonlyArray<string> =>
  seen.length === 0 ? [] : ["", "ALSO SEEN", ...seen.flatMap(({ detector, evidence, message, severity }) =>
    wrap(`${detector} (${severity}): ${escapeTerminal(message)}, ${entryList(evidence)}`, COLUMNS, "  "))]

/** One round of a livelock: from an abort to the next. */
const cycleLines = ({ entries, finding, seen }: Explanation, reading: Reading): ReadonlyArray<string> => {
  if (![finding, ...seen].some(({ detector }) => detector === "livelock")) return []
  const aborts = entries.filter(({ event }) => event._tag === "Aborted")
  const last = aborts.at(-1)
  const before = aborts.filter(({ event }) => last !== undefined && event._tag === "Aborted" && last.event._tag === "Aborted" && event.task === last.event.task).at(-2)
  if (last === undefined || before === undefined) return []
  const round = entries.slice(before.index, last.index + 1).filter(({ event }) => shown.has(event._tag))
  return ["", `CYCLE  entry ${before.index} comes again as entry ${last.index}`, ...round.slice(0, AFTER_COUNT).map((entry) => `  ${String(entry.index).padStart(5)}  ${cut(cellOf(entry, reading), COLUMNS - 9)}`)]
}

/** What failed, and what was run. */
const headLines = ({ file, target: { spec } }: Opened, { finding, said }: Failure): ReadonlyArray<string> => [
  ...wrap(`${escapeTerminal(spec.program.name)}: ${finding.detector}: ${escapeTerminal(finding.message)}`, COLUMNS, "FAIL  "),
  ...wrap(`${spec.abis.map(({ name }) => name).join(",")} · ${plural(spec.cpus.length, "CPU")} · seed ${escapeTerminal(spec.seed)} · ${escapeTerminal(file)}`, COLUMNS, "      "),
  ...said.map((line, index) => `${index === 0 ? "SAID  " : "      "}${cut(escapeTerminal(line), COLUMNS - 6)}`)
]

export const NO_DEVIATION = "No deviation is needed: the quiet run shows it."
const EVIDENCE_COUNT_MAX = 12

/** The entries that prove a finding. */
export const evidenceOf = ({ finding: { evidence } }: Failure, entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> =>
  evidence.slice(0, EVIDENCE_COUNT_MAX).flatMap((index) => entries[index] ?? [])

/** The page of a failure that nobody's bad luck is needed for. */
export const quietExplanationText = (opened: Opened, failure: Failure, entries: ReadonlyArray<Entry>, reading: Reading): ReadonlyArray<string> => [
  ...headLines(opened, failure),
  ...wrap(NO_DEVIATION, COLUMNS, "WHY   "),
  ...seenLines(failure),
  ...evidenceLines(failure, entries, reading)
]

const evidenceLines = (failure: Failure, entries: ReadonlyArray<Entry>, reading: Reading): ReadonlyArray<string> => {
  const shownEntries = evidenceOf(failure, entries)
  return shownEntries.length === 0 ? [] : ["", "EVIDENCE", ...shownEntries.map((entry) => `  entry ${cut(describe(entry, reading), COLUMNS - 8)}`)]
}

export const explanationText = (opened: Opened, failure: Failure, explanation: Explanation, reading: Reading): ReadonlyArray<string> => {
  const { recording, target } = opened
  const { minimized, placed } = failure
  const { instruction, own, sentence, stores, without } = explanation
  const needed = minimized.schedule.length
  const needless = Math.max(0, recording.schedule.length - needed)
  const writes = [...stores, ...(own === undefined ? [] : [own])]
  return [
    ...headLines(opened, failure),
    ...wrap(sentence, COLUMNS, "WHY   "),
    "",
    `AT    ${instruction.place}  ${instruction.text}`,
    "",
    ...sideBySide(explanation, reading),
    ...cycleLines(explanation, reading),
    ...(writes.length === 0 ? [] : ["", "WRITES to the words that changed meanwhile", ...writes.map((write) => storeLine(write, reading))]),
    ...seenLines(failure),
    "",
    `DEVIATIONS  ${needed === 1 ? "1 matters" : `${needed} matter`} (${minimized.proof})${needless === 0 ? "" : `, ${needless} of the recording's ${recording.schedule.length} ${needless === 1 ? "does" : "do"} not`}`,
    ...without.map(({ deviation, findings, outcome }) =>
      `  without ${printDeviation(deviation)}: ${findings.length === 0 ? "passes" : "fails"}, ${escapeTerminal(outcomeSentence(outcome, target.bounded.limits))}`),
    `  schedule  ${printSchedule(minimized.schedule)}`,
    `  by place  ${placed}`,
    ...evidenceLines(failure, explanation.entries, reading)
  ]
}
