/**
 * Deciders that say at each marked access which CPU performs its next one: the step of random walk, PCT and their like.
 *
 * A task that has been given the turn performs its access before anybody is asked again: one question, one access. A
 * read-modify-write that may be split is two: between them is a question, and who then gets its turn back owes only the write.
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
  // CPUs whose write is still to come: it lands with their next turn, before the access they come to.
  const halfway = new Set<CpuId>()
  const given = (kind: "turn" | "split", { from }: Stretch, cpu: CpuId): Interruption => {
    owing = halfway.delete(cpu) ? undefined : cpu
    return { at: from, kind, option: cpu }
  }
  return {
    marks,
    interrupt: (stretch): Interruption | "nothing" => {
      if (stretch.pending === undefined) return "nothing"
      const { cpu, from } = stretch
      halfway.delete(cpu)
      const isOwed = owing === cpu
      owing = isOwed ? undefined : owing
      const first = isOwed ? cpu : next(stretch, stretch.options("turn"))
      if (first !== cpu) return given("turn", stretch, first)
      const others = stretch.options("split", from)
      const second = others.length === 0 ? cpu : next(stretch, others)
      if (second === cpu) return "nothing"
      const answer = given("split", stretch, second)
      halfway.add(cpu)
      return answer
    },
    choose: ({ options }) => options[0] ?? 0
  }
}
