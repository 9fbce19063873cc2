/**
 * Calls that Linux answers and the simulated kernel does not. A program that was told ENOSYS by one of them and then failed may be
 * correct: what failed is the simulation.
 */
import { callNameOf } from "../linux/call-number.ts"
import { abis } from "../kernel/abi/table.ts"

/** What a contract brings is there or not by the contract that was asked for: that is the experiment. */
const ofContracts: ReadonlySet<number> = new Set(Object.values(abis).flatMap(({ calls }) => calls.map(({ number }) => number)))

export const unmodelledCalls = (unknown: Iterable<number>): ReadonlyArray<number> =>
  [...unknown].filter((number) => callNameOf(number) !== undefined && !ofContracts.has(number)).sort((a, b) => a - b)

/** `not supported: memfd_create (319)`. */
export const unmodelledSentence = (calls: ReadonlyArray<number>): string => `not supported: ${calls.map((number) => `${callNameOf(number)} (${number})`).join(", ")}`
