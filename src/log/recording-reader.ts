/**
 * Opens a recording: walks every frame once, checks all it holds, and keeps only where things stand. What is long (schedule,
 * entries, inputs) is decoded when it is asked for.
 */
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { natural, type Plain, type Shape, shaped, text, tuple } from "../base/plain.ts"
import type { Deviation, Schedule } from "./choice.ts"
import { chained, chainStart, type Damage, damage, decodeFrame, type Frame, frameType, hashOf, hexOf, type IndexRow, isDamage, pack, SKIPPABLE_TYPE_MIN, unpack } from "./codec.ts"
import { checkScheduleChunk, decodeScheduleChunk } from "./deviations.ts"
import { checkEntryChunk, decodeEntryChunk } from "./entry-reader.ts"
import { dictionary } from "./entry-writer.ts"
import type { Entry } from "./event.ts"
import { type Check, checkShape, type End, endShape, type HeaderRead, headerShape, MAGIC, menuOf, preambleShape } from "./header.ts"
import { type RecordingLimits, recordingLimits } from "./limits.ts"
import type { DictionaryRow, Names } from "./names.ts"
import { Successors } from "./successors.ts"
import { FORMAT_VERSION, knownFeatures } from "./version.ts"

/** Bytes that came from the host. */
export interface Input {
  readonly source: string
  readonly offset: number
  readonly bytes: Uint8Array
}

export interface Recording {
  readonly header: HeaderRead
  /** `truncated`: it ends too soon; `corrupt`: something is wrong at `damage.at`. What comes before is good either way. */
  readonly status: "clean" | "truncated" | "corrupt"
  readonly damage: Damage | undefined
  readonly validBytes: number
  /** Of the valid part. Equal runs have equal ones, on every machine. */
  readonly contentHash: string
  readonly deviationCount: number
  /** In the order of the run. Decoded anew by each walk, a chunk at a time: a few bytes may stand for millions. */
  readonly deviations: Iterable<Deviation>
  /** All of them at once. Made when first asked for, which is for whoever has replayed them. */
  readonly schedule: Schedule
  readonly entryCount: number
  /** Decoded anew by each walk, a chunk at a time. */
  readonly entries: Iterable<Entry>
  readonly entriesFrom: (index: number) => Iterable<Entry>
  readonly inputs: Iterable<Input>
  readonly inputCount: number
  readonly checks: ReadonlyArray<Check>
  readonly end: End | undefined
  /** Events and fields whose rows are others here: such entries can be shown, and not folded. */
  readonly unlike: ReadonlyArray<string>
  /** Frames of types that are not known here and may be skipped. */
  readonly skippedFrameCount: number
}

export type ReadResult =
  | { readonly _tag: "Read"; readonly recording: Recording }
  | { readonly _tag: "Unreadable"; readonly problem: Damage }

/** Where a chunk stands, and which of its rows is the first of the whole. */
interface Chunk {
  readonly at: number
  readonly first: number
  readonly rowCount: number
}

/** A shape, or damage at the frame. */
const shapedAt = <T>(frame: Frame, shape: Shape<T>, packed: Uint8Array, name: string, limits: RecordingLimits): { readonly value: T } | Damage => {
  const unpacked = unpack(packed, limits)
  if (isDamage(unpacked)) return damage(unpacked._tag, frame.at, unpacked.expected)
  const result = shaped(shape, unpacked.value, name)
  return result._tag === "Shaped" ? result : damage("Corrupt", frame.at, `${result.problem.path}: ${result.problem.expected}`)
}

const onlyPart = ({ parts }: Frame): Uint8Array | undefined => (parts.length === 1 ? parts[0] : undefined)

type HeaderWithoutProgram = Omit<HeaderRead, "program"> & { readonly programName: string }

const readHeader = (frame: Frame, limits: RecordingLimits): HeaderWithoutProgram | Damage => {
  const packed = onlyPart(frame)
  if (frame.type !== frameType.header || packed === undefined) return damage("NotARecording", frame.at, "the header of a recording")
  const preamble = shapedAt(frame, preambleShape, packed, "header", limits)
  if (isDamage(preamble) || preamble.value.magic !== MAGIC) return damage("NotARecording", frame.at, "the header of a recording")
  const { features, formatVersion } = preamble.value
  if (formatVersion > FORMAT_VERSION) return damage("Newer", frame.at, `format ${FORMAT_VERSION} or older, not ${formatVersion}`)
  const unknown = features.filter((feature) => !knownFeatures.includes(feature))
  if (unknown.length > 0) return damage("Newer", frame.at, `nothing this version does not know: ${unknown.join(", ")}`)
  const header = shapedAt(frame, headerShape, packed, "header", limits)
  if (isDamage(header)) return header
  const { magic: _, menu: asked, program, ...rest } = header.value
  const menu = menuOf(asked)
  if (menu === undefined) return damage("Newer", frame.at, "a menu this version can ask")
  if (program.bytes > limits.programBytesMax) return damage("TooLarge", frame.at, `a program of at most ${limits.programBytesMax} bytes`)
  return { ...rest, menu, programName: program.name, programHash: program.hash, programBytes: program.bytes }
}

const inputShape = tuple({ source: text(4096), offset: natural })

/** One pass over a recording's frames. */
class Reading {
  header: HeaderWithoutProgram | undefined
  program: Plain | undefined
  end: End | undefined
  hash = chainStart()
  deviationCount = 0
  entryCount = 0
  names: Names = { tasks: [], texts: [], shapes: [], kinds: [], events: [] }
  readonly scheduleChunks: Array<Chunk> = []
  readonly entryChunks: Array<Chunk> = []
  readonly inputs: Array<{ readonly at: number; readonly source: string; readonly offset: number }> = []
  readonly checks: Array<Check> = []
  skippedFrameCount = 0
  private readonly successors = new Successors()
  private readonly index: Array<IndexRow> = []
  private hasIndex = false
  private programPacked = new Uint8Array(0)
  private programFilled = 0
  private readonly limits: RecordingLimits
  private readonly programValueCountMax: number

  constructor(limits: RecordingLimits, recordingBytes: number) {
    this.limits = limits
    this.programValueCountMax = Math.min(limits.programValueCountMax, limits.programValueCountBase + recordingBytes)
  }

  /** Takes the next frame; or says what is wrong with it, and leaves all as it was. */
  take(frame: Frame): Damage | undefined {
    if (!equalBytes(frame.previous, this.hash)) return damage("Corrupt", frame.at, "the hash of what comes before")
    const problem = this.believe(frame)
    if (problem === undefined && frame.type !== frameType.index) this.hash = chained(this.hash, frame)
    return problem
  }

  private believe(frame: Frame): Damage | undefined {
    const { at, type } = frame
    if (this.header === undefined) return this.takeHeader(frame)
    if (this.program === undefined && type !== frameType.program && type < SKIPPABLE_TYPE_MIN) return damage("Corrupt", at, "the rest of the program")
    if (this.hasIndex && type !== frameType.end && type < SKIPPABLE_TYPE_MIN) return damage("Corrupt", at, "the end after the index")
    switch (type) {
      case frameType.header: return damage("Corrupt", at, "one header")
      case frameType.program: return this.takeProgram(frame)
      case frameType.schedule: return this.takeSchedule(frame)
      case frameType.entries: return this.takeEntries(frame)
      case frameType.input: return this.takeInput(frame)
      case frameType.check: return this.takeCheck(frame)
      case frameType.index: return this.takeIndex(frame)
      case frameType.end: return this.takeEnd(frame)
      default:
        if (type >= SKIPPABLE_TYPE_MIN) this.skippedFrameCount += 1
        return type >= SKIPPABLE_TYPE_MIN ? undefined : damage(type > 0 ? "Newer" : "Corrupt", at, `a frame of a type this version knows, not ${type}`)
    }
  }

  private takeHeader(frame: Frame): Damage | undefined {
    const header = readHeader(frame, this.limits)
    if (isDamage(header)) return header
    this.header = header
    this.names = { ...this.names, kinds: header.kinds, events: header.events }
    this.programPacked = new Uint8Array(header.programBytes)
    return undefined
  }

  private takeProgram(frame: Frame): Damage | undefined {
    const piece = onlyPart(frame)
    if (this.program !== undefined || piece === undefined || this.programFilled + piece.length > this.programPacked.length) {
      return damage("Corrupt", frame.at, "a program as long as the header says")
    }
    this.programPacked.set(piece, this.programFilled)
    this.programFilled += piece.length
    if (this.programFilled < this.programPacked.length) return undefined
    if (hashOf(this.programPacked) !== this.header?.programHash) return damage("Corrupt", frame.at, "a program whose hash is that of the header")
    const unpacked = unpack(this.programPacked, { ...this.limits, valueCountMax: this.programValueCountMax }, "viewed")
    if (isDamage(unpacked)) return damage(unpacked._tag, frame.at, unpacked.expected)
    this.program = unpacked.value
    return undefined
  }

  private takeSchedule(frame: Frame): Damage | undefined {
    const rowCount = checkScheduleChunk(frame, this.names, this.successors, this.limits)
    if (typeof rowCount !== "number") return rowCount
    if (this.deviationCount + rowCount > this.limits.deviationCountMax) return damage("TooLarge", frame.at, `at most ${this.limits.deviationCountMax} deviations`)
    this.scheduleChunks.push({ at: frame.at, first: this.deviationCount, rowCount })
    this.index.push([frameType.schedule, frame.at, rowCount, this.deviationCount])
    this.deviationCount += rowCount
    return undefined
  }

  private takeEntries(frame: Frame): Damage | undefined {
    const chunk = checkEntryChunk(frame, this.names, this.limits)
    if (isDamage(chunk)) return chunk
    if (chunk.firstIndex !== this.entryCount) return damage("Corrupt", frame.at, `entries from ${this.entryCount} on`)
    this.entryChunks.push({ at: frame.at, first: this.entryCount, rowCount: chunk.rowCount })
    this.index.push([frameType.entries, frame.at, chunk.rowCount, this.entryCount])
    this.entryCount += chunk.rowCount
    return undefined
  }

  private takeInput(frame: Frame): Damage | undefined {
    const input = shapedAt(frame, inputShape, frame.head, "input", this.limits)
    if (isDamage(input)) return input
    if (onlyPart(frame) === undefined) return damage("Corrupt", frame.at, "the bytes of an input")
    this.inputs.push({ at: frame.at, ...input.value })
    return undefined
  }

  private takeCheck(frame: Frame): Damage | undefined {
    const check = shapedAt(frame, checkShape, frame.head, "check", this.limits)
    if (isDamage(check)) return check
    if (frame.parts.length > 0) return damage("Corrupt", frame.at, "a check without parts")
    this.checks.push(check.value)
    this.index.push([frameType.check, frame.at, 1, check.value.now])
    return undefined
  }

  /** An index says nothing new: it is right if it is what the walk makes it, byte for byte. */
  private takeIndex(frame: Frame): Damage | undefined {
    this.hasIndex = true
    const packed = onlyPart(frame)
    return packed !== undefined && equalBytes(packed, pack(this.index)) ? undefined : damage("Corrupt", frame.at, "an index of what is there")
  }

  private takeEnd(frame: Frame): Damage | undefined {
    const end = shapedAt(frame, endShape, frame.head, "end", this.limits)
    if (isDamage(end)) return end
    const { check, deviationCount, outcome } = end.value
    if (frame.parts.length > 0 || !this.hasIndex) return damage("Corrupt", frame.at, "an index, and an end without parts")
    if (deviationCount !== this.deviationCount) return damage("Corrupt", frame.at, `${this.deviationCount} deviations`)
    // Watched entries are kept and not counted: they hang on who listened.
    if (this.entryCount > 0 && check.entryCount > this.entryCount) return damage("Corrupt", frame.at, `at most ${this.entryCount} entries`)
    this.end = { ...check, outcome }
    return undefined
  }
}

/** Events of `header` that are others here: another tag, another field, or one that holds something else. */
export const unlikeEvents = ({ events }: Pick<HeaderRead, "events">): ReadonlyArray<DictionaryRow> =>
  events.filter(({ fields, tag }) => {
    const own = dictionary.find((row) => row.tag === tag)
    return own?.fields.length !== fields.length || !own.fields.every(([name, holds], index) => fields[index]?.[0] === name && fields[index][1] === holds)
  })

/** Reads bytes from anywhere. Bounded in time and memory by their number, whatever they say; `limits` beat what they ask for. */
export const readRecording = (bytes: Uint8Array, limits: RecordingLimits = recordingLimits): ReadResult => {
  const reading = new Reading(limits, bytes.length)
  let at = 0
  let frameCount = 0
  let contentBytes = 0
  const budget = limits.contentBytesBase + limits.contentRatioMax * bytes.length
  let problem: Damage | undefined =
    bytes.length > limits.recordingBytesMax ? damage("TooLarge", 0, `at most ${limits.recordingBytesMax} bytes`)
    : bytes[0] !== 0xc9 ? damage("NotARecording", 0, "a recording, which begins with the byte c9")
    : undefined
  while (problem === undefined && at < bytes.length) {
    frameCount += 1
    if (frameCount > limits.frameCountMax) problem = damage("TooLarge", at, `at most ${limits.frameCountMax} frames`)
    if (reading.end !== undefined) problem = damage("Corrupt", at, "nothing after the end")
    const frame: Frame | Damage = problem ?? decodeFrame(bytes, at, limits, budget - contentBytes)
    if (isDamage(frame)) {
      problem = frame
    } else {
      problem = reading.take(frame)
      if (problem === undefined) at = frame.end
      contentBytes += frame.parts.reduce((sum, part) => sum + part.length, 0)
    }
  }
  const { end, program } = reading
  problem ??= end === undefined ? damage("Truncated", at, "an end record") : undefined
  if (reading.header === undefined || program === undefined || problem?._tag === "Newer" || problem?._tag === "TooLarge") {
    assert(problem !== undefined, "what cannot be read has a reason")
    return { _tag: "Unreadable", problem }
  }
  const { programName: name, ...header } = reading.header
  return { _tag: "Read", recording: recordingOf(bytes, limits, reading, { ...header, program: { name, value: program } }, at, problem) }
}

const iterable = <T>(walk: () => Iterator<T>): Iterable<T> => ({ [Symbol.iterator]: walk })

const recordingOf = (
  bytes: Uint8Array, limits: RecordingLimits, reading: Reading, header: HeaderRead, validBytes: number, problem: Damage | undefined
): Recording => {
  const { checks, deviationCount, end, entryChunks, entryCount, hash, inputs, names, scheduleChunks, skippedFrameCount } = reading
  const frameAt = (at: number): Frame => {
    const frame = decodeFrame(bytes, at, limits, Infinity)
    assert(!isDamage(frame), "the bytes of an open recording do not change")
    return frame
  }
  let schedule: Schedule | undefined
  const deviations = iterable(function*() {
    const successors = new Successors()
    for (const { at } of scheduleChunks) yield* decodeScheduleChunk(frameAt(at), names, successors)
  })
  const entriesFrom = function*(index: number): Generator<Entry> {
    for (const { at, first, rowCount } of entryChunks) {
      if (first + rowCount <= index) continue
      for (const entry of decodeEntryChunk(frameAt(at), names, limits)) if (entry.index >= index) yield entry
    }
  }
  return {
    header,
    status: problem === undefined ? "clean" : problem._tag === "Truncated" ? "truncated" : "corrupt",
    damage: problem,
    validBytes,
    contentHash: hexOf(hash),
    deviationCount,
    deviations,
    get schedule() {
      return (schedule ??= [...deviations])
    },
    entryCount,
    entries: iterable(() => entriesFrom(0)),
    entriesFrom: (index) => iterable(() => entriesFrom(index)),
    inputs: iterable(function*() {
      for (const { at, offset, source } of inputs) yield { source, offset, bytes: (onlyPart(frameAt(at)) ?? new Uint8Array(0)).slice() }
    }),
    inputCount: inputs.length,
    checks,
    end,
    unlike: unlikeEvents(header).map(({ tag }) => tag),
    skippedFrameCount
  }
}
