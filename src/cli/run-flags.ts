import * as Argument from "effect/cli/Argument"
import type * as Command from "effect/cli/Command"
import { strategies, type StrategyName } from "../strategy/table.ts"
import * as written from "./flags.ts"
import { watchFlags } from "./watch-flags.ts"

/** Limits of ours: a run, and a recording that asks for more, ends there. */
export const limitFlags = {
  maxIcount: written.flag("max-icount", "N", "end the run after so many instructions; by default 1G", written.quantity("instructions")),
  maxMemory: written.flag("max-memory", "SIZE", "memory the program may use; by default 256M", written.byteSize),
  maxTasks: written.flag("max-tasks", "N", "tasks the program may create; by default 1024", written.quantity("tasks", 8_000))
}
export type LimitFlags = Command.Command.Config.Infer<typeof limitFlags>

/** What may be typed after `rseqlab run`. */
export const runConfig = {
  program: Argument.String("PROG").pipe(Argument.withDescription("GNU-as text (AT&T syntax) or a static x86-64 ELF")),
  guestArguments: Argument.String("ARGS").pipe(Argument.withDescription("the program's own arguments, after --"), Argument.between(0, 100_000)),
  cpus: written.flag("cpus", "N|LIST", "CPUs: how many, or which (0,2,65536); by default what the program asks for, or 2", written.cpus),
  abi: written.text("abi", "NAMES", "the contract about interrupted sequences, several with commas; by default what the program asks for, or mainline-6.12"),
  seed: written.flag("seed", "TEXT", "names the chance of a run; alone it means --strategy random", written.seed),
  strategy: written.word("strategy", Object.keys(strategies) as ReadonlyArray<StrategyName>, "who decides what could go another way; by default quiet"),
  rate: written.flagList("rate", "KIND=1/N", "random: deviate once in N chances of that kind; may be repeated", written.rate),
  everyIcount: written.flag("every-icount", "N", "round-robin: instructions of a turn", written.quantity("instructions")),
  every: written.toggle("every", "one-deviation: at every boundary, not only the interesting ones"),
  schedule: written.text("schedule", "TEXT|@FILE", "the deviations to take, as a failure prints them; what does not fit is dropped and listed"),
  signals: written.flag("signals", "LIST", "signals that may be sent from outside", written.signals),
  menu: written.flag("menu", "KINDS", "kinds of choice that are asked at all", written.menuKinds),
  record: written.text("record", "FILE", "write the run down, to be replayed and shown"),
  force: written.toggle("force", "let --record replace a file"),
  keep: written.word("keep", ["entries", "schedule"], "what --record keeps besides the schedule; by default entries"),
  json: written.toggle("json", "the result as one JSON document on standard output, the guest's output in it"),
  jsonl: written.toggle("jsonl", "each entry as a line of JSON on standard output, then the result"),
  ...watchFlags,
  env: written.flagList("env", "NAME", "let the program see this environment variable; may be repeated", written.variable),
  stdin: written.word("stdin", ["none"], "what the program may read; nothing, always"),
  ...limitFlags,
  repeat: written.flag("repeat", "N", "replaces the number of the program's `#: repeat`", written.quantity("repetitions", 1_000_000)),
  exit: written.word("exit", ["guest", "verdict"], "end with the guest's own status, or with 0, 1, 3 or 6 as all other commands do; by default guest"),
  expect: written.word("expect", ["pass", "fail"], "fail: end with 0 if the run fails and 1 if it passes")
}

export type RunFlags = Command.Command.Config.Infer<typeof runConfig>
