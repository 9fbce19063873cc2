/** What `fuzz` saves of a program with a mistake, and what `replay --on` says of it and the program without. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { colorFlag, Surroundings } from "../../src/cli/color.ts"
import { replayOn } from "../../src/cli/replay-on.ts"
import type { ReplayFlags } from "../../src/cli/replay.ts"
import { type Understood, understandHits } from "../../src/lab/fuzz-program.ts"
import { ProgramStore } from "../../src/lab/program-store.ts"
import { Progress } from "../../src/lab/progress.ts"
import { RecordingStore } from "../../src/lab/recording-store.ts"
import { Workspace } from "../../src/lab/workspace.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import type { RunSpec } from "../../src/run/start.ts"
import { fuzz, type Hit } from "../../src/search/fuzz.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"

export const searchTarget = (spec: RunSpec, seed = "1"): Target => {
  const target = makeTarget(spec, { ...defaultTargetOptions, seed })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

export const firstHit = (target: Target, runCount: number): Hit | undefined => {
  for (const { hit } of fuzz(target, runCount)) if (hit !== undefined) return hit
  return undefined
}

export interface Saved extends Understood {
  /** The first line that `replay --on` says of the recording and the twin. */
  readonly verdict: string
  /** The rest. */
  readonly why: string
}

const flags = { on: "twin.s", json: false, lenient: false, strict: false, schedule: undefined, maxIcount: undefined, maxMemory: undefined, maxTasks: undefined, maxOutput: undefined }

/** Shrinks, saves, and tells it to the twin. `twin`: its text. */
export const savedAndTold = (target: Target, { finding, run, strategy, trial }: Hit, twin: string): Promise<Saved> =>
  Effect.runPromise(Effect.gen(function*() {
    const [understood] = yield* understandHits(target, [{ run, strategy, schedule: printSchedule(trial.schedule), finding }], false, "program")
    if (understood?.saved === undefined) throw new Error(`not saved: ${understood?.unsaved ?? ""}`)
    const { lines: [verdict = "", ...rest] } = yield* replayOn(understood.saved, "twin.s", flags as unknown as ReplayFlags)
    const saved: Saved = { ...understood, verdict: verdict.replace(/: .*/, ""), why: rest.join("\n") }
    return saved
  }).pipe(
    Effect.provideService(colorFlag, "never"),
    Effect.provide(Layer.mergeAll(
      RecordingStore.layerMemory, Workspace.layerMemory, Progress.layerNone, ProgramStore.layerMemory({ "twin.s": twin }),
      Layer.succeed(Surroundings, { env: {}, isStdoutTty: false, isStderrTty: false, typed: [] })
    ))
  ))
