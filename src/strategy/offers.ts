/** What a quiet run could have been offered: every deviation at every moment that interests. */
import { rootTask, type TaskId } from "../base/ids.ts"
import type { Mark, Pending } from "../base/mark.ts"
import { type Decider, type Deviation, interruptionKinds, quietDecider } from "../log/choice.ts"
import { printDeviation } from "../log/schedule.ts"
import type { Profile, StrategyOptions } from "./definition.ts"
import { accessMarks } from "./stepwise.ts"

/** So many bytes before a section and after it belong to its windows: publishing the descriptor, clearing it. */
const MARGIN_BYTES = 12

/** Answers quietly; adds what it was offered, where `interests` says so. */
const listing = (offers: Array<Deviation>, marks: ReadonlyArray<Mark>, interests: (pending: Pending, task: TaskId) => boolean): Decider => ({
  marks,
  interrupt: (stretch) => {
    if (stretch.pending === undefined || !interests(stretch.pending, stretch.task)) return "nothing"
    for (const kind of interruptionKinds) {
      for (const option of stretch.options(kind, stretch.from)) offers.push({ task: stretch.task, count: stretch.from, nth: stretch.visit, kind, option })
    }
    return "nothing"
  },
  choose: ({ count, kind, nth, options: [quiet, ...others], task }) => {
    for (const option of others) offers.push({ task, count, nth, kind, option })
    return quiet ?? 0
  }
})

const inWindow = ({ sections }: StrategyOptions, { ip }: Pending): boolean =>
  sections.some(({ end, start }) => start - MARGIN_BYTES <= ip && ip < end + MARGIN_BYTES)

/**
 * Runs quietly a few times and lists: watched accesses and calls, then the instructions in and around sections, or all of
 * them. `perform` makes a run and says how many instructions it had.
 */
export const profileOf = (perform: (decider: Decider) => number, options: StrategyOptions): Profile => {
  const icount = perform(quietDecider)
  const offers: Array<Deviation> = []
  const accessCounts = new Map<TaskId, number>()
  perform(listing(offers, [...accessMarks(options.watches), { _tag: "Called" }], (pending, task) => {
    if (pending._tag === "Access") accessCounts.set(task, (accessCounts.get(task) ?? 0) + 1)
    return true
  }))
  // Where other tasks do the work, the first one looks at it when they are done: no moment of theirs.
  if (accessCounts.size > 1) accessCounts.delete(rootTask)
  const accessCount = [...accessCounts.values()].reduce((sum, count) => sum + count, 0)
  if (options.everyBoundary || options.sections.length > 0) {
    perform(listing(offers, [{ _tag: "EveryInstruction" }], (pending) => options.everyBoundary || inWindow(options, pending)))
  }
  return { icount, accessCount: Math.max(1, accessCount), offers: [...new Map(offers.map((offer) => [printDeviation(offer), offer])).values()] }
}
