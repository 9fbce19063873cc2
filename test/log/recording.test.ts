import { assert, describe, it } from "vitest"
import { concatBytes, equalBytes } from "../../src/base/bytes.ts"
import { randomSchedule } from "../../scripts/bench/random-schedule.ts"
import { defaultMenu, type Deviation, kindNames } from "../../src/log/choice.ts"
import type { Outcome } from "../../src/log/outcome.ts"
import { createRecordingWriter } from "../../src/log/recording.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { TOOL_VERSION } from "../../src/log/version.ts"
import { rootTask } from "../../src/base/ids.ts"
import packageJson from "../../package.json" with { type: "json" }
import { deviationOf, forSeeds, oneOf } from "./arbitrary.ts"
import { append, end, entriesOf, everything, header, opened, recordingOf } from "./sample.ts"

describe("a recording", () => {
  it.each(["none", "zstd"] as const)("gives back all that was written (codec %s)", (codec) =>
    forSeeds(20, (draw) => {
      const { bytes, contentHash, entries, schedule } = everything(draw, codec)
      const recording = opened(bytes)
      const { events: _, features, formatVersion, kinds, programBytes, programHash, ...rest } = recording.header
      assert.deepStrictEqual(rest, header())
      assert.deepStrictEqual([features, formatVersion, kinds, programHash.length, programBytes > 0], [[], 1, kindNames, 64, true])
      assert.deepStrictEqual(recording.schedule, schedule)
      assert.deepStrictEqual([...recording.entries], entries)
      assert.deepStrictEqual([...recording.entriesFrom(27)], entries.slice(27))
      assert.deepStrictEqual([...recording.inputs], [{ source: "file:/etc/motd", offset: 0, bytes: new Uint8Array([104, 105]) }, { source: "stdin", offset: 0, bytes: new Uint8Array(0) }])
      assert.deepStrictEqual(recording.checks, [{ now: 10, entryCount: 20, stateHash: "00ff", questionsDigest: "1" }])
      assert.deepStrictEqual(recording.end, end(40))
      assert.deepStrictEqual([recording.status, recording.validBytes, recording.contentHash, recording.unlike], ["clean", bytes.length, contentHash, []])
    }))

  it("goes over many chunks without losing its place", () =>
    forSeeds(1, (draw) => {
      const entries = entriesOf(draw, 40_000, ["SwitchedIn", "Preempted", "Written"])
      const schedule = Array.from({ length: 40_000 }, () => deviationOf(draw, oneOf(draw, ["turn", "preempt", "pick"])))
      const { bytes } = recordingOf((writer) => {
        append(writer, entries)
        for (const deviation of schedule) writer.taken(deviation)
        writer.end(end(entries.length))
      }, "zstd")
      const recording = opened(bytes)
      assert.deepStrictEqual([...recording.entriesFrom(39_990)], entries.slice(39_990))
      assert.deepStrictEqual([...recording.entries], entries)
      assert.deepStrictEqual(recording.schedule, schedule)
    }))

  it("holds, wherever it is cut, the deviations of all entries it still has", () =>
    forSeeds(1, (draw) => {
      const frames: Array<Uint8Array> = []
      const writer = createRecordingWriter(header(), (frame) => void frames.push(frame), { codec: "none", keep: "entries" })
      for (const entry of entriesOf(draw, 40_000, ["SwitchedIn"])) {
        if (entry.index % 1_000 === 0) writer.taken(deviationOf(draw, "turn"))
        append(writer, [entry])
      }
      writer.end(end(40_000))
      const left = frames.map((_, index) => readRecording(concatBytes(frames.slice(0, index + 1))))
        .flatMap((read) => (read._tag === "Read" ? [read.recording] : [])).filter(({ entryCount }) => entryCount > 0)
      assert.isAbove(left.length, 3)
      for (const { deviationCount, entryCount } of left) assert.isAtLeast(deviationCount, Math.ceil(entryCount / 1_000))
    }))

  it("has the same bytes for the same run, and the same content hash under either codec", () =>
    forSeeds(3, (_, seed) => {
      const [once, again, small] = [["none"], ["none"], ["zstd"]].map(([codec]) => {
        let written: ReturnType<typeof everything> | undefined
        forSeeds(1, (draw) => void (written = everything(draw, codec as "none" | "zstd")))
        return written
      })
      assert.isTrue(once !== undefined && again !== undefined && small !== undefined && equalBytes(once.bytes, again.bytes), seed)
      assert.strictEqual(once?.contentHash, small?.contentHash)
      assert.isBelow(small?.bytes.length ?? 0, once?.bytes.length ?? 0)
    }))

  it("differs where the run differs, in its content hash too", () => {
    const base = { task: rootTask, count: 5, nth: 0, kind: "turn", option: 1 } as const
    const variants = [[], [base], [base, base], [{ ...base, count: 6 }], [{ ...base, nth: 1 }], [{ ...base, option: 0 }], [{ ...base, kind: "migrate" as const }]]
    const hashes = variants.map((schedule) => recordingOf((writer) => {
      for (const deviation of schedule) writer.taken(deviation)
      writer.end(end(0))
    }).contentHash)
    assert.strictEqual(new Set(hashes).size, variants.length)
  })

  it("without entries keeps their number", () => {
    const { bytes } = recordingOf((writer) => {
      append(writer, entriesOf({ below: () => 0, oneIn: () => true, bits: () => 0 }, 5, ["SwitchedIn"]))
      writer.end(end(5))
    }, "none", header(), "schedule")
    const recording = opened(bytes)
    assert.deepStrictEqual([[...recording.entries], recording.end?.entryCount], [[], 5])
  })

  it("carries a program longer than a frame", () => {
    const long = new Uint8Array(20 * 2 ** 20).fill(7)
    const recording = opened(recordingOf((writer) => writer.end(end(0)), "zstd", header([long])).bytes)
    assert.deepStrictEqual(recording.header.program.value, [long])
  })

  it.each<Outcome>([
    { _tag: "Exited", status: 255 }, { _tag: "Killed", signal: 11 }, { _tag: "Deadlocked", tasks: [rootTask] }, { _tag: "OutOfBudget", limit: "icount" },
    { _tag: "Unsupported", what: "an opcode", ip: 0xffff_ffff_ffff_f000, bytes: new Uint8Array([15, 11]) }, { _tag: "Abandoned" }
  ])("ends as the run did: $_tag", (outcome) => {
    assert.deepStrictEqual(opened(recordingOf((writer) => writer.end({ ...end(0), outcome })).bytes).end?.outcome, outcome)
  })

  it("does not hang on the bytes it was read from", () => {
    const { bytes } = recordingOf((writer) => writer.end(end(0)), "none", header([new Uint8Array([1, 2, 3])]))
    const recording = opened(bytes)
    bytes.fill(0)
    assert.deepStrictEqual(recording.header.program.value, [new Uint8Array([1, 2, 3])])
  })

  it("refuses to hold what would not come back", () => {
    const write = (program: unknown) => () => recordingOf(() => {}, "none", header(program as never))
    for (const value of [[-0], [1.5], [NaN], [2n ** 64n], ["\ud800"], [[[[[[[[[[1]]]]]]]]]], [undefined]]) assert.throws(write(value))
    assert.throws(() => recordingOf((writer) => writer.taken({ task: rootTask, count: -1, nth: 0, kind: "turn", option: 0 })))
    assert.throws(() => recordingOf((writer) => writer.log.append(-0, 0, rootTask, 0, { _tag: "Yielded", task: rootTask })))
    assert.throws(() => recordingOf((writer) => {
      writer.taken({ task: rootTask, count: 1, nth: 0, kind: "preempt", option: -2 })
      writer.end(end(0))
    }))
    assert.throws(() => recordingOf((writer) => {
      writer.end(end(0))
      writer.check(end(0))
    }))
  })

  it("takes an event's fields by name, in whatever order they were made", () => {
    const { bytes } = recordingOf((writer) => {
      writer.log.append(5, 0, rootTask, 5, { ip: 0x401000, task: rootTask, _tag: "Preempted" })
      writer.log.append(5, 0, rootTask, 5, { _tag: "SwitchedIn", cpu: 3, task: rootTask })
      writer.end(end(2))
    })
    assert.deepStrictEqual([...opened(bytes).entries].map(({ event }) => event), [{ _tag: "Preempted", task: rootTask, ip: 0x401000 }, { _tag: "SwitchedIn", task: rootTask, cpu: 3 }])
    const lacking = { _tag: "Preempted", task: rootTask } as never
    assert.throws(() => recordingOf((writer) => writer.log.append(5, 0, rootTask, 5, lacking)))
    const swapped = { _tag: "Preempted", task: rootTask, at: 5 } as never
    assert.throws(() => recordingOf((writer) => writer.log.append(5, 0, rootTask, 5, swapped)))
  })

  it.each([
    ["turn", ["turn"]],
    ["turn and preempt", ["turn", "preempt"]],
    ["turn, preempt and migrate", ["turn", "preempt", "migrate"]]
  ] as const)("of random %s at 1/100 is small: 5 bytes a deviation, 2 compressed, 1.35 of the entropy", (_claim, kinds) => {
    const { entropyBits, schedule } = randomSchedule("17", 65_536, kinds)
    const bytesOf = (codec: "none" | "zstd", all: ReadonlyArray<Deviation>) => recordingOf((writer) => {
      all.forEach(writer.taken)
      writer.end(end(0))
    }, codec).bytes.length
    const [raw, small] = (["none", "zstd"] as const).map((codec) => (bytesOf(codec, schedule) - bytesOf(codec, [])) / schedule.length)
    assert.isAtMost(raw ?? Infinity, 5)
    assert.isAtMost(small ?? Infinity, 2)
    assert.isAtMost((8 * (small ?? Infinity)) / entropyBits, 1.35)
  })

  it("of the most regular run is not refused for being so small", () => {
    const { bytes } = recordingOf((writer) => {
      for (let index = 0; index < 400_000; index += 1) {
        writer.taken({ task: rootTask, count: 100 * index, nth: 0, kind: "turn", option: 1 })
        writer.log.append(100 * index, 0, rootTask, 100 * index, { _tag: "Preempted", task: rootTask, ip: 0x401000 })
      }
      writer.end(end(400_000))
    }, "zstd")
    assert.strictEqual(opened(bytes).status, "clean")
  })

  it("keeps an empty menu and sparse CPUs", () => {
    const odd = { ...header(), menu: { ...defaultMenu, kinds: new Set<never>(), clockSteps: [] }, machine: { ...header().machine, cpus: [0, 2, 65_536] } }
    const recording = opened(recordingOf((writer) => writer.end(end(0)), "none", odd).bytes)
    assert.deepStrictEqual([recording.header.menu, recording.header.machine], [odd.menu, odd.machine])
  })

  it("of the version the package says", () => assert.strictEqual(TOOL_VERSION, packageJson.version))

  it("is not what an empty file is", () => {
    const result = readRecording(new Uint8Array(0))
    assert.isTrue(result._tag === "Unreadable" && result.problem._tag === "NotARecording")
  })
})
