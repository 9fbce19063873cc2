/**
 * The fewest deviations with which a run still shows its finding.
 *
 * Candidates are held by place: take one away and the others still mean what they meant, even where tasks spin. Delta
 * debugging leaves a set from which none can be taken; an exhaustive pass over smaller sets proves that none of them fails.
 */
import { type FindingKind, findingKey } from "../analysis/detect/definition.ts"
import type { Address } from "../base/ids.ts"
import type { Schedule } from "../log/choice.ts"
import { type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { type Asking, ddmin, exhaustSmaller, smallerSubsetCount } from "./ddmin.ts"
import { placed } from "./place.ts"
import type { Trial, Trials } from "./trial.ts"

/** Whether `trial` shows what is looked for. */
export type Wanted = (trial: Trial) => boolean

export const isSameFinding = (one: FindingKind, other: FindingKind): boolean => findingKey(one) === findingKey(other)

/** What a finding is in another build, whose places are elsewhere. */
export const kindThere = ({ about, detector, section }: FindingKind, there: (address: Address) => Address | undefined): FindingKind => ({
  detector,
  section: section === undefined ? undefined : there(section),
  about: about === undefined ? undefined : there(about)
})

/** The same rule broken about the same section, or the same data. */
export const sameFinding = (looked: FindingKind): Wanted => ({ findings }) => findings.some((found) => isSameFinding(found, looked))

/**
 * `minimum`: no schedule of fewer deviations was found in a search that is named; of one deviation it is the quiet run. `no subset
 * fails`: none of these deviations can be spared. `1-minimal`: none alone. `as found`: nobody has tried.
 */
export type Proof = "minimum" | "no subset fails" | "1-minimal" | "as found"

export interface Minimized {
  readonly deviations: ReadonlyArray<LocatedDeviation>
  /** Realised: replays strictly. */
  readonly schedule: Schedule
  readonly trial: Trial
  readonly proof: Proof
  /** Runs of smaller sets that passed for the proof. */
  readonly proofTrialCount: number
  readonly trialCount: number
}

export interface MinimizeProgress {
  readonly trialCount: number
  readonly deviationCount: number
}

/** Runs a set of placed deviations. */
export const performPlaced = (trials: Trials, deviations: ReadonlyArray<LocatedDeviation>): Trial =>
  trials.perform(tellTyped(deviations.map(({ deviation }) => deviation), deviations, () => {}))

/** Fewer than one deviation is the quiet run. */
const proofOf = (isProved: boolean, { length }: Schedule): Proof => (!isProved ? "1-minimal" : length < 2 ? "minimum" : "no subset fails")

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
  const before = trialCount
  const isProved = smallerSubsetCount(few.length) <= proofTrialCountMax
  if (isProved) yield* drive(exhaustSmaller(few))
  const proofTrialCount = trialCount - before
  if (best === undefined) return undefined
  // By place in the order of this run: what is before what may have changed.
  const { schedule: realised } = best.trial
  return { deviations: placed(trials, realised), trial: best.trial, schedule: realised, proof: proofOf(isProved, realised), proofTrialCount, trialCount: trialCount + 2 }
}
