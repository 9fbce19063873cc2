/** Instructions: prefixes, operands as AT&T writes them, and the fragment or bytes they become. */
import { encode, isPrefix, prefixBytes, type Encodement, type Prefix } from "../../x86/encode.ts"
import { isBranchName } from "../../x86/encode/att-mnemonic.ts"
import type { Encoded } from "../../x86/encode/encoding.ts"
import { registerNamed, type MemoryOperand, type Operand, type RegisterOperand } from "../../x86/encode/operand.ts"
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

const numberIn = (expression: Expression): bigint | undefined => (expression._tag === "Number" ? expression.value : undefined)

const isScale = (value: bigint): value is 1n | 2n | 4n | 8n => value === 1n || value === 2n || value === 4n || value === 8n
const scales = { 1: 1, 2: 2, 4: 4, 8: 8 } as const

const isAddressRegister = ({ file, name, widthBits }: RegisterOperand): boolean =>
  file === "ip" || (file === "general" && widthBits >= 32 && name !== "")

/** `(base, index, scale)`, from behind its parenthesis to behind the other. */
const indexing = (unit: Unit, cursor: Cursor): Pick<MemoryOperand, "base" | "index" | "scale"> | undefined => {
  let base: RegisterOperand | undefined
  let index: RegisterOperand | undefined
  let scale: 1 | 2 | 4 | 8 = 1
  if (cursor.sees("%")) {
    base = register(cursor)
    if (base === undefined) return undefined
  }
  if (cursor.take(",")) {
    index = register(cursor)
    if (index === undefined) return undefined
    if (cursor.take(",")) {
      const at = cursor.at()
      const value = unit.number(cursor, "a scale")
      if (value === undefined) return undefined
      if (!isScale(value)) return cursor.expected("a scale: 1, 2, 4 or 8", at)
      scale = scales[Number(value) as 1 | 2 | 4 | 8]
    }
  }
  const isAddress = [base, index].every((each) => each === undefined || isAddressRegister(each))
  if (!isAddress || index?.file === "ip" || (base?.file === "ip" && index !== undefined)) return cursor.expected("registers of 64 or 32 bits, %rip alone")
  if (base !== undefined && index !== undefined && base.widthBits !== index.widthBits) return cursor.expected("a base and an index of one width")
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
  let rest: Pick<MemoryOperand, "base" | "index" | "scale"> | undefined = { base: undefined, index: undefined, scale: 1 }
  if (seesIndexing()) {
    cursor.take("(")
    rest = indexing(unit, cursor)
    if (rest === undefined) return undefined
  }
  const value = numberIn(expression)
  const displacement = value === undefined ? undefined : BigInt.asIntN(64, value)
  if (displacement !== undefined && BigInt.asIntN(32, displacement) !== displacement) {
    // movabs takes any address, and only where nothing is added to it.
    if (rest.base !== undefined || rest.index !== undefined) return cursor.expected("a displacement of 32 bits", place.at)
  }
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
  if (read.operand.base !== undefined || read.operand.index !== undefined) return cursor.expected("`*` before an indirect target")
  return { place, operand: { _tag: "Branch" }, expression: read.expression }
}

const fixupsOf = (encoded: Encoded, operands: ReadonlyArray<Operand>, written: ReadonlyArray<Written>): ReadonlyArray<Fixup> =>
  encoded.fields.flatMap(({ at, isRelative, isSigned, operand: index, sizeBytes }) => {
    const from = written.find((each) => each.operand === operands[index])
    if (from?.expression === undefined) return []
    return [{ at, sizeBytes, expression: from.expression, relativeTo: isRelative ? encoded.bytes.length : undefined, isSigned, place: from.place }]
  })

const blamed = (encodement: Extract<Encodement, { _tag: "Refused" }>, at: { readonly mnemonic: number; readonly operands: number; readonly prefix: number }): number =>
  at[encodement.blames]

/** An instruction whose name, or first prefix, is `name` and has just been read. */
export const assembleInstruction = (unit: Unit, cursor: Cursor, name: string, place: Place): true | undefined => {
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
    case "Refused":
      return cursor.expected(encodement.expected, blamed(encodement, { mnemonic: mnemonicAt, operands: operandsAt, prefix: place.at }))
    case "Encoded": {
      const { encoded, operands } = encodement
      return unit.emit(encoded.bytes, fixupsOf(encoded, operands, written), place)
    }
    case "Branch": {
      const [target] = written
      if (target?.expression === undefined) return cursor.expected("a target")
      unit.append({ _tag: "Branch", short: encodement.short, near: encodement.near, target: target.expression, place: target.place, isNear: false, offset: 0 })
      return true
    }
  }
}
