import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as written from "./flags.ts"
import { lazily } from "./lazily.ts"
import { limitFlags } from "./run-flags.ts"

const config = {
  recording: Argument.String("REC").pipe(Argument.withDescription("a recording of a run that fails")),
  output: written.text("output", "FILE", "write the shorter run down here; by default nowhere").pipe(Flag.withAlias("o")),
  force: written.toggle("force", "let --output replace a file"),
  scheduleOnly: written.toggle("schedule-only", "take away deviations, and leave CPUs, tasks, repetitions and arguments as they are"),
  proof: written.flag("proof", "N", "try at most so many smaller sets to prove that none of them fails; by default 2000", written.natural),
  json: written.toggle("json", "the result as JSON on standard output"),
  ...limitFlags
}
export type MinimizeFlags = Command.Command.Config.Infer<typeof config>

export const minimize = Command.make("minimize", config, lazily(() => import("./minimize-handler.ts"))).pipe(
  Command.withDescription("Take away what a failure does not need: deviations, then tasks, CPUs, repetitions, arguments"),
  Command.withExamples([
    { command: "rseqlab minimize fail.rec", description: "the fewest deviations, and whether that is proved" },
    { command: "rseqlab minimize fail.rec -o small.rec" },
    { command: "rseqlab minimize fail.rec --schedule-only", description: "fewer deviations in the same experiment" }
  ])
)
