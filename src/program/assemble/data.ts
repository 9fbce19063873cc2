/** Directives that put bytes down: numbers, text, zeros, alignment. */
import type { Cursor } from "./cursor.ts"
import { isPowerOfTwo } from "../../base/bits.ts"
import { ALIGNMENT_BYTES_MAX } from "./limits.ts"
import type { Unit } from "./unit.ts"

/** A directive, from behind its name to the end of the statement. `undefined` after a problem. */
export type Directive = (unit: Unit, cursor: Cursor) => true | undefined

const littleEndian = (value: bigint, sizeBytes: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, index) => Number(BigInt.asUintN(8, value >> BigInt(8 * index))))

/** Whether `value` fits so many bytes, signed or unsigned. */
export const fits = (value: bigint, sizeBytes: number): boolean =>
  value >= -(1n << BigInt(8 * sizeBytes - 1)) && value < 1n << BigInt(8 * sizeBytes)

/** `each` once for each item between commas; none at all is fine. */
const list = (cursor: Cursor, each: () => true | undefined): true | undefined => {
  if (cursor.isAtEnd()) return true
  do {
    if (each() === undefined) return undefined
  } while (cursor.take(","))
  return cursor.end()
}

/** `.byte`, `.short`, `.long`, `.quad` */
export const numbers = (sizeBytes: number): Directive => (unit, cursor) =>
  list(cursor, () => {
    const at = cursor.at()
    const expression = unit.expression(cursor)
    if (expression === undefined) return undefined
    if (expression._tag === "Number") {
      if (!fits(expression.value, sizeBytes)) return cursor.expected(`a number of ${8 * sizeBytes} bits`, at)
      return unit.emit(littleEndian(expression.value, sizeBytes), [], cursor.statement)
    }
    const fixup = { at: 0, sizeBytes, expression, relativeTo: undefined, isSigned: false, statement: cursor.statement }
    return unit.emit(new Uint8Array(sizeBytes), [fixup], cursor.statement)
  })

const STRING = /"((?:[^"\\]|\\.)*)"/y
const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,8})|(.))/g
const escapes: ReadonlyMap<string, string> = new Map([["n", "\n"], ["t", "\t"], ["r", "\r"], ["b", "\b"], ["f", "\f"]])
const encoder = new TextEncoder()

/** The bytes of a string's inside. Text outside ASCII is UTF-8; numbers in escapes are bytes. */
const bytesOf = (inside: string): Uint8Array => {
  const bytes: Array<number> = []
  let at = 0
  for (const found of inside.matchAll(ESCAPE)) {
    const [whole, octal, hexadecimal, other = ""] = found
    bytes.push(...encoder.encode(inside.slice(at, found.index)))
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff)
    else if (hexadecimal !== undefined) bytes.push(Number.parseInt(hexadecimal, 16) & 0xff)
    else bytes.push(...encoder.encode(escapes.get(other) ?? other))
    at = found.index + whole.length
  }
  bytes.push(...encoder.encode(inside.slice(at)))
  return Uint8Array.from(bytes)
}

/** `.ascii`, `.asciz` */
export const strings = (isTerminated: boolean): Directive => (unit, cursor) =>
  list(cursor, () => {
    const found = cursor.match(STRING)
    if (found === undefined) return cursor.expected("a string in double quotes")
    if (unit.emit(bytesOf(found[1] ?? ""), [], cursor.statement) === undefined) return undefined
    return isTerminated ? unit.emit([0], [], cursor.statement) : true
  })

/** A number behind a comma, or `otherwise` where there is none. */
const optional = (unit: Unit, cursor: Cursor, otherwise: bigint, what: string): bigint | undefined =>
  cursor.take(",") && !cursor.sees(",") && !cursor.isAtEnd() ? unit.number(cursor, what) : otherwise

/** `.skip SIZE, FILL` */
export const skip: Directive = (unit, cursor) => {
  const expression = unit.expression(cursor)
  if (expression === undefined) return undefined
  const fill = optional(unit, cursor, 0n, "a byte")
  if (fill === undefined || cursor.end() === undefined) return undefined
  unit.append({ _tag: "Space", until: "count", expression, unit: littleEndian(fill, 1), statement: cursor.statement, sizeBytes: 0, address: 0 })
  return true
}

/** `.fill REPEAT, SIZE, VALUE` */
export const fill: Directive = (unit, cursor) => {
  const expression = unit.expression(cursor)
  if (expression === undefined) return undefined
  const at = cursor.at()
  const size = optional(unit, cursor, 1n, "a size")
  if (size === undefined) return undefined
  const value = optional(unit, cursor, 0n, "a value")
  if (value === undefined || cursor.end() === undefined) return undefined
  if (size < 0n || size > 8n) return cursor.expected("a size of at most 8 bytes", at)
  const bytes = littleEndian(BigInt.asUintN(32, value), Number(size))
  unit.append({ _tag: "Space", until: "count", expression, unit: bytes, statement: cursor.statement, sizeBytes: 0, address: 0 })
  return true
}

/** `.org OFFSET, FILL` */
export const org: Directive = (unit, cursor) => {
  const expression = unit.expression(cursor)
  if (expression === undefined) return undefined
  const value = optional(unit, cursor, 0n, "a byte")
  if (value === undefined || cursor.end() === undefined) return undefined
  unit.append({ _tag: "Space", until: "offset", expression, unit: littleEndian(value, 1), statement: cursor.statement, sizeBytes: 0, address: 0 })
  return true
}

/** `.balign BYTES, FILL, MAX`, and with the exponent instead of the bytes `.p2align`. */
export const align = (isExponent: boolean): Directive => (unit, cursor) => {
  const at = cursor.at()
  const read = unit.number(cursor, "an alignment")
  if (read === undefined) return undefined
  const isSmall = read >= 0n && read <= BigInt(isExponent ? Math.log2(ALIGNMENT_BYTES_MAX) : ALIGNMENT_BYTES_MAX)
  const alignment = isSmall ? (isExponent ? 2 ** Number(read) : Math.max(1, Number(read))) : 0
  if (!isPowerOfTwo(alignment)) return cursor.expected("an alignment that is a power of two, at most 1 MiB", at)
  const NONE = -1n
  const value = optional(unit, cursor, NONE, "a byte")
  if (value === undefined) return undefined
  const paddingBytesMax = optional(unit, cursor, BigInt(alignment), "a number of bytes")
  if (paddingBytesMax === undefined || cursor.end() === undefined) return undefined
  unit.append({
    _tag: "Align",
    alignment,
    fill: value === NONE ? undefined : Number(BigInt.asUintN(8, value)),
    paddingBytesMax: paddingBytesMax > 0n && paddingBytesMax < BigInt(alignment) ? Number(paddingBytesMax) : alignment,
    paddingBytes: 0,
    address: 0
  })
  const section = unit.section()
  section.alignment = Math.max(section.alignment, alignment)
  return true
}
