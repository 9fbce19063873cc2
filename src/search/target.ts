/** What a search is about: a program and its experiment, booted and forked, and what a quiet run of it shows. */
import { detectors as allDetectors } from "../analysis/detect/table.ts"
import type { AnyDetector } from "../analysis/detect/definition.ts"
import type { AddressRange } from "../base/ids.ts"
import { quietDecider } from "../log/choice.ts"
import { watched } from "../log/event.ts"
import { type QuietPolicy, quietPolicy } from "../log/version.ts"
import { Watcher } from "../run/observe.ts"
import { type NotStarted, type RunSpec, start } from "../run/start.ts"
import { defaultStrategyOptions, type StrategyOptions } from "../strategy/definition.ts"
import { profileOf } from "../strategy/offers.ts"
import { type Trial, Trials } from "./trial.ts"

export interface TargetOptions {
  readonly seed: string
  readonly rates: StrategyOptions["rates"]
  /** Beside those the program names. */
  readonly watches: ReadonlyArray<AddressRange>
  readonly detectors: ReadonlyArray<AnyDetector>
  readonly forkAtNow: number
}

export const defaultTargetOptions: TargetOptions =
  { seed: "1", rates: {}, watches: [], detectors: Object.values(allDetectors), forkAtNow: 0 }

export interface Target {
  readonly spec: RunSpec
  readonly trials: Trials
  readonly quiet: Trial
  /** What strategies are made with. */
  readonly options: StrategyOptions
}

/** A trial may take so many times the quiet run, and so much more. */
const PATIENCE = 20
const PATIENCE_ICOUNT = 100_000
/** A program without sections and watches, and no longer than this, is interesting everywhere. */
const SHORT_ICOUNT = 2_000

/**
 * Shorter turns and slices than a run has by itself: a task that spins for one that waits on its CPU costs a slice. The
 * recording of a finding carries the policy it was found under.
 */
export const searchPolicy: QuietPolicy = { ...quietPolicy, turnIcount: 2_048, sliceIcount: 4_096 }

/** Sections a quiet run enters, those of contracts without descriptors included. */
const sectionsOf = (spec: RunSpec): ReadonlyArray<AddressRange> | NotStarted => {
  const found = new Map<string, AddressRange>(spec.program.sections.map(({ end, start: at }) => [`${at}-${end}`, { start: at, end }]))
  const run = start(spec, quietDecider, {
    append: (_now, _cpu, _task, _count, event) => {
      if (event._tag === "SectionEntered") found.set(`${event.start}-${event.postCommit}`, { start: event.start, end: event.postCommit })
    }
  })
  if ("_tag" in run) return run
  run.observe(new Watcher({ watches: [], sections: spec.program.sections, reached: [] }))
  while (run.outcome === undefined) run.step()
  return [...found.values()]
}

/** Boots `spec`, runs it quietly, and learns where deviations are worth their while. */
export const makeTarget = (asked: RunSpec, { detectors, forkAtNow, rates, seed, watches: more }: TargetOptions): Target | NotStarted => {
  const spec: RunSpec = { ...asked, quiet: searchPolicy }
  const sections = sectionsOf(spec)
  if ("_tag" in sections) return sections
  const probe = start(spec, quietDecider)
  if ("_tag" in probe) return probe
  while (probe.outcome === undefined) probe.step()
  const quietIcount = probe.kernel.now
  const limits = { ...spec.limits, maxIcount: Math.min(spec.limits.maxIcount, quietIcount * PATIENCE + PATIENCE_ICOUNT) }

  const run = start({ ...spec, limits }, quietDecider)
  if ("_tag" in run) return run
  const watches = [...spec.program.experiment.watches, ...more]
  const needsWatcher = detectors.some((detector) => detector.watches.some((tag) => Object.hasOwn(watched, tag)))
  const watcher = needsWatcher ? new Watcher({ watches, sections, reached: [] }) : undefined
  const trials = new Trials(run, { detectors, forkAtNow, watcher })
  const quiet = trials.perform(quietDecider)
  const everyBoundary = sections.length === 0 && watches.length === 0 && quiet.icount <= SHORT_ICOUNT
  const base: StrategyOptions = { ...defaultStrategyOptions, seed, rates, sections, watches, everyBoundary }
  return { spec, trials, quiet, options: { ...base, profile: profileOf((decider) => trials.perform(decider).icount, base) } }
}
