/**
 * Bytes and plain values: packing, frames, checksums, hashes, compression. The only file that knows msgpack, zlib and crypto.
 *
 * A frame is one msgpack extension value, always of the 32-bit form, so that files can be walked without decoding:
 *
 *     C9  length:u32  type:i8  crc32:u32  length:u32  [ previous, head, parts ]       numbers big-endian
 *
 * The length stands twice, so that a damaged one is not taken for the end of the file. `docs/recording-format.md` is the whole.
 */
import { createHash } from "node:crypto"
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { Packr, Unpackr } from "msgpackr"
import { assert } from "../base/assert.ts"
import { viewOf } from "../base/bytes.ts"
import { assertPlain, type Plain } from "../base/plain.ts"
import type { RecordingLimits } from "./limits.ts"

/** What is wrong with bytes from outside, and where: an offset from their start. */
export interface Damage {
  readonly _tag: "NotARecording" | "Truncated" | "Corrupt" | "Newer" | "TooLarge"
  readonly at: number
  /** What should have stood there. */
  readonly expected: string
}
export const damage = (_tag: Damage["_tag"], at: number, expected: string): Damage => ({ _tag, at, expected })
export const isDamage = (value: unknown): value is Damage =>
  typeof value === "object" && value !== null && "_tag" in value && "expected" in value && "at" in value

const packr = new Packr({ useRecords: false, moreTypes: false })
const unpackr = new Unpackr({ useRecords: false, moreTypes: false })
const PLAIN_DEPTH_MAX = 8

/** msgpackr writes numbers from 2^32 on as floats, so they travel as bigints. */
const packable = (value: Plain): unknown =>
  typeof value === "number" ? (value > 0xffff_ffff || value < -0x8000_0000 ? BigInt(value) : value)
  : Array.isArray(value) ? value.map(packable)
  : value

/** One plain value as msgpack; the same bytes for the same value. */
export const pack = (value: Plain): Uint8Array => {
  assertPlain(value, PLAIN_DEPTH_MAX)
  return Uint8Array.from(packr.pack(packable(value))) // msgpackr hands out a slice of its pool
}

/** Integers a double holds become numbers; bytes no longer are a Buffer, nor hang on the input if they are to be kept. */
const unpacked = (value: unknown, bytesAre: "copied" | "viewed"): Plain =>
  typeof value === "bigint" ? (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value)
  : value instanceof Uint8Array ? (bytesAre === "copied" ? Uint8Array.from(value) : new Uint8Array(value.buffer, value.byteOffset, value.length))
  : Array.isArray(value) ? value.map((element) => unpacked(element, bytesAre))
  : (value as Plain)

/** Where the value that begins at `start` ends, or what is wrong with it. Looks at every byte before msgpackr sees one. */
export const walk = (bytes: Uint8Array, start: number, limits: RecordingLimits): number | Damage => {
  const view = viewOf(bytes)
  const end = bytes.length
  // Values still owed at each level; one at the outermost.
  const owed = [1]
  let at = start
  let valueCount = 0
  while (owed.length > 0) {
    const left = owed[owed.length - 1] ?? 0
    if (left === 0) {
      owed.pop()
      continue
    }
    owed[owed.length - 1] = left - 1
    valueCount += 1
    if (valueCount > limits.valueCountMax) return damage("TooLarge", at, `at most ${limits.valueCountMax} values`)
    if (at >= end) return damage("Corrupt", at, "a value")
    const tag = view.getUint8(at)
    const lengthAt = (sizeBytes: number): number =>
      at + 1 + sizeBytes > end ? Infinity : sizeBytes === 1 ? view.getUint8(at + 1) : sizeBytes === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1)
    let next = at + 1
    let count = 0
    if (tag <= 0x7f || tag >= 0xe0 || tag === 0xc0 || tag === 0xc2 || tag === 0xc3) {
      // an integer of one byte, null, false, true
    } else if (tag >= 0x90 && tag <= 0x9f) count = tag & 0x0f
    else if (tag === 0xdc || tag === 0xdd) {
      const sizeBytes = tag === 0xdc ? 2 : 4
      count = lengthAt(sizeBytes)
      next += sizeBytes
    } else if (tag >= 0xa0 && tag <= 0xbf) next += tag & 0x1f
    else if (tag >= 0xc4 && tag <= 0xc6) next += (1 << (tag - 0xc4)) + lengthAt(1 << (tag - 0xc4))
    else if (tag >= 0xd9 && tag <= 0xdb) next += (1 << (tag - 0xd9)) + lengthAt(1 << (tag - 0xd9))
    else if (tag >= 0xcc && tag <= 0xcf) next += 1 << (tag - 0xcc)
    else if (tag >= 0xd0 && tag <= 0xd3) next += 1 << (tag - 0xd0)
    else return damage("Corrupt", at, "null, a truth value, an integer, text, bytes or an array")
    if (next > end || count > end - next) return damage("Corrupt", at, "a value that ends inside its frame")
    if (count > 0) {
      if (owed.length > limits.depthMax) return damage("TooLarge", at, `arrays nested at most ${limits.depthMax} deep`)
      owed.push(count)
    }
    at = next
  }
  return at
}

/** The one plain value `bytes` are. */
export const unpack = (bytes: Uint8Array, limits: RecordingLimits, bytesAre: "copied" | "viewed" = "copied"): { readonly value: Plain } | Damage => {
  const end = walk(bytes, 0, limits)
  if (typeof end !== "number") return end
  if (end !== bytes.length) return damage("Corrupt", end, "the end of the value")
  try {
    return { value: unpacked(unpackr.unpack(bytes), bytesAre) }
  } catch {
    return damage("Corrupt", 0, "msgpack")
  }
}

export const HASH_BYTES = 32
const noHash = new Uint8Array(HASH_BYTES)
/** SHA-256 in lower-case hex. */
export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The value a recording's chain of hashes begins with. */
export const chainStart = (): Uint8Array => noHash

/** The types of frames. */
export const frameType = { header: 1, schedule: 2, entries: 3, input: 4, check: 5, snapshot: 6, index: 7, end: 8, program: 9 } as const
/** Frames of a type from here on may be skipped by who does not know it. */
export const SKIPPABLE_TYPE_MIN = 64

/** A row of the index: where a chunk stands, how many rows it has, and the place of the first (of a check: its now). */
export type IndexRow = readonly [type: number, at: number, rowCount: number, first: number]

/** What frames hold, in whatever form it is stored: the head's bytes, and the parts' uncompressed. */
export interface Content {
  readonly type: number
  /** One packed plain value. */
  readonly head: Uint8Array
  readonly parts: ReadonlyArray<Uint8Array>
}

/** The next hash of the chain: over what came before and what this frame holds, never over how it is compressed. */
export const chained = (previous: Uint8Array, { head, parts, type }: Content): Uint8Array => {
  const hash = createHash("sha256").update(previous).update(Uint8Array.of(type))
  for (const bytes of [head, ...parts]) hash.update(u32(bytes.length)).update(bytes)
  return Uint8Array.from(hash.digest())
}

const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)

/** How parts are stored. */
export type Codec = "none" | "zstd"
const STORED = 0
const ZSTD = 1
/** Below this, zstd's own headers cost more than it saves. */
const COMPRESSED_BYTES_MIN = 48
const WINDOW_LOG_MAX = 24

const compressed = (bytes: Uint8Array, codec: Codec): Uint8Array | undefined => {
  if (codec === "none" || bytes.length < COMPRESSED_BYTES_MIN) return undefined
  const smaller = zstdCompressSync(bytes, {
    chunkSize: Math.max(1024, bytes.length + 512),
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_contentSizeFlag]: 0, [constants.ZSTD_c_checksumFlag]: 0 }
  })
  return smaller.length < bytes.length ? smaller : undefined
}

/** Exactly `length` bytes, or nothing: what a frame declares bounds what it may become. */
const decompressed = (bytes: Uint8Array, length: number): Uint8Array | undefined => {
  try {
    const whole = zstdDecompressSync(bytes, {
      maxOutputLength: length,
      chunkSize: Math.max(1024, Math.min(length, 2 ** 20)),
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX }
    })
    return whole.length === length ? whole : undefined
  } catch {
    return undefined
  }
}

const PREFIX_BYTES = 14
const EXT32 = 0xc9
/** [previous, head, parts], and previous as 32 bytes. */
const TUPLE_START = Uint8Array.of(0x93, 0xc4, HASH_BYTES)
const PART_OVERHEAD_BYTES = 1 + 1 + 5 + 5

/** A frame as bytes. */
export const encodeFrame = ({ head, parts, type }: Content, previous: Uint8Array, codec: Codec): Uint8Array => {
  assert(parts.length < 16, "a frame has at most 15 parts")
  const stored = parts.map((part) => ({ length: part.length, smaller: compressed(part, codec), part }))
  const partBytes = stored.reduce((sum, { part, smaller }) => sum + PART_OVERHEAD_BYTES + (smaller ?? part).length, 0)
  const tupleBytes = TUPLE_START.length + HASH_BYTES + head.length + 1 + partBytes
  const frame = new Uint8Array(PREFIX_BYTES + tupleBytes)
  const view = viewOf(frame)
  let at = PREFIX_BYTES
  const put = (bytes: Uint8Array): void => {
    frame.set(bytes, at)
    at += bytes.length
  }
  put(TUPLE_START)
  put(previous)
  put(head)
  put(Uint8Array.of(0x90 | parts.length))
  for (const { length, part, smaller } of stored) {
    const bytes = smaller ?? part
    put(Uint8Array.of(0x93, smaller === undefined ? STORED : ZSTD, 0xce, ...u32(length), 0xc6, ...u32(bytes.length)))
    put(bytes)
  }
  // The extension's length covers the checksum and the second length, which is the same number again.
  view.setUint8(0, EXT32)
  view.setUint32(1, tupleBytes + 8)
  view.setUint8(5, type)
  view.setUint32(10, tupleBytes + 8)
  view.setUint32(6, frameChecksum(frame, PREFIX_BYTES + tupleBytes))
  return frame
}

/** Over the type, the second length and the tuple: everything but the checksum itself and what it repeats. */
const frameChecksum = (frame: Uint8Array, end: number): number => crc32(frame.subarray(10, end), crc32(frame.subarray(5, 6)))

/** A frame as read: where it stands, its content in bytes of its own, and what it takes up in the chain. */
export interface Frame extends Content {
  readonly at: number
  readonly end: number
  readonly previous: Uint8Array
}

/** The offset at which a frame at `at` ends and its type, if its checksum holds: cheap, and believes nothing else. */
const frameBounds = (bytes: Uint8Array, at: number, limits: RecordingLimits): { readonly end: number; readonly type: number } | Damage => {
  const view = viewOf(bytes)
  if (view.getUint8(at) !== EXT32) return damage("Corrupt", at, "a frame, which begins with c9")
  if (at + PREFIX_BYTES > bytes.length) return damage("Truncated", at, "a whole frame")
  const length = view.getUint32(at + 1)
  if (length !== view.getUint32(at + 10)) return damage("Corrupt", at + 1, "the same length twice")
  if (length > limits.frameBytesMax + 2 ** 16) return damage("TooLarge", at + 1, `a frame of at most ${limits.frameBytesMax} bytes`)
  const end = at + 6 + length
  if (end > bytes.length) return damage("Truncated", at, "a whole frame")
  const frame = bytes.subarray(at, end)
  if (length < 8 + TUPLE_START.length + HASH_BYTES + 2 || view.getUint32(at + 6) !== frameChecksum(frame, frame.length)) {
    return damage("Corrupt", at, "a frame whose checksum holds")
  }
  return { end, type: view.getInt8(at + 5) }
}

/** Reads the frame at `at`. `budgetBytes` bounds what its parts may come to when decompressed. */
export const decodeFrame = (bytes: Uint8Array, at: number, limits: RecordingLimits, budgetBytes: number): Frame | Damage => {
  const bounds = frameBounds(bytes, at, limits)
  if (isDamage(bounds)) return bounds
  const { end, type } = bounds
  const frame = bytes.subarray(0, end)
  const headStart = at + PREFIX_BYTES + TUPLE_START.length + HASH_BYTES
  if (!TUPLE_START.every((byte, index) => frame[at + PREFIX_BYTES + index] === byte)) return damage("Corrupt", at + PREFIX_BYTES, "[hash, head, parts]")
  const headEnd = walk(frame, headStart, limits)
  if (typeof headEnd !== "number") return headEnd
  const stored = readParts(frame, headEnd)
  if (isDamage(stored)) return stored
  const wantedBytes = stored.reduce((sum, { length }) => sum + length, 0)
  if (wantedBytes > limits.frameBytesMax) return damage("TooLarge", headEnd, `at most ${limits.frameBytesMax} bytes in a frame`)
  if (wantedBytes > budgetBytes) return damage("TooLarge", headEnd, "no more than what a recording of this size can hold")
  const parts: Array<Uint8Array> = []
  for (const { codec, from, length, until } of stored) {
    const part = frame.subarray(from, until)
    const whole = codec === ZSTD ? decompressed(part, length) : part
    if (whole === undefined) return damage("Corrupt", from, `zstd that holds ${length} bytes`)
    parts.push(whole)
  }
  return { at, end, type, previous: frame.slice(headStart - HASH_BYTES, headStart), head: frame.subarray(headStart, headEnd), parts }
}

interface StoredPart {
  readonly codec: number
  readonly length: number
  readonly from: number
  readonly until: number
}

/** Parts are written in one way only, so they are read in one way only: [codec, length as u32, bytes as bin 32]. */
const readParts = (frame: Uint8Array, start: number): ReadonlyArray<StoredPart> | Damage => {
  const view = viewOf(frame)
  const count = start < frame.length ? view.getUint8(start) - 0x90 : -1
  if (count < 0 || count > 15) return damage("Corrupt", start, "an array of at most 15 parts")
  const parts: Array<StoredPart> = []
  let at = start + 1
  for (let index = 0; index < count; index += 1) {
    if (at + PART_OVERHEAD_BYTES > frame.length) return damage("Corrupt", at, "a part inside its frame")
    const codec = view.getUint8(at + 1)
    const length = view.getUint32(at + 3)
    const from = at + PART_OVERHEAD_BYTES
    const until = from + view.getUint32(at + 8)
    if (view.getUint8(at) !== 0x93 || view.getUint8(at + 2) !== 0xce || view.getUint8(at + 7) !== 0xc6 || until > frame.length) {
      return damage("Corrupt", at, "a part: [codec, length, bytes]")
    }
    if (codec > ZSTD) return damage("Newer", at + 1, "codec 0 (stored) or 1 (zstd)")
    if (codec === STORED && until - from !== length) return damage("Corrupt", at + 3, "as many bytes as stored")
    parts.push({ codec, length, from, until })
    at = until
  }
  return at === frame.length ? parts : damage("Corrupt", at, "the end of the frame")
}
