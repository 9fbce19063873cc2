/** Ways to spoil what a parser takes: by bytes, by lines of a text, by the numbers of an ELF file. */
import { concatBytes, viewOf } from "../../src/base/bytes.ts"
import type { Stream } from "../../src/base/prng.ts"
import { oneOf } from "../log/arbitrary.ts"

/** What is spoilt, and the words of its grammar. */
export interface Spoilable {
  readonly samples: ReadonlyArray<Uint8Array>
  readonly words: ReadonlyArray<string>
}
export type Spoil = (draw: Stream, from: Spoilable) => Uint8Array

const PIECE_BYTES_MAX = 40
const REPEAT_COUNT_MAX = 2_000

const bytesOf = (word: string): Uint8Array => (/^[\0-\u00ff]*$/.test(word) ? Uint8Array.from(word, (character) => character.charCodeAt(0)) : new TextEncoder().encode(word))

/** A sample with a few pieces put in, taken out, doubled, moved, turned or exchanged for others of its kind. */
export const byBytes: Spoil = (draw, { samples, words }) => {
  let bytes = oneOf(draw, samples)
  const slice = (whole: Uint8Array): Uint8Array => {
    const from = draw.below(whole.length + 1)
    return whole.subarray(from, from + 1 + draw.below(PIECE_BYTES_MAX))
  }
  for (let left = draw.below(5); left > 0; left -= 1) {
    const at = draw.below(bytes.length + 1)
    const until = Math.min(bytes.length, at + 1 + draw.below(draw.oneIn(4) ? PIECE_BYTES_MAX : 3))
    const word = words.length > 0 ? bytesOf(oneOf(draw, words)) : slice(oneOf(draw, samples))
    const put = (piece: Uint8Array, end = at): Uint8Array => concatBytes([bytes.subarray(0, at), piece, bytes.subarray(end)])
    switch (draw.below(9)) {
      case 0: case 1: bytes = put(word); break
      case 2: bytes = put(word, until); break
      case 3: bytes = put(new Uint8Array(0), until); break
      case 4: bytes = put(slice(oneOf(draw, samples))); break
      case 5: bytes = put(Uint8Array.of(draw.below(256)), until); break
      case 6: bytes = bytes.subarray(0, at); break
      case 7: bytes = put(concatBytes(Array.from({ length: draw.oneIn(8) ? draw.below(REPEAT_COUNT_MAX) : 3 }, () => word))); break
      default: bytes = put(bytes.subarray(at, until))
    }
  }
  return bytes
}

/** Some lines of the samples, a few of them changed: what most often stays a program. */
export const byLines: Spoil = (draw, { samples, words: pieces }) => {
  const texts = samples.map((sample) => new TextDecoder().decode(sample))
  const lines = texts.flatMap((text) => text.split("\n"))
  const words = oneOf(draw, texts).split(/\s+/)
  const from = draw.below(lines.length)
  const chosen = draw.oneIn(2) ? oneOf(draw, texts).split("\n") : lines.slice(from, from + 1 + draw.below(25))
  for (let change = draw.below(6); change > 0; change -= 1) {
    const at = draw.below(chosen.length)
    const line = chosen[at] ?? ""
    const column = draw.below(line.length + 1)
    chosen[at] = oneOf(draw, [
      line.slice(0, column) + oneOf(draw, pieces) + line.slice(column),
      line.slice(0, column) + line.slice(column + 1 + draw.below(5)),
      line.replace(/\S+/, () => oneOf(draw, words)),
      `${line} ${oneOf(draw, words)}`,
      String.fromCharCode(...Array.from({ length: draw.below(40) }, () => draw.below(128))),
      oneOf(draw, lines)
    ])
  }
  return new TextEncoder().encode(chosen.concat("_start:").join("\n"))
}

const numbers = [0n, 1n, 0xffn, 0xffffn, 0x7fff_ffffn, 0xffff_ffffn, 2n ** 46n, 2n ** 47n - 4096n, 2n ** 63n, 2n ** 64n - 1n]
const SECTION_HEADERS_AT = 40

/** Most changes go where numbers are: header, program headers, section headers. */
export const byElfNumbers: Spoil = (draw, { samples }) => {
  const bytes = oneOf(draw, samples).slice()
  const view = viewOf(bytes)
  const sectionHeaders = Number(view.getBigUint64(SECTION_HEADERS_AT, true))
  for (let change = draw.below(5); change >= 0; change -= 1) {
    const at = oneOf(draw, [draw.below(64), 64 + draw.below(56 * 8), sectionHeaders + draw.below(64 * 12), draw.below(bytes.length)])
    if (at + 8 > bytes.length) continue
    if (draw.oneIn(2)) view.setUint8(at, draw.below(256))
    else view.setBigUint64(at & ~7, oneOf(draw, numbers), true)
  }
  return draw.oneIn(8) ? bytes.subarray(0, draw.below(bytes.length)) : bytes
}
