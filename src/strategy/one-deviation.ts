import { contains } from "../base/ids.ts"
import type { Mark, Pending } from "../base/mark.ts"
import { type Decider, type Deviation, interruptionKinds, type Stretch } from "../log/choice.ts"
import { recorded, tell } from "../log/telling.ts"
import { defineStrategy, type StrategyOptions } from "./definition.ts"

/** Whether a moment is worth a deviation: a watched access, a call, an instruction of a section or just outside its ends. */
const isInteresting = ({ everyBoundary, sections, watches }: StrategyOptions, pending: Pending | undefined): boolean => {
  if (everyBoundary) return true
  if (pending === undefined) return false
  if (pending._tag === "Call") return true
  if (pending._tag === "Access" && watches.some(({ end, start }) => pending.address < end && start < pending.address + pending.sizeBytes)) return true
  return sections.some(({ end, start }) => contains({ start, end: end + 1 }, pending.ip))
}

/** The quiet run, listing what was on offer at every moment that interests. */
const listing = (offers: Array<Deviation>, options: StrategyOptions): Decider => {
  const marks: ReadonlyArray<Mark> = [{ _tag: "EveryInstruction" }]
  const list = (stretch: Stretch): void => {
    if (!isInteresting(options, stretch.pending)) return
    for (const kind of interruptionKinds) {
      for (const option of stretch.options(kind)) offers.push({ task: stretch.task, count: stretch.from, nth: stretch.visit, kind, option })
    }
  }
  return {
    marks,
    interrupt: (stretch) => {
      list(stretch)
      return "nothing"
    },
    choose: ({ count, kind, nth, options: [quiet, ...others], task }) => {
      for (const option of others) offers.push({ task, count, nth, kind, option })
      return quiet ?? 0
    }
  }
}

/**
 * All bugs that need one unlucky moment, and no others. By default the moments are section edges, instructions inside
 * sections, watched accesses and calls; `--every` takes all boundaries, which for a small libc program is 10^5 runs.
 */
export const oneDeviation = defineStrategy({
  name: "one-deviation",
  summary: "a quiet run, then one deviation at a time: at section edges, inside sections, at watched accesses and calls (--every: anywhere)",
  source: "Emmi, Qadeer & Rakamarić, Delay-Bounded Scheduling, POPL 2011, with bound 1",
  isIndependent: false,
  make: (options) => {
    const offers: Array<Deviation> = []
    let isListed = false
    return {
      nextRun: (run) => {
        if (!isListed) {
          isListed = true
          return listing(offers, options)
        }
        const offer = offers[run - 1]
        return offer === undefined ? undefined : recorded(tell([offer], () => {}))
      }
    }
  }
})
