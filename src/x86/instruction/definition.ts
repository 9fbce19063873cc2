/**
 * What a row of the instruction table is.
 *
 * A row gives a name, how each operand is accessed, the shapes and widths there are, and a body: the meaning, against an
 * `Emitter`. Decoder, engines, tests and the reference page follow from it. Adding an instruction is adding a row.
 */
import type { AccessKind } from "../../base/mark.ts"
import type { Emitter, Place, Readable, VectorPlace } from "../emitter.ts"
import type { FlagName } from "../flag.ts"
import type { OperandWidth, Width } from "../register.ts"
import type { I64 } from "../value.ts"

/**
 * How an operand is used. Operands are resolved left to right before the body runs, so the order here is the order of faults.
 * `address`: the body asks for the address and does what it likes with it. `push` and `pop` are the implicit operands on the
 * stack: they take no letter of the shape.
 */
export type Access = AccessKind | "address" | "push" | "pop"

/** The slot a `push` has made below the stack pointer. */
export interface Pushed {
  /** Writes the slot, then lowers the stack pointer. */
  readonly write: (value: I64) => void
}

/** The slot at the stack pointer. */
export interface Popped extends Readable {
  /** Raises the stack pointer past the slot, and `extraBytes` more. */
  readonly release: (extraBytes?: I64) => void
}

/** A letter of a shape, and what the body gets for it. */
export interface OperandOfLetter {
  /** A general register. */
  r: Place
  /** Memory, as an integer. */
  m: Place
  /** A number in the instruction. */
  i: Readable
  /** The register cl. */
  c: Readable
  /** A vector register. */
  x: VectorPlace
  /** Memory, as a vector of 16 bytes. */
  v: VectorPlace
  /** The target of a direct branch: `jump` goes there. */
  j: undefined
  /** Whatever operands there are; they are not touched. */
  "*": undefined
}
export type Letter = keyof OperandOfLetter

type OperandOf<L> = L extends Letter ? OperandOfLetter[L] : undefined
type LetterAt<Shape extends string, Position extends 0 | 1 | 2> =
  Shape extends `${infer First}${infer Rest}`
    ? Position extends 0 ? First : Rest extends `${infer Second}${infer Last}`
      ? Position extends 1 ? Second : Last extends `${infer Third}${string}` ? Third : ""
      : ""
    : ""

/** The operands of a row, by position; of several shapes, what they have in common. */
export interface Operands<Shape extends string, Wide extends OperandWidth> {
  readonly width: Wide
  /** Of the second operand, where the row says it differs. */
  readonly sourceWidth: Width
  readonly shape: Shape
  readonly destination: OperandOf<LetterAt<Shape, 0>>
  /** The destination under another name: for rows whose one operand is only read. */
  readonly operand: OperandOf<LetterAt<Shape, 0>>
  readonly source: OperandOf<LetterAt<Shape, 1>>
  readonly third: OperandOf<LetterAt<Shape, 2>>
  readonly pushed: Pushed
  readonly popped: Popped
}

/** Where control can go behind the instruction. */
export type Flow =
  /** On. */
  | "next"
  /** On, or to the target. */
  | "conditional"
  /** To the target. */
  | "jump"
  /** To an address that is computed. */
  | "indirect"
  /** Nowhere: it always stops. */
  | "stop"

/** When the manual leaves something open. The count is that of a shift after masking. */
export type OpenWhen = "always" | "count is not 1" | "count reaches the width" | "count exceeds the width" | "source is 0"

/** Flags the manual leaves open: ours are a choice, which a processor need not share. */
export interface OpenFlags {
  readonly flags: ReadonlyArray<FlagName>
  readonly when: OpenWhen
}

export interface InstructionDefinition<Name extends string, Shape extends string, Wide extends OperandWidth> {
  readonly name: Name
  /** As the decoder spells it, where that is not the name; several where they mean the same. */
  readonly mnemonics?: ReadonlyArray<string>
  readonly access: ReadonlyArray<Access>
  /** One letter an explicit operand. */
  readonly shapes: ReadonlyArray<Shape>
  readonly widths: ReadonlyArray<Wide>
  /** Widths of the second operand, where they differ from the first's; each form has a narrower source than destination. */
  readonly sourceWidths?: ReadonlyArray<Width>
  /** A 16-byte memory operand need not be aligned. */
  readonly mayBeUnaligned?: boolean
  readonly mayBeLocked?: boolean
  /** `next` where left out. */
  readonly flow?: Flow
  /** Seldom enough to be worth a call: no case of its own in the hottest loop. */
  readonly isRare?: boolean
  readonly open?: ReadonlyArray<OpenFlags>
  /** When the result itself is left open. */
  readonly openResult?: OpenWhen
  readonly source: string
  readonly body: (e: Emitter, width: Wide, operands: Operands<Shape, Wide>) => void
}

/** A row among others: what its body takes is known to `perform` alone. */
export interface InstructionRow extends Omit<InstructionDefinition<string, string, OperandWidth>, "body"> {
  readonly body: (e: Emitter, width: never, operands: never) => void
}

export const defineInstruction = <const Name extends string, const Shape extends string, const Wide extends OperandWidth>(
  definition: InstructionDefinition<Name, Shape, Wide>
): InstructionDefinition<Name, Shape, Wide> => definition

// ---- shapes and widths that many rows share

/** Everything an ordinary instruction of two integer operands has. */
export const twoOperands = ["rr", "rm", "mr", "ri", "mi"] as const
export const oneOperand = ["r", "m"] as const
export const everyWidth = [8, 16, 32, 64] as const
export const wideWidths = [16, 32, 64] as const
