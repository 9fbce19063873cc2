/** From sections of fragments to bytes at addresses: sizes of jumps and paddings, places of sections, values of symbols. */
import { alignUp } from "../../base/bits.ts"
import type { Address } from "../../base/ids.ts"
import { fits } from "./data.ts"
import { OUTPUT_BYTES_MAX, RELAXATION_ROUND_MAX } from "./limits.ts"
import type { Fixup, Fragment, Section, SpaceFragment } from "./section.ts"
import type { Problems, Statement } from "./problem.ts"
import { newEvaluator, type Evaluator, type Expression } from "./symbol.ts"

/** Where the first section goes: what linkers for x86-64 leave to the program headers is left free. */
const FIRST_ADDRESS: Address = 0x40_1000
const PAGE_BYTES = 4096

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

export const protectionOf = ({ isExecutable, isWritable }: Section): number => 1 | (isWritable ? 2 : 0) | (isExecutable ? 4 : 0)

/** Code, constants, data, zeros: each kind on pages of its own. */
const kindOf = (section: Section): number => (section.isExecutable ? 0 : !section.isWritable ? 1 : section.hasBytes ? 2 : 3)

/** Places everything. `undefined` after a problem. The sections come in the order of their addresses. */
export const layOut = (sections: Iterable<Section>, problems: Problems): ReadonlyArray<PlacedSection> | undefined => {
  const placed = [...sections].filter(({ isAllocated }) => isAllocated).toSorted((a, b) => kindOf(a) - kindOf(b) || protectionOf(a) - protectionOf(b))
  for (let round = 0; ; round += 1) {
    if (place(placed, problems) === undefined) return undefined
    const evaluator = newEvaluator(true)
    const hasGrown = grow(placed, evaluator, round >= RELAXATION_ROUND_MAX, problems)
    if (hasGrown === undefined) return undefined
    if (!hasGrown) break
    if (round > 2 * RELAXATION_ROUND_MAX) {
      const space = placed.flatMap(({ fragments }) => fragments).find((each) => each._tag === "Space")
      return space === undefined ? undefined : problems.expected(space.statement, 0, "a size that does not move what it hangs on")
    }
  }
  const evaluator = newEvaluator(true)
  const whole: Array<PlacedSection> = []
  for (const section of placed) {
    const bytes = section.hasBytes ? bytesOf(section, evaluator, problems) : new Uint8Array(0)
    if (bytes === undefined) return undefined
    whole.push({ name: section.name, start: section.address, sizeBytes: section.sizeBytes, bytes, protection: protectionOf(section) })
  }
  return whole
}

const sizeOf = (fragment: Fragment): number => {
  switch (fragment._tag) {
    case "Bytes": return fragment.bytes.length()
    case "Branch": return (fragment.isNear ? fragment.near : fragment.short).bytes.length
    case "Align": return fragment.paddingBytes
    case "Space": return fragment.sizeBytes
  }
}

/** Addresses for the sizes of this round. */
const place = (sections: ReadonlyArray<Section>, problems: Problems): true | undefined => {
  let at = FIRST_ADDRESS
  let before: Section | undefined
  for (const section of sections) {
    const isNewPage = before !== undefined && (kindOf(before) !== kindOf(section) || protectionOf(before) !== protectionOf(section))
    at = alignUp(at, Math.max(isNewPage ? PAGE_BYTES : 1, section.alignment))
    section.address = at
    for (const fragment of section.fragments) {
      fragment.address = at
      if (fragment._tag === "Align") {
        const padding = alignUp(at, fragment.alignment) - at
        fragment.paddingBytes = padding > fragment.paddingBytesMax ? 0 : padding
      }
      at += sizeOf(fragment)
      if (at > FIRST_ADDRESS + 2 * OUTPUT_BYTES_MAX) return problems.expected(statementOf(section), 0, "at most 64 MiB of output")
    }
    section.sizeBytes = at - section.address
    before = section
  }
  const wholeBytes = sections.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const [first] = sections
  if (first !== undefined && wholeBytes > OUTPUT_BYTES_MAX) return problems.expected(statementOf(first), 0, "at most 64 MiB of output")
  return true
}

/** A statement to blame for the size of a section. */
const statementOf = ({ fragments, name }: Section): Statement => {
  const space = fragments.findLast((each) => each._tag === "Space")
  return space?.statement ?? { text: "", line: 1, column: 0, source: `section ${name}`, within: undefined }
}

/** Gives jumps that do not reach their long form, and spaces their size. Says whether anything changed. */
const grow = (sections: ReadonlyArray<Section>, evaluator: Evaluator, isLast: boolean, problems: Problems): boolean | undefined => {
  let hasGrown = false
  for (const section of sections) {
    for (const fragment of section.fragments) {
      if (fragment._tag === "Branch" && !fragment.isNear) {
        if (!isLast && reaches(fragment.target, fragment.address + fragment.short.bytes.length, section, evaluator)) continue
        fragment.isNear = true
        hasGrown = true
      }
      if (fragment._tag === "Space") {
        const sizeBytes = spaceOf(fragment, section, evaluator, problems)
        if (sizeBytes === undefined) return undefined
        hasGrown ||= sizeBytes !== fragment.sizeBytes
        fragment.sizeBytes = sizeBytes
      }
    }
  }
  return hasGrown
}

/** Whether a signed byte reaches from `from`. A linker could not shorten a jump to another section, so neither do we. */
const reaches = (target: Expression, from: Address, section: Section, evaluator: Evaluator): boolean => {
  const value = evaluator.evaluate(target)
  if (value._tag === "Unknown" || !isInside(target, section)) return false
  const distance = value.offset - BigInt(from)
  return distance >= -128n && distance <= 127n
}

const isInside = (target: Expression, section: Section): boolean => {
  switch (target._tag) {
    case "Number":
    case "Unary": return false
    case "Binary": return isInside(target.left, section) || isInside(target.right, section)
    case "Reference": {
      const { definition } = target.symbol
      return definition?._tag === "Label" && definition.section === section
    }
  }
}

const spaceOf = (fragment: SpaceFragment, section: Section, evaluator: Evaluator, problems: Problems): number | undefined => {
  const value = evaluator.evaluate(fragment.expression)
  if (value._tag === "Unknown") return problems.expected(fragment.statement, 0, value.expected)
  // `.org` takes an offset into the section, or a label of it.
  const isOffset = fragment.until === "offset"
  const base = isOffset ? BigInt(fragment.address - section.address) : 0n
  const wanted = isOffset && value.offset >= BigInt(section.address) ? value.offset - BigInt(section.address) : value.offset
  const count = wanted - base
  if (count < 0n) return problems.expected(fragment.statement, 0, isOffset ? "a place that is not behind this one" : "a size of 0 or more")
  const bytes = count * BigInt(isOffset ? 1 : fragment.unit.length)
  if (bytes > BigInt(OUTPUT_BYTES_MAX)) return problems.expected(fragment.statement, 0, "at most 64 MiB of output")
  return Number(bytes)
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
    const start = fragment.address - section.address
    const own = bytes.subarray(start, start + sizeOf(fragment))
    switch (fragment._tag) {
      case "Bytes":
        own.set(fragment.bytes.bytes())
        for (const fixup of fragment.fixups) if (fill(own, fixup, fragment.address, evaluator, problems) === undefined) return undefined
        break
      case "Branch": {
        const encoded = fragment.isNear ? fragment.near : fragment.short
        own.set(encoded.bytes)
        for (const { at, sizeBytes } of encoded.fields) {
          const fixup: Fixup = { at, sizeBytes, expression: fragment.target, relativeTo: encoded.bytes.length, isSigned: true, statement: fragment.statement }
          if (fill(own, fixup, fragment.address, evaluator, problems) === undefined) return undefined
        }
        break
      }
      case "Align":
        padding(own, fragment.fill, section.isExecutable)
        break
      case "Space":
        for (let at = 0; at < own.length; at += fragment.unit.length) own.set(fragment.unit, at)
        break
    }
  }
  return bytes
}

/** Puts the value of one fixup where it belongs. */
const fill = (own: Uint8Array, fixup: Fixup, address: Address, evaluator: Evaluator, problems: Problems): true | undefined => {
  const { at, expression, isSigned, relativeTo, sizeBytes, statement } = fixup
  const read = evaluator.evaluate(expression)
  if (read._tag === "Unknown") return problems.expected(statement, 0, read.expected)
  const value = relativeTo === undefined ? read.offset : read.offset - BigInt(address + relativeTo)
  const fitting = isSigned ? BigInt.asIntN(8 * sizeBytes, value) === value : fits(value, sizeBytes)
  if (!fitting) return problems.expected(statement, 0, `a value of ${8 * sizeBytes} bits${relativeTo === undefined ? "" : ", relative to the next instruction"}`)
  for (let index = 0; index < sizeBytes; index += 1) own[at + index] = Number(BigInt.asUintN(8, value >> BigInt(8 * index)))
  return true
}
