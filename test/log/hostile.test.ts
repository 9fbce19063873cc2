import { zstdCompressSync } from "node:zlib"
import { assert, describe, it } from "vitest"
import { concatBytes, viewOf } from "../../src/base/bytes.ts"
import { stream } from "../../src/base/prng.ts"
import { type Damage, frameType, hashOf, pack, unpack } from "../../src/log/codec.ts"
import { eventTags } from "../../src/log/event.ts"
import { recordingLimits } from "../../src/log/limits.ts"
import { plainOfHeader } from "../../src/log/header.ts"
import { readRecording, type ReadResult } from "../../src/log/recording-reader.ts"
import { programOfPlain } from "../../src/program/plain.ts"
import type { Plain } from "../../src/base/plain.ts"
import { forSeeds } from "./arbitrary.ts"
import { contentsOf, mutated, resealed, signed, wrapped } from "../support/resign.ts"
import { end, everything, header, opened, recordingOf } from "./sample.ts"

/** Each makes a hundred mutants. Long form: RSEQLAB_MUTANTS. */
const SEED_COUNT = Math.ceil(Number(process.env["RSEQLAB_MUTANTS"] ?? 1000) / 100)

/** Reads and looks at everything. What it gives is a recording or one typed problem; it never throws. */
const readAll = (bytes: Uint8Array): ReadResult => {
  const result = readRecording(bytes)
  if (result._tag === "Read") {
    const { recording } = result
    assert.strictEqual(recording.schedule.length, recording.deviationCount)
    assert.strictEqual([...recording.entries].length, recording.entryCount)
    for (const { bytes } of recording.inputs) assert.isTrue(bytes instanceof Uint8Array)
    programOfPlain(recording.header.program.value)
  }
  return result
}
const problemOf = (result: ReadResult): Damage | undefined => (result._tag === "Unreadable" ? result.problem : result.recording.damage)
const small = everything(stream("small", "hostile"))
const contents = contentsOf(small.bytes)

/** The first events of the dictionary, which hold most sorts of fields. */
const SLIM_EVENT_COUNT = 11
/** Of the header. */
const DICTIONARY_FIELD = 15
/** A recording whose dictionary has only those: read in a third of the time, so that there can be many. */
const slim = contentsOf(everything(stream("slim", "hostile"), "none", eventTags.slice(0, SLIM_EVENT_COUNT)).bytes).map((content) => {
  const [packed] = content.parts
  const header = content.type === frameType.header && packed !== undefined ? unpack(packed, recordingLimits) : undefined
  if (header === undefined || !("value" in header)) return content
  const fields = header.value as ReadonlyArray<Plain>
  return { ...content, parts: [pack(fields.with(DICTIONARY_FIELD, (fields[DICTIONARY_FIELD] as ReadonlyArray<Plain>).slice(0, SLIM_EVENT_COUNT)))] }
})

const ends = small.frames.reduce<Array<number>>((all, frame) => [...all, (all.at(-1) ?? 0) + frame.length], [])
/** Every length about the borders of frames; elsewhere one stands for a few. */
const lengths = Array.from({ length: small.bytes.length - 1 }, (_, index) => index + 1).filter((at) => at < 100 || at > (ends[0] ?? 0) - 20 && (at % 3 === 0 || ends.some((end) => Math.abs(end - at) < 20)) || at % 17 === 0)

describe("a damaged recording", () => {
  it("cut at any byte is truncated, and good up to its last whole frame", () => {
    for (const length of lengths) {
      const result = readRecording(small.bytes.subarray(0, length))
      assert.strictEqual(problemOf(result)?._tag, "Truncated", `cut at ${length}`)
      // The header and the program must be whole for anything to be read at all.
      assert.strictEqual(result._tag, length < (ends[1] ?? 0) ? "Unreadable" : "Read", `cut at ${length}`)
      if (result._tag === "Read") assert.strictEqual(result.recording.validBytes, ends.findLast((at) => at <= length))
    }
  })

  it("with any byte changed is never taken for a good one", () => {
    for (const at of [0, ...lengths]) {
      const bytes = small.bytes.slice()
      bytes[at] = (bytes[at] ?? 0) ^ (1 << at % 8)
      const problem = problemOf(readRecording(bytes))
      assert.include(["Corrupt", "NotARecording"], problem?._tag, `byte ${at}`)
      assert.isTrue(problem !== undefined && problem.at <= at, `byte ${at}: found at ${problem?.at}`)
    }
  })

  it("with any bit of its first frames changed is never taken for a good one", () => {
    for (let bit = 0; bit < 8 * 120; bit += 1) {
      const bytes = small.bytes.slice()
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << bit % 8)
      assert.isDefined(problemOf(readRecording(bytes)), `bit ${bit}`)
    }
  })

  it.each([
    ["bytes after the end", [small.bytes, new Uint8Array([0xc9])]],
    ["two recordings in one", [small.bytes, small.bytes]],
    ["a frame twice", [...small.frames.slice(0, 3), ...small.frames.slice(2)]],
    ["a frame missing", [...small.frames.slice(0, 2), ...small.frames.slice(3)]]
  ] as const)("%s is corrupt", (_claim, parts) => assert.strictEqual(problemOf(readAll(concatBytes(parts)))?._tag, "Corrupt"))
})

describe("a recording made by an enemy", () => {
  it("is what it was if nothing was changed", () => {
    assert.deepStrictEqual(signed(contents), small.bytes)
    assert.strictEqual(opened(signed(slim)).entryCount, 40)
  })

  it("ends in a recording or a problem, whatever it says (mutants, signed again)", () => {
    const seen = new Map<string, number>()
    forSeeds(SEED_COUNT, (draw) => {
      for (let round = 0; round < 100; round += 1) {
        const whole = round % 5 === 0 ? contents : slim
        // Without an index, nothing betrays a chunk that grew; without an end, no total does.
        const result = readAll((round % 3 === 0 ? signed : resealed)(mutated(draw, round % 2 === 0 ? whole : whole.slice(0, -2))))
        const what = problemOf(result)?._tag ?? "Read"
        seen.set(what, (seen.get(what) ?? 0) + 1)
      }
    })
    // Had the signing gone wrong, the mutants would all end at the first checksum.
    for (const what of ["Corrupt", "Truncated"]) assert.isAbove(seen.get(what) ?? 0, 5 * SEED_COUNT, JSON.stringify([...seen]))
  }, 3_600_000)

  it("ends in a recording or a problem with any tuple in a frame", () =>
    forSeeds(20, (draw) => {
      for (let round = 0; round < 50; round += 1) {
        const tuple = small.frames[0]?.slice(14) ?? new Uint8Array(0)
        for (let left = 1 + draw.below(4); left > 0; left -= 1) tuple[draw.below(round % 2 === 0 ? 60 : tuple.length)] = draw.below(256)
        assert.isDefined(problemOf(readAll(concatBytes([wrapped(draw.below(10), tuple), ...small.frames.slice(1)]))))
      }
    }))

  const headOf = (head: Uint8Array, type: number = frameType.check) => signed([...contents.slice(0, 2), { type, head, parts: [] }])
  const nested = (depth: number) => concatBytes([new Uint8Array(depth).fill(0x91), new Uint8Array([0xc0])])
  it.each([
    ["5,000 arrays in each other", nested(5000), "TooLarge"],
    ["9 arrays in each other", nested(9), "TooLarge"],
    ["an array of four thousand million", new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0]), "Corrupt"],
    ["text longer than its frame", new Uint8Array([0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]), "Corrupt"],
    ["a msgpackr record (extension 72)", new Uint8Array([0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01]), "Corrupt"],
    ["an extension of 16 bytes", new Uint8Array([0xd8, 0x72, ...new Uint8Array(16)]), "Corrupt"],
    ["an extension of any length", new Uint8Array([0xc7, 1, 0x72, 0x40]), "Corrupt"],
    ["a map", new Uint8Array([0x81, 0xa1, 0x61, 0x01]), "Corrupt"],
    ["a float", new Uint8Array([0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0]), "Corrupt"],
    ["the byte that is never used", new Uint8Array([0xc1]), "Corrupt"],
    ["a check that is none", pack(["now", 1, 2, 3]), "Corrupt"],
    ["a check with too little in it", pack([1, 2]), "Corrupt"]
  ] as const)("is refused for %s", (_claim, head, expected) => {
    const problem = problemOf(readAll(headOf(head)))
    assert.strictEqual(problem?._tag, expected, problem?.expected)
  })

  it.each([
    ["skips a frame it may skip", 64, undefined],
    ["skips the last frame it may skip", 127, undefined],
    ["asks for a newer version at a frame it must understand", 63, "Newer"],
    ["knows no snapshots yet", frameType.snapshot, "Newer"],
    ["knows no frames of type 0", 0, "Corrupt"],
    ["knows no negative types", 0x80, "Corrupt"]
  ] as const)("%s", (_claim, type, expected) => {
    const [first, second, ...rest] = contents
    if (first === undefined || second === undefined) throw new Error("a header and a program")
    const unindexed = rest.filter((content) => content.type === frameType.check || content.type === frameType.input)
    const result = readAll(signed([first, second, { type, head: pack(["?"]), parts: [new Uint8Array(3)] }, ...unindexed]))
    const problem = problemOf(result)
    assert.strictEqual(problem?._tag === "Truncated" ? undefined : problem?._tag, expected)
    if (expected === undefined) assert.strictEqual(result._tag === "Read" ? result.recording.checks.length : 0, 1)
  })

  it("gets no more memory than its frame declares: 256 MiB of zeros in 8 KiB", () => {
    const bomb = zstdCompressSync(new Uint8Array(256 * 2 ** 20))
    assert.isBelow(bomb.length, 10_000)
    const frameOf = (declared: number): Uint8Array => {
      const part = concatBytes([new Uint8Array([0x93, 1, 0xce, 0, 0, 0, 0, 0xc6, 0, 0, 0, 0]), bomb])
      viewOf(part).setUint32(3, declared)
      viewOf(part).setUint32(8, bomb.length)
      return wrapped(frameType.header, concatBytes([new Uint8Array([0x93, 0xc4, 32]), new Uint8Array(32), new Uint8Array([0x90, 0x91]), part]))
    }
    const before = performance.now()
    assert.strictEqual(problemOf(readAll(frameOf(256 * 2 ** 20)))?._tag, "TooLarge")
    assert.strictEqual(problemOf(readAll(frameOf(2 ** 32 - 1)))?._tag, "TooLarge")
    assert.strictEqual(problemOf(readAll(frameOf(1000)))?._tag, "Corrupt")
    assert.strictEqual(problemOf(readAll(frameOf(16 * 2 ** 20)))?._tag, "Corrupt")
    assert.isBelow(performance.now() - before, 2000)
  })

  it("cannot come to more than its size allows by many frames of zeros", () => {
    const zeros = new Uint8Array(16 * 2 ** 20)
    const [first, second] = contents
    if (first === undefined || second === undefined) throw new Error("a header and a program")
    const inputs = Array.from({ length: 8 }, () => ({ type: frameType.input, head: pack(["stdin", 0]), parts: [zeros] }))
    assert.strictEqual(problemOf(readRecording(signed([first, second, ...inputs], "zstd")))?._tag, "TooLarge")
  })

  it("is held to local limits, whatever it asks for", () => {
    const withLimits = (limits: Partial<typeof recordingLimits>) => problemOf(readRecording(small.bytes, { ...recordingLimits, ...limits }))?._tag
    for (const limits of [{ recordingBytesMax: 100 }, { frameCountMax: 3 }, { deviationCountMax: 20 }, { taskCountMax: 1 }, { nameCountMax: 3 }, { programBytesMax: 5 }, { contentBytesBase: 100, contentRatioMax: 0 }]) {
      assert.strictEqual(withLimits(limits), "TooLarge", JSON.stringify(limits))
    }
  })

  it("says what is newer", () => {
    const packed = plainOfHeader(header(), hashOf(pack(null)), 1) as ReadonlyArray<never>
    const withHead = (index: number, value: unknown) => problemOf(readRecording(signed([{ type: frameType.header, head: pack([]), parts: [pack(packed.map((each, at) => (at === index ? (value as never) : each)))] }])))
    assert.strictEqual(withHead(1, 2)?._tag, "Newer")
    assert.strictEqual(withHead(2, ["snapshots"])?._tag, "Newer")
    assert.strictEqual(withHead(11, [["teleport"], [], 0, []])?._tag, "Newer")
    assert.strictEqual(withHead(0, "another recording")?._tag, "NotARecording")
    assert.strictEqual(withHead(7, [[], 0, 0, 0, 0])?._tag, "Corrupt")
  })

  it("keeps names that would be something else in JavaScript out of objects", () => {
    const packed = plainOfHeader(header(), hashOf(pack(null)), 1) as ReadonlyArray<never>
    const events = [["__proto__", [["task", "task"]]]]
    const bytes = signed([{ type: frameType.header, head: pack([]), parts: [pack(packed.map((each, at) => (at === 15 ? (events as never) : each)))] }])
    assert.strictEqual(problemOf(readRecording(bytes))?._tag, "Corrupt")
  })

  it("opens in time and memory that go with its size", () => {
    const { bytes } = recordingOf((writer) => {
      for (let index = 0; index < 1_000_000; index += 1) writer.taken({ task: 0 as never, count: index, nth: 0, kind: "turn", option: index % 2 })
      writer.end(end(0))
    }, "zstd")
    const before = performance.now()
    assert.strictEqual(opened(bytes).deviationCount, 1_000_000)
    assert.isBelow(performance.now() - before, 2000)
  })
})
