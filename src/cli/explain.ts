import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as written from "./flags.ts"
import { lazily } from "./lazily.ts"
import { limitFlags } from "./run-flags.ts"

const config = {
  recording: Argument.String("REC").pipe(Argument.withDescription("a recording of a run that fails")),
  json: written.toggle("json", "the explanation as JSON on standard output"),
  ...limitFlags
}
export type ExplainFlags = Command.Command.Config.Infer<typeof config>

export const explain = Command.make("explain", config, lazily(() => import("./explain-handler.ts"))).pipe(
  Command.withDescription("Say why a run fails: which deviation, at which instruction, and what the run does without it"),
  Command.withExamples([{ command: "rseqlab explain .rseqlab/artifacts/percpu-push-bad/fail-3f9c01d27ab4.rec" }])
)
