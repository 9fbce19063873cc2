import { concatBytes } from "../../src/base/bytes.ts"
import { rootTask, type TaskId } from "../../src/base/ids.ts"
import type { Stream } from "../../src/base/prng.ts"
import { defaultMenu, type Kind, kindNames } from "../../src/log/choice.ts"
import type { Codec } from "../../src/log/codec.ts"
import { type ContractRecord, type Entry, type Event, eventRows, type EventTag, eventTags, type FieldKind, type FieldValue } from "../../src/log/event.ts"
import type { End, Header } from "../../src/log/header.ts"
import type { Plain } from "../../src/base/plain.ts"
import { createRecordingWriter, type RecordingWriter } from "../../src/log/recording.ts"
import { readRecording, type Recording } from "../../src/log/recording-reader.ts"
import { quietPolicy } from "../../src/log/version.ts"
import { cpu, deviationOf, natural, oneOf, task, word64 } from "./arbitrary.ts"

/** The default menu when the tiny recording was made: a recording keeps the menu it names. */
const thenKinds: ReadonlySet<Kind> = new Set(["turn", "preempt", "migrate", "signal", "pick", "place", "wake", "arrive", "clock", "pause"])

export const header = (program: Plain = ["tiny", new Uint8Array([0x90, 0xc3])]): Header => ({
  toolVersion: "0.1.0",
  kernelVersion: 1,
  policy: quietPolicy,
  program: { name: "tiny.s", value: program },
  machine: { cpus: [0, 1], memoryBytesMax: 2 ** 28, icountMax: 1e9, taskCountMax: 64, outputBytesMax: 2 ** 20 },
  abis: ["mainline-6.12"],
  argv: ["tiny", "-x"],
  env: [],
  menu: { ...defaultMenu, kinds: thenKinds, signals: [10] },
  strategy: "random --turn 1/100",
  seed: "17",
  watching: { version: 1, isFollowing: true, watches: [{ start: 0, end: 8 }, { start: 0x401000, end: 0x7fff_ffff_f000 }], sections: [], reached: [0x401000] }
})

export const end = (entryCount: number): End => ({
  now: 1234, entryCount, stateHash: "0123456789abcdef", questionsDigest: "fedcba9876543210", outcome: { _tag: "Exited", status: 0 }
})

/** Writes what `write` says, and gives the bytes and the content hash. */
export const recordingOf = (
  write: (writer: RecordingWriter) => void, codec: Codec = "none", from: Header = header(), keep: "entries" | "schedule" = "entries"
): { readonly bytes: Uint8Array; readonly contentHash: string; readonly frames: ReadonlyArray<Uint8Array> } => {
  const frames: Array<Uint8Array> = []
  const writer = createRecordingWriter(from, (frame) => frames.push(frame), { codec, keep })
  write(writer)
  return { bytes: concatBytes(frames), contentHash: writer.contentHash(), frames }
}

export const opened = (bytes: Uint8Array): Recording => {
  const result = readRecording(bytes)
  if (result._tag === "Unreadable") throw new Error(`${result.problem._tag} at ${result.problem.at}: expected ${result.problem.expected}`)
  return result.recording
}

const short = (draw: Stream): number => (draw.oneIn(3) ? draw.below(40) : draw.below(4))
const someText = (draw: Stream): string => oneOf(draw, ["", "futex", "wöken", "a".repeat(300), `t${draw.below(50)}`])

/** None, any, or one more of a contract that changes a field or two. */
const record = (draw: Stream): ContractRecord | undefined =>
  draw.oneIn(4) ? undefined
  : draw.oneIn(2) ? { area: 0x40_0000, events: draw.below(4), mask: oneOf(draw, [0n, 2n ** 63n]), state: oneOf(draw, ["due", "done"]) }
  : Object.fromEntries(Array.from({ length: short(draw) }, (_, index) =>
    [`key${index}`, oneOf<number | bigint | string>(draw, [natural(draw), word64(draw), someText(draw)])]))

/** A value of each sort a field may hold. */
const values: Readonly<Record<FieldKind, (draw: Stream, task: TaskId, cpu: number) => FieldValue>> = {
  task: (draw, own) => (draw.oneIn(2) ? own : task(draw)),
  cpu: (draw, _, own) => (draw.oneIn(2) ? own : cpu(draw)),
  natural,
  address: (draw) => (draw.oneIn(8) ? oneOf(draw, [0, 2 ** 51, 2 ** 51 + 1, 2 ** 52, 2 ** 63, 2 ** 64 - 2048, 2 ** 64]) : draw.oneIn(3) ? natural(draw) % 2 ** 47 : 0x401000 + draw.below(200)),
  integer: (draw) => (draw.oneIn(8) ? oneOf(draw, [0, -1, -(2 ** 51), 2 ** 51, -(2 ** 51) - 1, 2 ** 53, 2 ** 63, -(2 ** 63)]) : draw.bits()),
  word64,
  text: someText,
  bytes: (draw) => Uint8Array.from({ length: short(draw) }, () => draw.below(256)),
  cpus: (draw) => Array.from({ length: short(draw) }, () => cpu(draw)),
  words64: (draw) => Array.from({ length: short(draw) }, () => word64(draw)),
  record
}

export const eventOf = (draw: Stream, tag: EventTag, ownTask: TaskId, ownCpu: number): Event =>
  ({ _tag: tag, ...Object.fromEntries(Object.entries<FieldKind>(eventRows[tag].fields).map(([name, holds]) => [name, values[holds](draw, ownTask, ownCpu)])) }) as unknown as Event

/** Entries of the given tags, where they might have fallen. */
export const entriesOf = (draw: Stream, count: number, tags: ReadonlyArray<EventTag> = eventTags): ReadonlyArray<Entry> => {
  let [now, ownCpu, ownTask, ownCount] = [0, 0, rootTask, 0]
  return Array.from({ length: count }, (_, index) => {
    if (draw.oneIn(2)) {
      now += natural(draw) % 2 ** 30
      ownCpu = cpu(draw)
      ownTask = task(draw)
      // A task's counts grow, but a reader does not rely on it.
      ownCount = natural(draw)
    }
    return { index, now, cpu: ownCpu, task: ownTask, count: ownCount, event: eventOf(draw, oneOf(draw, tags), ownTask, ownCpu) }
  })
}

export const append = (writer: RecordingWriter, entries: ReadonlyArray<Entry>): void => {
  for (const { count, cpu, event, now, task } of entries) writer.log.append(now, cpu, task, count, event)
}

/** A small recording with something of everything. */
export const everything = (draw: Stream, codec: Codec = "none", tags: ReadonlyArray<EventTag> = eventTags) => {
  const entries = entriesOf(draw, 40, tags)
  const schedule = Array.from({ length: 24 }, () => deviationOf(draw, oneOf(draw, kindNames)))
  const written = recordingOf((writer) => {
    append(writer, entries.slice(0, 20))
    for (const deviation of schedule.slice(0, 15)) writer.taken(deviation)
    writer.input("file:/etc/motd", 0, new Uint8Array([104, 105]))
    writer.check({ now: 10, entryCount: 20, stateHash: "00ff", questionsDigest: "1" })
    append(writer, entries.slice(20))
    for (const deviation of schedule.slice(15)) writer.taken(deviation)
    writer.input("stdin", 0, new Uint8Array(0))
    writer.end(end(40))
  }, codec)
  return { ...written, entries, schedule }
}
