/** The example programs, assembled, with the experiment each describes. */
import { readdirSync, readFileSync } from "node:fs"
import type { AbiDefinition } from "../../src/kernel/abi/definition.ts"
import { parseAbis } from "../../src/kernel/abi/table.ts"
import { assemble, type AssembleOptions } from "../../src/program/assemble/assemble.ts"
import type { Program } from "../../src/program/program.ts"
import { type RunSpec, specOf } from "../../src/run/start.ts"

const folder = new URL("../../examples/", import.meta.url)

export const exampleNames: ReadonlyArray<string> = readdirSync(folder).filter((file) => file.endsWith(".s")).sort()

export const assembleText = (text: string, file: string, options: AssembleOptions = {}): Program => {
  const assembly = assemble(text, file, options)
  if (assembly._tag === "AssemblyFailed") throw new Error(`${file}:${assembly.error.line}: expected ${assembly.error.expected}`)
  return assembly.program
}

export const example = (file: string, options: AssembleOptions = {}): Program =>
  assembleText(readFileSync(new URL(file, folder), "utf8"), file, options)

export const abisNamed = (text: string): ReadonlyArray<AbiDefinition> => {
  const parsed = parseAbis(text)
  if (parsed._tag === "Refused") throw new Error(parsed.message)
  return parsed.abis
}

/** As `run` would run it without flags. */
export const exampleSpec = (file: string, options: AssembleOptions = {}): RunSpec => {
  const program = example(file, options)
  return specOf(program, abisNamed(program.experiment.abi ?? "mainline-6.12"))
}
