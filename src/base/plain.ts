/**
 * Plain values: what a frame can hold, and how something typed is read out of one that a stranger may have made.
 *
 * Floats, maps and -0 are not among them, and an integer is one thing, whether it was a number or a bigint before: each value
 * has one spelling, so equal values are equal bytes.
 */
import { assert } from "./assert.ts"

export type Plain = null | boolean | number | bigint | string | Uint8Array | ReadonlyArray<Plain>

/** Why a plain value is not what it should be. `path` says where: `segments[3].start`. */
export interface Misshapen {
  readonly path: string
  readonly expected: string
}

/** Gathers its path on the way out, so that what is well-shaped pays for none. */
class MisshapenError extends Error {
  path = ""
  readonly expected: string
  constructor(expected: string) {
    super(expected)
    this.expected = expected
  }

  under(step: string): this {
    this.path = step + this.path
    return this
  }
}

/** Reads a `T`, or refuses. Built from the few below; only `shaped` runs one. */
export type Shape<T> = (plain: Plain | undefined) => T
export type Shaped<S> = S extends Shape<infer T> ? T : never

const refuse = (expected: string): never => {
  throw new MisshapenError(expected)
}

/** What `shape` reads there; a refusal learns where it was. */
const within = <T>(shape: Shape<T>, plain: Plain | undefined, step: (place: number) => string, place: number): T => {
  try {
    return shape(plain)
  } catch (error) {
    throw error instanceof MisshapenError ? error.under(step(place)) : error
  }
}

/** The value, or where it is wrong. The one border at which a refusal is caught. */
export const shaped = <T>(shape: Shape<T>, plain: Plain | undefined, name: string):
  { readonly _tag: "Shaped"; readonly value: T } | { readonly _tag: "Misshapen"; readonly problem: Misshapen } => {
  try {
    return { _tag: "Shaped", value: shape(plain) }
  } catch (error) {
    if (error instanceof MisshapenError) return { _tag: "Misshapen", problem: { path: name + error.path, expected: error.expected } }
    throw error
  }
}

/** A whole number in `[min, max]`. */
export const whole = (min: number, max: number): Shape<number> => (plain) =>
  typeof plain === "number" && Number.isSafeInteger(plain) && plain >= min && plain <= max ? plain : refuse(`a whole number from ${min} to ${max}`)

export const natural = whole(0, Number.MAX_SAFE_INTEGER)

/** 64 bits, unsigned. */
export const word64: Shape<bigint> = (plain) => {
  const value = typeof plain === "number" || typeof plain === "bigint" ? BigInt(plain) : -1n
  return value >= 0n && value < 2n ** 64n ? value : refuse("64 bits, unsigned")
}

export const truth: Shape<boolean> = (plain) => (typeof plain === "boolean" ? plain : refuse("true or false"))

/** At most `lengthMax` characters. */
export const text = (lengthMax: number): Shape<string> => (plain) =>
  typeof plain === "string" && plain.length <= lengthMax ? plain : refuse(`text of at most ${lengthMax} characters`)

export const bytes: Shape<Uint8Array> = (plain) => (plain instanceof Uint8Array ? plain : refuse("bytes"))

export const oneOf = <const Words extends ReadonlyArray<string>>(...words: Words): Shape<Words[number]> => (plain) =>
  typeof plain === "string" && words.includes(plain) ? plain : refuse(`one of ${words.join(" ")}`)

/** null stands for undefined. */
export const optional = <T>(shape: Shape<T>): Shape<T | undefined> => (plain) => (plain === null ? undefined : shape(plain))

/** A field that older recordings do not have: there it is `otherwise`. */
export const since = <T>(shape: Shape<T>, otherwise: T): Shape<T> => (plain) => (plain === undefined ? otherwise : shape(plain))

const elements = (plain: Plain | undefined): ReadonlyArray<Plain> =>
  Array.isArray(plain) ? (plain as ReadonlyArray<Plain>) : refuse("an array")

const element = (index: number): string => `[${index}]`

/** Any number of them, up to `countMax`. */
export const list = <T>(shape: Shape<T>, countMax: number): Shape<ReadonlyArray<T>> => (plain) => {
  const all = elements(plain)
  return all.length <= countMax ? all.map((each, index) => within(shape, each, element, index)) : refuse(`at most ${countMax} elements`)
}

/**
 * A tuple as an object: its fields in this order. Elements after the last are let pass, so that fields can be appended.
 */
export const tuple = <const Fields extends { readonly [field: string]: Shape<unknown> }>(
  fields: Fields
): Shape<{ readonly [F in keyof Fields]: Shaped<Fields[F]> }> => {
  const entries = Object.entries(fields)
  const step = (place: number): string => `.${entries[place]?.[0] ?? place}`
  return (plain) => {
    const all = elements(plain)
    const value: Record<string, unknown> = {}
    entries.forEach(([field, shape], place) => {
      value[field] = within(shape, all[place], step, place)
    })
    return value as { readonly [F in keyof Fields]: Shaped<Fields[F]> }
  }
}

/** One of several tuples, told apart by their first element. */
export const variant = <T>(cases: { readonly [tag: string]: Shape<T> }): Shape<T> => (plain) => {
  const [tag, ...rest] = elements(plain)
  const shape = typeof tag === "string" && Object.hasOwn(cases, tag) ? cases[tag] : undefined
  return shape === undefined ? refuse(`one of ${Object.keys(cases).join(" ")}, first in an array`) : shape(rest)
}

/** What `shape` reads and `holds` says of it; `expected` is what it says, as a noun. */
export const checked = <T>(shape: Shape<T>, expected: string, holds: (value: T) => boolean): Shape<T> => (plain) => {
  const value = shape(plain)
  return holds(value) ? value : refuse(expected)
}

export const mapped = <A, B>(shape: Shape<A>, to: (value: A) => B): Shape<B> => (plain) => to(shape(plain))

/** undefined as null. */
export const plainOf = (value: Plain | undefined): Plain => value ?? null

/** Promises that `value` is plain all the way down, and nested no deeper than a reader follows. */
export const assertPlain = (value: Plain, depthMax: number): void => {
  if (value === null || typeof value === "boolean" || value instanceof Uint8Array) return
  if (typeof value === "number") assert(Number.isSafeInteger(value) && !Object.is(value, -0), "a plain number is whole, exact and not -0")
  else if (typeof value === "bigint") assert(value >= -(2n ** 63n) && value < 2n ** 64n, "a plain bigint has 64 bits")
  else if (typeof value === "string") assert(value.isWellFormed(), "a plain text is well-formed Unicode")
  else {
    assert(Array.isArray(value) && depthMax > 0, "plain values are arrays, nested no deeper than a reader follows")
    for (const element of value) assertPlain(element, depthMax - 1)
  }
}
