import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as written from "./flags.ts"
import { lazily } from "./lazily.ts"
import { limitFlags } from "./run-flags.ts"

const config = {
  recording: Argument.String("REC|DIR").pipe(Argument.withDescription("a recording, or a folder: every .rec under it, or with --on the schedules of a corpus")),
  strict: written.toggle("strict", "the first difference ends it; the default"),
  lenient: written.toggle("lenient", "drop and list deviations that do not apply, and run on"),
  schedule: written.text("schedule", "TEXT|@FILE", "tell these deviations instead, leniently"),
  on: written.text("on", "PROG", "tell the schedule, by place, to this build of the program: 0 passes now, 1 still fails, 6 no longer applies"),
  bisect: written.toggle("bisect", "for git bisect run: end with 125 where this build cannot be judged"),
  json: written.toggle("json", "the result as JSON on standard output"),
  ...limitFlags
}
export type ReplayFlags = Command.Command.Config.Infer<typeof config>

export const replay = Command.make("replay", config, lazily(() => import("./replay-handler.ts"))).pipe(
  Command.withDescription("Run a recording again and hold it against what it says"),
  Command.withExamples([
    { command: "rseqlab replay out.rec", description: "says `the same run, bit for bit`, or where it differs" },
    { command: "rseqlab replay recordings", description: "every recording under a folder" },
    { command: "rseqlab replay .rseqlab/artifacts --on ./prog", description: "every stored failure, on today's build" },
    { command: "rseqlab replay out.rec --schedule 1.1@31:preempt", description: "its program under other deviations" }
  ])
)
