import { stream } from "../base/prng.ts"
import { type Deviation, quietDecider } from "../log/choice.ts"
import { recorded, tell } from "../log/telling.ts"
import { defineStrategy } from "./definition.ts"

/** One deviation half of the time, two a third, three otherwise: most bugs need few, and each more costs a factor. */
const sizes = [1, 1, 1, 2, 2, 3] as const

/**
 * Window steering: a few deviations drawn uniformly from the moments that interest (inside sections, at their edges and
 * commits, between publishing a descriptor and the section, at watched accesses and calls). A window of two instructions
 * among n placements is hit about once in n runs, however long the rest of the program is.
 */
export const windows = defineStrategy({
  name: "windows",
  summary: "one to three deviations drawn from the moments of one-deviation",
  source: "Emmi, Qadeer & Rakamarić, Delay-Bounded Scheduling, POPL 2011, sampled instead of enumerated",
  power: { _tag: "Draws", sizes },
  turns: [1, 3, 6, 8],
  make: ({ profile: { offers }, seed }) => ({
    nextRun: (run) => {
      if (offers.length === 0) return quietDecider
      const chance = stream(`${seed}/${run}`, "windows")
      const drawn = new Set<Deviation>()
      const wanted = Math.min(sizes[chance.below(sizes.length)] ?? 1, offers.length)
      while (drawn.size < wanted) {
        const offer = offers[chance.below(offers.length)]
        if (offer !== undefined) drawn.add(offer)
      }
      return recorded(tell([...drawn], () => {}))
    }
  })
})
