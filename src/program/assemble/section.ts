/**
 * What the statements add up to: sections of fragments whose sizes, or places, the layout still has to
 * find.
 */
import type { Encoded } from "../../x86/encode/encoding.ts"
import type { Place } from "./problem.ts"
import type { Expression } from "./symbol.ts"

/** Bytes of a fragment that wait for a value. */
export interface Fixup {
  readonly at: number
  readonly sizeBytes: number
  readonly expression: Expression
  /** What the value is relative to, as bytes into the fragment; `undefined`: absolute. */
  readonly relativeTo: number | undefined
  /** The processor sign-extends it, so its top bit is a sign. */
  readonly isSigned: boolean
  readonly place: Place
}

interface Positioned {
  /** Bytes into the section, as far as the layout has come. */
  offset: number
}

/** Bytes whose number is known. */
export interface BytesFragment extends Positioned {
  readonly _tag: "Bytes"
  readonly bytes: ByteBuffer
  readonly fixups: Array<Fixup>
}

/** A jump with two sizes. It begins short and never shrinks again. */
export interface BranchFragment extends Positioned {
  readonly _tag: "Branch"
  readonly short: Encoded
  readonly near: Encoded
  readonly target: Expression
  readonly place: Place
  isNear: boolean
}

export interface AlignFragment extends Positioned {
  readonly _tag: "Align"
  readonly alignment: number
  /** `undefined`: no-operations in code, zeros elsewhere. */
  readonly fill: number | undefined
  /** No padding at all if more than this would be needed. */
  readonly paddingBytesMax: number
  paddingBytes: number
}

/** `.skip`, `.fill`, `.org`: as many units as an expression says, or up to where it says. */
export interface SpaceFragment extends Positioned {
  readonly _tag: "Space"
  readonly until: "count" | "offset"
  readonly expression: Expression
  readonly unit: Uint8Array
  readonly place: Place
  sizeBytes: number
}

export type Fragment = BytesFragment | BranchFragment | AlignFragment | SpaceFragment

export interface Section {
  readonly name: string
  readonly isAllocated: boolean
  readonly isWritable: boolean
  readonly isExecutable: boolean
  /** `.bss` and its like hold zeros only and take no bytes in the program. */
  readonly hasBytes: boolean
  readonly fragments: Array<Fragment>
  alignment: number
  address: number
  sizeBytes: number
}

/** Bytes that grow. */
export interface ByteBuffer {
  readonly length: () => number
  readonly push: (bytes: ArrayLike<number>) => void
  /** A view: valid until the next push. */
  readonly bytes: () => Uint8Array
}

export const newByteBuffer = (): ByteBuffer => {
  let storage = new Uint8Array(64)
  let length = 0
  return {
    length: () => length,
    push: (bytes) => {
      if (length + bytes.length > storage.length) {
        const grown = new Uint8Array(Math.max(2 * storage.length, length + bytes.length))
        grown.set(storage)
        storage = grown
      }
      storage.set(bytes, length)
      length += bytes.length
    },
    bytes: () => storage.subarray(0, length)
  }
}

/** Attributes of the sections that need none written. */
const wellKnown: ReadonlyArray<readonly [RegExp, string, boolean]> = [
  [/^\.text(\.|$)/, "ax", true],
  [/^\.(rodata|eh_frame)(\.|$)/, "a", true],
  [/^\.bss(\.|$)/, "aw", false],
  [/^\.data(\.|$)/, "aw", true],
  [/^__rseq_(cs|cs_ptr_array|exit_point_array)$/, "aw", true],
  [/^__rseq_failure$/, "ax", true]
]

/** An empty section. `flags` and `hasBytes` as written, or as its name says. */
export const newSection = (name: string, flags: string | undefined, hasBytes: boolean | undefined): Section => {
  const [, knownFlags = "", knownBytes = true] = wellKnown.find(([pattern]) => pattern.test(name)) ?? []
  const has = flags ?? knownFlags
  return {
    name,
    isAllocated: has.includes("a"),
    isWritable: has.includes("w"),
    isExecutable: has.includes("x"),
    hasBytes: hasBytes ?? knownBytes,
    fragments: [],
    alignment: 1,
    address: 0,
    sizeBytes: 0
  }
}
