import { rowNamed, table } from "../../../base/table.ts"
import { defaultReporter } from "./default.ts"
import type { Reporter } from "./definition.ts"
import { github } from "./github.ts"
import { json, jsonl } from "./json.ts"
import { junit } from "./junit.ts"
import { sarif } from "./sarif.ts"

export const reporters = table(
  defaultReporter,
  json,
  jsonl,
  junit,
  sarif,
  github
)
export type ReporterName = keyof typeof reporters

export const reporterNamed = (name: string): Reporter | undefined => rowNamed<Reporter>(reporters, name)
