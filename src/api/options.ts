/**
 * What callers give, looked at before anything is done with it: programs without a type checker call, too. A row an option; whoever
 * takes options names the rows he takes, and any other name is refused.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CPU_MAX } from "../base/ids.ts"
import { didYouMean } from "../base/nearest.ts"
import { kindNames } from "../log/choice.ts"
import { strategies } from "../strategy/table.ts"

/** An option has a value that it cannot have, or there is no such option. */
export class OptionRefused extends Schema.TaggedError<OptionRefused>()("OptionRefused", {
  option: Schema.String,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `option ${this.option}: expected ${this.expected}, not ${this.found}`
  }
}

interface Expectation {
  readonly expected: string
  readonly holds: (value: unknown) => boolean
}

const SEED_LENGTH_MAX = 64

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value)
const isFunction = (value: unknown): boolean => typeof value === "function"
const isNatural = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
const isListOf = (value: unknown, holds: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(holds)
const isText = (value: unknown): boolean => typeof value === "string"
const isGuestText = (value: unknown): boolean => typeof value === "string" && !value.includes("\0")
const isCpu = (value: unknown): boolean => isNatural(value) && Number(value) <= CPU_MAX
const isNumberOf = (value: unknown, names: ReadonlyArray<string>): boolean =>
  isObject(value) && Object.entries(value).every(([name, number]) => names.includes(name) && (number === undefined || isNatural(number)))

const rows = {
  cpus: { expected: `an array of different CPU numbers up to ${CPU_MAX}`, holds: (value) => isListOf(value, isCpu) && Array.isArray(value) && value.length > 0 && new Set(value).size === value.length },
  abi: { expected: "names of contracts in a text, or an array of contracts", holds: (value) => isText(value) || isListOf(value, isObject) },
  menu: { expected: "a menu: kinds, a set", holds: (value) => isObject(value) && (value["kinds"] === undefined || value["kinds"] instanceof Set) },
  limits: { expected: "maxIcount, maxMemoryBytes, maxTasks and maxOutputBytes, each a number", holds: (value) => isNumberOf(value, ["maxIcount", "maxMemoryBytes", "maxTasks", "maxOutputBytes"]) },
  seed: { expected: `a text of at most ${SEED_LENGTH_MAX} characters`, holds: (value) => typeof value === "string" && value.length <= SEED_LENGTH_MAX },
  arguments: { expected: "an array of texts without a zero character", holds: (value) => isListOf(value, isGuestText) },
  env: { expected: "an array of texts NAME=value without a zero character", holds: (value) => isListOf(value, isGuestText) },
  strategy: { expected: `a strategy, or one of ${Object.keys(strategies).join(", ")}`, holds: (value) => (typeof value === "string" ? Object.hasOwn(strategies, value) : isObject(value) && isFunction(value["make"])) },
  rates: { expected: "by kind of choice a number N, for one in N, or 0 for never", holds: (value) => isNumberOf(value, kindNames) },
  schedule: { expected: "a schedule, as text or as an array of deviations", holds: (value) => isText(value) || isListOf(value, isObject) },
  decider: { expected: "a decider: choose and interrupt, functions", holds: (value) => isObject(value) && isFunction(value["choose"]) && isFunction(value["interrupt"]) },
  signal: { expected: "an AbortSignal", holds: (value) => value instanceof AbortSignal },
  runs: { expected: "a number of runs", holds: isNatural },
  isKeptGoing: { expected: "true or false", holds: (value) => typeof value === "boolean" },
  proofRunsMax: { expected: "a number of runs", holds: isNatural },
  passing: { expected: "a recording", holds: (value) => isObject(value) && isObject(value["header"]) },
  judge: { expected: "a function that answers passes, fails or unknown", holds: isFunction },
  repeat: { expected: "a number above 0", holds: (value) => isNatural(value) && Number(value) > 0 },
  listener: { expected: "a log: append, a function", holds: (value) => isObject(value) && isFunction(value["append"]) },
  taken: { expected: "a function", holds: isFunction }
} satisfies Readonly<Record<string, Expectation>>

export type OptionName = keyof typeof rows

const kernelOptions = ["cpus", "abi", "menu", "limits", "seed", "arguments", "env"] as const satisfies ReadonlyArray<OptionName>

/** By who takes them. */
export const optionsOf = {
  program: ["repeat"],
  run: [...kernelOptions, "strategy", "rates", "schedule", "decider", "signal"],
  replay: ["limits", "listener", "taken"],
  fuzz: [...kernelOptions, "runs", "isKeptGoing", "signal"],
  minimize: ["proofRunsMax"],
  bisect: ["passing", "judge"]
} as const satisfies Readonly<Record<string, ReadonlyArray<OptionName>>>

const textOf = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : typeof value === "function" ? "a function" : typeof value === "bigint" ? `${value}n` : JSON.stringify(value) ?? String(value)
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}

/** What is wrong with `given`, by the first that is. What is left out, or `undefined`, is as it is by default. */
export const refusedOption = (taker: keyof typeof optionsOf, given: unknown): OptionRefused | undefined => {
  if (!isObject(given)) return new OptionRefused({ option: "(all)", expected: "an object of options", found: textOf(given) })
  const names: ReadonlyArray<string> = optionsOf[taker]
  for (const [name, value] of Object.entries(given)) {
    if (!names.includes(name)) return new OptionRefused({ option: name, expected: `one of ${names.join(", ")}${didYouMean(name, names)}`, found: name })
    const { expected, holds }: Expectation = rows[name as OptionName]
    if (value !== undefined && !holds(value)) return new OptionRefused({ option: name, expected, found: textOf(value) })
  }
  return undefined
}

/** Fails with `OptionRefused`. */
export const checkOptions = (taker: keyof typeof optionsOf, given: unknown): Effect.Effect<void, OptionRefused> =>
  Effect.suspend(() => {
    const refused = refusedOption(taker, given)
    return refused === undefined ? Effect.void : Effect.fail(refused)
  })

/** Of options that nobody has looked at yet. */
export const signalOf = (given: { readonly signal?: AbortSignal | undefined } | null): AbortSignal | undefined =>
  given?.signal instanceof AbortSignal ? given.signal : undefined
