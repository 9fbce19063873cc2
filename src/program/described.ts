/**
 * The critical sections that a program describes for tools: `__rseq_cs` and the pointers of
 * `__rseq_cs_ptr_array`.
 */
import { viewOf } from "../base/bytes.ts"
import { TASK_SIZE, type Address } from "../base/ids.ts"
import { RSEQ_CS } from "../linux/elf.ts"
import { programLimits } from "./limits.ts"
import type { DescribedSection, Segment } from "./program.ts"

interface NamedSection {
  readonly name: string
  readonly start: Address
  readonly sizeBytes: number
}

const POINTER_BYTES = 8
/** A program describes as many as it likes; so many are kept. */
const SECTION_COUNT_MAX = programLimits["described sections"].max

/**
 * By address of the descriptor, each once. A descriptor that describes nothing is passed over: the
 * kernel is the judge.
 */
export const describedSections = (
  sections: ReadonlyArray<NamedSection>,
  segments: ReadonlyArray<Segment>
): ReadonlyArray<DescribedSection> => {
  const descriptors = new Set<Address>()
  for (const { name, sizeBytes, start } of sections) {
    // Beyond user space addresses are no longer exact, and nothing is there.
    if (start >= TASK_SIZE) continue
    const end = start + Math.min(sizeBytes, RSEQ_CS.sizeBytes * SECTION_COUNT_MAX)
    if (name === "__rseq_cs") {
      for (let at = start; at + RSEQ_CS.sizeBytes <= end; at += RSEQ_CS.sizeBytes) descriptors.add(at)
    } else if (name === "__rseq_cs_ptr_array") {
      for (let at = start; at + POINTER_BYTES <= end; at += POINTER_BYTES) {
        const descriptor = readAddress(segments, at)
        if (descriptor !== undefined) descriptors.add(descriptor)
      }
    }
  }
  return [...descriptors]
    .toSorted((a, b) => a - b)
    .slice(0, SECTION_COUNT_MAX)
    .map((descriptor) => describedAt(segments, descriptor))
    .filter((section) => section !== undefined)
}

const describedAt = (segments: ReadonlyArray<Segment>, descriptor: Address): DescribedSection | undefined => {
  const start = readAddress(segments, descriptor + RSEQ_CS.startIp)
  const sectionBytes = readAddress(segments, descriptor + RSEQ_CS.postCommitOffset)
  const abort = readAddress(segments, descriptor + RSEQ_CS.abortIp)
  if (start === undefined || sectionBytes === undefined || abort === undefined || start === 0) return undefined
  return { descriptor, start, end: start + sectionBytes, abort }
}

/** 8 bytes of the image, if they are there and small enough to be a user address. */
const readAddress = (segments: ReadonlyArray<Segment>, at: Address): number | undefined => {
  const segment = segments.find(({ bytes, start }) => start <= at && at + POINTER_BYTES <= start + bytes.length)
  if (segment === undefined) return undefined
  const value = viewOf(segment.bytes).getBigUint64(at - segment.start, true)
  return value < BigInt(TASK_SIZE) ? Number(value) : undefined
}
