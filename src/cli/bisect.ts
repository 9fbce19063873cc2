import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as written from "./flags.ts"
import { seconds } from "./fuzz-flags.ts"
import { lazily } from "./lazily.ts"
import { limitFlags } from "./run-flags.ts"

const config = {
  recordings: Argument.String("REC").pipe(
    Argument.withDescription("FAIL, or PASS and FAIL: recordings of one program. Without PASS the quiet run is the passing end. After --, arguments of --run"),
    Argument.between(1, 1_000)
  ),
  until: written.text("until", "EXPR", "the first moment at which this holds, such as 'u64(head) == 0'"),
  run: written.text("run", "CMD", "let a program judge each run: 0 passes, 1 to 124 fails, 125 cannot be judged, more ends the bisection"),
  timeout: written.flag("timeout", "SECONDS", "how long CMD or MODULE may take for one run; by default 60", seconds),
  predicate: written.text("predicate", "MODULE", "let a module judge each run: it exports `fails`, a function of the run as --json tells it"),
  abi: written.text("abi", "NAMES", "tell the schedule under each of these contracts; the first that fails"),
  json: written.toggle("json", "the result as JSON on standard output"),
  ...limitFlags
}
export type BisectFlags = Command.Command.Config.Infer<typeof config>

export const bisect = Command.make("bisect", config, lazily(() => import("./bisect-handler.ts"))).pipe(
  Command.withDescription("The deviation that makes a run fail, and between which instructions; or the first moment, or contract, at which something holds"),
  Command.withExamples([
    { command: "rseqlab bisect fail.rec", description: "between the quiet run and this one" },
    { command: "rseqlab bisect pass.rec fail.rec" },
    { command: "rseqlab bisect fail.rec --until 'u64(head) == 0'", description: "over time: the first instruction after which it holds" },
    { command: "rseqlab bisect fail.rec --run ./check.sh -- arg", description: "judged by a script: $RSEQLAB_RECORDING is the run" },
    { command: "rseqlab bisect fail.rec --abi mainline-6.12,turner-v2" }
  ])
)
