/** Who says whether a run passes: detectors, a program, a module. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { detectorNamed } from "../analysis/detect/table.ts"
import { askModule, importModule, runScript, temporaryFolder, writeText } from "../host/script.ts"
import { printSchedule } from "../log/schedule.ts"
import { saveRun } from "../lab/failing.ts"
import type { BisectQuestion, Verdict } from "../search/bisect.ts"
import { sameFinding } from "../search/minimize.ts"
import type { Target } from "../search/target.ts"
import { outcomeValue, RESULT_SCHEMA } from "./result.ts"
import { findingOf, type Opened } from "../lab/search-recording.ts"

/** A program or module that cannot judge at all. */
export class ScriptRefused extends Schema.TaggedError<ScriptRefused>()("ScriptRefused", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

/** A program or module that gave the bisection up. */
export class ScriptAborted extends Schema.TaggedError<ScriptAborted>()("ScriptAborted", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

/** Judged by the detectors: the same rule broken about the same section. */
export const byFinding = (failing: Opened) =>
  Effect.map(findingOf(failing), (finding) => {
    const wanted = sameFinding(finding)
    const judge = ({ trial }: BisectQuestion): Effect.Effect<Verdict> =>
      Effect.succeed(wanted(trial) ? "fails" : trial.outcome._tag === "Unsupported" ? "skip" : "passes")
    return { judge, mayWaver: false, name: `detector ${finding.detector} (${detectorNamed(finding.detector)?.rule ?? ""})` }
  })

const SKIP_CODE = 125
const TIMEOUT_SECONDS = 60

/**
 * Judged by a program, by the codes of git bisect run: 0 passes, 1 to 124 fails, 125 cannot be judged, anything else ends the
 * bisection. It finds the run in $RSEQLAB_RECORDING, its deviations in the file $RSEQLAB_SCHEDULE, and how-manieth it is in
 * $RSEQLAB_STEP.
 */
export const byScript = (target: Target, command: string, words: ReadonlyArray<string>, timeoutSeconds = TIMEOUT_SECONDS) =>
  Effect.gen(function*() {
    const folder = yield* temporaryFolder
    let step = 0
    const judge = ({ trial, what }: BisectQuestion) =>
      Effect.gen(function*() {
        step++
        const recording = `${folder}/candidate.rec`
        yield* saveRun(target, trial.schedule, "bisect", recording)
        const schedule = writeText(folder, "candidate.schedule", `${printSchedule(trial.schedule)}\n`)
        const end = yield* runScript(command, words, { RSEQLAB_RECORDING: recording, RSEQLAB_SCHEDULE: schedule, RSEQLAB_STEP: String(step) }, timeoutSeconds * 1000)
        switch (end._tag) {
          case "NotStarted":
            return yield* new ScriptRefused({ problem: `--run ${command} cannot be started: ${end.why}` })
          case "TimedOut":
            return yield* new ScriptAborted({ problem: `--run ${command} took longer than ${timeoutSeconds} s over ${what}; --timeout SECONDS allows more` })
          case "Killed":
            return yield* new ScriptAborted({ problem: `--run ${command} was killed by ${end.signal} over ${what}` })
          case "Exited": {
            const { code } = end
            if (code > SKIP_CODE) return yield* new ScriptAborted({ problem: `--run ${command} gave up with code ${code} over ${what}` })
            const verdict: Verdict = code === 0 ? "passes" : code === SKIP_CODE ? "skip" : "fails"
            return verdict
          }
        }
      })
    return { judge, name: `--run ${command}`, mayWaver: true }
  })

const isVerdict = (value: unknown): value is boolean | "skip" => typeof value === "boolean" || value === "skip"

/** Judged by `fails` of a module: true, false or "skip", or a promise of one. */
export const byModule = (file: string, timeoutSeconds = TIMEOUT_SECONDS) =>
  Effect.gen(function*() {
    const imported = yield* importModule(file)
    if ("why" in imported) return yield* new ScriptRefused({ problem: `--predicate ${file} cannot be imported: ${imported.why.split("\n")[0] ?? ""}` })
    const { fails } = imported.exports
    if (typeof fails !== "function") return yield* new ScriptRefused({ problem: `--predicate ${file} exports no function named fails` })
    const judge = ({ trial, what }: BisectQuestion) =>
      Effect.gen(function*() {
        const { findings, icount, outcome, schedule } = trial
        const run = {
          schema: RESULT_SCHEMA, outcome: outcomeValue(outcome), schedule: printSchedule(schedule), deviationCount: schedule.length, icount,
          findings: findings.map(({ detector, message }) => ({ detector, message }))
        }
        const said = yield* askModule(() => fails(run) as unknown, timeoutSeconds * 1000)
        if (said._tag === "Threw") return yield* new ScriptAborted({ problem: `--predicate ${file} failed over ${what}: ${said.why.split("\n")[0] ?? ""}` })
        if (said._tag === "TimedOut") return yield* new ScriptAborted({ problem: `--predicate ${file} took longer than ${timeoutSeconds} s over ${what}; --timeout SECONDS allows more` })
        if (!isVerdict(said.value)) return yield* new ScriptAborted({ problem: `--predicate ${file}: fails expects to answer true, false or "skip"` })
        const verdict: Verdict = said.value === "skip" ? "skip" : said.value ? "fails" : "passes"
        return verdict
      })
    return { judge, name: `--predicate ${file}`, mayWaver: true }
  })
