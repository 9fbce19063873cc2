/** What a quiet run could have been offered: every deviation at every moment that interests. */
import { contains } from "../base/ids.ts"
import type { Mark, Pending } from "../base/mark.ts"
import { type Decider, type Deviation, interruptionKinds } from "../log/choice.ts"
import type { StrategyOptions } from "./definition.ts"

/** Whether a moment is worth a deviation: a watched access, a call, an instruction of a section or just outside its ends. */
const isInteresting = ({ everyBoundary, sections, watches }: StrategyOptions, pending: Pending | undefined): boolean => {
  if (everyBoundary) return true
  if (pending === undefined) return false
  if (pending._tag === "Call") return true
  if (pending._tag === "Access" && watches.some(({ end, start }) => pending.address < end && start < pending.address + pending.sizeBytes)) return true
  return sections.some(({ end, start }) => contains({ start, end: end + 1 }, pending.ip))
}

const MARKS: ReadonlyArray<Mark> = [{ _tag: "EveryInstruction" }]

/** Answers quietly and adds what it was offered to `offers`. */
export const listing = (offers: Array<Deviation>, options: StrategyOptions): Decider => ({
  marks: MARKS,
  interrupt: (stretch) => {
    if (!isInteresting(options, stretch.pending)) return "nothing"
    for (const kind of interruptionKinds) {
      for (const option of stretch.options(kind)) offers.push({ task: stretch.task, count: stretch.from, nth: stretch.visit, kind, option })
    }
    return "nothing"
  },
  choose: ({ count, kind, nth, options: [quiet, ...others], task }) => {
    for (const option of others) offers.push({ task, count, nth, kind, option })
    return quiet ?? 0
  }
})
