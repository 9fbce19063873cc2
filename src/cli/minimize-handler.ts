import * as Effect from "effect/Effect"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { plural } from "../analysis/report/reporter/default.ts"
import { grouped } from "../base/bits.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { isSameFile } from "../host/files.ts"
import { drive, saveRun } from "../lab/failing.ts"
import { PROOF_TRIAL_COUNT_MAX } from "../search/failure.ts"
import { minimize, type Minimized, sameFinding } from "../search/minimize.ts"
import { type Change, shrinkExperiment, unshrunk } from "../search/shrink.ts"
import { endWith } from "./ending.ts"
import { CommandLineRefused } from "./experiment.ts"
import { hostLayer } from "./host-layer.ts"
import type { MinimizeFlags } from "./minimize.ts"
import { RESULT_SCHEMA } from "./result.ts"
import { print, printJson, say, shellCommand } from "./say.ts"
import { findingOf, NothingFails } from "../lab/search-recording.ts"
import { openTarget } from "./search-recording.ts"

const proofText = ({ deviations, proof, proofTrialCount }: Minimized): string =>
  deviations.length === 0 ? "minimum: the quiet run fails"
  : proof === "minimum" ? "minimum: the quiet run does not show it"
  : proof === "no subset fails" ? `no smaller set of them fails, proved by ${plural(proofTrialCount, "run")}`
  : "1-minimal: without any one of them the run passes"

const NAME_WIDTH = 14

const changeText = ({ after, before }: Change): string => (before === after ? grouped(before) : `${grouped(before)} → ${grouped(after)}`)

const perform = Effect.fnUntraced(function*(flags: MinimizeFlags) {
  const { force, json, output, proof, recording: file, scheduleOnly } = flags
  if (force && output === undefined) return yield* new CommandLineRefused({ problem: "--force is for --output FILE, and no file is named" })
  if (output !== undefined && isSameFile(output, file)) return yield* new CommandLineRefused({ problem: "--output would replace the recording itself; choose another name" })
  const opened = yield* openTarget(file, flags)
  const looked = yield* findingOf(opened)
  const { recording: { header, schedule: before }, target: whole } = opened
  const proofMax = proof ?? PROOF_TRIAL_COUNT_MAX
  const few = yield* drive(minimize(whole.trials, before, sameFinding(looked), proofMax))
  if (few === undefined) return yield* new NothingFails({ file })
  const kept = { target: whole, minimized: few, finding: looked, changes: unshrunk(whole), trialCount: 0 }
  const shrunk = scheduleOnly ? kept : yield* drive(shrinkExperiment(whole, few, looked, proofMax))
  const { changes, finding, minimized, target } = shrunk
  const trialCount = few.trialCount + shrunk.trialCount
  if (output !== undefined) yield* saveRun(target, minimized.schedule, header.strategy, output, force)
  const text = printSchedule(minimized.schedule)
  const placed = minimized.deviations.map(({ deviation }) => printDeviation(deviation)).join(",")
  if (json) {
    yield* printJson({
      schema: RESULT_SCHEMA, file, detector: finding.detector, message: finding.message, before: before.length, after: minimized.schedule.length,
      proof: minimized.proof, proofTrialCount: minimized.proofTrialCount, experiment: changes, trialCount, schedule: text, placed, saved: output ?? null
    })
  } else {
    const row = (name: string, value: string): string => `  ${name.padEnd(NAME_WIDTH)}  ${value}`
    const deviations: Change = { name: "deviations", before: before.length, after: minimized.schedule.length }
    yield* print([
      `${finding.detector}: ${escapeTerminal(finding.message)}`,
      ...changes.map((change) => row(change.name, changeText(change))),
      row("deviations", `${changeText(deviations)}  (${proofText(minimized)})`),
      row("schedule", text === "" ? "none" : text),
      row("by place", placed === "" ? "none" : placed),
      row("tried", plural(trialCount, "run")),
      ...(output === undefined ? [] : [row("saved", escapeTerminal(output))])
    ].join("\n"))
  }
  if (output !== undefined && !json) yield* say(shellCommand(["rseqlab", "explain", output]))
  yield* endWith("passed")
})

export const handle = (flags: MinimizeFlags) => Effect.provide(perform(flags), hostLayer)
