/** An exhibit or its twin, assembled, with the experiment it states. */
import { readFileSync } from "node:fs"
import type { Program } from "../../src/program/program.ts"
import { type RunSpec, specOf } from "../../src/run/start.ts"
import { abisNamed, assembleText, exampleNames } from "../support/examples.ts"
import type { Exhibit } from "./table.ts"

export type Variant = "bad" | "twin"

const textOf = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8")

/** An exhibit may stand among the examples: those need no prelude. */
const programOf = (name: string, variant: Variant): Program => {
  const fixed = variant === "twin" ? [".set FIXED, 1"] : []
  const isExample = exampleNames.includes(`${name}.s`)
  const parts = isExample ? [textOf(`../../examples/${name}.s`)] : [textOf("prelude.s"), textOf(`programs/${name}.s`)]
  return assembleText([...fixed, ...parts].join("\n"), variant === "twin" ? `${name}-fixed.s` : `${name}.s`)
}

export const exhibitSpec = ({ name }: Exhibit, variant: Variant): RunSpec => {
  const program = programOf(name, variant)
  return specOf(program, abisNamed(program.experiment.abi ?? "mainline-6.12"))
}
