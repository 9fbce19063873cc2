/** One line of the source, changed; and the test that must notice. */
import { readFileSync } from "node:fs"

export interface Mutant {
  /** From the root. */
  readonly file: string
  /** The whole line without its indent. It must be there once. */
  readonly before: string
  /** What stands there instead. */
  readonly after: string
  /** The test file that must fail. */
  readonly test: string
  /** Only the tests of that file whose names have these words: where the whole file takes long. */
  readonly only?: string
  /** What the change breaks, as a claim that is now false. */
  readonly breaks: string
}

/** The file with the line changed; a sentence where the row no longer fits it. */
export const changed = (text: string, { after, before, file }: Mutant): { readonly text: string } | { readonly refused: string } => {
  const lines = text.split("\n")
  const found = lines.flatMap((line, index) => (line.trim() === before ? [index] : []))
  const [at] = found
  if (at === undefined) return { refused: `${file}: no line reads \`${before}\`` }
  if (found.length > 1) return { refused: `${file}: ${found.length} lines read \`${before}\`` }
  if (before === after) return { refused: `${file}: \`${before}\` is not changed` }
  const line = lines[at] ?? ""
  lines[at] = line.slice(0, line.length - line.trimStart().length) + after
  return { text: lines.join("\n") }
}

export const textOf = (folder: string, file: string): string => readFileSync(`${folder}/${file}`, "utf8")
