/**
 * What differs between the kernels that have had rseq(2) since it was merged. One generation is a row of these parameters;
 * the code beside this file is the same for all up to 6.18.
 *
 * Source: Linux kernel/rseq.c at each of these releases; rseq(2) of librseq
 */
import { RSEQ_MM_CID_FEATURE_BYTES, RSEQ_ORIGINAL_FEATURE_BYTES } from "../../../linux/rseq.ts"

export interface Generation<Name extends string = string> {
  readonly name: Name
  readonly summary: string
  readonly source: string
  /** Bytes of the area it knows. From 28 on (6.3) it also writes node_id and mm_cid, says so in the aux vector and takes longer areas. */
  readonly featureBytes: number
  /** UNREGISTER with further bits is refused (5.5); before, they were overlooked. */
  readonly refusesBitsBesideUnregister: boolean
  /** NO_RESTART flags: an event they name is overlooked, or (6.1) any of them is fatal to a task inside its section. */
  readonly noRestartFlags: "honored" | "fatal"
  /** A descriptor still set when the area is registered is taken away (6.14); before, the first fixup met it. */
  readonly clearsDescriptorAtRegistration: boolean
  /** Which children begin unregistered: those that share memory (5.5), or only threads. */
  readonly unregisteredChildren: "sharing memory" | "threads"
  /** membarrier(2) can restart sequences (5.10). */
  readonly hasRseqMembarrier: boolean
  /** A process ends with its last task's status, not its leader's (6.0). */
  readonly lastStatusCounts: boolean
}

const first = {
  featureBytes: RSEQ_ORIGINAL_FEATURE_BYTES,
  refusesBitsBesideUnregister: false,
  noRestartFlags: "honored",
  clearsDescriptorAtRegistration: false,
  unregisteredChildren: "threads",
  hasRseqMembarrier: false,
  lastStatusCounts: false
} as const

const of55 = { ...first, refusesBitsBesideUnregister: true, unregisteredChildren: "sharing memory" } as const
const of510 = { ...of55, hasRseqMembarrier: true } as const
const of61 = { ...of510, noRestartFlags: "fatal", lastStatusCounts: true } as const
const of63 = { ...of61, featureBytes: RSEQ_MM_CID_FEATURE_BYTES } as const
const of614 = { ...of63, clearsDescriptorAtRegistration: true } as const

const generation = <const Name extends string>(release: Name, parameters: Omit<Generation, "name" | "summary" | "source">, summary: string): Generation<`mainline-${Name}`> =>
  ({ ...parameters, name: `mainline-${release}`, summary, source: `Linux ${release} kernel/rseq.c` })

export const mainline418 = generation("4.18", first, "rseq(2) as merged: fixup of the ip by descriptor and signature")
export const mainline55 = generation("5.5", of55, "as 4.18; children that share memory begin unregistered; UNREGISTER stands alone")
export const mainline510 = generation("5.10", of510, "as 5.5; membarrier restarts sequences")
export const mainline61 = generation("6.1", of61, "as 5.10; any NO_RESTART flag is fatal inside a section")
export const mainline63 = generation("6.3", of63, "as 6.1; node_id and mm_cid, areas of any length from 32 on")
export const mainline612 = generation("6.12", of63, "as 6.3")
export const mainline614 = generation("6.14", of614, "as 6.12; registering clears a descriptor left in the area")
export const mainline618 = generation("6.18", of614, "as 6.14")
