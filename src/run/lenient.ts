/**
 * A schedule told leniently: what does not apply is dropped and listed, and what was taken instead is a schedule that replays
 * strictly.
 */
import { assert } from "../base/assert.ts"
import type { BootFailure } from "../kernel/boot.ts"
import type { Decider, Deviation, Schedule } from "../log/choice.ts"
import type { EventLog } from "../log/event.ts"
import { type DropTyped, type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { isPlaced, type PlacedDeviation, type TypedSchedule } from "../log/schedule.ts"
import type { DropReason } from "../log/telling.ts"
import type { Program } from "../program/program.ts"
import type { Run } from "./run.ts"
import { type RunSpec, start } from "./start.ts"

/** What a lenient telling came to. */
export interface Lenient {
  readonly run: Run
  readonly dropped: ReadonlyArray<{ readonly deviation: Deviation | PlacedDeviation; readonly reason: DropReason }>
  /** Replays strictly; only it is kept. */
  readonly realised: Schedule
}

/** The address of a place, if the program has the symbol. */
export const addressOf = (program: Program, { place }: PlacedDeviation): number | undefined => {
  if (place.symbol === undefined) return place.offset
  const symbol = program.symbols.find(({ name }) => name === place.symbol)
  return symbol === undefined ? undefined : symbol.at + place.offset
}

/** A decider that tells a typed schedule to `program`, dropping what does not apply. Call `finish` when the run is over. */
export const tellLeniently = (program: Program, schedule: TypedSchedule, drop: DropTyped): Decider & { readonly finish: () => void } => {
  const located: Array<LocatedDeviation> = []
  const kept: Array<Deviation | PlacedDeviation> = []
  const lost: Array<PlacedDeviation> = []
  for (const deviation of schedule) {
    if (!isPlaced(deviation)) {
      kept.push(deviation)
      continue
    }
    const address = addressOf(program, deviation)
    if (address === undefined) lost.push(deviation)
    else {
      kept.push(deviation)
      located.push({ deviation, address })
    }
  }
  const telling = tellTyped(kept, located, drop)
  return {
    ...telling,
    finish: () => {
      for (const deviation of lost) drop(deviation, "never met")
      telling.finish()
    }
  }
}

/** Runs `spec` to its end under a typed schedule. */
export const runLeniently = (spec: RunSpec, schedule: TypedSchedule, log?: EventLog): Lenient | BootFailure => {
  const dropped: Array<Lenient["dropped"][number]> = []
  const realised: Array<Deviation> = []
  const decider = tellLeniently(spec.program, schedule, (deviation, reason) => void dropped.push({ deviation, reason }))
  const run = start(spec, decider, log)
  if ("_tag" in run) return run
  run.kernel.hearTaken((deviation) => void realised.push(deviation))
  while (run.outcome === undefined) run.step()
  decider.finish()
  assert(run.outcome !== undefined, "a run ends in an outcome")
  return { run, dropped, realised }
}
