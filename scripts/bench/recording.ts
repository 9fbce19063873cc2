/** What a recording costs: bytes a deviation against their entropy, and how fast they are written and read. */
import { concatBytes } from "../../src/base/bytes.ts"
import { childTask, rootTask } from "../../src/base/ids.ts"
import { defaultMenu, type Deviation } from "../../src/log/choice.ts"
import type { Codec } from "../../src/log/codec.ts"
import { type Event, type EventLog, noLog } from "../../src/log/event.ts"
import type { Header } from "../../src/log/header.ts"
import { createRecordingWriter, type RecordingWriter } from "../../src/log/recording.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { KERNEL_VERSION, quietPolicy, TOOL_VERSION } from "../../src/log/version.ts"
import { threadMs } from "./clock.ts"
import { randomSchedule, type RandomKind } from "./random-schedule.ts"
import type { Bench, Figure } from "./table.ts"

const header: Header = {
  toolVersion: TOOL_VERSION,
  kernelVersion: KERNEL_VERSION,
  policy: quietPolicy,
  program: { name: "none", value: null },
  machine: { cpus: [0, 1], memoryBytesMax: 0, icountMax: 0, taskCountMax: 0, outputBytesMax: 0 },
  abis: [], argv: [], env: [], menu: defaultMenu, strategy: "random", seed: "bench", watching: undefined
}

const written = (write: (writer: RecordingWriter) => void, codec: Codec): Uint8Array => {
  const frames: Array<Uint8Array> = []
  const writer = createRecordingWriter(header, (frame) => frames.push(frame), { codec, keep: "entries" })
  write(writer)
  writer.end({ now: 0, entryCount: 0, stateHash: "", questionsDigest: "", outcome: { _tag: "Abandoned" } })
  return concatBytes(frames)
}

const emptyBytes = written(() => {}, "none").length

/** Milliseconds of the fastest of five. */
const fastest = (work: () => void): number =>
  Math.min(...Array.from({ length: 5 }, () => {
    const from = threadMs()
    work()
    return threadMs() - from
  }))

const DEVIATION_COUNT = 262_144

const sizes = (kinds: ReadonlyArray<RandomKind>): ReadonlyArray<Figure> => {
  const { entropyBits, schedule } = randomSchedule("17", DEVIATION_COUNT, kinds)
  const bytesOf = (codec: Codec): number => (written((writer) => schedule.forEach(writer.taken), codec).length - emptyBytes) / DEVIATION_COUNT
  const of = kinds.join(" ")
  const small = bytesOf("zstd")
  return [
    { of, value: bytesOf("none"), unit: "B/deviation", target: { atMost: 5 } },
    { of: `${of}, zstd`, value: small, unit: "B/deviation", target: { atMost: 2 } },
    { of: `${of}, zstd, over entropy`, value: (8 * small) / entropyBits, unit: "x", target: { atMost: 1.35 } }
  ]
}

const speeds = (): ReadonlyArray<Figure> => {
  const { schedule } = randomSchedule("17", DEVIATION_COUNT, ["turn", "preempt", "migrate"])
  const perSecond = (milliseconds: number): number => DEVIATION_COUNT / milliseconds / 1000
  const copied = perSecond(fastest(() => {
    const copies: Array<Deviation> = []
    for (const deviation of schedule) copies.push({ ...deviation })
  }))
  const figures = (codec: Codec): ReadonlyArray<Figure> => {
    let bytes: Uint8Array = new Uint8Array(0)
    const write = perSecond(fastest(() => void (bytes = written((writer) => schedule.forEach(writer.taken), codec))))
    const read = perSecond(fastest(() => {
      const result = readRecording(bytes)
      if (result._tag !== "Read" || result.recording.schedule.length !== DEVIATION_COUNT) throw new Error("what was written is not what is read")
    }))
    const row = (of: string, value: number): Figure =>
      ({ of: `${of}, ${codec}`, value, unit: "M/s", target: { atLeast: 5 }, baseline: { name: "copying deviations", ratio: value / copied } })
    return [row("writer", write), row("reader", read)]
  }
  return [...figures("none"), ...figures("zstd")]
}

const tasks = [1, 2, 3, 4].map((ordinal) => childTask(rootTask, ordinal))

/** What a preemption under a contract writes down, four entries at a time. */
const appendAll = (log: EventLog, events: ReadonlyArray<ReadonlyArray<Event>>, roundCount: number): void => {
  for (let round = 0; round < roundCount; round += 1) {
    const task = tasks[round % 4] ?? rootTask
    for (const event of events[round % events.length] ?? []) log.append(100 * round, round % 2, task, 25 * round, event)
  }
}

const entries = (): ReadonlyArray<Figure> => {
  const roundCount = 100_000
  const events = Array.from({ length: 256 }, (_, index): ReadonlyArray<Event> => {
    const [task, next, ip] = [tasks[index % 4] ?? rootTask, tasks[(index + 1) % 4] ?? rootTask, 0x401000 + (37 * index) % 100]
    return [
      { _tag: "Preempted", task, ip },
      { _tag: "SwitchedIn", task: next, cpu: index % 2 },
      { _tag: "Aborted", task, abi: "mainline-6.12", cause: "preempted", ip, start: 0x401000, postCommit: 0x401040, abort: 0x401050 },
      { _tag: "Woken", task, cpu: index % 2, cause: "preempted" }
    ]
  })
  const perEntry = (milliseconds: number): number => (milliseconds * 1e6) / (4 * roundCount)
  const nothing = perEntry(fastest(() => appendAll(noLog, events, roundCount)))
  return (["none", "zstd"] as const).map((codec) => {
    const value = perEntry(fastest(() => void written((writer) => appendAll(writer.log, events, roundCount), codec))) - nothing
    // 400,000 preemptions a second with four or five entries each: 15 % of a second for 1.8 million entries.
    return { of: `entries, ${codec}`, value, unit: "ns", target: { atMost: 83 } }
  })
}

export const recording: Bench = {
  name: "recording",
  summary: "bytes a deviation of random at rates of 1/100 against their entropy; deviations written and read a second; an entry written",
  run: () => [...sizes(["turn"]), ...sizes(["turn", "preempt"]), ...sizes(["turn", "preempt", "migrate"]), ...speeds(), ...entries()]
}
