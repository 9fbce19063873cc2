/** Whoever makes batches: this thread, or others. They are given all of a spec but what cannot cross, which goes by name. */
import { parseAbis } from "../kernel/abi/table.ts"
import type { RunSpec } from "../run/start.ts"
import { Batches, type BatchOptions, type BatchResult } from "../search/batch.ts"
import { defaultTargetOptions, makeTarget, type Target, type TargetOptions } from "../search/target.ts"
import { unheard } from "./unheard.ts"
import type { BatchMaker } from "./campaign.ts"

export interface WorkerSpec {
  readonly spec: Omit<RunSpec, "abis">
  readonly abis: ReadonlyArray<string>
  readonly options: Pick<Partial<TargetOptions>, "seed" | "forkAt" | "isAlwaysWatched">
}

export const workerSpec = ({ abis, ...spec }: RunSpec, { forkAt, isAlwaysWatched, seed }: Partial<TargetOptions>): WorkerSpec =>
  ({ spec, abis: abis.map(({ name }) => name), options: { ...(seed === undefined ? {} : { seed }), forkAt, isAlwaysWatched } })

/** All batches in this thread. */
export const alone = (target: Target): BatchMaker => {
  const batches = new Batches(target)
  return { jobs: 1, run: (batch) => unheard(() => batches.run(batch)) }
}

/** A batch as it crosses: parents that were told before are not told again. */
export interface BatchMessage extends Omit<BatchOptions, "parents"> {
  readonly moreParents: BatchOptions["parents"]
  readonly parentCount: number
}

export const batchMessage = ({ parents, ...batch }: BatchOptions, toldCount: number): BatchMessage =>
  ({ ...batch, moreParents: parents.slice(toldCount), parentCount: parents.length })

/** Makes batches as the main thread would. Fails where the main thread would have failed before. */
export const batchesOf = ({ abis, options, spec }: WorkerSpec): ((batch: BatchMessage) => BatchResult) => {
  const parsed = parseAbis(abis.join(","))
  if (parsed._tag === "Refused") throw new Error(parsed.message)
  const target = makeTarget({ ...spec, abis: parsed.abis }, { ...defaultTargetOptions, ...options })
  if ("_tag" in target) throw new Error(target.reason)
  const batches = new Batches(target)
  const known: Array<BatchOptions["parents"][number]> = []
  return ({ moreParents, parentCount, ...batch }) => {
    known.push(...moreParents)
    return batches.run({ ...batch, parents: known.length === parentCount ? known : known.slice(0, parentCount) })
  }
}
