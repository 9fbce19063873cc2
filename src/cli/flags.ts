/** Values on the command line: how each is written, and what is expected where it is written otherwise. */
import * as Flag from "effect/cli/Flag"
import * as Maybe from "effect/Option"
import type { CpuId } from "../base/ids.ts"
import { SEED_LENGTH_MAX } from "../base/prng.ts"
import { type FaultName, faultNames, type Kind, kindNames, parseFaults, parseKind } from "../log/choice.ts"
import { parseSignal } from "../linux/signal.ts"

/** How one value is written. */
export interface Written<A> {
  readonly expected: string
  /** `undefined` if the text is no such value. */
  readonly parse: (text: string) => A | undefined
}

const CPU_MAX = 2 ** 20 - 1
const CPU_COUNT_MAX = 64

const whole = (text: string, max: number): number | undefined =>
  /^[0-9]{1,16}$/.test(text) && Number(text) <= max ? Number(text) : undefined

/** All parts, or nothing if one of them is no value. */
const list = <A>(text: string, parse: (part: string) => A | undefined): ReadonlyArray<A> | undefined => {
  const values: Array<A> = []
  for (const part of text.split(",")) {
    const value = parse(part.trim())
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}

export const cpus: Written<ReadonlyArray<CpuId>> = {
  expected: `a count from 1 to ${CPU_COUNT_MAX}, or CPU numbers such as 0,2,65536`,
  parse: (text) => {
    const cpuCount = whole(text, CPU_COUNT_MAX)
    if (cpuCount !== undefined) return cpuCount === 0 ? undefined : Array.from({ length: cpuCount }, (_, cpu) => cpu)
    const numbers = text.includes(",") ? list(text, (part) => whole(part, CPU_MAX)) : undefined
    if (numbers === undefined || numbers.length > CPU_COUNT_MAX || new Set(numbers).size < numbers.length) return undefined
    return [...numbers].sort((a, b) => a - b)
  }
}

export const seed: Written<string> = {
  expected: `a text of 1 to ${SEED_LENGTH_MAX} characters`,
  parse: (text) => (text.length >= 1 && text.length <= SEED_LENGTH_MAX ? text : undefined)
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }
const BYTE_UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }

const scaled = (text: string, units: Readonly<Record<string, number>>): number | undefined => {
  const [, digits = "", unit = ""] = /^([0-9]{1,16})([a-zA-Z]?)$/.exec(text) ?? []
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  const value = factor === undefined || digits === "" ? NaN : Number(digits) * factor
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/** A number of something; `max` included. */
export const quantity = (what: string, max = Number.MAX_SAFE_INTEGER): Written<number> => ({
  expected: `${what}: a whole number from 1${max < 1000 ? ` to ${max}` : ", such as 500, 20k or 3M"}`,
  parse: (text) => {
    const value = scaled(text, UNITS)
    return value !== undefined && value <= max ? value : undefined
  }
})

export const byteSize: Written<number> = {
  expected: "a size: bytes, or such as 512K, 64M, 1G",
  parse: (text) => scaled(text, BYTE_UNITS)
}

/** A position in a log, or any natural. */
export const natural: Written<number> = {
  expected: "a whole number from 0",
  parse: (text) => whole(text, Number.MAX_SAFE_INTEGER)
}

export interface Rate {
  readonly kind: Kind
  /** Deviates once in so many chances; 0: never. */
  readonly oneIn: number
}

export const rate: Written<Rate> = {
  expected: `KIND=1/N or KIND=0, with a kind of ${kindNames.join(" ")}`,
  parse: (text) => {
    const [, name = "", , digits = "0"] = /^([a-z-]{1,32})=(0|1\/([0-9]{1,9}))$/.exec(text) ?? []
    const kind = parseKind(name)
    return kind === undefined || (text.includes("/") && Number(digits) === 0) ? undefined : { kind, oneIn: Number(digits) }
  }
}

export const signals: Written<ReadonlyArray<number>> = {
  expected: "signals such as USR1,ALRM,RTMIN+2",
  parse: (text) => list(text, parseSignal)
}

export const menuKinds: Written<ReadonlyArray<Kind>> = {
  expected: `kinds of choice (${kindNames.join(",")}), or none`,
  parse: (text) => (text === "none" ? [] : list(text, parseKind))
}

/** What `--faults` means where no list follows. */
export const ALL_FAULTS = "all"

export const faults: Written<ReadonlyArray<FaultName>> = {
  expected: `faults of ${faultNames.join(",")}, or nothing for all`,
  parse: (text) => (text === ALL_FAULTS ? faultNames : parseFaults(text))
}

export const variable: Written<string> = {
  expected: "the name of an environment variable",
  parse: (text) => (/^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(text) ? text : undefined)
}

const written = <A>(name: string, metavar: string, description: string, value: Written<A>): Flag.Flag<A> =>
  Flag.String(name).pipe(
    Flag.withDescription(description),
    Flag.withMetavar(metavar),
    Flag.filterMap((text) => Maybe.fromUndefinedOr(value.parse(text)), () => value.expected)
  )

/** A flag that may be left out. */
export const flag = <A>(name: string, metavar: string, description: string, value: Written<A>): Flag.Flag<A | undefined> =>
  written(name, metavar, description, value).pipe(Flag.optional, Flag.map(Maybe.getOrUndefined))

/** A flag that may be given again and again. */
export const flagList = <A>(name: string, metavar: string, description: string, value: Written<A>): Flag.Flag<ReadonlyArray<A>> =>
  written(name, metavar, description, value).pipe(Flag.between(0, 1000))

/** One of a few words. */
export const word = <const Words extends ReadonlyArray<string>>(name: string, words: Words, description: string): Flag.Flag<Words[number] | undefined> =>
  Flag.Literals(name, words).pipe(Flag.withDescription(description), Flag.withMetavar(words.join("|")), Flag.optional, Flag.map(Maybe.getOrUndefined))

/** True where given. */
export const toggle = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withoutNegation, Flag.withDefault(false))

/** Any text: a file, a name that somebody else judges. */
export const text = (name: string, metavar: string, description: string): Flag.Flag<string | undefined> =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withMetavar(metavar), Flag.optional, Flag.map(Maybe.getOrUndefined))
