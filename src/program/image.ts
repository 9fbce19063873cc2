import { alignUp } from "../base/bits.ts"
import { concatBytes } from "../base/bytes.ts"
import { PAGE_BYTES } from "../base/ids.ts"
import type { Program, Segment } from "./program.ts"

/** Bytes at an address, as a section has them. */
export interface Placed {
  readonly start: number
  readonly sizeBytes: number
  readonly bytes: Uint8Array
  readonly protection: number
}

/**
 * Segments of sections in ascending order: neighbours with equal protection are one, unless a page lies
 * between.
 */
export const imageOf = (sections: ReadonlyArray<Placed>): Pick<Program, "segments" | "end"> => {
  const groups: Array<Array<Placed>> = []
  for (const section of sections) {
    if (section.sizeBytes === 0) continue
    const last = groups.at(-1)?.at(-1)
    const isTogether = last !== undefined && last.protection === section.protection &&
      section.start < alignUp(last.start + last.sizeBytes, PAGE_BYTES)
    if (isTogether) groups.at(-1)?.push(section)
    else groups.push([section])
  }
  const segments = groups.map(segmentOf)
  const last = segments.at(-1)
  return { segments, end: last === undefined ? 0 : alignUp(last.start + last.memoryBytes, PAGE_BYTES) }
}

const segmentOf = (group: ReadonlyArray<Placed>): Segment => {
  const [first] = group
  const start = first?.start ?? 0
  const parts: Array<Uint8Array> = []
  let end = start
  let zeros = 0
  for (const { bytes, sizeBytes, start: at } of group) {
    zeros += at - end
    if (bytes.length > 0) {
      parts.push(new Uint8Array(zeros), bytes)
      zeros = 0
    }
    zeros += sizeBytes - bytes.length
    end = at + sizeBytes
  }
  return { start, bytes: concatBytes(parts), memoryBytes: end - start, protection: first?.protection ?? 0 }
}
