/** What a campaign came to, as reporters read it. */
import { detectorNamed } from "../analysis/detect/table.ts"
import { describe } from "../analysis/timeline/describe.ts"
import { readingOf } from "../analysis/timeline/reading.ts"
import type { ReportedFailure, ReportedStep, SearchReport } from "../analysis/report/report.ts"
import { taskName } from "../base/ids.ts"
import { TOOL_VERSION } from "../log/version.ts"
import { printSchedule } from "../log/schedule.ts"
import type { Campaign } from "../lab/campaign.ts"
import { lackingLines } from "../lab/unmodelled.ts"
import type { Understood } from "../lab/fuzz-program.ts"
import type { Failure } from "../search/failure.ts"
import { searchedText } from "../search/simplest.ts"
import type { Target } from "../search/target.ts"
import { shellCommand } from "./say.ts"

const STEP_COUNT_MAX = 200
const NOT_LOOKED_INTO = "Nobody has looked into it: `rseqlab minimize` and `rseqlab explain` take up from the recording."

/** The run around the moment that decides, evidence included. */
const stepsOf = ({ explanation, finding: { evidence }, target: { spec } }: Failure): ReadonlyArray<ReportedStep> => {
  if (explanation === undefined) return []
  const reading = readingOf(spec.program)
  const essential = new Set([...evidence, explanation.at])
  const { at, entries } = explanation
  return entries.slice(Math.max(0, at - STEP_COUNT_MAX / 2), at + STEP_COUNT_MAX / 2)
    .map((entry) => ({ entry: entry.index, task: taskName(entry.task), text: describe(entry, reading), isEssential: essential.has(entry.index) }))
}

/** The command line that makes the run again: as typed, but for what decides which run it is; or that tells the corpus again. */
const againWords = (typed: ReadonlyArray<string>, seed: string, run: number): ReadonlyArray<string> => {
  const at = typed.indexOf("--")
  const [before, after] = at === -1 ? [typed, []] : [typed.slice(0, at), typed.slice(at)]
  const kept: Array<string> = []
  const dropped = new Set(["--seed", "--runs", "--max-total-time", "--jobs", "--only", "--reporter"])
  const toggles = new Set(["--fresh", "--json", "--jsonl", "--keep-going", "--bisect", "--fail-on-timeout"])
  for (let index = 0; index < before.length; index++) {
    const word = before[index] ?? ""
    const [name = ""] = word.split("=", 1)
    if (toggles.has(name)) continue
    if (dropped.has(name)) {
      if (!word.includes("=")) index++
      continue
    }
    kept.push(word)
  }
  return ["rseqlab", ...kept, "--seed", seed, ...(run < 0 ? ["--fresh"] : ["--only", String(run)]), ...after]
}

const commandsOf = ({ failure, hit, saved }: Understood, seed: string, typed: ReadonlyArray<string>): ReportedFailure["commands"] => {
  const again = ["again", shellCommand(againWords(typed, seed, hit.run))] as const
  if (saved === undefined) return [again]
  const around = failure.explanation?.at
  return [
    ["show", shellCommand(["rseqlab", "show", saved, ...(around === undefined ? [] : ["--around", String(around)])])],
    ["replay", shellCommand(["rseqlab", "replay", saved])],
    ...(failure.minimized.proof === "as found" ? [["minimize", shellCommand(["rseqlab", "minimize", saved])] as const] : []),
    ["explain", shellCommand(["rseqlab", "explain", saved])],
    ["bisect", shellCommand(["rseqlab", "bisect", saved])],
    again
  ]
}

export const reportedFailure = (understood: Understood, target: Target, seed: string, typed: ReadonlyArray<string>): ReportedFailure => {
  const { failure, hit, saved } = understood
  const { changes, explanation, finding, minimized, name, placed, seen } = failure
  return {
    detector: finding.detector, rule: detectorNamed(finding.detector)?.rule ?? "", severity: finding.severity, message: finding.message,
    evidence: finding.evidence, run: hit.run, strategy: hit.strategy, deviationCount: minimized.schedule.length, proof: minimized.proof, fewer: searchedText(failure),
    schedule: printSchedule(minimized.schedule), placed, name, saved, why: minimized.proof === "as found" ? NOT_LOOKED_INTO : explanation?.sentence, steps: stepsOf(failure), experiment: changes, said: failure.said, lacking: lackingLines(failure.lacking, target.lacking),
    seen: seen.map(({ detector, evidence, message, severity }) => ({ detector, severity, message, evidence })),
    commands: commandsOf(understood, seed, typed)
  }
}

export const searchReport = (
  target: Target, seed: string, from: number, runCountMax: number | undefined, tried: Campaign, understood: ReadonlyArray<Understood>, typed: ReadonlyArray<string>,
  warned: SearchReport["warned"]
): SearchReport => {
  const { spec } = target
  const { ended, failingCount, milliseconds, noted, strategies, unendedCount, unsupported, until } = tried
  return {
    program: spec.program.name, seed, abis: spec.abis.map(({ name }) => name), cpus: spec.cpus, toolVersion: TOOL_VERSION, from, until, runCountMax,
    strategies, unendedCount, unsupported, lacking: lackingLines(target.lacking), noted, warned, ended, milliseconds, failures: understood.map((one) => reportedFailure(one, target, seed, typed)),
    failingRunCount: failingCount
  }
}
