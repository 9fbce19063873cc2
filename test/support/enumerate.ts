/**
 * Every interleaving of marked accesses, by running each: the measure the loop is held to.
 *
 * A choice is made where a task stands before a marked access and another CPU has a task: who performs the next, or, with
 * `split` among the kinds, who goes on between two halves of this one. A task that is given the turn performs its access before
 * it is asked again. Ends of tasks are no choices.
 */
import type { Mark } from "../../src/base/mark.ts"
import type { Decider, Interruption } from "../../src/log/choice.ts"
import type { Run, RunSnapshot } from "../../src/run/run.ts"

/** Brings every task to its first marked access, and takes the snapshot all interleavings begin from. */
export const standAtFirstMarks = (run: Run, marks: ReadonlyArray<Mark>, taskCount: number): RunSnapshot => {
  const standing = new Set<number>()
  let snapshot: RunSnapshot | undefined
  run.kernel.decider = {
    marks,
    interrupt: (stretch): Interruption | "nothing" => {
      if (stretch.pending === undefined) return "nothing"
      standing.add(stretch.task)
      // A decider is asked at a boundary: everything stands still here.
      if (standing.size === taskCount) snapshot ??= run.snapshot()
      const others = stretch.options("turn")
      const other = others.find((cpu) => cpu > stretch.cpu) ?? others[0]
      return other === undefined ? "nothing" : { at: stretch.from, kind: "turn", option: other }
    },
    choose: ({ options }) => options[0] ?? 0
  }
  while (snapshot === undefined && run.outcome === undefined) run.step()
  if (snapshot === undefined) throw new Error(`only ${standing.size} of ${taskCount} tasks came to a mark`)
  return snapshot
}

type TurnKind = "turn" | "split"

/** Runs every interleaving from `from` to its end; `ended` sees each. The number of them. */
export const enumerate = (
  run: Run, from: RunSnapshot, marks: ReadonlyArray<Mark>, ended: (run: Run) => void, kinds: ReadonlyArray<TurnKind> = ["turn"]
): number => {
  // The choices of the present interleaving: which of how many.
  const taken: Array<number> = []
  const widths: Array<number> = []
  let depth = 0
  let isOwing = false
  const decider: Decider = {
    marks,
    interrupt: (stretch): Interruption | "nothing" => {
      if (stretch.pending === undefined) return "nothing"
      // Who was given the turn performs its access; in two, if it may.
      const left = isOwing ? kinds.filter((kind) => kind !== "turn") : kinds
      isOwing = false
      const others = left.flatMap((kind) => stretch.options(kind, stretch.from).map((option): Interruption => ({ at: stretch.from, kind, option })))
      if (others.length === 0) return "nothing"
      const choice = taken[depth] ?? 0
      taken[depth] = choice
      widths[depth] = others.length + 1
      depth++
      const other = others[choice - 1]
      if (other === undefined) return "nothing"
      isOwing = true
      return other
    },
    choose: ({ options }) => options[0] ?? 0
  }
  let count = 0
  for (;;) {
    run.restore(from)
    run.kernel.decider = decider
    depth = 0
    isOwing = false
    while (run.outcome === undefined) run.step()
    ended(run)
    count++
    // The next in depth-first order: the deepest choice that has another option.
    taken.length = depth
    while (taken.length > 0 && (taken[taken.length - 1] ?? 0) + 1 >= (widths[taken.length - 1] ?? 0)) taken.pop()
    if (taken.length === 0) return count
    taken[taken.length - 1] = (taken[taken.length - 1] ?? 0) + 1
  }
}
