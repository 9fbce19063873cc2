/** Over contracts: the first under which a schedule, told by place, fails. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { targetOf } from "../lab/failing.ts"
import { Kernel } from "../lab/kernel.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import { failureOf } from "../search/trial.ts"
import { performPlaced } from "../search/minimize.ts"
import { placed } from "../search/place.ts"
import { CommandLineRefused } from "./experiment.ts"
import { RESULT_SCHEMA } from "./result.ts"
import type { Opened } from "../lab/search-recording.ts"

const NAME_WIDTH = 22

export const abisOf = ({ file, recording, target }: Opened, names: string) =>
  Effect.gen(function*() {
    const asked = names.split(",").map((name) => name.trim())
    if (asked.length < 2) return yield* new CommandLineRefused({ problem: "--abi expects two contracts or more, such as mainline-6.12,turner-v2" })
    const deviations = placed(target.trials, recording.schedule)
    const rows: Array<{ readonly abi: string; readonly verdict: "passes" | "fails" | "cannot be judged"; readonly why: string }> = []
    for (const abi of asked) {
      const { abis } = yield* Kernel.use((kernel) => kernel.specOf(target.spec.program)).pipe(Effect.provide(Layer.fresh(Kernel.layer({ abi }))))
      const other = yield* targetOf({ ...target.spec, abis }, { isAsRecorded: true })
      const trial = yield* Effect.sync(() => performPlaced(other.trials, deviations))
      const finding = failureOf(trial)
      const isJudged = finding !== undefined || trial.outcome._tag === "Exited"
      const dropped = deviations.length - trial.schedule.length
      rows.push({
        abi, verdict: finding !== undefined ? "fails" : isJudged ? "passes" : "cannot be judged",
        why: `${finding === undefined ? outcomeSentence(trial.outcome, other.bounded.limits) : `${finding.detector}: ${finding.message}`}${dropped > 0 ? `; ${dropped} of ${deviations.length} deviations do not apply` : ""}`
      })
    }
    const first = rows.find(({ verdict }) => verdict === "fails")
    return {
      lines: [
        ...rows.map(({ abi, verdict, why }) => `  ${escapeTerminal(abi).padEnd(NAME_WIDTH)}  ${verdict.padEnd(16)}  ${escapeTerminal(why)}`),
        first === undefined ? "none of them fails" : `FIRST  ${escapeTerminal(first.abi)} fails`
      ],
      value: { schema: RESULT_SCHEMA, file, contracts: rows, first: first?.abi ?? null }
    }
  })
