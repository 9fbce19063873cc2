/** What a thread that makes batches is given: all of a spec but what cannot cross, which goes by name. */
import { parseAbis } from "../kernel/abi/table.ts"
import type { RunSpec } from "../run/start.ts"
import { Batches, type BatchOptions, type BatchResult } from "../search/batch.ts"
import { defaultTargetOptions, makeTarget, type TargetOptions } from "../search/target.ts"

export interface WorkerSpec {
  readonly spec: Omit<RunSpec, "abis">
  readonly abis: ReadonlyArray<string>
  readonly options: Pick<Partial<TargetOptions>, "seed" | "forkAt" | "isAlwaysWatched">
}

export const workerSpec = ({ abis, ...spec }: RunSpec, { forkAt, isAlwaysWatched, seed }: Partial<TargetOptions>): WorkerSpec =>
  ({ spec, abis: abis.map(({ name }) => name), options: { ...(seed === undefined ? {} : { seed }), forkAt, isAlwaysWatched } })

/** Makes batches as the main thread would. Fails where the main thread would have failed before. */
export const batchesOf = ({ abis, options, spec }: WorkerSpec): ((batch: BatchOptions) => BatchResult) => {
  const parsed = parseAbis(abis.join(","))
  if (parsed._tag === "Refused") throw new Error(parsed.message)
  const target = makeTarget({ ...spec, abis: parsed.abis }, { ...defaultTargetOptions, ...options })
  if ("_tag" in target) throw new Error(target.reason)
  const batches = new Batches(target)
  return (batch) => batches.run(batch)
}
