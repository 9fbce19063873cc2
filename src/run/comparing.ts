/** What a replay makes, held against what its recording keeps, entry by entry; and what could not be held against anything. */
import type { Deviation } from "../log/choice.ts"
import { type Divergence, equalEntries } from "../log/divergence.ts"
import { type Entry, type EventLog, eventRows, type EventTag, isEventTag, isWatchedTag } from "../log/event.ts"
import type { Recording } from "../log/recording-reader.ts"
import type { DropReason } from "../log/telling.ts"

/** How far a replay was held against its recording: all of it, or all that a cut one still has. */
export interface Compared {
  /** Up to this instruction. */
  readonly now: number
  readonly entryCount: number
  readonly deviationCount: number
  readonly checkCount: number
  /** What the recording holds besides, by why nothing here says the same of it or another. All 0: everything was compared. */
  readonly left: Left
}

export interface Left {
  /** Watched entries, of an observer that cannot be made again. */
  readonly watchedCount: number
  /** Entries of events that are not known here, or hold something else. */
  readonly unlikeCount: number
  /** Inputs from the host: no call asks for any. */
  readonly inputCount: number
  /** Frames of a kind that is not known here. */
  readonly frameCount: number
}

const BEFORE_COUNT = 3
/** The last few entries, oldest first when they are asked for. */
class LastEntries {
  private readonly ring: Array<Entry> = []
  private count = 0

  push(entry: Entry): void {
    this.ring[this.count++ % BEFORE_COUNT] = entry
  }

  get all(): ReadonlyArray<Entry> {
    const oldest = this.count % BEFORE_COUNT
    return this.count < BEFORE_COUNT ? [...this.ring] : [...this.ring.slice(oldest), ...this.ring.slice(0, oldest)]
  }
}

/** Holds the entries of a replay against those recorded, as they come. */
export class Comparing {
  divergence: Divergence | undefined
  private readonly so = { now: 0, entryCount: 0, deviationCount: 0, checkCount: 0 }
  private readonly left = { watchedCount: 0, unlikeCount: 0 }
  private readonly recording: Recording
  /** Whether watched entries are made as they were when it was recorded. */
  private readonly isWatching: boolean
  /** Fields that the events of the recording which are others here have in common with them. */
  private readonly unlike: ReadonlyMap<string, ReadonlyArray<string>>
  /** Taken last. */
  private last: Deviation | undefined
  private readonly expected: Iterator<Entry> | undefined
  /** What comes behind the last entry kept was lost, and differs from nothing. */
  private readonly isCut: boolean
  /** The next that is compared. */
  private recorded: Entry | undefined
  private readonly before = new LastEntries()
  private index = 0

  constructor(recording: Recording, isWatching: boolean) {
    const { end, entries, entryCount } = recording
    this.recording = recording
    this.isWatching = isWatching
    this.unlike = new Map(recording.unlike.map((tag) => [tag, sharedFields(recording, tag)]))
    this.expected = entryCount > 0 ? entries[Symbol.iterator]() : undefined
    this.isCut = end === undefined
    this.recorded = this.nextExpected()
  }

  /** All so far. */
  get compared(): Compared {
    const { left, recording: { inputCount, skippedFrameCount }, so } = this
    return { ...so, left: { ...left, inputCount, frameCount: skippedFrameCount } }
  }

  get deviationCount(): number {
    return this.so.deviationCount
  }

  get isEntryLeft(): boolean {
    return this.recorded !== undefined
  }

  took(deviation: Deviation, now: number): void {
    this.last = deviation
    this.so.deviationCount++
    this.so.now = Math.max(this.so.now, now)
  }

  checked(now: number): void {
    this.so.checkCount++
    this.so.now = Math.max(this.so.now, now)
  }

  readonly log: EventLog = {
    append: (now, cpu, task, count, event) => {
      if (isWatchedTag(event._tag) && !this.isWatching || this.divergence !== undefined) return
      const replayed: Entry = { index: this.index++, now, cpu, task, count, event }
      const { recorded } = this
      if (this.expected !== undefined && (recorded === undefined ? !this.isCut : !equalEntries(recorded, replayed, this.unlike.get(event._tag)))) {
        this.divergence = { _tag: "EntryDiffers", before: this.before.all, recorded, replayed, last: this.last }
        return
      }
      if (recorded !== undefined) {
        if (this.unlike.has(event._tag)) this.left.unlikeCount++
        else this.so.entryCount++
        this.so.now = Math.max(this.so.now, now)
        this.recorded = this.nextExpected()
      }
      this.before.push(replayed)
    }
  }

  /** Nothing recorded may be left over. */
  finish(): void {
    const { recorded } = this
    if (recorded !== undefined && this.divergence === undefined) {
      this.divergence = { _tag: "EntryDiffers", before: this.before.all, recorded, replayed: undefined, last: this.last }
    }
  }

  differ(difference: { readonly at: number; readonly what: string; readonly recorded: string; readonly replayed: string }): void {
    this.divergence ??= { _tag: "CheckDiffers", before: this.before.all, last: this.last, ...difference }
  }

  notTaken(deviation: Deviation, reason: DropReason): void {
    this.divergence ??= { _tag: "NotTaken", before: this.before.all, deviation, reason }
  }

  private nextExpected(): Entry | undefined {
    for (;;) {
      const next = this.expected?.next()
      if (next === undefined || next.done === true) return undefined
      const { _tag: tag } = next.value.event
      if (!isEventTag(tag)) this.left.unlikeCount++
      else if (isWatchedTag(tag) && !this.isWatching) this.left.watchedCount++
      else return next.value
    }
  }
}

/** Those fields of a recorded event that hold the same here. */
const sharedFields = ({ header: { events } }: Recording, tag: string): ReadonlyArray<string> =>
  isEventTag(tag) ? (events.find((row) => row.tag === tag)?.fields ?? []).flatMap(([name, holds]) => (holdsOf(tag, name) === holds ? [name] : [])) : []

const holdsOf = (tag: EventTag, field: string): string | undefined => Object.entries(eventRows[tag].fields).find(([name]) => name === field)?.[1]
