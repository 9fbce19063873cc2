/**
 * The smallest experiment in which a failure shows: fewer tasks, CPUs, repetitions, arguments, and never more deviations.
 *
 * A smaller experiment is told the deviations by place. Where they show nothing, a short search may find what does. It counts
 * if its quiet run passes (or, where no deviation is needed, some run of it does), the same rule is broken about the same
 * section, the deviation that decides falls into the same function, and there are no more deviations than before.
 */
import type { Finding, FindingKind } from "../analysis/detect/definition.ts"
import type { TaskId } from "../base/ids.ts"
import { kinds, type Option, type Schedule } from "../log/choice.ts"
import type { LocatedDeviation } from "../log/placed.ts"
import type { PlacedDeviation } from "../log/schedule.ts"
import { tellLeniently } from "../run/lenient.ts"
import { dimensions, type Smaller } from "./experiment.ts"
import { fuzz } from "./fuzz.ts"
import { isSameFinding, kindThere, minimize, type Minimized, type MinimizeProgress, sameFinding, type Wanted } from "./minimize.ts"
import { moving, symbolBefore } from "./place.ts"
import type { Target } from "./target.ts"
import type { Trial } from "./trial.ts"

/** How many of something the experiment had, and has. */
export interface Change {
  readonly name: string
  readonly before: number
  readonly after: number
}

export interface Shrunk {
  readonly target: Target
  readonly minimized: Minimized
  /** As the run that is left shows it. */
  readonly finding: Finding
  /** What the experiment has any of, in the order in which it was tried. */
  readonly changes: ReadonlyArray<Change>
  /** Runs of the search for it, those of the last minimizing included. */
  readonly trialCount: number
}

/** Runs that look for the failure in one smaller experiment. */
const SEARCH_RUN_COUNT = 200
/** So many that fail there are minimized, in the hope of no more deviations than before. */
const HIT_COUNT_MAX = 4
/** Instructions in all: a second or a few. Larger programs are searched less, and the largest not at all. */
export const EXPERIMENT_ICOUNT_MAX = 4_000_000

interface Current {
  readonly target: Target
  readonly minimized: Minimized
  readonly finding: Finding
}

/** Options that are tasks are named anew with them. */
const optionThere = ({ kind, option }: PlacedDeviation, taskThere: Smaller["taskThere"]): Option | undefined =>
  option >= 0 && kinds[kind].options.families.some(({ sort }) => sort === "task") ? taskThere(option as TaskId) : option

const told = (deviations: ReadonlyArray<LocatedDeviation>, taskThere: Smaller["taskThere"]): ReadonlyArray<PlacedDeviation> =>
  deviations.flatMap(({ deviation }) => {
    const task = taskThere(deviation.task)
    const option = optionThere(deviation, taskThere)
    return task === undefined || option === undefined ? [] : [{ ...deviation, task, option }]
  })

/** The function, or label, in which the last deviation falls. */
const criticalSymbol = ({ bounded: { program } }: Target, { deviations }: Minimized): string | undefined => {
  const last = deviations.at(-1)
  return last === undefined ? undefined : symbolBefore(program, last.address)?.name
}

const isPass = ({ findings, outcome }: Trial): boolean => findings.length === 0 && outcome._tag === "Exited"

/** Whether any run is seen to pass. What fails however it goes says nothing of the mistake: the program without it would, too. */
function* passing(target: Target): Generator<undefined, boolean> {
  for (const { trial } of fuzz(target, SEARCH_RUN_COUNT)) {
    if (isPass(trial)) return true
    yield undefined
  }
  return false
}

/** The next of a search that yields more than what is looked for. */
function* nextOf<T>(search: Generator<T | undefined, void>): Generator<undefined, T | undefined> {
  for (;;) {
    const step = search.next()
    if (step.done === true) return undefined
    if (step.value !== undefined) return step.value
    yield undefined
  }
}

/** The experiment as it is. */
export const unshrunk = (target: Target): ReadonlyArray<Change> => changesBetween(target, target)

const changesBetween = (whole: Target, left: Target): ReadonlyArray<Change> =>
  Object.values(dimensions).map(({ name, sizeOf }): Change => ({ name, before: sizeOf(whole.spec), after: sizeOf(left.spec) }))
    .filter(({ before }) => before > 0)

/** Shrinks the experiment of a minimized failure. Yields after trials. */
export function* shrinkExperiment(
  whole: Target, minimized: Minimized, finding: Finding, proofTrialCountMax: number, icountMax = EXPERIMENT_ICOUNT_MAX
): Generator<MinimizeProgress, Shrunk> {
  let current: Current = { target: whole, minimized, finding }
  const spent = { icount: 0, trialCount: 0 }
  /** One search after the other, counted and watched: `undefined` once the instructions are spent. */
  function* within<Result>(target: Target, search: Generator<unknown, Result>): Generator<MinimizeProgress, Result | undefined> {
    for (;;) {
      const step = search.next()
      if (step.done === true) return step.value
      yield { trialCount: spent.trialCount + target.trials.spentCount, deviationCount: current.minimized.deviations.length }
      if (spent.icount + target.trials.spentIcount > icountMax) return undefined
    }
  }

  /** Minimized, if it is the failure of `base` at no more deviations than there are now. */
  function* kept(base: Current, target: Target, schedule: Schedule, looked: FindingKind): Generator<MinimizeProgress, Current | undefined> {
    const few = yield* within(target, minimize(target.trials, schedule, sameFinding(looked), 0))
    const shown = few?.trial.findings.find((found) => isSameFinding(found, looked))
    if (few === undefined || shown === undefined || few.deviations.length > current.minimized.deviations.length) return undefined
    return criticalSymbol(target, few) === criticalSymbol(base.target, base.minimized) ? { target, minimized: few, finding: shown } : undefined
  }
  /** Runs of one smaller experiment that show it, for those who ask for the next. */
  function* shown(target: Target, base: Current, taskThere: Smaller["taskThere"], wanted: Wanted): Generator<Schedule | undefined, void> {
    const again = target.trials.perform(tellLeniently(target.bounded.program, told(base.minimized.deviations, taskThere), () => {}))
    yield wanted(again) ? again.schedule : undefined
    for (const { trial } of fuzz(target, SEARCH_RUN_COUNT)) yield wanted(trial) ? trial.schedule : undefined
  }
  function* tried(base: Current, target: Target, { spec, taskThere }: Smaller): Generator<MinimizeProgress, Current | undefined> {
    const { finding, minimized: { deviations } } = base
    const looked = kindThere(finding, moving(base.target.spec.program, spec.program))
    if (deviations.length === 0) {
      const isAsked = sameFinding(looked)(target.quiet) && (yield* within(target, passing(target))) === true
      return isAsked ? yield* kept(base, target, [], looked) : undefined
    }
    if (!isPass(target.quiet)) return undefined
    let hitCount = 0
    const showing = shown(target, base, taskThere, sameFinding(looked))
    for (;;) {
      const hit = yield* within(target, nextOf(showing))
      if (hit === undefined) return undefined
      const found = yield* kept(base, target, hit, looked)
      if (found !== undefined || ++hitCount === HIT_COUNT_MAX) return found
    }
  }

  for (const { smaller } of Object.values(dimensions)) {
    const base = current
    const shrinking = smaller(base.target.spec)
    let step = shrinking.next()
    while (step.done !== true && spent.icount <= icountMax) {
      const target = base.target.again(step.value.spec, moving(base.target.spec.program, step.value.spec.program))
      const found = "_tag" in target ? undefined : yield* tried(base, target, step.value)
      if (!("_tag" in target)) {
        spent.icount += target.trials.spentIcount
        spent.trialCount += target.trials.spentCount
      }
      current = found ?? current
      step = shrinking.next(found !== undefined)
    }
  }
  if (current.target !== whole) {
    const proved = yield* minimize(current.target.trials, current.minimized.schedule, sameFinding(current.finding), proofTrialCountMax)
    spent.trialCount += proved?.trialCount ?? 0
    current = { ...current, minimized: proved ?? current.minimized }
  }
  return { ...current, changes: changesBetween(whole, current.target), trialCount: spent.trialCount }
}
