/**
 * The fewest deviations with which a run still shows its finding.
 *
 * Candidates are held by place: take one away and the others still mean what they meant, even where tasks spin. Delta
 * debugging leaves a set from which none can be taken; an exhaustive pass over smaller sets proves it a minimum.
 */
import type { Finding } from "../analysis/detect/definition.ts"
import type { Schedule } from "../log/choice.ts"
import { type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { type Asking, ddmin, exhaustSmaller, smallerSubsetCount } from "./ddmin.ts"
import { placed } from "./place.ts"
import type { Trial, Trials } from "./trial.ts"

/** Whether `trial` shows what is looked for. */
export type Wanted = (trial: Trial) => boolean

/** The same rule broken about the same section. */
export const sameFinding = (looked: Finding): Wanted => ({ findings }) =>
  findings.some(({ detector, section }) => detector === looked.detector && section === looked.section)

export interface Minimized {
  readonly deviations: ReadonlyArray<LocatedDeviation>
  /** Realised: replays strictly. */
  readonly schedule: Schedule
  readonly trial: Trial
  /** `minimum`: no smaller set of the candidates fails. `1-minimal`: none can be taken away alone. */
  readonly proof: "minimum" | "1-minimal"
  readonly trialCount: number
}

export interface MinimizeProgress {
  readonly trialCount: number
  readonly deviationCount: number
}

/** Runs a set of placed deviations. */
export const performPlaced = (trials: Trials, deviations: ReadonlyArray<LocatedDeviation>): Trial =>
  trials.perform(tellTyped(deviations.map(({ deviation }) => deviation), deviations, () => {}))

/** Yields after every trial. `undefined`: by place the schedule does not show the finding any more. */
export function* minimize(
  trials: Trials, schedule: Schedule, wanted: Wanted, proofTrialCountMax: number
): Generator<MinimizeProgress, Minimized | undefined> {
  const candidates = placed(trials, schedule)
  let trialCount = 2
  let best: { readonly deviations: ReadonlyArray<LocatedDeviation>; readonly trial: Trial } | undefined
  const fails = (deviations: ReadonlyArray<LocatedDeviation>): boolean => {
    const trial = performPlaced(trials, deviations)
    trialCount++
    if (!wanted(trial)) return false
    if (best === undefined || deviations.length < best.deviations.length) best = { deviations, trial }
    return true
  }
  function* drive<R>(asking: Asking<LocatedDeviation, R>): Generator<MinimizeProgress, R> {
    let step = asking.next()
    while (step.done !== true) {
      const answer = fails(step.value)
      yield { trialCount, deviationCount: best?.deviations.length ?? candidates.length }
      step = asking.next(answer)
    }
    return step.value
  }
  if (!fails(candidates)) return undefined
  const few = yield* drive(ddmin(candidates))
  let proof: Minimized["proof"] = "1-minimal"
  if (smallerSubsetCount(few.length) <= proofTrialCountMax) {
    yield* drive(exhaustSmaller(few))
    proof = "minimum"
  }
  if (best === undefined) return undefined
  // By place in the order of this run: what is before what may have changed.
  const { schedule: realised } = best.trial
  return { deviations: placed(trials, realised), trial: best.trial, schedule: realised, proof, trialCount: trialCount + 2 }
}
