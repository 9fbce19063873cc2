import type { Decider, Interruption, Stretch } from "../log/choice.ts"
import { defineStrategy } from "./definition.ts"

/** The next CPU upward, round, among those on offer. */
const nextCpu = (stretch: Stretch): number | undefined => {
  const cpus = stretch.options("turn")
  return cpus.find((cpu) => cpu > stretch.cpu) ?? cpus[0]
}

/** The turn goes round after every so many instructions of a task: the finest interleaving that is still fair. */
export const roundRobin = defineStrategy({
  name: "round-robin",
  summary: "the turn goes to the next CPU after every N instructions of a task (--every-icount N)",
  source: "Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs, 1979: one total order",
  power: { _tag: "Rotates" },
  turns: [],
  make: ({ everyIcount }) => ({
    nextRun: (run): Decider | undefined => run > 0 ? undefined : {
      marks: [],
      interrupt: (stretch): Interruption | "nothing" => {
        const at = stretch.from - (stretch.from % everyIcount) + everyIcount
        if (at > stretch.until) return "nothing"
        const cpu = nextCpu(stretch)
        return cpu === undefined ? "nothing" : { at, kind: "turn", option: cpu }
      },
      choose: ({ options }) => options[0] ?? 0
    }
  })
})
