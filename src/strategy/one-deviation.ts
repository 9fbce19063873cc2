import { quietDecider } from "../log/choice.ts"
import { recorded, tell } from "../log/telling.ts"
import { defineStrategy } from "./definition.ts"

/**
 * All bugs that need one unlucky moment, and no others. By default the moments are section edges, instructions inside
 * sections, watched accesses and calls; `--every` takes all boundaries, which for a small libc program is 10^5 runs.
 */
export const oneDeviation = defineStrategy({
  name: "one-deviation",
  summary: "a quiet run, then one deviation at a time: at section edges, inside sections, at watched accesses and calls (--every: anywhere)",
  source: "Emmi, Qadeer & Rakamarić, Delay-Bounded Scheduling, POPL 2011, with bound 1",
  power: { _tag: "Enumerates", deviationCount: 1 },
  turns: [0, 4],
  make: ({ profile: { offers } }) => ({
    nextRun: (run) => {
      if (run === 0) return quietDecider
      const offer = offers[run - 1]
      return offer === undefined ? undefined : recorded(tell([offer], () => {}))
    }
  })
})
