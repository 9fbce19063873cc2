/** A flag that may stand without its value: effect/cli knows flags that have one and flags that have none. */
import { parseFaults } from "../log/choice.ts"
import { ALL_FAULTS } from "./flags.ts"

/** What a flag means alone, and which word behind it is its value and not the next argument. */
const bare: Readonly<Record<string, { readonly alone: string; readonly isValue: (word: string) => boolean }>> = {
  "--faults": { alone: ALL_FAULTS, isValue: (word) => word === ALL_FAULTS || word.includes(",") || parseFaults(word) !== undefined }
}

/** The command line with what such flags mean. */
export const withValues = (typed: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = typed.indexOf("--")
  return typed.flatMap((word, at) => {
    const flag = (end === -1 || at < end) && Object.hasOwn(bare, word) ? bare[word] : undefined
    const next = at + 1 === end ? undefined : typed[at + 1]
    return flag === undefined || (next !== undefined && flag.isValue(next)) ? [word] : [word, flag.alone]
  })
}
