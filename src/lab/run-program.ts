/** One run of a program, from boot to outcome: the experiment all others are made of. */
import * as Effect from "effect/Effect"
import { known } from "../base/assert.ts"
import type { TaskId } from "../base/ids.ts"
import type { Deviation, Schedule } from "../log/choice.ts"
import type { Outcome } from "../log/outcome.ts"
import type { Program } from "../program/program.ts"
import type { Run } from "../run/run.ts"
import type { RunSpec } from "../run/start.ts"
import { type SimulatorBroke, toTheEnd } from "./advance.ts"
import { BootRefused } from "./boot-refused.ts"
import { Decider, type Dropped } from "./decider.ts"
import { EventLog } from "./event-log.ts"
import { type ContractRefused, Kernel } from "./kernel.ts"
import { Listener } from "./listener.ts"
import type { Progress } from "./progress.ts"
import type { RecordingExists, RecordingUnwritable } from "./recording-store.ts"

/** A call that is not there, and how often it was made. */
export interface UnknownCall {
  readonly number: number
  readonly callCount: number
}

/** What became of a run. */
export interface RunReport {
  readonly spec: RunSpec
  readonly outcome: Outcome
  /** Who decided. */
  readonly strategy: string
  readonly seed: string | undefined
  /** The deviations that were taken, in the order of the run. It replays strictly. */
  readonly schedule: Schedule
  readonly dropped: ReadonlyArray<Dropped>
  /** Instructions of all tasks, kernel steps included. */
  readonly now: number
  readonly entryCount: number
  readonly stateHash: string
  readonly questionsDigest: string
  readonly unknownCalls: ReadonlyArray<UnknownCall>
  /** Files of /dev, /proc and /sys that it asked for: none is there. */
  readonly missedFiles: ReadonlyArray<string>
  readonly tasks: ReadonlyArray<TaskId>
  /** Of the recording; equal for equal runs. `undefined`: the run was not written down. */
  readonly contentHash: string | undefined
}

export type RunFailure = ContractRefused | RecordingExists | RecordingUnwritable | BootRefused | SimulatorBroke

export const reportOf = (run: Run, spec: RunSpec, taken: Schedule): Pick<RunReport, "spec" | "schedule" | "now" | "entryCount" | "stateHash" | "questionsDigest" | "unknownCalls" | "missedFiles" | "tasks"> => ({
  spec,
  schedule: taken,
  now: run.kernel.now,
  entryCount: run.kernel.entryCount,
  stateHash: run.hash(),
  questionsDigest: run.kernel.questionDigest,
  unknownCalls: [...run.kernel.state.unknownCalls].map(([number, callCount]) => ({ number, callCount })),
  missedFiles: run.kernel.state.missedFiles,
  tasks: run.kernel.state.tasks.map(({ id }) => id)
})

/**
 * Runs `program` on the `Kernel`, answered by the `Decider`, written down by the `EventLog`. Interrupted, it ends properly as
 * `Abandoned`, with whatever is written down sealed, and only then gives way.
 */
export const runProgram = (program: Program): Effect.Effect<RunReport, RunFailure, Kernel | Decider | EventLog | Listener | Progress> =>
  Effect.gen(function*() {
    const spec = yield* (yield* Kernel).specOf(program)
    const deciding = yield* (yield* Decider).decide(spec)
    const listener = yield* Listener
    const writing = yield* (yield* EventLog).open
    const begun = yield* Effect.suspend(() => Effect.succeed(writing.begin(spec, deciding, listener.log)))
    if ("_tag" in begun) {
      yield* writing.discard
      return yield* new BootRefused({ program: program.name, reason: begun.reason })
    }
    const { run } = begun
    const taken: Array<Deviation> = []
    run.kernel.hearTaken((deviation) => void taken.push(deviation))
    yield* toTheEnd(begun, `running ${program.name}`, writing.check)
    const outcome = known(run.outcome, "a run that is over has an outcome")
    const dropped = deciding.finish()
    yield* writing.seal
    return { ...reportOf(run, spec, taken), outcome, strategy: deciding.strategy, seed: deciding.seed, dropped, contentHash: writing.contentHash() }
  }).pipe(Effect.scoped, Effect.uninterruptible)
