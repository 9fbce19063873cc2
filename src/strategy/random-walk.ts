import { stream } from "../base/prng.ts"
import { defineStrategy } from "./definition.ts"
import { accessMarks, stepwise } from "./stepwise.ts"

/** Uniform among the CPUs with a task, at each marked access. Cheap, without bound; long tasks' late accesses are over-represented. */
export const randomWalk = defineStrategy({
  name: "random-walk",
  summary: "at each watched access uniformly among the CPUs with a task",
  source: "Thomson, Donaldson & Betts, Concurrency Testing Using Schedule Bounding, PPoPP 2014: the random scheduler",
  power: { _tag: "Walks" },
  turns: [9],
  make: ({ seed, watches }) => {
    const marks = accessMarks(watches)
    return {
      nextRun: (run) => {
        const chance = stream(`${seed}/${run}`, "random-walk")
        return stepwise(marks, (stretch, others) => {
          const draw = chance.below(others.length + 1)
          return draw === 0 ? stretch.cpu : (others[draw - 1] ?? stretch.cpu)
        })
      }
    }
  }
})
