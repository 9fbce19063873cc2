/** A schedule told, by place, to another build of its program: whether what failed then fails now. */
import * as Effect from "effect/Effect"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { printDeviation } from "../log/schedule.ts"
import { loadRecording } from "../lab/recording.ts"
import { targetOf, targetOfRecording } from "../lab/failing.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import { ProgramStore } from "../lab/program-store.ts"
import { tellLeniently } from "../run/replay.ts"
import { failureOf } from "../search/batch.ts"
import { placed } from "../search/place.ts"
import { paintFor } from "./color.ts"
import type { ExitName } from "./exit.ts"
import { limitsFor } from "./experiment.ts"
import type { ReplayFlags } from "./replay.ts"

const words = { passed: "passes now", failed: "still fails", unsupported: "no longer applies" } as const

export const replayOn = (file: string, program: string, flags: ReplayFlags) =>
  Effect.gen(function*() {
    const paint = yield* paintFor("stdout")
    const recording = yield* loadRecording(file)
    const then = yield* targetOfRecording(recording, file, limitsFor(flags))
    const build = yield* ProgramStore.use((store) => store.load(program))
    const now = yield* targetOf({ ...then.spec, program: build }, { isAsRecorded: true })
    const deviations = placed(then.trials, recording.schedule).map(({ deviation }) => deviation)
    const dropped: Array<string> = []
    const { finding, trial } = yield* Effect.sync(() => {
      const telling = tellLeniently(build, deviations, (deviation, reason) => void dropped.push(`${printDeviation(deviation)}: ${reason}`))
      const performed = now.trials.perform(telling)
      telling.finish()
      return { trial: performed, finding: failureOf(performed) }
    })
    const result = finding !== undefined ? "failed" : dropped.length > 0 || trial.outcome._tag !== "Exited" ? "unsupported" : "passed"
    const exit: ExitName = result
    const why = finding === undefined ? outcomeSentence(trial.outcome, now.bounded.limits) : `${finding.detector}: ${finding.message}`
    return {
      exit,
      lines: [
        `${result === "failed" ? paint.bad(words[result]) : result === "passed" ? paint.good(words[result]) : words[result]}: ${escapeTerminal(file)}`,
        `  ${escapeTerminal(why)}`,
        ...dropped.map((text) => `  dropped   ${escapeTerminal(text)}`)
      ],
      value: { file, on: program, result: words[result].replaceAll(" ", "-"), why, dropped }
    }
  })
