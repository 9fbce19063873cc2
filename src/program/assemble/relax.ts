/**
 * Finds the sizes of jumps, paddings and spaces of one section, in the same steps as GNU as, so that
 * where several solutions exist ours is the same.
 *
 * Source: binutils gas/write.c, relax_segment and relax_frag.
 */
import { alignUp } from "../../base/bits.ts"
import { OUTPUT_BYTES_MAX, RELAXATION_ROUND_MAX } from "./limits.ts"
import type { Place, Problems } from "./problem.ts"
import type { AlignFragment, BranchFragment, Fragment, Section, SpaceFragment } from "./section.ts"
import { newEvaluator, type Expression, type Label } from "./symbol.ts"

export const sizeOf = (fragment: Fragment): number => {
  switch (fragment._tag) {
    case "Bytes": return fragment.bytes.length()
    case "Branch": return (fragment.isNear ? fragment.near : fragment.short).bytes.length
    case "Align": return fragment.paddingBytes
    case "Space": return fragment.sizeBytes
  }
}

/** A place to blame for the size of a section. */
export const placeOf = ({ fragments, name }: Section): Place => {
  const space = fragments.findLast((each) => each._tag === "Space")
  return space?.place ?? {
    statement: { text: "", line: 1, column: 0, source: `section ${name}`, within: undefined }, at: 0
  }
}

/** What a round knows besides the fragments. */
interface Round {
  readonly section: Section
  readonly problems: Problems
  /** Order of the fragments, and a number that grows with each fragment that may absorb what others grow. */
  readonly positionOf: ReadonlyMap<object, { readonly index: number; readonly region: number }>
  /** By how much what has been passed in this round has grown. */
  stretch: number
  readonly isLast: boolean
}

/** Sets offsets and sizes of all fragments. `undefined` after a problem. */
export const relax = (section: Section, problems: Problems): true | undefined => {
  const positionOf = new Map<object, { readonly index: number; readonly region: number }>()
  let region = 0
  let at = 0
  for (const [index, fragment] of section.fragments.entries()) {
    positionOf.set(fragment, { index, region })
    if (fragment._tag === "Align" || (fragment._tag === "Space" && fragment.until === "offset")) region += 1
    fragment.offset = at
    // What lies in another section is a linker's affair, and a linker does not shorten jumps.
    if (fragment._tag === "Branch") fragment.isNear = labelOf(fragment.target)?.section !== section
    if (fragment._tag === "Align") fragment.paddingBytes = paddingOf(fragment)
    at += sizeOf(fragment)
  }
  for (let rounds = 0, hasGrown = true; hasGrown; rounds += 1) {
    if (rounds > 2 * RELAXATION_ROUND_MAX) {
      return problems.expected(placeOf(section), "a size that does not move what it hangs on")
    }
    const grown = runRound({
      section, problems, positionOf, stretch: 0, isLast: rounds >= RELAXATION_ROUND_MAX
    })
    if (grown === undefined) return undefined
    hasGrown = grown
  }
  return true
}

/** Whether anything has grown or shrunk. */
const runRound = (round: Round): boolean | undefined => {
  const { problems, section } = round
  let hasGrown = false
  for (const fragment of section.fragments) {
    fragment.offset += round.stretch
    const before = sizeOf(fragment)
    if (fragment._tag === "Align") fragment.paddingBytes = paddingOf(fragment)
    if (fragment._tag === "Branch") fragment.isNear ||= round.isLast || !reaches(fragment, round)
    if (fragment._tag === "Space") {
      const sizeBytes = spaceOf(fragment, round)
      if (sizeBytes === undefined) return undefined
      fragment.sizeBytes = sizeBytes
    }
    const growth = sizeOf(fragment) - before
    hasGrown ||= growth !== 0
    round.stretch += growth
    if (fragment.offset > OUTPUT_BYTES_MAX) {
      return problems.expected(placeOf(section), "at most 64 MiB of output")
    }
  }
  const last = section.fragments.at(-1)
  section.sizeBytes = last === undefined ? 0 : last.offset + sizeOf(last)
  return hasGrown
}

const paddingOf = ({ alignment, offset, paddingBytesMax }: AlignFragment): number => {
  const padding = alignUp(offset, alignment) - offset
  return padding > paddingBytesMax ? 0 : padding
}

/** Whether a signed byte reaches the target, as far as this round knows. */
const reaches = (branch: BranchFragment, { positionOf, section, stretch }: Round): boolean => {
  const value = newEvaluator("relaxing").evaluate(branch.target)
  const label = labelOf(branch.target)
  const own = positionOf.get(branch)
  const other = label === undefined ? undefined : positionOf.get(label.fragment)
  if (value._tag === "Unknown" || value.anchor !== section || own === undefined || other === undefined) {
    return false
  }
  let target = Number(value.offset)
  if (stretch !== 0 && other.index > own.index) {
    // Not reached in this round: it will move as we did, unless a padding in between absorbs that.
    if (stretch < 0 || other.region === own.region) target += stretch
    else if (target < branch.offset) return true
  }
  const distance = target - (branch.offset + branch.short.bytes.length)
  return distance >= -128 && distance <= 127
}

/** The label that a target hangs on. */
const labelOf = (target: Expression): Label | undefined => {
  switch (target._tag) {
    case "Number":
    case "Unary": return undefined
    case "Binary": return labelOf(target.left) ?? labelOf(target.right)
    case "Reference": {
      const { definition } = target.symbol
      return definition?._tag === "Label" ? definition : undefined
    }
  }
}

const spaceOf = (
  { expression, offset, place, unit, until }: SpaceFragment,
  { problems, section }: Round
): number | undefined => {
  const value = newEvaluator("relaxing").evaluate(expression)
  if (value._tag === "Unknown") return problems.expected(place, value.expected)
  const isOffset = until === "offset"
  if (value.anchor !== undefined && !(isOffset && value.anchor === section)) {
    return problems.expected(place, "a number, not an address")
  }
  const count = isOffset ? value.offset - BigInt(offset) : value.offset
  if (count < 0n) {
    return problems.expected(place, isOffset ? "a place that is not behind this one" : "a size of 0 or more")
  }
  const bytes = count * BigInt(unit.length)
  return bytes > BigInt(OUTPUT_BYTES_MAX) ? problems.expected(place, "at most 64 MiB of output") : Number(bytes)
}
