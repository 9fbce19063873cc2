/** How options are spelled: on disk, in a schedule's text, in a report. */
import { CPU_MAX, parseTask, type TaskId, taskName } from "../base/ids.ts"
import { errno, errnoName } from "../linux/errno.ts"
import { parseSignal, signalName } from "../linux/signal.ts"

/** What an option may name. */
export type Sort = "CPU" | "task" | "signal" | "errno" | "number"

interface Spelling {
  readonly print: (value: number) => string
  /** `undefined` if the text names no such thing. */
  readonly parse: (text: string) => number | undefined
}

const digits = (text: string, max: number): number | undefined =>
  /^[0-9]{1,16}$/.test(text) && Number(text) <= max ? Number(text) : undefined

const sorts: Readonly<Record<Sort, Spelling>> = {
  CPU: { print: String, parse: (text) => digits(text, CPU_MAX) },
  task: { print: (value) => taskName(value as TaskId), parse: parseTask },
  signal: { print: signalName, parse: parseSignal },
  errno: {
    print: (value) => errnoName(value) ?? String(value),
    parse: (text) => (Object.hasOwn(errno, text) ? errno[text as keyof typeof errno] : undefined)
  },
  number: { print: String, parse: (text) => digits(text, Number.MAX_SAFE_INTEGER) }
}

/** Options that name things of one sort: each is the thing's own number or, where numbers are taken, `below` less that number. */
export interface Family {
  readonly sort: Sort
  readonly prefix: string
  readonly below?: number
}

export const optionOf = ({ below }: Family, value: number): number => (below === undefined ? value : below - value)
export const valueOf = ({ below }: Family, option: number): number => (below === undefined ? option : below - option)

/** The options of a kind. */
export interface Vocabulary {
  readonly name: string
  /** Negative, so that none is a thing's own number. The word of no letters may be typed and is never stored. */
  readonly words: Readonly<Record<string, number>>
  /** The lowest `below` first, own numbers last: an option is of the first family that reaches so far. */
  readonly families: ReadonlyArray<Family>
  readonly print: (option: number) => string
  /** `undefined` if the text names no option. */
  readonly parse: (text: string) => number | undefined
}

export const vocabulary = (name: string, words: Readonly<Record<string, number>>, ...families: ReadonlyArray<Family>): Vocabulary => {
  const spelled = new Map(Object.entries(words).map(([word, option]) => [option, word]))
  return {
    name, words, families,
    print: (option) => {
      const word = spelled.get(option)
      if (word !== undefined) return word
      const family = families.find(({ below = Infinity }) => option <= below)
      return family === undefined ? `?${option}` : family.prefix + sorts[family.sort].print(valueOf(family, option))
    },
    parse: (text) => {
      if (Object.hasOwn(words, text)) return words[text]
      for (const family of families) {
        const value = text.startsWith(family.prefix) ? sorts[family.sort].parse(text.slice(family.prefix.length)) : undefined
        if (value !== undefined) return optionOf(family, value)
      }
      return undefined
    }
  }
}

export const things = (sort: Sort): Family => ({ sort, prefix: "" })
export const only = (sort: Sort): Vocabulary => vocabulary(sort, {}, things(sort))
