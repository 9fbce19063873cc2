/** A mistyped command line, said in one line. effect/cli finds the mistakes; the words are ours. */
import type { NonShowHelpErrors } from "effect/cli/CliError"
import { didYouMean, nearest } from "../base/nearest.ts"

/** What could stand where the mistake is. */
export interface Typable {
  readonly commandPath: ReadonlyArray<string>
  readonly commands: ReadonlyArray<string>
  readonly flags: ReadonlyArray<string>
}

const quoted = (typed: string): string => JSON.stringify(typed.length > 80 ? `${typed.slice(0, 80)}…` : typed)

const sentence = (error: NonShowHelpErrors, { commands, flags }: Typable): string => {
  switch (error._tag) {
    case "UnrecognizedOption": {
      const typed = error.option.replace(/^-+/, "")
      const meant = nearest(typed, flags)
      return `no flag ${error.option}${meant === undefined ? "" : `; did you mean --${meant}?`}`
    }
    case "UnknownSubcommand":
      return `no command ${error.subcommand}${didYouMean(error.subcommand, commands)}`
    case "InvalidValue": {
      const name = error.kind === "flag" ? `--${error.option}` : error.option
      if (/^[0-9]+ occurrences$/.test(error.value)) return `${name} is given ${error.value.replace("occurrences", "times")}; ${error.expected}`
      const expected = error.expected.replace(/^Expected:? /i, "")
      return `${name} expects ${expected}${error.value === "" ? "" : `; found ${quoted(error.value)}`}`
    }
    case "MissingArgument":
      return `${error.argument} is missing`
    case "MissingOption":
      return `--${error.option} is missing`
    case "UnexpectedArgument":
      return `nothing more is expected; found ${error.arguments.slice(0, 3).map(quoted).join(" ")}`
    default:
      return error.message.split("\n").join(" ")
  }
}

/**
 * A word such as `-dash.s`: read as flags of one letter each, an `h` in it would show help and end well. Nothing here has flags of
 * one letter but that one, so it is somebody's file. What follows a flag may be its value, what follows `--` is a word.
 */
export const dashedWord = (typed: ReadonlyArray<string>): string | undefined => {
  const end = typed.indexOf("--")
  return typed.slice(0, end === -1 ? undefined : end).find((word, at, all) => /^-[^-\d\s]./u.test(word) && !(all[at - 1] ?? "").startsWith("--"))
}

/** The first mistake, and where help is. */
export const usageLine = (errors: ReadonlyArray<NonShowHelpErrors>, typable: Typable): string => {
  const [first] = errors
  const what = first === undefined ? "the command line is not understood" : sentence(first, typable)
  return `${what} (${typable.commandPath.join(" ")} --help)`
}
