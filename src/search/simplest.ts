/**
 * The same bug with a single deviation, where chance came to it with several.
 *
 * What minimizing leaves is the fewest of the deviations that a run happened to have. One unlucky moment elsewhere may show the
 * same bug: each that a quiet run offers is tried, and one that fails under the same key takes the place.
 */
import { recorded, tell } from "../log/telling.ts"
import { type Failure, understand } from "./failure.ts"
import { type MinimizeProgress, sameFinding } from "./minimize.ts"

const OFFER_COUNT_MAX = 2_000
/** A run that fails is understood before it is known to be another bug; so many are. */
const OTHER_COUNT_MAX = 16

/** Yields after every trial. The failure itself where no single deviation shows it. */
export function* simplest(failure: Failure): Generator<MinimizeProgress, Failure> {
  const { changes, minimized: { deviations, trialCount }, target } = failure
  if (deviations.length < 2) return failure
  const wanted = sameFinding(failure.finding)
  let tried = trialCount
  let others = 0
  for (const offer of target.options.profile.offers.slice(0, OFFER_COUNT_MAX)) {
    const trial = target.trials.perform(recorded(tell([offer], () => {})))
    yield { trialCount: ++tried, deviationCount: deviations.length }
    if (!wanted(trial)) continue
    const simpler = yield* understand(target, trial.schedule, failure.finding)
    if (simpler?.key === failure.key) return { ...simpler, changes }
    if (++others >= OTHER_COUNT_MAX) break
  }
  return failure
}
