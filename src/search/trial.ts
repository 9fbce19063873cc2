/**
 * One program, booted once, run again and again from the same moment: what fuzzing, minimizing and bisecting are made of.
 *
 * The quiet prefix up to that moment has no deviations, so a schedule found here is a schedule of the whole run.
 */
import { type AnyDetector, Detection, type Finding, needsObserver } from "../analysis/detect/definition.ts"
import { type Decider, type Deviation, quietDecider, type Schedule } from "../log/choice.ts"
import { type EventLog, noLog } from "../log/event.ts"
import type { Outcome } from "../log/outcome.ts"
import { nobody, type Watcher } from "../run/observe.ts"
import type { Run, RunSnapshot } from "../run/run.ts"
import type { RunSpec } from "../run/start.ts"
import { recorded, tell } from "../log/telling.ts"
import { Patience } from "./patience.ts"
import type { Address } from "../base/ids.ts"

/** How one run went. */
export interface Trial {
  readonly outcome: Outcome
  readonly findings: ReadonlyArray<Finding>
  /** What was taken, in run order. Replays strictly. */
  readonly schedule: Schedule
  /** Instructions and kernel steps since the fork. */
  readonly icount: number
}

/** What makes a run a failure: a finding that is only worth knowing does not. */
export const failureOf = ({ findings }: Pick<Trial, "findings">): Finding | undefined => findings.find(({ severity }) => severity !== "note")

/** Whether others may be bred from it. Who spins to the end of its budget is nobody's parent: each of its children would. */
export const isFertile = (trial: Trial): boolean => failureOf(trial) === undefined && trial.outcome._tag !== "OutOfBudget"

export interface TrialOptions {
  readonly detectors: ReadonlyArray<AnyDetector>
  /** Runs the quiet prefix to the last boundary at or before so many instructions of all tasks; 0: fork at boot. */
  readonly forkAtNow: number
  /** Then on, quietly, until a task is about to execute this address; a run that never does is forked where it was. */
  readonly forkAt?: Address | undefined
  /** Makes the observations that detectors name. A run is made again for it where it shows something, or is suspected to. */
  readonly watcher?: Watcher | undefined
  /** It watches every run from the first: slower, and nothing that a detector could see is missed. */
  readonly isAlwaysWatched?: boolean
}

/** Who hears a trial: once, whether or not the run is made again to be watched. It ends with the trial. */
export interface Hearing {
  readonly log?: EventLog
  /** Told of each deviation while it is taken. */
  readonly taken?: (deviation: Deviation) => void
}

const unheard: Hearing = {}

export class Trials {
  readonly run: Run
  /** So far: trials, and the instructions and kernel steps of them all. */
  spentCount = 0
  spentIcount = 0
  private readonly whole: Detection
  /** Those that need no observations, or suspect without. */
  private readonly quick: Detection
  private readonly isAlwaysWatched: boolean
  private readonly watcher: Watcher | undefined
  private readonly base: RunSnapshot
  private readonly baseNow: number
  private readonly log: EventLog
  private detection: Detection
  private listener: EventLog = noLog
  private taken: (deviation: Deviation) => void = () => {}
  private index = 0
  private readonly baseIndex: number
  private readonly limits: RunSpec["limits"]
  private readonly patience = new Patience()

  /** `run` stands before its first instruction and belongs to the trials from now on. */
  constructor(run: Run, { detectors, forkAt, forkAtNow, isAlwaysWatched = false, watcher }: TrialOptions) {
    this.run = run
    this.limits = run.kernel.limits
    this.whole = new Detection(detectors)
    this.quick = new Detection(detectors.filter((detector) => !needsObserver(detector) || (watcher !== undefined && detector.suspects)))
    this.isAlwaysWatched = watcher !== undefined && isAlwaysWatched
    this.watcher = watcher
    const { kernel } = run
    kernel.decider = quietDecider
    if (forkAtNow > 0) approach(run, () => kernel.now > forkAtNow)
    if (forkAt !== undefined) comeTo(run, forkAt, this.patience)
    this.baseNow = kernel.now
    this.baseIndex = kernel.entryCount
    this.base = run.snapshot()
    this.detection = this.quick
    this.log = {
      append: (now, cpu, task, count, event) => {
        const index = this.index++
        this.patience.hear(task, count, event)
        this.listener.append(now, cpu, task, count, event)
        if (this.detection.wants(event._tag)) this.detection.observe({ index, now, cpu, task, count, event })
      }
    }
    kernel.hear(this.log)
    this.watch(this.isAlwaysWatched)
    kernel.hearTaken((deviation) => this.taken(deviation))
  }

  /** Runs from the fork to the end under `decider`. */
  perform(decider: Decider, { log, taken }: Hearing = unheard): Trial {
    this.spentCount++
    const schedule: Array<Deviation> = []
    const first = this.isAlwaysWatched ? this.whole : this.quick
    const { icount, outcome } = this.runToEnd(decider, first, log, (deviation) => {
      schedule.push(deviation)
      taken?.(deviation)
    })
    const { findings } = this.detection
    if (this.watcher === undefined || this.isAlwaysWatched || findings.length === 0) return { outcome, findings, schedule, icount }

    // The same run, watched; nobody else hears of it twice.
    this.watch(true)
    this.runToEnd(recorded(tell(schedule, () => {})), this.whole)
    this.watch(false)
    return { outcome, findings: this.detection.findings, schedule, icount }
  }

  private runToEnd(
    decider: Decider, detection: Detection, log: EventLog = noLog, taken: (deviation: Deviation) => void = () => {}
  ): { readonly outcome: Outcome; readonly icount: number } {
    const { kernel } = this.run
    this.listener = log
    this.taken = taken
    this.run.restore(this.base)
    this.watcher?.restart()
    this.index = this.baseIndex
    this.detection = detection
    detection.restart()
    kernel.decider = decider
    const outcome = this.patience.runToEnd(this.run, this.limits)
    const icount = kernel.now - this.baseNow
    this.spentIcount += icount
    return { outcome, icount }
  }

  /** The budget under which the run of a schedule is what a trial of it is, wherever it is made. */
  limitsFor(schedule: Schedule): RunSpec["limits"] {
    this.perform(recorded(tell(schedule, () => {})))
    return this.run.kernel.limits
  }

  private watch(isWatched: boolean): void {
    this.run.observe(isWatched && this.watcher !== undefined ? this.watcher : nobody)
  }
}

/** Runs on to the boundary before the step that comes there; stays where no step does. A run that has ended cannot be forked. */
const approach = (run: Run, isThere: () => boolean): void => {
  const before = run.snapshot()
  let stepCount = 0
  for (; run.outcome === undefined && !isThere(); stepCount++) run.step()
  const hasCome = isThere()
  run.restore(before)
  run.release(before)
  if (hasCome) for (let step = 1; step < stepCount; step++) run.step()
}

/** Runs on quietly until a task is about to execute `at`, or else stays. */
const comeTo = (run: Run, at: Address, patience: Patience): void => {
  const { kernel } = run
  const before = run.snapshot()
  let there: RunSnapshot | undefined
  const unheard = kernel.hear({ append: (_now, _cpu, task, count, event) => patience.hear(task, count, event) })
  kernel.decider = {
    ...quietDecider,
    marks: [{ _tag: "Executed", at }],
    interrupt: ({ pending }) => {
      if (pending?.ip !== at) return "nothing"
      // A decider is asked at a boundary. The run ends behind it, and one that has ended cannot be forked.
      there ??= run.snapshot()
      return "halt"
    }
  }
  patience.runToEnd(run, run.kernel.limits)
  run.restore(there ?? before)
  if (there !== undefined) run.release(there)
  run.release(before)
  kernel.decider = quietDecider
  unheard()
}
