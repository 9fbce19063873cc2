import * as Command from "effect/cli/Command"
import { lazily } from "./lazily.ts"
import { runConfig } from "./run-flags.ts"

export const run = Command.make("run", runConfig, lazily(() => import("./run-handler.ts"))).pipe(
  Command.withDescription("Run a program on the simulated kernel; its output and exit status are passed through"),
  Command.withExamples([
    { command: "rseqlab run examples/percpu-counter.s", description: "the quiet run: nothing deviates" },
    {
      command: "rseqlab run examples/percpu-counter.s --cpus 2 --seed 7 --record out.rec",
      description: "chance decides, named by a seed; `rseqlab replay out.rec` gives the same run again"
    },
    { command: "rseqlab run examples/percpu-counter.s --schedule '1.1@31:preempt,1.2@57:turn=1'", description: "exactly these deviations" },
    { command: "rseqlab run test/fixtures/hello.elf -- a b c", description: "a static executable, with arguments" }
  ])
)
