/** What rseqlab itself says: results to standard output, everything else to standard error. */
import * as Console from "effect/Console"
import type * as Effect from "effect/Effect"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"

/** Text that may hold what a stranger chose: names, messages, bytes of a file. Its line ends stay. */
export const escapeLines = (text: string): string => text.split("\n").map(escapeTerminal).join("\n")

/** Lines of ours on standard error. Each begins `rseqlab:`, so that they are told from the guest's. Escaped already. */
export const say = (text: string): Effect.Effect<void> => Console.error(text.replace(/^/gm, "rseqlab: "))

/** The result of a command, on standard output. Escaped already. */
export const print = (text: string): Effect.Effect<void> => Console.log(text)

/** One JSON document; control bytes that JSON lets pass are escaped, too. 64-bit words are texts in hex. */
export const toJson = (value: unknown, indent = 0): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? `0x${item.toString(16)}` : item), indent)
    .replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)

export const printJson = (value: unknown, indent = 2): Effect.Effect<void> => Console.log(toJson(value, indent))

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/

/** A word as a POSIX shell reads it back; what a terminal must not see is written with `$'…'`. */
export const shellWord = (word: string): string => {
  if (PLAIN_WORD.test(word)) return word
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\\']/u.test(word)) return `'${word}'`
  let quoted = ""
  for (const byte of new TextEncoder().encode(word)) {
    const character = String.fromCharCode(byte)
    quoted += byte >= 0x20 && byte < 0x7f && character !== "\\" && character !== "'" ? character : `\\x${byte.toString(16).padStart(2, "0")}`
  }
  return `$'${quoted}'`
}

export const shellCommand = (words: ReadonlyArray<string>): string => words.map(shellWord).join(" ")
