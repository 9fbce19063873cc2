import { quietDecider } from "../log/choice.ts"
import { defineStrategy } from "./definition.ts"

/** The run with no deviations: what every other run is compared with. */
export const quiet = defineStrategy({
  name: "quiet",
  summary: "no deviations: one run",
  source: "Emmi, Qadeer & Rakamarić, Delay-Bounded Scheduling, POPL 2011: the deterministic scheduler others deviate from",
  power: { _tag: "Nothing" },
  turns: [],
  make: () => ({ nextRun: (run) => (run === 0 ? quietDecider : undefined) })
})
