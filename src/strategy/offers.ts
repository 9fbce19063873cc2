/** What a run could have been offered: every deviation at every moment that interests. */
import { rootTask, type TaskId } from "../base/ids.ts"
import type { Mark, Pending } from "../base/mark.ts"
import { type Decider, type Deviation, interruptionKinds, quietDecider, type Stretch } from "../log/choice.ts"
import { printDeviation } from "../log/schedule.ts"
import type { Profile, StrategyOptions } from "./definition.ts"
import { accessMarks } from "./stepwise.ts"

/** So many bytes before a section and after it belong to its windows: publishing the descriptor, clearing it. */
const MARGIN_BYTES = 12

type Interests = (pending: Pending, stretch: Stretch) => boolean

/** Answers as `inner` does; adds what was on offer, where `interests` says so. */
const listing = (inner: Decider, offers: Array<Deviation>, marks: ReadonlyArray<Mark>, interests: Interests): Decider => ({
  ...inner,
  marks: [...inner.marks, ...marks],
  interrupt: (stretch) => {
    if (stretch.pending !== undefined && interests(stretch.pending, stretch)) {
      for (const kind of interruptionKinds) {
        for (const option of stretch.options(kind, stretch.from)) offers.push({ task: stretch.task, count: stretch.from, nth: stretch.visit, kind, option })
      }
    }
    return inner.interrupt(stretch)
  },
  choose: (question) => {
    const { count, kind, nth, options: [, ...others], task } = question
    for (const option of others) offers.push({ task, count, nth, kind, option })
    return inner.choose(question)
  }
})

const inWindow = ({ sections }: StrategyOptions, { ip }: Pending): boolean =>
  sections.some(({ end, start }) => start - MARGIN_BYTES <= ip && ip < end + MARGIN_BYTES)

/**
 * Every deviation that was on offer, along the run that `inner` makes: at watched accesses and calls, then at the instructions
 * in and around sections, or at all of them. In the order of the run, each once.
 */
export const offersAlong = (
  perform: (decider: Decider) => void, inner: () => Decider, options: StrategyOptions, meets: (pending: Pending, stretch: Stretch) => void = () => {}
): ReadonlyArray<Deviation> => {
  const offers: Array<Deviation> = []
  perform(listing(inner(), offers, [...accessMarks(options.watches), { _tag: "Called" }], (pending, stretch) => {
    meets(pending, stretch)
    return true
  }))
  if (options.everyBoundary || options.sections.length > 0) {
    perform(listing(inner(), offers, [{ _tag: "EveryInstruction" }], (pending) => options.everyBoundary || inWindow(options, pending)))
  }
  return [...new Map(offers.map((offer) => [printDeviation(offer), offer])).values()]
}

/** Runs quietly a few times. `perform` makes a run and says how many instructions it had. */
export const profileOf = (perform: (decider: Decider) => number, options: StrategyOptions): Profile => {
  const icount = perform(quietDecider)
  const accessCounts = new Map<TaskId, number>()
  const offers = offersAlong(perform, () => quietDecider, options, (pending, { from, options: onOffer, task }) => {
    // A read and a write that something can come between are two.
    if (pending._tag === "Access") accessCounts.set(task, (accessCounts.get(task) ?? 0) + (onOffer("split", from).length > 0 ? 2 : 1))
  })
  // Where other tasks do the work, the first one looks at it when they are done: no moment of theirs.
  if (accessCounts.size > 1) accessCounts.delete(rootTask)
  const accessCount = [...accessCounts.values()].reduce((sum, count) => sum + count, 0)
  return { icount, accessCount: Math.max(1, accessCount), offers }
}
