import * as Effect from "effect/Effect"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { usePackaged } from "../host/packaged.ts"
import { hostText, optionalTools, versionOf } from "../host/tools.ts"
import { selfTests } from "../lab/self-test.ts"
import { paintFor } from "./color.ts"
import { endWith } from "./ending.ts"
import { RESULT_SCHEMA } from "./result.ts"
import { print, printJson } from "./say.ts"
import { versionText } from "./version.ts"

usePackaged()

const NAME_WIDTH = 14
const VERSION_WIDTH = 12

export const handle = Effect.fnUntraced(function*({ json }: { readonly json: boolean }) {
  const paint = yield* paintFor("stdout")
  const tests = yield* selfTests
  const tools = optionalTools.map((tool) => ({ ...tool, version: versionOf(tool) }))
  const isWell = tests.every(({ isPassed }) => isPassed)
  yield* json
    ? printJson({
      schema: RESULT_SCHEMA, isWell, versions: versionText.split("\n"), host: hostText(),
      selfTests: tests, tools: tools.map(({ adds, name, version }) => ({ name, version: version ?? null, adds }))
    })
    : print([
      versionText,
      hostText(),
      "",
      ...tests.map(({ isPassed, name, result }) => `${isPassed ? paint.good("ok   ") : paint.bad("WRONG")}  ${name.padEnd(NAME_WIDTH)}  ${escapeTerminal(result)}`),
      "",
      "not needed, and would add:",
      ...tools.map(({ adds, name, version }) => `  ${name.padEnd(NAME_WIDTH)}  ${escapeTerminal(version ?? "not found").padEnd(VERSION_WIDTH)}  ${adds}`)
    ].join("\n"))
  yield* endWith(isWell ? "passed" : "bug")
})
