/** Who tells the result, and where: standard output, or a file that is named. */
import * as Effect from "effect/Effect"
import { resolve } from "node:path"
import { reporters, reporterNamed } from "../analysis/report/reporter/table.ts"
import type { Reporter } from "../analysis/report/reporter/definition.ts"
import type { SearchReport } from "../analysis/report/report.ts"
import { didYouMean } from "../base/nearest.ts"
import { isSameFile } from "../host/files.ts"
import { Workspace } from "../lab/workspace.ts"
import { CommandLineRefused } from "./experiment.ts"
import type { FuzzFlags } from "./fuzz-flags.ts"
import { print, say, escapeLines } from "./say.ts"

interface Told {
  readonly reporter: Reporter
  /** `undefined`: standard output. */
  readonly file: string | undefined
}

const toldOf = (text: string): Told | string => {
  const [name = "", ...rest] = text.split("=")
  const file = rest.join("=")
  const reporter = reporterNamed(name)
  if (reporter === undefined) return `--reporter expects names of ${Object.keys(reporters).join(" ")}; found ${JSON.stringify(name.slice(0, 40))}${didYouMean(name, Object.keys(reporters))}`
  if (rest.length > 0 && file === "") return `--reporter ${name}= expects the name of a file`
  return { reporter, file: rest.length === 0 ? undefined : file }
}

/**
 * Fails before anything runs if a name is wrong. A file that cannot be written is said, and the others are written: whether all of them
 * were is the answer.
 */
export const reportersOf = ({ json, jsonl, program, reporter }: Pick<FuzzFlags, "json" | "jsonl" | "program" | "reporter">) =>
  Effect.gen(function*() {
    const told: Array<Told> = []
    for (const part of (reporter ?? (json ? "json" : jsonl ? "jsonl" : "default")).split(",")) {
      const one = toldOf(part.trim())
      if (typeof one === "string") return yield* new CommandLineRefused({ problem: one })
      told.push(one)
    }
    if (told.filter(({ file }) => file === undefined).length > 1) {
      return yield* new CommandLineRefused({ problem: "several reporters take standard output; give all but one a file: junit=FILE" })
    }
    const files = told.flatMap(({ file }) => file ?? [])
    for (const [index, file] of files.entries()) {
      if (isSameFile(file, program)) return yield* new CommandLineRefused({ problem: `--reporter would replace the program itself: ${file}; choose another name` })
      if (files.slice(0, index).some((other) => resolve(other) === resolve(file) || isSameFile(other, file))) {
        return yield* new CommandLineRefused({ problem: `several reporters write ${file}; give each a file of its own` })
      }
    }
    return (report: SearchReport) =>
      Effect.map(Effect.forEach(told, ({ file, reporter: { print: printed } }) =>
        file === undefined
          ? Effect.as(print(printed(report).trimEnd()), true)
          : Workspace.use((workspace) => workspace.write(file, new TextEncoder().encode(printed(report))))
            .pipe(Effect.as(true), Effect.catch((error) => Effect.as(say(escapeLines(error.message)), false)))), (written) => written.every(Boolean))
  })
