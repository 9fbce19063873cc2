import type { Plain } from "../../src/base/plain.ts"
import { concatBytes, viewOf } from "../../src/base/bytes.ts"
import type { Stream } from "../../src/base/prng.ts"
import { chained, chainStart, type Codec, type Content, decodeFrame, encodeFrame, frameType, hashOf, isDamage, pack, unpack } from "../../src/log/codec.ts"
import { recordingLimits } from "../../src/log/limits.ts"
import { oneOf } from "../log/arbitrary.ts"
import { crc32 } from "node:zlib"

/** The frames of a good recording, taken apart. */
export const contentsOf = (bytes: Uint8Array): ReadonlyArray<Content> => {
  const contents: Array<Content> = []
  for (let at = 0; at < bytes.length;) {
    const frame = decodeFrame(bytes, at, recordingLimits, Infinity)
    if (isDamage(frame)) throw new Error(`a good recording: ${frame.expected} at ${frame.at}`)
    contents.push({ type: frame.type, head: frame.head.slice(), parts: frame.parts.map((part) => part.slice()) })
    at = frame.end
  }
  return contents
}

/** A recording of these frames: lengths, checksums and chain are right, whatever the frames hold. */
export const signed = (contents: ReadonlyArray<Content>, codec: Codec = "none"): Uint8Array => {
  let hash = chainStart()
  return concatBytes(contents.map((content) => {
    const frame = encodeFrame(content, hash, codec)
    if (content.type !== frameType.index) hash = chained(hash, content)
    return frame
  }))
}

/** One frame around any tuple bytes at all, with length and checksum right. */
export const wrapped = (type: number, tuple: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(14 + tuple.length)
  const view = viewOf(frame)
  frame.set(tuple, 14)
  frame[0] = 0xc9
  view.setUint32(1, tuple.length + 8)
  view.setInt8(5, type)
  view.setUint32(10, tuple.length + 8)
  view.setUint32(6, crc32(frame.subarray(10), crc32(frame.subarray(5, 6))))
  return frame
}

const changed = (draw: Stream, bytes: Uint8Array): Uint8Array => {
  const at = draw.below(bytes.length + 1)
  switch (bytes.length === 0 ? 3 : draw.below(5)) {
    case 0: return bytes.map((byte, index) => (index === at ? byte ^ (1 << draw.below(8)) : byte))
    case 1: return bytes.map((byte, index) => (index === at ? draw.below(256) : byte))
    case 2: return bytes.slice(0, at)
    case 3: return concatBytes([bytes.subarray(0, at), Uint8Array.from({ length: 1 + draw.below(9) }, () => oneOf(draw, [0, 1, 127, 240, 246, 247, 255, 0x91, 0xdd, 0xc7])), bytes.subarray(at)])
    default: return concatBytes([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + draw.below(9)))])
  }
}

/** Some frames changed, doubled, dropped, moved or given another type. */
export const mutated = (draw: Stream, contents: ReadonlyArray<Content>): ReadonlyArray<Content> => {
  const mutant = [...contents]
  for (let left = 1 + draw.below(3); left > 0; left -= 1) {
    const at = draw.below(mutant.length)
    const content = mutant[at]
    if (content === undefined) continue
    switch (draw.below(12)) {
      case 0: mutant.splice(at, 1); break
      case 1: mutant.splice(draw.below(mutant.length), 0, content); break
      case 2: mutant[at] = { ...content, type: draw.below(70) }; break
      case 3: mutant[at] = { ...content, parts: draw.oneIn(2) ? content.parts.slice(1) : [...content.parts, new Uint8Array(draw.below(4))] }; break
      case 4: case 5: case 6: mutant[at] = { ...content, head: changed(draw, content.head) }; break
      default: {
        const which = draw.below(Math.max(1, content.parts.length))
        mutant[at] = { ...content, parts: content.parts.map((part, index) => (index === which ? changed(draw, part) : part)) }
      }
    }
  }
  return mutant
}

/** One value somewhere in what is packed, changed to one like it or to another. */
export const revalued = (draw: Stream, contents: ReadonlyArray<Content>): ReadonlyArray<Content> => {
  const mutant = [...contents]
  for (let left = 1 + draw.below(2); left > 0; left -= 1) {
    const at = draw.below(mutant.length)
    const content = mutant[at]
    if (content === undefined) continue
    const [part] = content.parts
    const isPart = part !== undefined && (content.type === frameType.header || content.type === frameType.program)
    const value = plainIn(isPart ? part : content.head)
    if (value === undefined) continue
    const other = packed(changedPlain(draw, value))
    if (other !== undefined) mutant[at] = isPart ? { ...content, parts: [other] } : { ...content, head: other }
  }
  return mutant
}

const plainIn = (bytes: Uint8Array): Plain | undefined => {
  const unpacked = unpack(bytes, { ...recordingLimits, valueCountMax: Infinity })
  return isDamage(unpacked) ? undefined : unpacked.value
}

/** Nothing where it is no plain value any more. */
const packed = (value: Plain): Uint8Array | undefined => {
  try {
    return pack(value)
  } catch {
    return undefined
  }
}

const edges: ReadonlyArray<Plain> = [0, 1, 2, 63, 64, 127, 255, 4095, 4096, 65_535, 65_536, 0x401000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 46, 0x7fff_ffff_f000, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, -1, "", "1", "none", "1.1", "__proto__", null, true, []]

/** `value` with one thing in it changed, most often deep inside. */
const changedPlain = (draw: Stream, value: Plain): Plain => {
  if (Array.isArray(value) && value.length > 0 && !draw.oneIn(6)) {
    const list = value as ReadonlyArray<Plain>
    const at = draw.below(list.length)
    return list.with(at, changedPlain(draw, list[at] ?? null))
  }
  if (draw.oneIn(5)) return oneOf(draw, edges)
  if (Array.isArray(value)) {
    const list = value as ReadonlyArray<Plain>
    const at = draw.below(list.length + 1)
    const one = list[Math.min(at, list.length - 1)] ?? oneOf(draw, edges)
    switch (draw.below(4)) {
      case 0: return list.toSpliced(at, 1)
      case 1: return list.toSpliced(at, 0, one)
      case 2: return list.toReversed()
      default: return [...list, ...list]
    }
  }
  if (value instanceof Uint8Array) return changed(draw, value)
  if (typeof value === "string") return oneOf(draw, [value.slice(1), `${value}1`, value.toUpperCase(), "\u0000", "x".repeat(300)])
  if (typeof value === "number") return oneOf(draw, [value + 1, Math.max(0, value - 1), value * 2 <= 2 ** 53 - 1 ? value * 2 : 0, draw.below(2 ** 16), value ^ (1 << draw.below(31)), Number(oneOf(draw, edges.filter((edge) => typeof edge === "number")))])
  return oneOf(draw, edges)
}

const END_DEVIATIONS = 2
const HEADER_PROGRAM = 6

/** The frames with everything in them that speaks of the others made right again, as an enemy would: it is still as false as before. */
export const resealed = (contents: ReadonlyArray<Content>, codec: Codec = "none"): Uint8Array => {
  const program = concatBytes(contents.filter(({ type }) => type === frameType.program).flatMap(({ parts }) => parts))
  let hash = chainStart()
  let at = 0
  const rows: Array<Plain> = []
  const counts = { [frameType.schedule]: 0, [frameType.entries]: 0 }
  return concatBytes(contents.map((content) => {
    const head = plainIn(content.head)
    const list = Array.isArray(head) ? (head as ReadonlyArray<Plain>) : undefined
    const said = content.type === frameType.header ? reheaded(content, program)
      : content.type === frameType.index ? { ...content, parts: [packed(rows) ?? new Uint8Array(0)] }
      : content.type === frameType.end && list !== undefined && list.length > END_DEVIATIONS ? { ...content, head: packed(list.with(END_DEVIATIONS, counts[frameType.schedule])) ?? content.head }
      : content
    const first = typeof list?.[0] === "number" ? list[0] : 0
    if (content.type === frameType.schedule || content.type === frameType.entries) {
      rows.push([content.type, at, first, counts[content.type]])
      counts[content.type] += first
    } else if (content.type === frameType.check) rows.push([content.type, at, 1, first])
    const frame = encodeFrame(said, hash, codec)
    if (content.type !== frameType.index) hash = chained(hash, said)
    at += frame.length
    return frame
  }))
}

/** The header names the hash and the size of the program. */
const reheaded = (content: Content, program: Uint8Array): Content => {
  const [part] = content.parts
  const fields = part === undefined ? undefined : plainIn(part)
  if (!Array.isArray(fields)) return content
  const list = fields as ReadonlyArray<Plain>
  const named = list[HEADER_PROGRAM]
  if (!Array.isArray(named)) return content // whatever stands there now
  return { ...content, parts: [packed(list.with(HEADER_PROGRAM, [(named as ReadonlyArray<Plain>)[0] ?? "", hashOf(program), program.length])) ?? new Uint8Array(0)] }
}
