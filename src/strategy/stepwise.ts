/**
 * Deciders that say at each marked access which CPU performs its next one: the step of random walk, PCT and their like.
 *
 * A task that has been given the turn performs its access before anybody is asked again: one question, one access.
 */
import type { AddressRange, CpuId } from "../base/ids.ts"
import type { Mark } from "../base/mark.ts"
import type { Decider, Interruption, Option, Stretch } from "../log/choice.ts"

/** Before every access to one of these ranges. */
export const accessMarks = (ranges: ReadonlyArray<AddressRange>): ReadonlyArray<Mark> =>
  ranges.map(({ end, start }) => ({ _tag: "Accessed", start, end, by: "any" }))

/** The CPU that goes on: the one of the stretch, or one of `others`, which may be empty. */
export type NextCpu = (stretch: Stretch, others: ReadonlyArray<Option>) => CpuId

export const stepwise = (marks: ReadonlyArray<Mark>, next: NextCpu): Decider => {
  // A CPU that was given the turn owes the access it stands at.
  let owing: CpuId | undefined
  return {
    marks,
    interrupt: (stretch): Interruption | "nothing" => {
      if (stretch.pending === undefined) return "nothing"
      if (owing === stretch.cpu) {
        owing = undefined
        return "nothing"
      }
      const cpu = next(stretch, stretch.options("turn"))
      if (cpu === stretch.cpu) return "nothing"
      owing = cpu
      return { at: stretch.from, kind: "turn", option: cpu }
    },
    choose: ({ options }) => options[0] ?? 0
  }
}
