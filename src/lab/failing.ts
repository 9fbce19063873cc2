/** A target, searched in breaths, and its failures written down. */
import * as Effect from "effect/Effect"
import type { Schedule } from "../log/choice.ts"
import { recorded, tell } from "../log/telling.ts"
import { record } from "../run/record.ts"
import type { RunSpec } from "../run/start.ts"
import type { Bisecting, BisectQuestion, Verdict } from "../search/bisect.ts"
import { defaultTargetOptions, makeTarget, type Target, type TargetOptions } from "../search/target.ts"
import { wholeWatcher } from "../search/watch.ts"
import { BootRefused } from "./boot-refused.ts"
import { type RecordingExists, RecordingStore, type RecordingUnwritable } from "./recording-store.ts"
import { unheard } from "./unheard.ts"

export const targetOf = (spec: RunSpec, options: Partial<TargetOptions> = {}): Effect.Effect<Target, BootRefused> =>
  Effect.flatMap(unheard(() => makeTarget(spec, { ...defaultTargetOptions, ...options })), (target) =>
    "_tag" in target ? Effect.fail(new BootRefused({ program: spec.program.name, reason: target.reason })) : Effect.succeed(target))

/** A search taken to its end. `hear` is told each step; between two of them Ctrl-C is heeded. */
export const drive = <Step, Result>(search: Generator<Step, Result>, hear: (step: Step) => void = () => {}): Effect.Effect<Result> =>
  Effect.gen(function*() {
    for (;;) {
      const step = yield* unheard(() => search.next())
      if (step.done === true) return step.value
      hear(step.value)
      yield* Effect.yieldNow
    }
  })

/** A bisection taken to its end, each run judged. `hear` is told each verdict. */
export const driveJudged = <Result, E, R>(
  bisecting: Bisecting<Result>, judge: (question: BisectQuestion) => Effect.Effect<Verdict, E, R>, hear: (question: BisectQuestion, verdict: Verdict) => void
): Effect.Effect<Result, E, R> =>
  Effect.gen(function*() {
    let step = yield* unheard(() => bisecting.next())
    while (step.done !== true) {
      const question = step.value
      const verdict = yield* judge(question)
      hear(question, verdict)
      yield* Effect.yieldNow
      step = yield* unheard(() => bisecting.next(verdict))
    }
    return step.value
  })

/** Everything is watched, at many times the price. */
const BREATH_ICOUNT = 4_000

/** Writes the run of `schedule` down, entries and observations with it. Equal runs make equal files: one that is there is replaced. */
export const saveRun = (
  { bounded: asBounded, options, shown, trials }: Pick<Target, "bounded" | "options" | "shown" | "trials">, schedule: Schedule, strategy: string, file: string, mayReplace = true
): Effect.Effect<void, BootRefused | RecordingExists | RecordingUnwritable, RecordingStore> =>
  Effect.scoped(Effect.gen(function*() {
    const sink = yield* RecordingStore.use((store) => store.create(file, { mayReplace }))
    const bounded: RunSpec = { ...asBounded, limits: trials.limitsFor(schedule) }
    const watcher = wholeWatcher({ bounded, options, shown })
    const recording = record(bounded, { strategy }, recorded(tell(schedule, () => {})), sink.append, { keep: "entries", codec: "zstd" }, watcher)
    if ("_tag" in recording) {
      yield* sink.discard
      return yield* new BootRefused({ program: bounded.program.name, reason: recording.reason })
    }
    while (recording.outcome === undefined) {
      yield* Effect.sync(() => recording.advance(BREATH_ICOUNT))
      yield* Effect.yieldNow
    }
    // Half of it is of no use: the run can be made again.
    yield* Effect.onError(sink.seal, () => sink.discard)
  }))
