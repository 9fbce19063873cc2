import * as Effect from "effect/Effect"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { plural } from "../analysis/report/reporter/default.ts"
import { grouped } from "../base/bits.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { drive, saveRun } from "../lab/failing.ts"
import { PROOF_TRIAL_COUNT_MAX } from "../search/failure.ts"
import { minimize, sameFinding } from "../search/minimize.ts"
import { endWith } from "./ending.ts"
import { CommandLineRefused } from "./experiment.ts"
import { hostLayer } from "./host-layer.ts"
import type { MinimizeFlags } from "./minimize.ts"
import { RESULT_SCHEMA } from "./result.ts"
import { print, printJson, say, shellCommand } from "./say.ts"
import { findingOf, NothingFails, openTarget } from "./search-recording.ts"

const proofTexts = {
  minimum: "minimum: no smaller set of these deviations fails",
  "1-minimal": "1-minimal: without any one of them the run passes"
} as const

const perform = Effect.fnUntraced(function*(flags: MinimizeFlags) {
  const { force, json, output, proof, recording: file } = flags
  if (force && output === undefined) return yield* new CommandLineRefused({ problem: "--force is for --output FILE, and no file is named" })
  const opened = yield* openTarget(file, flags)
  const finding = yield* findingOf(opened)
  const { recording: { schedule: before }, target } = opened
  const minimized = yield* drive(minimize(target.trials, before, sameFinding(finding), proof ?? PROOF_TRIAL_COUNT_MAX))
  if (minimized === undefined) return yield* new NothingFails({ file })
  const { deviations, schedule, trialCount } = minimized
  if (output !== undefined) yield* saveRun(target, schedule, opened.recording.header.strategy, output, force)
  const text = printSchedule(schedule)
  const placed = deviations.map(({ deviation }) => printDeviation(deviation)).join(",")
  if (json) {
    yield* printJson({
      schema: RESULT_SCHEMA, file, detector: finding.detector, message: finding.message, before: before.length, after: schedule.length,
      proof: minimized.proof, trialCount, schedule: text, placed, saved: output ?? null
    })
  } else {
    yield* print([
      `${plural(before.length, "deviation")} → ${grouped(schedule.length)} (${proofTexts[minimized.proof]})`,
      `  finding   ${finding.detector}: ${escapeTerminal(finding.message)}`,
      `  schedule  ${text === "" ? "none: the quiet run fails" : text}`,
      `  by place  ${placed === "" ? "none" : placed}`,
      `  tried     ${plural(trialCount, "run")}`,
      ...(output === undefined ? [] : [`  saved     ${escapeTerminal(output)}`])
    ].join("\n"))
  }
  if (output !== undefined && !json) yield* say(shellCommand(["rseqlab", "explain", output]))
  yield* endWith("passed")
})

export const handle = (flags: MinimizeFlags) => Effect.provide(perform(flags), hostLayer)
