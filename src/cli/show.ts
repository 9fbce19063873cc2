import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as written from "./flags.ts"
import { lazily } from "./lazily.ts"

const config = {
  recording: Argument.String("REC").pipe(Argument.withDescription("a recording; one that was cut opens up to its last whole frame")),
  around: written.flag("around", "N", "entries N-10 to N+10", written.natural),
  from: written.flag("from", "N", "from entry N on", written.natural),
  to: written.flag("to", "N", "up to entry N", written.natural),
  inputs: written.toggle("inputs", "what came from the host, instead of entries"),
  header: written.toggle("header", "what the run is a function of, instead of entries"),
  schedule: written.toggle("schedule", "the deviations as text, instead of entries: for --schedule"),
  jsonl: written.toggle("jsonl", "each entry as a line of JSON")
}
export type ShowFlags = Command.Command.Config.Infer<typeof config>

export const show = Command.make("show", config, lazily(() => import("./show-handler.ts"))).pipe(
  Command.withDescription("Print a recording as a timeline: an entry a line, a column a CPU"),
  Command.withExamples([
    { command: "rseqlab show out.rec" },
    { command: "rseqlab show out.rec --around 57", description: "entries 47 to 67" },
    { command: "rseqlab show out.rec --header", description: "program, contracts, strategy, seed, hashes" },
    { command: "rseqlab show out.rec --schedule", description: "what could be typed after --schedule" }
  ])
)
