/** Directives that put bytes down: numbers, text, zeros, alignment. */
import type { Cursor } from "./cursor.ts"
import { isPowerOfTwo } from "../../base/bits.ts"
import { ALIGNMENT_BYTES_MAX } from "./limits.ts"
import type { Place } from "./problem.ts"
import type { Expression } from "./symbol.ts"
import type { Unit } from "./unit.ts"

/** A directive, from behind its name to the end of the statement. `undefined` after a problem. */
export type Directive = (unit: Unit, cursor: Cursor) => true | undefined

export const littleEndian = (value: bigint, sizeBytes: number): Uint8Array =>
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
    const place = cursor.place()
    const expression = unit.expression(cursor)
    if (expression === undefined) return undefined
    if (expression._tag === "Number") {
      if (!fits(expression.value, sizeBytes)) {
        return cursor.expected(`a number of ${8 * sizeBytes} bits`, place.at)
      }
      return unit.emit(littleEndian(expression.value, sizeBytes), [], place)
    }
    const fixup = { at: 0, sizeBytes, expression, relativeTo: undefined, isSigned: false, place }
    return unit.emit(new Uint8Array(sizeBytes), [fixup], place)
  })

const STRING = /"((?:[^"\\]|\\.)*)"/y
const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,8})|(.))/g
const escapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"], ["t", "\t"], ["r", "\r"], ["b", "\b"], ["f", "\f"]
])
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
    const place = cursor.place()
    const found = cursor.match(STRING)
    if (found === undefined) return cursor.expected("a string in double quotes")
    if (unit.emit(bytesOf(found[1] ?? ""), [], place) === undefined) return undefined
    return isTerminated ? unit.emit([0], [], place) : true
  })

/** A number behind a comma, or `otherwise` where there is none. */
const optional = (unit: Unit, cursor: Cursor, otherwise: bigint, what: string): bigint | undefined =>
  cursor.take(",") && !cursor.sees(",") && !cursor.isAtEnd() ? unit.number(cursor, what) : otherwise

/** So many bytes are put down at once, so that distances over them are known; more wait for the layout. */
const SPACE_BYTES_AT_ONCE = 4096

/** `unit` as often as `count` says, now if it is known and small. */
const space = (unit: Unit, place: Place, count: Expression, bytes: Uint8Array): true | undefined => {
  const known = count._tag === "Number" ? count.value * BigInt(bytes.length) : undefined
  if (known !== undefined && known >= 0n && known <= SPACE_BYTES_AT_ONCE) {
    const whole = new Uint8Array(Number(known))
    repeatInto(whole, bytes)
    return unit.emit(whole, [], place)
  }
  unit.append({ _tag: "Space", until: "count", expression: count, unit: bytes, place, sizeBytes: 0, offset: 0 })
  return true
}

/** Fills `whole` with copies of `bytes`, a divisor of its length. */
export const repeatInto = (whole: Uint8Array, bytes: Uint8Array): void => {
  if (bytes.length === 1) whole.fill(bytes[0] ?? 0)
  else for (let at = 0; at < whole.length; at += bytes.length) whole.set(bytes, at)
}

/** `.skip SIZE, FILL` */
export const skip: Directive = (unit, cursor) => {
  const place = cursor.place()
  const size = unit.expression(cursor)
  if (size === undefined) return undefined
  const value = optional(unit, cursor, 0n, "a byte")
  if (value === undefined || cursor.end() === undefined) return undefined
  return space(unit, place, size, littleEndian(value, 1))
}

/** `.fill REPEAT, SIZE, VALUE` */
export const fill: Directive = (unit, cursor) => {
  const place = cursor.place()
  const count = unit.expression(cursor)
  if (count === undefined) return undefined
  const at = cursor.at()
  const size = optional(unit, cursor, 1n, "a size")
  if (size === undefined) return undefined
  const value = optional(unit, cursor, 0n, "a value")
  if (value === undefined || cursor.end() === undefined) return undefined
  if (size < 0n || size > 8n) return cursor.expected("a size of at most 8 bytes", at)
  return space(unit, place, count, littleEndian(BigInt.asUintN(32, value), Number(size)))
}

/** `.org OFFSET, FILL` */
export const org: Directive = (unit, cursor) => {
  const place = cursor.place()
  const expression = unit.expression(cursor)
  if (expression === undefined) return undefined
  const value = optional(unit, cursor, 0n, "a byte")
  if (value === undefined || cursor.end() === undefined) return undefined
  const byte = littleEndian(value, 1)
  unit.append({ _tag: "Space", until: "offset", expression, unit: byte, place, sizeBytes: 0, offset: 0 })
  return true
}

/** `.balign BYTES, FILL, MAX`, and with the exponent instead of the bytes `.p2align`. */
export const align = (isExponent: boolean): Directive => (unit, cursor) => {
  const at = cursor.at()
  const read = unit.number(cursor, "an alignment")
  if (read === undefined) return undefined
  // An alignment of 0 is none. Beyond the greatest, and below 0, nothing is computed.
  const isComputed = read >= 0n && read <= BigInt(ALIGNMENT_BYTES_MAX)
  const alignment = !isComputed ? 0 : isExponent ? 2 ** Number(read) : Math.max(1, Number(read))
  if (!isPowerOfTwo(alignment) || alignment > ALIGNMENT_BYTES_MAX) {
    return cursor.expected("an alignment that is a power of two, at most 1 MiB", at)
  }
  const NONE = -1n
  const value = optional(unit, cursor, NONE, "a byte")
  if (value === undefined) return undefined
  const limit = optional(unit, cursor, 0n, "a number of bytes")
  if (limit === undefined || cursor.end() === undefined) return undefined
  unit.append({
    _tag: "Align",
    alignment,
    fill: value === NONE ? undefined : Number(BigInt.asUintN(8, value)),
    paddingBytesMax: limit > 0n && limit < BigInt(alignment) ? Number(limit) : alignment,
    paddingBytes: 0,
    offset: 0
  })
  const section = unit.section()
  section.alignment = Math.max(section.alignment, alignment)
  return true
}
