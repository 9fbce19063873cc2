/**
 * The text timeline: an entry a line, a column a CPU, so that a migration is seen before it is read.
 *
 *     entry    now  cpu0              cpu1
 *        42  1,223  1.1 is preempted            at push+0x12
 *        43  1,223                    1.1 arrives  from cpu0
 *
 * Pure: equal entries make equal text on every machine. Detail stands in one column behind the last CPU.
 */
import { grouped } from "../../base/bits.ts"
import { type CpuId, taskName } from "../../base/ids.ts"
import type { Entry, EventTag } from "../../log/event.ts"
import { escapeTerminal } from "../report/format/terminal.ts"
import { type Kept, sentenceAfter } from "./describe.ts"
import { plainReading, type Reading } from "./reading.ts"

/** A line that is no entry: a deviation, a finding. */
export interface Note {
  /** Index of the entry it stands before. */
  readonly before: number
  readonly text: string
}

export interface TimelineOptions {
  readonly reading: Reading
  /** In order of `before`. */
  readonly notes: ReadonlyArray<Note>
  /** ANSI colors; a mark never says more than the words beside it. */
  readonly isColored: boolean
  /** What contracts keep where the entries begin; reads on with them. By default nothing is known. */
  readonly kept?: Kept
}

export const plainTimeline: TimelineOptions = { reading: plainReading, notes: [], isColored: false }

/** With more CPUs than this a column each no longer fits a line: one column says which. */
const COLUMN_COUNT_MAX = 6

const RED = 31
const YELLOW = 33
const GREEN = 32
const GRAY = 90
const colors: Readonly<Partial<Record<EventTag, number>>> = {
  Aborted: RED, Faulted: RED, UnknownCalled: RED,
  Preempted: YELLOW, Migrated: YELLOW, SignalDelivered: YELLOW, Interrupted: YELLOW,
  Committed: GREEN, SectionEntered: GREEN,
  Called: GRAY, Returned: GRAY, KernelStepped: GRAY
}
const painted = (text: string, color: number | undefined): string => (color === undefined ? text : `\u001b[${color}m${text}\u001b[0m`)

/** Half-open. */
export interface EntryWindow {
  readonly start: number
  readonly end: number
}

const AROUND = 10

/** Entries `around - 10` to `around + 10`. */
export const windowAround = (around: number): EntryWindow => ({ start: Math.max(0, around - AROUND), end: around + AROUND + 1 })
export const windowFrom = (start: number): EntryWindow => ({ start, end: Infinity })

/** The entries whose index lies in the window; entries are in order of their index, which need not begin at 0. */
export const within = (entries: ReadonlyArray<Entry>, { end, start }: EntryWindow): ReadonlyArray<Entry> => {
  const first = entries[0]?.index ?? 0
  return entries.slice(Math.max(0, start - first), Math.max(0, Math.min(entries.length, end - first)))
}

interface Row {
  readonly entry: Entry
  readonly cpu: CpuId
  readonly cell: string
  readonly detail: string
}

const rowOf = (entry: Entry, kept: Kept, reading: Reading): Row => {
  const { cpu, detail, task, verb } = sentenceAfter(kept, entry.event, reading)
  return { entry, cpu: cpu ?? entry.cpu, cell: task === undefined ? verb : `${taskName(task)} ${verb}`, detail }
}

const widest = (texts: Iterable<string>, least: number): number => {
  let width = least
  for (const text of texts) width = Math.max(width, text.length)
  return width
}

/** Lines of text, the heading first. `cpus` are the machine's: their columns stand whether or not anything happens there. */
export function* timeline(entries: ReadonlyArray<Entry>, cpus: ReadonlyArray<CpuId>, options: TimelineOptions = plainTimeline): Generator<string> {
  const { isColored, kept = new Map(), notes, reading } = options
  const rows = entries.map((entry) => rowOf(entry, kept, reading))
  const indexWidth = widest(rows.map(({ entry }) => String(entry.index)), "entry".length)
  const nowWidth = widest(rows.map(({ entry }) => grouped(entry.now)), "   now".length)
  const isWide = cpus.length > COLUMN_COUNT_MAX
  const columns = isWide ? ["cpu"] : cpus.map((cpu) => `cpu${cpu}`)
  const columnOf = ({ cpu }: Row): number => (isWide ? 0 : Math.max(0, cpus.indexOf(cpu)))
  const cellOf = (row: Row): string => (isWide ? `cpu${row.cpu}  ${row.cell}` : row.cell)
  const widths = columns.map((heading, column) => widest(rows.filter((row) => columnOf(row) === column).map(cellOf), heading.length))
  const line = (index: string, now: string, cells: ReadonlyArray<string>, detail: string): string =>
    `${index.padStart(indexWidth)}  ${now.padStart(nowWidth)}  ${cells.join("  ")}  ${detail}`.trimEnd()

  yield line("entry", "now", columns.map((heading, column) => heading.padEnd(widths[column] ?? 0)), "")
  let noted = 0
  for (const row of rows) {
    for (let note = notes[noted]; note !== undefined && note.before <= row.entry.index; note = notes[++noted]) {
      yield `${"*".padStart(indexWidth)}  ${escapeTerminal(note.text)}`
    }
    const here = columnOf(row)
    const cells = columns.map((_, column) => {
      const width = widths[column] ?? 0
      return column !== here ? " ".repeat(width) : isColored ? painted(cellOf(row).padEnd(width), colors[row.entry.event._tag]) : cellOf(row).padEnd(width)
    })
    yield line(String(row.entry.index), grouped(row.entry.now), cells, row.detail)
  }
}

/** The whole text, each line ended. */
export const timelineText = (entries: ReadonlyArray<Entry>, cpus: ReadonlyArray<CpuId>, options: TimelineOptions = plainTimeline): string => {
  let text = ""
  for (const each of timeline(entries, cpus, options)) text += `${each}\n`
  return text
}
