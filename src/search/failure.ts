/** From a run that shows something to what is told of it: minimized, explained, named. */
import { type Finding, findingKey } from "../analysis/detect/definition.ts"
import { readingOf, withPlaces } from "../analysis/timeline/reading.ts"
import { kinds, type Schedule } from "../log/choice.ts"
import { hashOf } from "../log/codec.ts"
import { printSchedule } from "../log/schedule.ts"
import { criticalRange, type CriticalRange } from "./bisect.ts"
import { causeOf } from "./cause.ts"
import { explain, type Explanation } from "./explain.ts"
import { type Lacking, lackingIn } from "./lacking.ts"
import { lastWords } from "./last-words.ts"
import { minimize, type Minimized, type MinimizeProgress, sameFinding, type Wanted } from "./minimize.ts"
import { performSchedule, placed } from "./place.ts"
import { type Change, shrinkExperiment, unshrunk } from "./shrink.ts"
import type { Searched } from "./simplest.ts"
import type { Target } from "./target.ts"
import { besides, everyFinding, watch } from "./watch.ts"

export interface Failure {
  /** The experiment in which it shows: that of the search, or a smaller one. */
  readonly target: Target
  /** What has become of it. */
  readonly changes: ReadonlyArray<Change>
  readonly finding: Finding
  /** What else the detectors find in the run, warnings included. */
  readonly seen: ReadonlyArray<Finding>
  readonly minimized: Minimized
  /** Searches for a schedule of fewer deviations, of which all runs passed. */
  readonly searched: ReadonlyArray<Searched>
  /** `undefined`: the quiet run fails, and there is no deviation to blame; or it is as it was found. */
  readonly explanation: Explanation | undefined
  /** What the program wrote last in it, by lines. */
  readonly said: ReadonlyArray<string>
  /** What its run asked for and did not get. */
  readonly lacking: Lacking
  /** The minimal schedule by place. */
  readonly placed: string
  /** Its cause: what makes two failures one. */
  readonly key: string
  /** `fail-<12 hex>`, or `hang-<12 hex>` where the run never ends, of the key: the same bug has the same name, whichever run shows it. */
  readonly name: string
}

/** Smaller sets that are tried to prove a minimum. */
export const PROOF_TRIAL_COUNT_MAX = 2_000
const NAME_DIGITS = 12

const hangs: ReadonlySet<string> = new Set(["deadlock", "livelock"])

const failureName = (findings: ReadonlyArray<Finding>, key: string): string =>
  `${findings.some(({ detector }) => hangs.has(detector)) ? "hang" : "fail"}-${hashOf(new TextEncoder().encode(key)).slice(0, NAME_DIGITS)}`

/** Yields after every trial. `undefined`: held by place the run does not show it. */
export function* understand(
  target: Target, schedule: Schedule, finding: Finding, proofTrialCountMax = PROOF_TRIAL_COUNT_MAX
): Generator<MinimizeProgress, Failure | undefined> {
  const wanted = sameFinding(finding)
  const minimized = yield* minimize(target.trials, schedule, wanted, proofTrialCountMax)
  if (minimized === undefined) return undefined
  const same = (other: Finding): boolean => findingKey(other) === findingKey(finding)
  const shown = minimized.trial.findings.find(same) ?? finding
  const byPlace = printSchedule(minimized.deviations.map(({ deviation }) => deviation))
  const explanation = explain(target, minimized, shown)
  const firstIp = explanation === undefined ? undefined : (yield* rangeOf(target, minimized, wanted))?.firstIp ?? explanation.instruction.ip
  // Trials make only what detectors read; entries are numbered as the recording will have them.
  const entries = explanation?.entries ?? watch(target, minimized.schedule).entries
  const found = everyFinding(entries)
  const told = found.find(same) ?? shown
  const key = causeOf(target.spec.program, shown, explanation, firstIp)
  const reading = readingOf(target.spec.program)
  const placing = (one: Finding): Finding => ({ ...one, message: withPlaces(one.message, reading) })
  return {
    target, changes: unshrunk(target), finding: placing(told), seen: besides(told, found).map(placing), minimized, searched: [], explanation, said: lastWords(entries), lacking: lackingIn(target.trials, minimized.schedule), placed: byPlace, key,
    name: failureName(minimized.trial.findings, key)
  }
}

/** The same failure in the smallest experiment that shows it. */
export function* understandSmaller(failure: Failure, proofTrialCountMax = PROOF_TRIAL_COUNT_MAX): Generator<MinimizeProgress, Failure> {
  const { finding, minimized, target } = failure
  const { changes, ...shrunk } = yield* shrinkExperiment(target, minimized, finding, proofTrialCountMax)
  if (shrunk.target === target) return failure
  const smaller = yield* understand(shrunk.target, shrunk.minimized.schedule, shrunk.finding, proofTrialCountMax)
  return smaller === undefined ? failure : { ...smaller, changes }
}

/** A failure as it was found: neither minimized nor explained, for there was no time or it cannot be held by place. */
export const asFound = (target: Target, schedule: Schedule, finding: Finding): Failure => {
  const { trials } = target
  const trial = performSchedule(trials, schedule)
  const deviations = placed(trials, schedule)
  const text = printSchedule(deviations.map(({ deviation }) => deviation))
  const key = [finding.detector, text].join("\n")
  const minimized: Minimized = { deviations, schedule, trial, proof: "as found", proofTrialCount: 0, trialCount: 3 }
  return { target, changes: unshrunk(target), finding, seen: [], minimized, searched: [], explanation: undefined, said: lastWords(watch(target, schedule).entries), lacking: lackingIn(trials, schedule), placed: text, key, name: failureName(trial.findings, key) }
}

/** Between which instructions the last deviation makes the run fail. */
function* rangeOf({ trials }: Target, { deviations, trial, trialCount }: Minimized, wanted: Wanted): Generator<MinimizeProgress, CriticalRange | undefined> {
  const critical = deviations.at(-1)
  if (critical === undefined || kinds[critical.deviation.kind].is !== "interruption") return undefined
  const ranging = criticalRange(trials, deviations, critical, trial, { trialCount })
  let step = ranging.next()
  while (step.done !== true) {
    const verdict = wanted(step.value.trial) ? "fails" : "passes"
    yield { trialCount: step.value.trialCount, deviationCount: deviations.length }
    step = ranging.next(verdict)
  }
  return step.value
}
