/**
 * Calls that Linux answers and the simulated kernel does not. A program that was told ENOSYS by one of them and then failed may be
 * correct: what failed is the simulation.
 */
import { callNameOf } from "../linux/call-number.ts"
import type { Lacking } from "../search/lacking.ts"
import { abis } from "../kernel/abi/table.ts"

/** What a contract brings is there or not by the contract that was asked for: that is the experiment. */
const ofContracts: ReadonlySet<number> = new Set(Object.values(abis).flatMap(({ calls }) => calls.map(({ number }) => number)))

/** In the order in which they were made first. */
export const unmodelledCalls = (unknown: Iterable<number>): ReadonlyArray<number> =>
  [...unknown].filter((number) => callNameOf(number) !== undefined && !ofContracts.has(number))

/**
 * Calls that may be why a run failed: those that it made and the quiet run, which passes, did not.
 * A call that both make is answered alike in both, so something else is why.
 */
export const blamedCalls = (failing: Lacking, quiet: Lacking): ReadonlyArray<number> =>
  unmodelledCalls(failing.unknownCalls.filter((number) => !quiet.unknownCalls.includes(number)))

/** `not supported: memfd_create (319)`. */
export const unmodelledSentence = (calls: ReadonlyArray<number>): string => `not supported: ${calls.map((number) => `${callNameOf(number)} (${number})`).join(", ")}`

/** What a run did not get, a line each. Of files only what `quiet` has not missed as well: C libraries ask for some at every start. */
export const lackingLines = ({ missedFiles, unknownCalls }: Lacking, quiet?: Lacking): ReadonlyArray<string> => {
  const calls = unmodelledCalls(unknownCalls)
  const files = missedFiles.filter((file) => quiet?.missedFiles.includes(file) !== true)
  return [
    ...(calls.length === 0 ? [] : [`${unmodelledSentence(calls)}, answered ENOSYS`]),
    ...(files.length === 0 ? [] : [`the simulated machine does not have: ${files.join(", ")}`])
  ]
}
