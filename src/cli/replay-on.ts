/** A schedule told to another build of its program, by place or by what stands there now: whether what failed then fails now. */
import * as Effect from "effect/Effect"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import type { Deviation } from "../log/choice.ts"
import { isPlaced, type PlacedDeviation, printDeviation } from "../log/schedule.ts"
import type { DropReason } from "../log/telling.ts"
import { targetOf } from "../lab/failing.ts"
import { didYouMean } from "../base/nearest.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import { unheard } from "../lab/unheard.ts"
import { ProgramStore } from "../lab/program-store.ts"
import { addressOf, tellLeniently } from "../run/lenient.ts"
import type { RunSpec } from "../run/start.ts"
import { failureOf } from "../search/trial.ts"
import { inExperimentOf } from "../search/experiment.ts"
import { placed } from "../search/place.ts"
import { addressThere, type Relocated, relocate } from "../search/relocate.ts"
import { isSameFinding, kindThere } from "../search/minimize.ts"
import { paintFor } from "./color.ts"
import type { ExitName } from "./exit.ts"
import type { ReplayFlags } from "./replay.ts"
import { openTarget } from "./search-recording.ts"

type Program = RunSpec["program"]

/** What a deviation is held by whose place is another now. */
const means: Readonly<Record<Exclude<Relocated["by"], "place">, string>> = { instruction: "moved to the same instruction", count: "told by count" }

const words = { passed: "passes now", failed: "still fails", unsupported: "no longer applies" } as const

/** Why a deviation was not taken, for people. */
const reasonText = (build: Program, deviation: PlacedDeviation | Deviation, reason: DropReason): string => {
  if (!isPlaced(deviation)) return reason === "not on offer" ? "the task came there, and this was not on offer" : `the task never came to count ${deviation.count} so`
  const { arrival, symbol } = deviation.place
  if (addressOf(build, deviation) === undefined && symbol !== undefined) {
    return `${build.name} has no symbol ${symbol}${didYouMean(symbol, build.symbols.map(({ name }) => name))}`
  }
  if (reason === "not on offer") return "the task came there, and this was not on offer"
  return arrival === 0 ? "the task never came there" : `the task came there less than ${arrival + 1} times`
}

export const replayOn = (file: string, program: string, flags: ReplayFlags) =>
  Effect.gen(function*() {
    const paint = yield* paintFor("stdout")
    const { recording, target: then, trial: recordedTrial } = yield* openTarget(file, flags)
    const { program: recorded } = then.spec
    const build = inExperimentOf(yield* ProgramStore.use((store) => store.load(program, { repeat: recorded.experiment.repeat })), then.spec)
    const now = yield* targetOf({ ...then.spec, program: build }, { isAsRecorded: true })
    const looked = failureOf(recordedTrial)
    const deviations = yield* unheard(() => relocate(recorded, build, placed(then.trials, recording.schedule), recording.schedule))
    const dropped: Array<{ readonly deviation: string; readonly reason: string }> = []
    const { finding, trial } = yield* unheard(() => {
      const telling = tellLeniently(build, deviations.map(({ deviation }) => deviation), (deviation, reason) => {
        dropped.push({ deviation: printDeviation(deviation), reason: reasonText(build, deviation, reason) })
      })
      const performed = now.trials.perform(telling)
      telling.finish()
      return { trial: performed, finding: failureOf(performed) }
    })
    const result: ExitName & keyof typeof words = finding !== undefined ? "failed" : dropped.length > 0 || trial.outcome._tag !== "Exited" ? "unsupported" : "passed"
    const isOther = finding !== undefined && looked !== undefined && !isSameFinding(finding, kindThere(looked, addressThere(recorded, build)))
    const verdict = isOther ? "fails, in another way" : words[result]
    const why = finding === undefined ? outcomeSentence(trial.outcome, now.bounded.limits) : `${finding.detector}: ${finding.message}`
    const moved = deviations.flatMap(({ by, deviation }) => (by === "place" ? [] : [{ by, as: printDeviation(deviation) }]))
    return {
      exit: result,
      lines: [
        `${result === "failed" ? paint.bad(verdict) : result === "passed" ? paint.good(verdict) : verdict}: ${escapeTerminal(file)}`,
        `  ${escapeTerminal(why)}`,
        ...(finding !== undefined && looked !== undefined && finding.message !== looked.message ? [`  then      ${escapeTerminal(`${looked.detector}: ${looked.message}`)}`] : []),
        ...moved.map(({ as, by }) => `  ${means[by]}  ${escapeTerminal(as)}`),
        ...dropped.map(({ deviation, reason }) => `  dropped   ${escapeTerminal(deviation)}: ${escapeTerminal(reason)}`)
      ],
      value: { file, on: program, result: verdict.replace(",", "").replaceAll(" ", "-"), why, moved, dropped }
    }
  })
