/** An exhibit or its twin, assembled, with the experiment it states. */
import { readFileSync } from "node:fs"
import type { Program } from "../../src/program/program.ts"
import { type RunSpec, specOf } from "../../src/run/start.ts"
import { abisNamed, assembleText } from "../support/examples.ts"
import type { Exhibit } from "./table.ts"

export type Variant = "bad" | "twin"

const textOf = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8")

const programOf = (name: string, variant: Variant): Program => {
  const before = [...variant === "twin" ? [".set FIXED, 1"] : [], textOf("prelude.s")]
  return assembleText([...before, textOf(`programs/${name}.s`)].join("\n"), variant === "twin" ? `${name}-fixed.s` : `${name}.s`)
}

export const exhibitSpec = ({ name }: Exhibit, variant: Variant): RunSpec => {
  const program = programOf(name, variant)
  return specOf(program, abisNamed(program.experiment.abi ?? "mainline-6.12"))
}
