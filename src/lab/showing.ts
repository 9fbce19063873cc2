/** What is needed to read a recording aloud: its program's symbols, its kernel's calls, and where its deviations fell. */
import * as Effect from "effect/Effect"
import type { Note } from "../analysis/timeline/text.ts"
import { type Reading, plainReading, readingOf } from "../analysis/timeline/reading.ts"
import { parseAbis } from "../kernel/abi/table.ts"
import { syscallNumbered } from "../kernel/syscall/table.ts"
import { type Entry, isWatchedTag } from "../log/event.ts"
import type { HeaderRead } from "../log/header.ts"
import { type Recording, unlikeEvents } from "../log/recording-reader.ts"
import { printDeviation } from "../log/schedule.ts"
import { programOfPlain } from "../program/plain.ts"
import type { Progress } from "./progress.ts"
import { replayRecording, type ReplayOptions } from "./replay-recording.ts"

/** Symbols of the program it holds, calls of the contracts it ran under; numbers where it holds neither. */
export const readingFor = ({ abis, events, program }: HeaderRead): Reading => {
  const read = programOfPlain(program.value)
  const parsed = parseAbis(abis.join(","))
  const rows = parsed._tag === "Parsed" ? parsed.abis.flatMap(({ calls }) => calls) : []
  const call: Reading["call"] = (number) => rows.find((row) => row.number === number) ?? syscallNumbered(number)
  const unlike = new Map(unlikeEvents({ events }).map(({ fields, tag }) => [tag, fields]))
  return { ...(read._tag === "Misshapen" ? { ...plainReading, call } : readingOf(read.value, call)), unlike }
}

/** Those of events that are here what they were there: others can be shown, and not judged. */
export function* knownEntries({ entries, unlike }: Pick<Recording, "entries" | "unlike">): Generator<Entry> {
  const others = new Set(unlike)
  for (const entry of entries) if (!others.has(entry.event._tag)) yield entry
}

/** A deviation, and how many entries that every replay makes came before it. */
export interface PlacedText {
  readonly text: string
  readonly appliedBefore: number
}

/** Runs longer than this are shown without their deviations between the lines: finding the places takes a replay. */
const REPLAYED_ICOUNT_MAX = 100_000_000

/** Where the deviations of a recording fell, those before the entry `end` by index at least; nothing where that cannot be found out. */
export const deviationPlaces = (recording: Recording, end: number, options: ReplayOptions = {}): Effect.Effect<ReadonlyArray<PlacedText>, never, Progress> => {
  const lasted = recording.end?.now ?? recording.checks.at(-1)?.now ?? 0
  if (recording.deviationCount === 0 || lasted > REPLAYED_ICOUNT_MAX) return Effect.succeed([])
  const placed: Array<PlacedText> = []
  let applied = 0
  const listener: ReplayOptions["listener"] = {
    append: (_now, _cpu, _task, _count, event) => {
      if (!isWatchedTag(event._tag)) applied += 1
    }
  }
  const taken = (deviation: Parameters<NonNullable<ReplayOptions["taken"]>>[0]): void => void placed.push({ text: printDeviation(deviation), appliedBefore: applied })
  // No entry is replayed under a higher index than it is recorded under.
  return replayRecording(recording, "", { ...options, listener, taken, isEnough: () => applied > end }).pipe(
    Effect.map(({ _tag }) => (_tag === "Same" ? placed : [])),
    Effect.catch(() => Effect.succeed([]))
  )
}

/** Some entries that follow each other, and the deviations that fell among them. */
export interface Passage {
  readonly entries: ReadonlyArray<Entry>
  readonly notes: ReadonlyArray<Note>
}

/** So many entries are laid out together. */
const PASSAGE_ENTRY_COUNT = 20_000

/** The entries in `[start, end)` by index, in passages. `skip` hears those before, where they are read at all. */
export function* passages(
  recording: Recording, placed: ReadonlyArray<PlacedText>, start: number, end: number, skip: (entry: Entry) => void = () => {}
): Generator<Passage> {
  let entries: Array<Entry> = []
  let notes: Array<Note> = []
  let appliedBefore = 0
  let next = 0
  for (const entry of placed.length === 0 ? recording.entriesFrom(start) : recording.entries) {
    if (entry.index >= end) break
    if (!isWatchedTag(entry.event._tag)) {
      for (let one = placed[next]; one !== undefined && one.appliedBefore <= appliedBefore; one = placed[++next]) {
        if (entry.index >= start) notes.push({ before: entry.index, text: one.text })
      }
      appliedBefore += 1
    }
    if (entry.index < start) {
      skip(entry)
      continue
    }
    entries.push(entry)
    if (entries.length === PASSAGE_ENTRY_COUNT) {
      yield { entries, notes }
      entries = []
      notes = []
    }
  }
  if (entries.length > 0) yield { entries, notes }
}
