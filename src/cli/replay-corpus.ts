/** The schedules of a fuzzing corpus told, by place, to today's build: they passed when they were kept. */
import * as Effect from "effect/Effect"
import { plural } from "../analysis/report/reporter/default.ts"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { openCorpus, runCorpus } from "../lab/corpus.ts"
import { targetOf } from "../lab/failing.ts"
import { Kernel } from "../lab/kernel.ts"
import { ProgramStore } from "../lab/program-store.ts"
import { paintFor } from "./color.ts"
import { limitsFor } from "./experiment.ts"
import type { ExitName } from "./exit.ts"
import { say } from "./say.ts"
import type { LimitFlags } from "./run-flags.ts"

/** No campaign: nothing is gone on with. */
const NO_KEY = ""

/** `undefined`: the folder holds no schedules. They are told in the experiment the program asks for. */
export const replayCorpus = (folder: string, program: string, flags: LimitFlags) =>
  Effect.gen(function*() {
    const corpus = yield* openCorpus([folder.replace(/\/+$/, "") || "/"], NO_KEY)
    if (corpus.entries.length === 0) return undefined
    if (corpus.skippedCount > 0) yield* say(`${plural(corpus.skippedCount, "file")} of the corpus passed over: damaged, or none of ours`)
    const paint = yield* paintFor("stdout")
    const build = yield* ProgramStore.use((store) => store.load(program, {}))
    const spec = yield* Kernel.use((kernel) => kernel.specOf(build)).pipe(Effect.provide(Kernel.layer({ limits: limitsFor(flags) })))
    const hits = yield* runCorpus(yield* targetOf(spec), corpus, true)
    const exit: ExitName = hits.length > 0 ? "failed" : "passed"
    return {
      exit,
      lines: [
        ...hits.flatMap(({ finding, schedule, strategy }) => [
          `${paint.bad("fails")}: ${escapeTerminal(strategy.replace(/^corpus /, ""))}`,
          `  ${escapeTerminal(`${finding.detector}: ${finding.message}`)}`,
          `  schedule  ${schedule}`
        ]),
        `${plural(corpus.entries.length, "stored schedule")} told to ${escapeTerminal(build.name)}, ${hits.length === 0 ? "none" : hits.length} of them failed`
      ],
      value: {
        file: folder, on: program, result: hits.length > 0 ? "fails" : "passes", scheduleCount: corpus.entries.length,
        failing: hits.map(({ finding: { detector, message }, schedule }) => ({ detector, message, schedule }))
      }
    }
  })
