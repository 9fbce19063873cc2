/**
 * Plain values: what a frame can hold, and how something typed is read out of one that a stranger may have made.
 *
 * Floats, maps and -0 are not among them, and an integer is one thing, whether it was a number or a bigint before: each value
 * has one spelling, so equal values are equal bytes.
 */
import { assert } from "../base/assert.ts"

export type Plain = null | boolean | number | bigint | string | Uint8Array | ReadonlyArray<Plain>

/** Why a plain value is not what it should be. `path` says where: `segments[3].start`. */
export interface Misshapen {
  readonly path: string
  readonly expected: string
}

class MisshapenError extends Error {
  readonly path: string
  readonly expected: string
  constructor(path: string, expected: string) {
    super(`${path}: expected ${expected}`)
    this.path = path
    this.expected = expected
  }
}

/** Reads a `T`, or refuses. Built from the few below; only `shaped` runs one. */
export type Shape<T> = (plain: Plain | undefined, path: string) => T
export type Shaped<S> = S extends Shape<infer T> ? T : never

const refuse = (path: string, expected: string): never => {
  throw new MisshapenError(path, expected)
}

/** The value, or where it is wrong. The one border at which a refusal is caught. */
export const shaped = <T>(shape: Shape<T>, plain: Plain | undefined, name: string):
  { readonly _tag: "Shaped"; readonly value: T } | { readonly _tag: "Misshapen"; readonly problem: Misshapen } => {
  try {
    return { _tag: "Shaped", value: shape(plain, name) }
  } catch (error) {
    if (error instanceof MisshapenError) return { _tag: "Misshapen", problem: { path: error.path, expected: error.expected } }
    throw error
  }
}

/** A whole number in `[min, max]`. */
export const whole = (min: number, max: number): Shape<number> => (plain, path) =>
  typeof plain === "number" && Number.isSafeInteger(plain) && plain >= min && plain <= max ? plain : refuse(path, `a whole number from ${min} to ${max}`)

export const natural = whole(0, Number.MAX_SAFE_INTEGER)

/** 64 bits, unsigned. */
export const word64: Shape<bigint> = (plain, path) => {
  const value = typeof plain === "number" || typeof plain === "bigint" ? BigInt(plain) : -1n
  return value >= 0n && value < 2n ** 64n ? value : refuse(path, "64 bits, unsigned")
}

export const truth: Shape<boolean> = (plain, path) => (typeof plain === "boolean" ? plain : refuse(path, "true or false"))

/** At most `lengthMax` characters. */
export const text = (lengthMax: number): Shape<string> => (plain, path) =>
  typeof plain === "string" && plain.length <= lengthMax ? plain : refuse(path, `text of at most ${lengthMax} characters`)

export const bytes: Shape<Uint8Array> = (plain, path) => (plain instanceof Uint8Array ? plain : refuse(path, "bytes"))

export const oneOf = <const Words extends ReadonlyArray<string>>(...words: Words): Shape<Words[number]> => (plain, path) =>
  typeof plain === "string" && words.includes(plain) ? plain : refuse(path, `one of ${words.join(" ")}`)

/** null stands for undefined. */
export const optional = <T>(shape: Shape<T>): Shape<T | undefined> => (plain, path) => (plain === null ? undefined : shape(plain, path))

const elements = (plain: Plain | undefined, path: string): ReadonlyArray<Plain> =>
  Array.isArray(plain) ? (plain as ReadonlyArray<Plain>) : refuse(path, "an array")

/** Any number of them, up to `countMax`. */
export const list = <T>(shape: Shape<T>, countMax: number): Shape<ReadonlyArray<T>> => (plain, path) => {
  const all = elements(plain, path)
  return all.length <= countMax ? all.map((element, index) => shape(element, `${path}[${index}]`)) : refuse(path, `at most ${countMax} elements`)
}

/**
 * A tuple as an object: its fields in this order. Elements after the last are let pass, so that fields can be appended.
 */
export const tuple = <const Fields extends { readonly [field: string]: Shape<unknown> }>(
  fields: Fields
): Shape<{ readonly [F in keyof Fields]: Shaped<Fields[F]> }> => {
  const entries = Object.entries(fields)
  return (plain, path) => {
    const all = elements(plain, path)
    return Object.fromEntries(entries.map(([field, shape], index) => [field, shape(all[index], `${path}.${field}`)])) as
      { readonly [F in keyof Fields]: Shaped<Fields[F]> }
  }
}

/** What `shape` reads and `holds` says of it; `expected` is what it says, as a noun. */
export const checked = <T>(shape: Shape<T>, expected: string, holds: (value: T) => boolean): Shape<T> => (plain, path) => {
  const value = shape(plain, path)
  return holds(value) ? value : refuse(path, expected)
}

export const mapped = <A, B>(shape: Shape<A>, to: (value: A) => B): Shape<B> => (plain, path) => to(shape(plain, path))

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
