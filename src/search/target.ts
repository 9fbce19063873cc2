/** What a search is about: a program and its experiment, booted and forked, and what a quiet run of it shows. */
import { detectors as allDetectors } from "../analysis/detect/table.ts"
import { type AnyDetector, needsFollower } from "../analysis/detect/definition.ts"
import { type Address, type AddressRange, rootTask } from "../base/ids.ts"
import { quietDecider } from "../log/choice.ts"
import { type QuietPolicy, quietPolicy } from "../log/version.ts"
import { hasClaims, watchesOf } from "../program/watch.ts"
import { Watcher, watcherOf } from "../run/observe.ts"
import { type NotStarted, type RunSpec, start } from "../run/start.ts"
import { defaultStrategyOptions, type StrategyOptions } from "../strategy/definition.ts"
import { profileOf } from "../strategy/offers.ts"
import { type Lacking, lackingOf } from "./lacking.ts"
import { Patience } from "./patience.ts"
import { SharedWords } from "./shared.ts"
import { type Trial, Trials } from "./trial.ts"

export interface TargetOptions {
  readonly seed: string
  readonly rates: StrategyOptions["rates"]
  /** Beside those the program names. */
  readonly watches: ReadonlyArray<AddressRange>
  readonly detectors: ReadonlyArray<AnyDetector>
  /**
   * Watches every run, for detectors that need observations; otherwise only runs in which the others find something. By default
   * where the program claims something of its data.
   */
  readonly isAlwaysWatched?: boolean | undefined
  readonly forkAtNow: number
  /** Forks where a task first comes to this address, if a quiet run comes there at all. */
  readonly forkAt?: Address | undefined
  /** Keeps policy and limits of the spec: what was recorded so means the same only so. */
  readonly isAsRecorded?: boolean
}

/** A campaign ends at what is certainly wrong, and counts what is worth knowing. */
const defaultDetectors = Object.values<AnyDetector>(allDetectors).filter(({ severity }) => severity !== "warning")

export const defaultTargetOptions: TargetOptions = { seed: "1", rates: {}, watches: [], detectors: defaultDetectors, forkAtNow: 0 }

export interface Target {
  /** As asked, under the policy of searches. */
  readonly spec: RunSpec
  /** What trials run under: the same, and no more instructions than patience allows. */
  readonly bounded: RunSpec
  readonly trials: Trials
  readonly detectors: ReadonlyArray<AnyDetector>
  readonly quiet: Trial
  /** What the quiet run asked for and did not get. */
  readonly lacking: Lacking
  /** What strategies are made with: its watches are all that steers, what tasks share included. */
  readonly options: StrategyOptions
  /** What is shown of a run, beside what the program says. */
  readonly shown: ReadonlyArray<AddressRange>
  /** Words that tasks share in a quiet run and nobody spoke of. */
  readonly shared: ReadonlyArray<AddressRange>
  /** The same search of another experiment. `addressThere`: what is watched may have moved. */
  readonly again: (spec: RunSpec, addressThere: (address: Address) => Address | undefined) => Target | NotStarted
}

/** A trial may take so many times the quiet run, and so much more. */
const PATIENCE = 20
const PATIENCE_ICOUNT = 100_000
/** A program without sections and watches, and no longer than this, is interesting everywhere; a longer start-up is run once. */
const SHORT_ICOUNT = 2_000

/**
 * Shorter turns and slices than a run has by itself: a task that spins for one that waits on its CPU costs a slice. The
 * recording of a finding carries the policy it was found under.
 */
export const searchPolicy: QuietPolicy = { ...quietPolicy, turnIcount: 2_048, sliceIcount: 4_096 }

interface Probed {
  /** Sections a quiet run enters, those of contracts without descriptors included. */
  readonly sections: ReadonlyArray<AddressRange>
  readonly icount: number
  /** The last boundary before the first other task begins or a section is entered; else before a contract hears of a task. */
  readonly interestingNow: number
  /** Words that tasks were seen to share. */
  readonly shared: ReadonlyArray<AddressRange>
}

const probe = (spec: RunSpec, isLookedFor: boolean): Probed | NotStarted => {
  const found = new Map<string, AddressRange>(spec.program.sections.map(({ end, start: at }) => [`${at}-${end}`, { start: at, end }]))
  const first: { birthOrSection: number | undefined; contract: number | undefined } = { birthOrSection: undefined, contract: undefined }
  let before = 0
  const words = new SharedWords()
  const patience = new Patience()
  const run = start(spec, isLookedFor ? words : quietDecider, {
    append: (_now, _cpu, task, count, event) => {
      patience.hear(task, count, event)
      const isBirth = event._tag === "TaskCreated" && event.child !== rootTask
      words.hasOthers ||= isBirth
      if (isBirth || event._tag === "SectionEntered") first.birthOrSection ??= before
      if (event._tag === "ContractChanged") first.contract ??= before
      if (event._tag === "SectionEntered") found.set(`${event.start}-${event.postCommit}`, { start: event.start, end: event.postCommit })
    }
  })
  if ("_tag" in run) return run
  run.observe(new Watcher({ watches: [], sections: spec.program.sections, reached: [] }))
  patience.runToEnd(run, spec.limits, () => void (before = run.kernel.now))
  return { sections: [...found.values()], icount: run.kernel.now, interestingNow: first.birthOrSection ?? first.contract ?? 0, shared: words.ranges(spec.program) }
}

const unspoken = (shared: ReadonlyArray<AddressRange>, told: ReadonlyArray<AddressRange>): ReadonlyArray<AddressRange> =>
  shared.filter(({ end, start: at }) => !told.some((range) => range.start <= at && end <= range.end))

/** Words that tasks share in a quiet run and the program does not speak of. */
export const sharedIn = (spec: RunSpec): ReadonlyArray<AddressRange> => {
  const probed = probe(spec, true)
  return "_tag" in probed ? [] : unspoken(probed.shared, spec.program.experiment.watches)
}

/** Boots `spec`, runs it quietly, and learns where deviations are worth their while. */
export const makeTarget = (asked: RunSpec, made: TargetOptions): Target | NotStarted => {
  const { detectors, forkAt, forkAtNow, isAlwaysWatched, isAsRecorded = false, rates, seed, watches: more } = made
  const spec: RunSpec = isAsRecorded ? asked : { ...asked, quiet: searchPolicy }
  const told = [...spec.program.experiment.watches, ...more]
  const probed = probe(spec, !isAsRecorded)
  if ("_tag" in probed) return probed
  const { sections } = probed
  const patience = { ...spec.limits, maxIcount: Math.min(spec.limits.maxIcount, probed.icount * PATIENCE + PATIENCE_ICOUNT) }
  const bounded: RunSpec = isAsRecorded ? spec : { ...spec, limits: patience }

  const run = start(bounded, quietDecider)
  if ("_tag" in run) return run
  // What a program says to watch is what its author looks at. Who looks at too little is not to find less.
  const shared = unspoken(probed.shared, told)
  const shown = told.length === 0 ? shared : more
  const watches = [...told, ...shared]
  const watcher = watcherOf(spec.program, { watches: shown, sections, isFollowing: detectors.some(needsFollower) })
  // What was recorded may have deviated before; and a short beginning costs nothing.
  const isForkedLater = !isAsRecorded && forkAt === undefined && probed.interestingNow > SHORT_ICOUNT
  const forkNow = isForkedLater ? Math.max(forkAtNow, probed.interestingNow) : forkAtNow
  const trials = new Trials(run, { detectors, forkAtNow: forkNow, forkAt, watcher, isAlwaysWatched: isAlwaysWatched ?? hasClaims(watchesOf(spec.program)) })
  const quiet = trials.perform(quietDecider)
  const lacking = lackingOf(run)
  const everyBoundary = sections.length === 0 && told.length === 0 && quiet.icount <= SHORT_ICOUNT
  const base: StrategyOptions = { ...defaultStrategyOptions, seed, rates, sections, watches, everyBoundary }
  let profile: StrategyOptions["profile"] | undefined
  const options: StrategyOptions = {
    ...base,
    // Taken once, and only where somebody asks: shrinking and bisecting never do.
    get profile() {
      profile ??= profileOf((decider) => trials.perform(decider).icount, base)
      return profile
    }
  }
  // Patience is that of this experiment: the quiet run of another may not end.
  const again: Target["again"] = (other, addressThere) => makeTarget({ ...other, limits: bounded.limits }, elsewhere(made, addressThere))
  return { spec, bounded, trials, detectors, quiet, lacking, options, shown, shared, again }
}

const elsewhere = (options: TargetOptions, addressThere: (address: Address) => Address | undefined): TargetOptions => ({
  ...options,
  forkAt: options.forkAt === undefined ? undefined : addressThere(options.forkAt),
  watches: options.watches.flatMap(({ end, start: at }) => {
    const there = addressThere(at)
    return there === undefined ? [] : [{ start: there, end: there + end - at }]
  })
})
