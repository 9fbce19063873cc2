/** Instructions: prefixes, operands as AT&T writes them, and the fragment or bytes they become. */
import { known } from "../../base/assert.ts"
import { encode, isPrefix, prefixBytes, type Prefix } from "../../x86/encode.ts"
import { isBranchName } from "../../x86/encode/att-mnemonic.ts"
import type { Encoded } from "../../x86/encode/encoding.ts"
import {
  registerNamed,
  type MemoryOperand,
  type Operand,
  type RegisterOperand
} from "../../x86/encode/operand.ts"
import type { Cursor } from "./cursor.ts"
import type { Place } from "./problem.ts"
import type { Fixup } from "./section.ts"
import type { Expression } from "./symbol.ts"
import type { Unit } from "./unit.ts"

/** An operand, where it stands, and the expression that fills its open field. */
interface Written {
  readonly place: Place
  readonly operand: Operand
  readonly expression: Expression | undefined
}

const register = (cursor: Cursor): RegisterOperand | undefined => {
  const at = cursor.at()
  if (!cursor.take("%")) return cursor.expected("a register, such as %rax")
  return registerNamed(cursor.word() ?? "") ?? cursor.expected("a register, such as %rax", at)
}

const numberIn = (expression: Expression): bigint | undefined =>
  (expression._tag === "Number" ? expression.value : undefined)

type Scale = MemoryOperand["scale"]
const isScale = (value: number): value is Scale => value === 1 || value === 2 || value === 4 || value === 8

const isAddressRegister = ({ file, widthBits }: RegisterOperand): boolean =>
  file === "ip" || (file === "general" && widthBits >= 32)

type Indexing = Pick<MemoryOperand, "base" | "index" | "scale">

/** `(base, index, scale)`, from behind its parenthesis to behind the other. */
const indexing = (unit: Unit, cursor: Cursor): Indexing | undefined => {
  let base: RegisterOperand | undefined
  let index: RegisterOperand | undefined
  let scale: Scale = 1
  if (cursor.sees("%")) {
    base = register(cursor)
    if (base === undefined) return undefined
  }
  if (cursor.take(",")) {
    index = register(cursor)
    if (index === undefined) return undefined
    if (cursor.take(",")) {
      const at = cursor.at()
      const read = unit.number(cursor, "a scale")
      if (read === undefined) return undefined
      const value = Number(read)
      if (!isScale(value)) return cursor.expected("a scale: 1, 2, 4 or 8", at)
      scale = value
    }
  }
  const isAddress = [base, index].every((each) => each === undefined || isAddressRegister(each))
  if (!isAddress || index?.file === "ip" || (base?.file === "ip" && index !== undefined)) {
    return cursor.expected("registers of 64 or 32 bits, %rip alone")
  }
  if (base !== undefined && index !== undefined && base.widthBits !== index.widthBits) {
    return cursor.expected("a base and an index of one width")
  }
  if (index?.number === 4) return cursor.expected("an index other than the stack pointer")
  return cursor.take(")") ? { base, index, scale } : cursor.expected("`)`")
}

const INDEXING = /\([ \t]*[%,]/y

const memory = (unit: Unit, cursor: Cursor, segment: RegisterOperand | undefined): Written | undefined => {
  let expression: Expression | undefined = { _tag: "Number", value: 0n }
  const seesIndexing = (): boolean => {
    const at = cursor.at()
    const found = cursor.match(INDEXING) !== undefined
    cursor.moveTo(at)
    return found
  }
  const place = cursor.place()
  if (!seesIndexing()) {
    expression = unit.expression(cursor)
    if (expression === undefined) return undefined
  }
  let rest: Indexing | undefined = { base: undefined, index: undefined, scale: 1 }
  if (seesIndexing()) {
    cursor.take("(")
    rest = indexing(unit, cursor)
    if (rest === undefined) return undefined
  }
  const value = numberIn(expression)
  const displacement = value === undefined ? undefined : BigInt.asIntN(64, value)
  return { place, operand: { _tag: "Memory", segment, displacement, ...rest }, expression }
}

const operand = (unit: Unit, cursor: Cursor, isBranch: boolean): Written | undefined => {
  const place = cursor.place()
  if (cursor.take("$")) {
    const expression = unit.expression(cursor)
    if (expression === undefined) return undefined
    return { place, operand: { _tag: "Immediate", value: numberIn(expression) }, expression }
  }
  const isIndirect = cursor.take("*")
  if (isIndirect && !isBranch) return cursor.expected("`*` before the target of a jump or call only")
  if (cursor.sees("%")) {
    const one = register(cursor)
    if (one === undefined) return undefined
    if (one.file === "segment" && cursor.take(":")) return memory(unit, cursor, one)
    return { place, operand: one, expression: undefined }
  }
  const read = memory(unit, cursor, undefined)
  if (read === undefined || !isBranch || isIndirect || read.operand._tag !== "Memory") return read
  if (read.operand.base !== undefined || read.operand.index !== undefined) {
    return cursor.expected("`*` before an indirect target")
  }
  return { place, operand: { _tag: "Branch" }, expression: read.expression }
}

const fixupsOf = (
  { bytes, fields }: Encoded,
  operands: ReadonlyArray<Operand>,
  written: ReadonlyArray<Written>
): ReadonlyArray<Fixup> =>
  fields.map(({ at, isRelative, isSigned, operand: index, sizeBytes }) => {
    const from = written.find((each) => each.operand === operands[index])
    const expression = known(from?.expression, "an open field belongs to an operand with an expression")
    const place = known(from?.place, "an open field belongs to an operand that was written")
    return { at, sizeBytes, expression, relativeTo: isRelative ? bytes.length : undefined, isSigned, place }
  })

/** An instruction whose name, or first prefix, is `name` and has just been read. */
export const assembleInstruction = (
  unit: Unit,
  cursor: Cursor,
  name: string,
  place: Place
): true | undefined => {
  const prefixes: Array<Prefix> = []
  let mnemonic = name.toLowerCase()
  let mnemonicAt = place.at
  while (isPrefix(mnemonic)) {
    prefixes.push(mnemonic)
    mnemonicAt = cursor.at()
    const next = cursor.word()
    // `rep; nop`: the prefix is a statement of its own.
    if (next === undefined) return unit.emit(prefixes.map((each) => prefixBytes[each]), [], place)
    mnemonic = next.toLowerCase()
  }

  const written: Array<Written> = []
  const operandsAt = cursor.at()
  while (!cursor.isAtEnd()) {
    if (written.length > 0 && !cursor.take(",")) return cursor.expected("`,` or the end of the statement")
    const one = operand(unit, cursor, isBranchName(mnemonic))
    if (one === undefined) return undefined
    if (written.push(one) > 4) return cursor.expected("at most four operands")
  }

  const encodement = encode(mnemonic, prefixes, written.map((each) => each.operand))
  switch (encodement._tag) {
    case "Refused": {
      const places = { mnemonic: mnemonicAt, operands: operandsAt, prefix: place.at }
      return cursor.expected(encodement.expected, places[encodement.blames])
    }
    case "Encoded": {
      const { encoded, operands } = encodement
      return unit.emit(encoded.bytes, fixupsOf(encoded, operands, written), place)
    }
    case "Branch": {
      const [target] = written
      if (target?.expression === undefined) return cursor.expected("a target")
      unit.append({
        _tag: "Branch", short: encodement.short, near: encodement.near, target: target.expression,
        place: target.place, isNear: false, offset: 0
      })
      return true
    }
  }
}
