/** From relaxed sections to bytes at addresses: places of sections, values of symbols, padding. */
import { alignUp } from "../../base/bits.ts"
import { type Address, PAGE_BYTES } from "../../base/ids.ts"
import { fits, littleEndian, repeatInto } from "./data.ts"
import { OUTPUT_BYTES_MAX } from "./limits.ts"
import type { Problems } from "./problem.ts"
import { placeOf, relax, sizeOf } from "./relax.ts"
import type { Fixup, Fragment, Section } from "./section.ts"
import { newEvaluator, type Evaluator } from "./symbol.ts"

/** Where the first section goes: what linkers for x86-64 leave to the program headers is left free. */
const FIRST_ADDRESS: Address = 0x40_1000

/** A section with its bytes, where it will be in memory. */
export interface PlacedSection {
  readonly name: string
  readonly start: Address
  readonly sizeBytes: number
  /** Empty where the section holds zeros only. */
  readonly bytes: Uint8Array
  /** PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4. */
  readonly protection: number
}

const protectionOf = ({ isExecutable, isWritable }: Section): number =>
  1 | (isWritable ? 2 : 0) | (isExecutable ? 4 : 0)

/** Code, constants, data, zeros: each kind on pages of its own. */
const kindOf = (section: Section): number =>
  (section.isExecutable ? 0 : !section.isWritable ? 1 : section.hasBytes ? 2 : 3)

const order = (a: Section, b: Section): number => kindOf(a) - kindOf(b) || protectionOf(a) - protectionOf(b)

/** Places everything. `undefined` after a problem. The sections come in the order of their addresses. */
export const layOut = (
  sections: Iterable<Section>,
  problems: Problems
): ReadonlyArray<PlacedSection> | undefined => {
  const ascending = [...sections].filter(({ isAllocated }) => isAllocated).toSorted(order)
  let at = FIRST_ADDRESS
  let before: Section | undefined
  for (const section of ascending) {
    if (relax(section, problems) === undefined) return undefined
    const isNewPage = before !== undefined && order(before, section) !== 0
    section.address = alignUp(at, Math.max(isNewPage ? PAGE_BYTES : 1, section.alignment))
    at = section.address + section.sizeBytes
    if (at > FIRST_ADDRESS + OUTPUT_BYTES_MAX) {
      return problems.expected(placeOf(section), "at most 64 MiB of output")
    }
    before = section
  }
  const evaluator = newEvaluator("placed")
  const placed: Array<PlacedSection> = []
  for (const section of ascending) {
    const bytes = section.hasBytes ? bytesOf(section, evaluator, problems) : new Uint8Array(0)
    if (bytes === undefined) return undefined
    placed.push({
      name: section.name, start: section.address, sizeBytes: section.sizeBytes, bytes,
      protection: protectionOf(section)
    })
  }
  return placed
}

/**
 * No-operations of 1 to 11 bytes, as GNU as pads code for generic x86-64.
 *
 * Source: binutils gas/config/tc-i386.c, alt_patt.
 */
const nops: ReadonlyArray<ReadonlyArray<number>> = [
  [],
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00]
]
const NOP_BYTES_MAX = nops.length - 1

const padding = (bytes: Uint8Array, fill: number | undefined, isCode: boolean): void => {
  if (fill !== undefined || !isCode) {
    bytes.fill(fill ?? 0)
    return
  }
  for (let at = 0; at < bytes.length; at += NOP_BYTES_MAX) {
    bytes.set(nops[Math.min(NOP_BYTES_MAX, bytes.length - at)] ?? [], at)
  }
}

const bytesOf = (section: Section, evaluator: Evaluator, problems: Problems): Uint8Array | undefined => {
  const bytes = new Uint8Array(section.sizeBytes)
  for (const fragment of section.fragments) {
    const own = bytes.subarray(fragment.offset, fragment.offset + sizeOf(fragment))
    const address = section.address + fragment.offset
    switch (fragment._tag) {
      case "Bytes":
        own.set(fragment.bytes.bytes())
        break
      case "Branch":
        own.set((fragment.isNear ? fragment.near : fragment.short).bytes)
        break
      case "Align":
        padding(own, fragment.fill, section.isExecutable)
        break
      case "Space":
        repeatInto(own, fragment.unit)
        break
    }
    for (const fixup of fixupsOf(fragment)) {
      if (fill(own, fixup, address, evaluator, problems) === undefined) return undefined
    }
  }
  return bytes
}

const fixupsOf = (fragment: Fragment): ReadonlyArray<Fixup> => {
  if (fragment._tag === "Bytes") return fragment.fixups
  if (fragment._tag !== "Branch") return []
  const { bytes, fields } = fragment.isNear ? fragment.near : fragment.short
  const { place, target: expression } = fragment
  return fields.map(({ at, isSigned, sizeBytes }) =>
    ({ at, sizeBytes, expression, relativeTo: bytes.length, isSigned, place }))
}

/** Puts the value of one fixup where it belongs. */
const fill = (
  own: Uint8Array,
  fixup: Fixup,
  address: Address,
  evaluator: Evaluator,
  problems: Problems
): true | undefined => {
  const { at, expression, isSigned, place, relativeTo, sizeBytes } = fixup
  const read = evaluator.evaluate(expression)
  if (read._tag === "Unknown") return problems.expected(place, read.expected)
  const value = relativeTo === undefined ? read.offset : read.offset - BigInt(address + relativeTo)
  const fitting = isSigned ? BigInt.asIntN(8 * sizeBytes, value) === value : fits(value, sizeBytes)
  if (!fitting) {
    const origin = relativeTo === undefined ? "" : ", relative to the next instruction"
    return problems.expected(place, `a value of ${8 * sizeBytes} bits${origin}`)
  }
  own.set(littleEndian(value, sizeBytes), at)
  return true
}
