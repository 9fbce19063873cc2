/** The text of `--help`: examples first, then what may be typed. */
import type { ArgDoc, FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as Maybe from "effect/Option"

const COLUMN_WIDTH_MAX = 30
const LINE_WIDTH = 100

/** Words over lines of at most `width`. */
const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const part of text.split(" ")) {
    if (line !== "" && line.length + 1 + part.length > width) {
      lines.push(line)
      line = part
    } else line = line === "" ? part : `${line} ${part}`
  }
  return [...lines, line]
}

/** Two columns: what is typed, and what it means. */
const rows = (entries: ReadonlyArray<readonly [typed: string, meaning: string]>): ReadonlyArray<string> => {
  const column = Math.min(COLUMN_WIDTH_MAX, Math.max(...entries.map(([typed]) => typed.length)))
  return entries.flatMap(([typed, meaning]) => {
    const [first = "", ...rest] = wrapped(meaning, LINE_WIDTH - column - 4)
    const indent = " ".repeat(column + 4)
    const head = typed.length > column ? [`  ${typed}`, `${indent}${first}`] : [`  ${typed.padEnd(column)}  ${first}`]
    return [...head, ...rest.map((line) => indent + line)]
  })
}

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> => (lines.length === 0 ? [] : ["", title, ...lines])

const typedFlag = ({ aliases, name, type }: FlagDoc): string => {
  const names = [...aliases, `--${name}`].join(", ")
  return type === "boolean" ? names : `${names} ${type}`
}
/** effect/cli repeats the words that the flag's own column shows. */
const withoutChoices = (description: string): string => description.replace(/ ?\(choices: [^)]*\)$/, "")
const flagRow = (flag: FlagDoc): readonly [string, string] => [typedFlag(flag), withoutChoices(Maybe.getOrElse(flag.description, () => ""))]
const argumentRow = ({ description, name }: ArgDoc): readonly [string, string] => [name, Maybe.getOrElse(description, () => "")]

export const printHelp = (doc: HelpDoc): string => {
  const examples = doc.examples ?? []
  const subcommands = (doc.subcommands ?? []).flatMap(({ commands }) => commands)
  return [
    ...wrapped(doc.description, LINE_WIDTH),
    ...section("Examples", examples.flatMap(({ command, description }) =>
      description === undefined ? [`  ${command}`] : [`  ${command}`, `      ${description}`])),
    ...section("Usage", [`  ${doc.usage.replace("[<ARGS...>]", "[-- ARGS...]")}`]),
    ...section("Commands", subcommands.length === 0 ? [] : rows(subcommands.map(({ description, name }) => [name, description] as const))),
    ...section("Arguments", doc.args === undefined || doc.args.length === 0 ? [] : rows(doc.args.map(argumentRow))),
    ...section("Flags", doc.flags.length === 0 ? [] : rows(doc.flags.map(flagRow))),
    ...section("Everywhere", (doc.globalFlags ?? []).length === 0 ? [] : rows((doc.globalFlags ?? []).map(flagRow)))
  ].join("\n")
}
