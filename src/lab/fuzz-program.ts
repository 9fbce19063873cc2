/** A program searched, and what is found understood and saved. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { findingKey } from "../analysis/detect/definition.ts"
import type { ReportedWarnings } from "../analysis/report/report.ts"
import type { Schedule } from "../log/choice.ts"
import type { PlainHit } from "../search/batch.ts"
import { asFound, type Failure, understand, understandSmaller } from "../search/failure.ts"
import { simplest } from "../search/simplest.ts"
import { countedSchedule } from "../search/mutation.ts"
import type { Target } from "../search/target.ts"
import { warned } from "../search/warned.ts"
import { drive, saveRun } from "./failing.ts"
import type { RecordingStore } from "./recording-store.ts"
import { WORK_FOLDER, Workspace } from "./workspace.ts"

/** A distinct failure, and where it was saved. */
export interface Understood {
  readonly hit: PlainHit
  readonly failure: Failure
  readonly saved: string | undefined
  /** Why it could not be saved, as a sentence. */
  readonly unsaved: string | undefined
}

/** So many runs with the same rule broken in the same section are looked into, to see whether they are one failure. */
const TOLD_COUNT_MAX = 8

/** Saves a failure of the program that goes by `home` under its name, and in `folder` as well. What cannot be saved is said, and the failure told all the same. */
const save = (failure: Failure, strategy: string, home: string, folder: string | undefined): Effect.Effect<Pick<Understood, "saved" | "unsaved">, never, RecordingStore | Workspace> =>
  Effect.gen(function*() {
    const { minimized: { schedule }, name, target } = failure
    const artifacts = `${WORK_FOLDER}/artifacts/${home}`
    const file = `${artifacts}/${name}.rec`
    yield* Workspace.use((workspace) => workspace.makeFolder(artifacts))
    yield* saveRun(target, schedule, strategy, file)
    if (folder !== undefined) {
      yield* Workspace.use((workspace) => workspace.makeFolder(folder))
      yield* saveRun(target, schedule, strategy, `${folder}/${name}.rec`)
    }
    return { saved: file, unsaved: undefined }
  }).pipe(Effect.catch((error) => Effect.succeed({ saved: undefined, unsaved: error.message })))

/** What was seen in a campaign that passes, with a recording each: no failures, so they do not lie among those. */
export const tellWarnings = (target: Target, schedules: Iterable<string>, home: string): Effect.Effect<ReportedWarnings | undefined, never, RecordingStore | Workspace> =>
  Effect.gen(function*() {
    const looked = yield* unlessHurried(drive(warned(target, countedAll(schedules))))
    if (looked === undefined) return undefined
    const folder = `${WORK_FOLDER}/seen/${home}`
    const warnings = yield* Effect.forEach(looked.warnings, ({ schedule, ...warning }) =>
      Effect.gen(function*() {
        const file = `${folder}/${warning.detector}.rec`
        yield* Workspace.use((workspace) => workspace.makeFolder(folder))
        yield* saveRun(target, schedule, "", file)
        return { ...warning, saved: file }
      }).pipe(Effect.catch(() => Effect.succeed({ ...warning, saved: undefined }))))
    return { watchedRunCount: looked.watchedRunCount, warnings }
  })

/** The quiet run first. */
function* countedAll(schedules: Iterable<string>): Generator<Schedule> {
  yield []
  for (const schedule of schedules) yield countedSchedule(schedule)
}

/** `undefined` where somebody will not wait: what is found is told all the same. */
const unlessHurried = <A>(search: Effect.Effect<A>): Effect.Effect<A | undefined> =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(Effect.interruptible(search))
    if (Exit.isSuccess(exit)) return exit.value
    return Cause.hasInterruptsOnly(exit.cause) ? undefined : yield* Effect.failCause(exit.cause)
  })

/** With fewer deviations, in a smaller experiment, by the simplest way there. */
const smallest = (failure: Failure, isExperimentKept: boolean): Effect.Effect<Failure> =>
  Effect.gen(function*() {
    const near = isExperimentKept ? failure : (yield* unlessHurried(drive(simplest(failure, true)))) ?? failure
    const smaller = isExperimentKept ? near : (yield* unlessHurried(drive(understandSmaller(near)))) ?? near
    return (yield* unlessHurried(drive(simplest(smaller)))) ?? smaller
  })

/**
 * The distinct failures among the hits, in the order of their runs. `isExperimentKept`: only their schedules are shrunk. `home`: what the
 * program goes by (`homeOf`). `folder`:
 * a corpus that somebody keeps, where failures stand beside schedules.
 */
export const understandHits = (
  target: Target, hits: ReadonlyArray<PlainHit>, isExperimentKept: boolean, home: string, folder?: string
): Effect.Effect<ReadonlyArray<Understood>, never, RecordingStore | Workspace> =>
  Effect.gen(function*() {
    const looked = new Map<string, number>()
    const met = new Set<string>()
    const understood: Array<Understood> = []
    // The first of each kind, as long as none of its kind is understood.
    const first = new Map<string, PlainHit | undefined>()
    for (const hit of hits) {
      const rule = findingKey(hit.finding)
      const count = looked.get(rule) ?? 0
      looked.set(rule, count + 1)
      if (!first.has(rule)) first.set(rule, hit)
      if (count >= TOLD_COUNT_MAX) continue
      const schedule = countedSchedule(hit.schedule)
      const whole = yield* unlessHurried(drive(understand(target, schedule, hit.finding)))
      if (whole === undefined) continue
      first.set(rule, undefined)
      if (met.has(whole.key)) continue
      met.add(whole.key)
      const failure = yield* smallest(whole, isExperimentKept)
      if (failure.key !== whole.key && met.has(failure.key)) continue
      met.add(failure.key)
      understood.push({ hit, failure, ...(yield* save(failure, hit.strategy, home, folder)) })
    }
    for (const hit of first.values()) {
      if (hit === undefined) continue
      const failure = asFound(target, countedSchedule(hit.schedule), hit.finding)
      understood.push({ hit, failure, ...(yield* save(failure, hit.strategy, home, folder)) })
    }
    return understood
  }).pipe(Effect.uninterruptible)
