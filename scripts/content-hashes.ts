/** The content hash of every example under a few strategies, a line each: equal on every machine and every Node. */
import { readdirSync, readFileSync } from "node:fs"
import { assemble, record, type RunOptions } from "../src/api/index.ts"

const FOLDER = "examples"
const decisions: ReadonlyArray<readonly [name: string, RunOptions]> = [
  ["quiet", {}],
  ["seed 7", { seed: "7" }],
  ["seed seven", { seed: "seven" }],
  ["round-robin", { strategy: "round-robin" }],
  ["windows", { strategy: "windows", seed: "7" }]
]

/** `program  strategy  hash`, in the order of the programs' names. */
export const contentHashes = async (): Promise<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".s")).sort()) {
    const program = assemble(readFileSync(`${FOLDER}/${file}`, "utf8"), file)
    for (const [name, options] of decisions) lines.push(`${file}  ${name}  ${(await record(program, options)).contentHash ?? "none"}`)
  }
  return lines
}

if (import.meta.main) for (const line of await contentHashes()) console.log(line)
