import * as Command from "effect/cli/Command"
import { fuzzConfig } from "./fuzz-flags.ts"
import { lazily } from "./lazily.ts"

export const fuzz = Command.make("fuzz", fuzzConfig, lazily(() => import("./fuzz-handler.ts"))).pipe(
  Command.withDescription("Run a program many times, each time otherwise, until it fails; save, shrink and explain the failure"),
  Command.withExamples([
    { command: "rseqlab fuzz examples/percpu-push-bad.s", description: "ends with 1, and says why it fails and what to type next" },
    { command: "rseqlab fuzz examples/percpu-push.s --runs 100000 --seed 1", description: "ends with 0, and says what was tried" },
    { command: "rseqlab fuzz ./prog corpus/ --abi turner-v2 --cpus 4 --signals USR1 -- args" },
    { command: "git bisect run npx rseqlab fuzz ./prog --bisect", description: "the commit that brought a failure" }
  ])
)
