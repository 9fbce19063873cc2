/**
 * Writes a recording as the run goes: readable up to wherever it is cut. `docs/recording-format.md` says it byte by byte.
 */
import { assert } from "../base/assert.ts"
import { grouped } from "../base/bits.ts"
import type { Plain } from "../base/plain.ts"
import type { Deviation } from "./choice.ts"
import { chained, chainStart, type Codec, type Content, encodeFrame, frameType, hashOf, type IndexRow, hexOf, isDamage, pack, walk } from "./codec.ts"
import { ScheduleChunkWriter } from "./deviations.ts"
import { EntryChunkWriter } from "./entry-writer.ts"
import { type EventLog, noLog } from "./event.ts"
import { type Check, type End, type Header, plainOfCheck, plainOfEnd, plainOfHeader } from "./header.ts"
import { recordingLimits } from "./limits.ts"
import { TaskTable } from "./names.ts"

/** Rows in a chunk: enough for compression to learn what is usual, few enough to lose. */
const CHUNK_ROW_COUNT = 16_384
/** Blobs end a chunk early, and long bytes are split. */
const PIECE_BYTES_MAX = 4 * 2 ** 20

export interface RecordingOptions {
  /** `schedule`: entries are counted by who makes them, and not kept. */
  readonly keep: "entries" | "schedule"
  readonly codec: Codec
}

export interface RecordingWriter {
  /** Each deviation, in the order of the run. */
  readonly taken: (deviation: Deviation) => void
  /** Each entry; keeps nothing under `keep: "schedule"`. */
  readonly log: EventLog
  /** Bytes that came from the host: a file, standard input. Kept by (source, offset). */
  readonly input: (source: string, offset: number, bytes: Uint8Array) => void
  /** Writes everything so far down, then how the run stands. */
  readonly check: (check: Check) => void
  /** The run is over; nothing may follow. */
  readonly end: (end: End) => void
  /** Of all that went to the sink: equal for equal runs, whatever the codec. */
  readonly contentHash: () => string
}

/** What a reader would expect of a program that it refuses for its size. */
export const refusedProgram = (value: Plain): string | undefined => {
  const { programBytesMax, programValueCountMax } = recordingLimits
  const packed = pack(value)
  if (packed.length > programBytesMax) return `a program of at most ${grouped(programBytesMax)} bytes, not ${grouped(packed.length)}`
  const walked = walk(packed, 0, { ...recordingLimits, valueCountMax: programValueCountMax })
  return isDamage(walked) ? walked.expected : undefined
}

/** Begins a recording: the header and the program go to `sink` at once, the rest in chunks. `sink` gets whole frames, to keep. */
export const createRecordingWriter = (header: Header, sink: (bytes: Uint8Array) => void, { codec, keep }: RecordingOptions): RecordingWriter => {
  const tasks = new TaskTable()
  const schedule = new ScheduleChunkWriter(tasks)
  const entries = new EntryChunkWriter(tasks)
  const index: Array<IndexRow> = []
  let hash = chainStart()
  let at = 0
  let deviationCount = 0
  let entryCount = 0
  let isOver = false

  const frame = (content: Content): void => {
    assert(!isOver, "nothing is written after the end of a recording")
    const bytes = encodeFrame(content, hash, codec)
    // The index says where things stand in this very file, so it is no part of what equal runs have in common.
    if (content.type !== frameType.index) hash = chained(hash, content)
    at += bytes.length
    sink(bytes)
  }

  /** Long bytes as several frames; none as one. */
  const pieces = (bytes: Uint8Array, content: (piece: Uint8Array, offset: number) => Content): void => {
    for (let from = 0; from === 0 || from < bytes.length; from += PIECE_BYTES_MAX) frame(content(bytes.subarray(from, from + PIECE_BYTES_MAX), from))
  }

  const flushSchedule = (): void => {
    index.push([frameType.schedule, at, schedule.rowCount, deviationCount])
    deviationCount += schedule.rowCount
    frame(schedule.flush())
  }

  /** Behind the deviations that made them: what is left of a file that was cut can be told as far as its entries go. */
  const flushEntries = (): void => {
    if (schedule.rowCount > 0) flushSchedule()
    index.push([frameType.entries, at, entries.rowCount, entryCount])
    entryCount += entries.rowCount
    frame(entries.flush())
  }

  const flush = (): void => {
    if (entries.rowCount > 0) flushEntries()
    else if (schedule.rowCount > 0) flushSchedule()
  }

  const program = pack(header.program.value)
  frame({ type: frameType.header, head: pack([]), parts: [pack(plainOfHeader(header, hashOf(program), program.length))] })
  pieces(program, (piece) => ({ type: frameType.program, head: pack([]), parts: [piece] }))

  return {
    taken: (deviation) => {
      schedule.add(deviation)
      if (schedule.rowCount === CHUNK_ROW_COUNT) flushSchedule()
    },
    log: keep === "schedule" ? noLog : {
      append: (now, cpu, task, count, event) => {
        entries.append(now, cpu, task, count, event)
        if (entries.rowCount === CHUNK_ROW_COUNT || entries.blobBytes >= PIECE_BYTES_MAX) flushEntries()
      }
    },
    input: (source, offset, bytes) => pieces(bytes, (piece, from) => ({ type: frameType.input, head: pack([source, offset + from]), parts: [piece] })),
    check: (check) => {
      flush()
      index.push([frameType.check, at, 1, check.now])
      frame({ type: frameType.check, head: pack(plainOfCheck(check)), parts: [] })
    },
    end: (end) => {
      flush()
      frame({ type: frameType.index, head: pack([]), parts: [pack(index)] })
      frame({ type: frameType.end, head: pack(plainOfEnd(end, deviationCount)), parts: [] })
      isOver = true
    },
    contentHash: () => hexOf(hash)
  }
}
