import { concatBytes, viewOf } from "../../src/base/bytes.ts"
import type { Stream } from "../../src/base/prng.ts"
import { chained, chainStart, type Codec, type Content, decodeFrame, encodeFrame, frameType, hashOf, isDamage } from "../../src/log/codec.ts"
import { recordingLimits } from "../../src/log/limits.ts"
import { oneOf } from "./arbitrary.ts"
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

/** Some frames changed, doubled, dropped, moved or given another type; the program's hash made right again. */
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
  return rehashed(contents, mutant)
}

/** The header names the hash and size of the program: an enemy would see to the hash. */
const rehashed = (from: ReadonlyArray<Content>, mutant: ReadonlyArray<Content>): ReadonlyArray<Content> => {
  const hashIn = (contents: ReadonlyArray<Content>) => hashOf(concatBytes(contents.filter(({ type }) => type === frameType.program).flatMap(({ parts }) => parts)))
  const old = new TextEncoder().encode(hashIn(from))
  const own = new TextEncoder().encode(hashIn(mutant))
  return mutant.map((content) => content.type !== frameType.header ? content : {
    ...content,
    parts: content.parts.map((part) => {
      const copy = part.slice()
      for (let at = 0; at + old.length <= part.length; at += 1) if (old.every((byte, index) => part[at + index] === byte)) copy.set(own, at)
      return copy
    })
  })
}
