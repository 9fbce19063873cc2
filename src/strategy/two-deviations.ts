import { quietDecider } from "../log/choice.ts"
import { recorded, tell } from "../log/telling.ts"
import { defineStrategy } from "./definition.ts"

/** The pair number `index` of `count` things, in the order (0,1), (0,2), (1,2), (0,3) …: `undefined` beyond the last. */
export const pairAt = (index: number, count: number): readonly [number, number] | undefined => {
  // The largest `second` whose pairs begin at or before the index; a square root may round either way.
  let second = Math.floor((1 + Math.sqrt(1 + 8 * index)) / 2)
  while ((second * (second - 1)) / 2 > index) second--
  while ((second * (second + 1)) / 2 <= index) second++
  return second < count ? [index - (second * (second - 1)) / 2, second] : undefined
}

/** All bugs that need two unlucky moments that a quiet run passes. */
export const twoDeviations = defineStrategy({
  name: "two-deviations",
  summary: "a quiet run, then two deviations at a time, from the moments of one-deviation",
  source: "Emmi, Qadeer & Rakamarić, Delay-Bounded Scheduling, POPL 2011, with bound 2",
  power: { _tag: "Enumerates", deviationCount: 2 },
  turns: [7],
  make: ({ profile: { offers } }) => ({
    nextRun: (run) => {
      if (run === 0) return quietDecider
      const [first, second] = pairAt(run - 1, offers.length) ?? []
      const one = first === undefined ? undefined : offers[first]
      const two = second === undefined ? undefined : offers[second]
      return one === undefined || two === undefined ? undefined : recorded(tell([one, two], () => {}))
    }
  })
})
