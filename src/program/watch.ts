/**
 * Memory that is watched, and what the program claims of it. A row is a `#:` line and a flag of the same words:
 * `#: percpu counters 64 x4`, `--percpu counters,64,x4`; where it has a prefix, symbols that begin so need neither.
 */
import { didYouMean } from "../base/nearest.ts"
import { firstBehind, type Ranges, replacedIn } from "../base/ranges.ts"
import { rowNamed, table } from "../base/table.ts"
import { type Address, type AddressRange, TASK_SIZE } from "../base/ids.ts"
import type { Program, ProgramSymbol } from "./program.ts"

/** A way to watch: how it is typed, and what is claimed. */
interface WatchRow<Name extends string = string> {
  readonly name: Name
  readonly typed: string
  /** Help, and the reference. */
  readonly summary: string
  /** The number after the name: bytes of the range, or of one cell of many. */
  readonly number: "bytes" | "stride"
  readonly options: ReadonlyArray<"seq" | "count" | "by" | "locked">
  readonly prefix?: string
}

const defineWatch = <const Name extends string>(row: WatchRow<Name>): WatchRow<Name> => row

export const watchRows = table(
  defineWatch({ name: "watch", typed: "NAME,BYTES", summary: "watch what the program does to this memory; may be repeated", number: "bytes", options: [] }),
  defineWatch({ name: "shared", typed: "NAME,BYTES", summary: "data that tasks share: of two accesses that conflict one is to be ordered before the other", number: "bytes", options: [] }),
  defineWatch({ name: "sync", typed: "NAME,BYTES", summary: "words that order by plain loads and stores alone: what is stored there is seen by whoever loads it", number: "bytes", options: [] }),
  defineWatch({ name: "whole", typed: "NAME,BYTES", summary: "a value of several words, to be read as it was at one moment; after seq=NAME once that word is found unchanged", number: "bytes", options: ["seq"] }),
  defineWatch({ name: "percpu", typed: "NAME,STRIDE", summary: "cells of so many bytes, cell i for the task on CPU i to store to; xCOUNT cells, by=mm_cid; locked: with LOCK others may", number: "stride", options: ["count", "by", "locked"] }),
  defineWatch({ name: "never", typed: "NAME,BYTES", summary: "a word that stays 0", number: "bytes", options: [], prefix: "rseqlab_never_" }),
  defineWatch({ name: "balanced", typed: "NAME,BYTES", summary: "a word that is 0 when the run ends", number: "bytes", options: [], prefix: "rseqlab_balanced_" })
)
export type WatchName = keyof typeof watchRows
const rows: { readonly [name: string]: WatchRow<WatchName> } = watchRows
export const watchNames = Object.keys(watchRows) as ReadonlyArray<WatchName>

export const watchNamed = (name: string): WatchName | undefined => rowNamed(rows, name)?.name

/** A range that is watched. `watch` claims nothing. */
export interface Watch extends AddressRange {
  /** For people. */
  readonly name: string
  readonly claim: WatchName
  /** Of one cell; 0: the range is one. */
  readonly strideBytes: number
  /** Words such as `by=mm_cid locked`. */
  readonly option: string
  /** Of the word a reader checks; 0: none. */
  readonly other: Address
}

/** A watch as it was typed. */
export interface WatchRequest {
  readonly claim: WatchName
  readonly name: string
  /** `undefined`: the symbol's size. */
  readonly sizeBytes: number | undefined
  readonly cellCount: number | undefined
  readonly option: string
  readonly sequence: string | undefined
}

/** What was expected instead, to be read after "expected". */
export interface WatchRefused {
  readonly expected: string
}

export const WATCH_BYTES_MAX = 2 ** 20
const NUMBER = /^(0[xX][0-9a-fA-F]{1,6}|[0-9]{1,8})$/

const sizeOf = (word: string): number | undefined => {
  const value = NUMBER.test(word) ? Number(word) : 0
  return value > 0 && value <= WATCH_BYTES_MAX ? value : undefined
}

/** The words after the row's name: a symbol, a number, options in any order. */
export const parseWatch = (claim: WatchName, words: ReadonlyArray<string>): WatchRequest | WatchRefused => {
  const { number, options } = watchRows[claim] as WatchRow
  const [name = "", ...others] = words
  if (!/^[A-Za-z_.$\u0080-\uffff]/.test(name)) return { expected: "the name of a symbol" }
  let [sizeBytes, cellCount, sequence]: [number | undefined, number | undefined, string | undefined] = [undefined, undefined, undefined]
  const said: Array<string> = []
  for (const word of others) {
    const count = /^x([0-9]{1,7})$/.exec(word)?.[1]
    if (sizeBytes === undefined && /^[0-9]/.test(word)) {
      sizeBytes = sizeOf(word)
      if (sizeBytes === undefined) return { expected: `a size of 1 to ${WATCH_BYTES_MAX} bytes, not ${word.slice(0, 20)}` }
    } else if (options.includes("count") && count !== undefined && Number(count) > 0) cellCount = Number(count)
    else if (options.includes("by") && (word === "by=mm_cid" || word === "by=cpu_id")) said.push(word)
    else if (options.includes("locked") && word === "locked") said.push(word)
    else if (options.includes("seq") && /^seq=./.test(word)) sequence = word.slice(4)
    else return { expected: `${number === "stride" ? "bytes of one cell" : "a size in bytes"}${options.map((option) => `, ${OPTION_TEXT[option]}`).join("")}; not ${word.slice(0, 40)}` }
  }
  if (number === "stride" && sizeBytes === undefined) return { expected: "how many bytes one cell has, such as 64" }
  return { claim, name, sizeBytes, cellCount, option: said.filter((word) => word !== "by=cpu_id").toSorted().join(" "), sequence }
}
const OPTION_TEXT = { seq: "seq=NAME", count: "x4", by: "by=mm_cid", locked: "locked" } as const

/** Symbols by name; of several of one name the first. */
export const byName = (symbols: ReadonlyArray<ProgramSymbol>): ReadonlyMap<string, ProgramSymbol> =>
  new Map(symbols.toReversed().map((symbol) => [symbol.name, symbol]))

/** The request with addresses. */
export const placeWatch = (request: WatchRequest, symbols: ReadonlyMap<string, ProgramSymbol>): Watch | WatchRefused => {
  const { cellCount, claim, name, option, sequence } = request
  const symbol = symbols.get(name)
  if (symbol === undefined) return noSymbol(name, symbols)
  const sequenceSymbol = sequence === undefined ? undefined : symbols.get(sequence)
  if (sequence !== undefined && sequenceSymbol === undefined) return noSymbol(sequence, symbols)
  const row: WatchRow = watchRows[claim]
  const unit = request.sizeBytes ?? symbol.sizeBytes
  if (unit === 0) return { expected: `how many bytes: ${name} has no size of its own` }
  const isMany = row.number === "stride"
  const count = isMany ? cellCount ?? Math.floor(symbol.sizeBytes / unit) : 1
  if (count === 0) return { expected: `how many cells, such as x4: ${name} ${symbol.sizeBytes === 0 ? "has no size of its own" : `has ${symbol.sizeBytes} bytes`}` }
  const sizeBytes = unit * count
  if (sizeBytes > WATCH_BYTES_MAX || symbol.at + sizeBytes > TASK_SIZE) return { expected: `at most ${WATCH_BYTES_MAX} bytes in user space, not ${sizeBytes}` }
  if (claim !== "watch" && symbol.sizeBytes > 0 && sizeBytes > symbol.sizeBytes) {
    return { expected: `what lies in ${name}: it has ${symbol.sizeBytes} bytes, not ${sizeBytes}` }
  }
  return { name, start: symbol.at, end: symbol.at + sizeBytes, claim, strideBytes: isMany ? unit : 0, option, other: sequenceSymbol?.at ?? 0 }
}

const noSymbol = (name: string, symbols: ReadonlyMap<string, ProgramSymbol>): WatchRefused =>
  ({ expected: `a symbol of the program; ${name.slice(0, 80)} is none${didYouMean(name, [...symbols.keys()])}` })

/** What no memory is claimed to be beside a claim: data and a word that orders, and the same twice. */
const opposed: Readonly<Partial<Record<WatchName, ReadonlyArray<WatchName>>>> = { shared: ["sync"], whole: ["sync"], sync: ["shared", "whole"] }

/** The first watch that does not go with one before it. */
export const opposedWatch = (watches: ReadonlyArray<Watch>): (WatchRefused & { readonly index: number }) | undefined => {
  // Of one claim no two overlap, or that is what was looked for.
  const claimed = new Map<WatchName, Ranges<Watch>>()
  for (const [index, watch] of watches.entries()) {
    const { claim, end, name, start } = watch
    if (claim === "watch") continue
    for (const other of [claim, ...opposed[claim] ?? []]) {
      const met = firstBehind(claimed.get(other), start)
      if (met !== undefined && met.start < end) return { index, expected: `memory of its own: ${claim} ${name} overlaps ${other} ${met.name}` }
    }
    claimed.set(claim, replacedIn(claimed.get(claim), watch, [watch]))
  }
  return undefined
}

/** `to`, watched as `from` is: what was claimed of `from` beside its own lines is claimed of the symbols of that name. */
export const watchedAs = (from: Program, to: Program): Program => {
  const nameOf = new Map(from.symbols.map(({ at, name }) => [at, name]))
  const atOf = new Map(to.symbols.map(({ at, name }) => [name, at]))
  const said = new Set(to.experiment.watches.map(({ claim, name }) => `${claim} ${name}`))
  const more = from.experiment.watches.flatMap((watch): ReadonlyArray<Watch> => {
    const { claim, end, name, other, start } = watch
    const there = atOf.get(name)
    const otherThere = other === 0 ? 0 : atOf.get(nameOf.get(other) ?? "")
    const isSaid = said.has(`${claim} ${name}`)
    return there === undefined || otherThere === undefined || isSaid ? [] : [{ ...watch, start: there, end: there + end - start, other: otherThere }]
  })
  return more.length === 0 ? to : { ...to, experiment: { ...to.experiment, watches: [...to.experiment.watches, ...more] } }
}

const IMPLIED_BYTES = 8
const IMPLIED_COUNT_MAX = 1024

/** All that is watched: what the lines say, and what the names of symbols say. */
export const watchesOf = ({ experiment, symbols }: Pick<Program, "experiment" | "symbols">): ReadonlyArray<Watch> => {
  const implied: Array<Watch> = []
  for (const { at, kind, name, sizeBytes } of symbols) {
    const row = kind === "function" || at >= TASK_SIZE ? undefined : Object.values(rows).find(({ prefix }) => prefix !== undefined && name.startsWith(prefix))
    if (row === undefined || implied.length === IMPLIED_COUNT_MAX) continue
    implied.push({ name, start: at, end: at + (sizeBytes === 0 ? IMPLIED_BYTES : Math.min(sizeBytes, IMPLIED_BYTES)), claim: row.name, strideBytes: 0, option: "", other: 0 })
  }
  return [...experiment.watches, ...implied]
}

/** Whether there is anything that detectors hold the program to. */
export const hasClaims = (watches: ReadonlyArray<Watch>): boolean => watches.some(({ claim }) => claim !== "watch")
