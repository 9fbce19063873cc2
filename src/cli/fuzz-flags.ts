import * as Argument from "effect/cli/Argument"
import type * as Command from "effect/cli/Command"
import { faultNames } from "../log/choice.ts"
import * as written from "./flags.ts"
import { limitFlags } from "./run-flags.ts"
import { watchFlags } from "./watch-flags.ts"

const SECONDS_MAX = 10_000_000

export const seconds: written.Written<number> = {
  expected: "seconds, such as 30 or 0.5",
  parse: (text) => (/^[0-9]{1,8}(\.[0-9]{1,3})?$/.test(text) && Number(text) > 0 && Number(text) <= SECONDS_MAX ? Number(text) : undefined)
}

export const JOB_COUNT_MAX = 64

/** What a search is told of the machine. */
export const targetFlags = {
  cpus: written.flag("cpus", "N|LIST", "CPUs: how many, or which (0,2,65536); by default what the program asks for, or 2", written.cpus),
  abi: written.text("abi", "NAMES", "the contract about interrupted sequences, several with commas; by default what the program asks for, or mainline-6.12"),
  signals: written.flag("signals", "LIST", "signals that may be sent from outside", written.signals),
  faults: written.flag("faults", "[LIST]", `also what a correct program need not care about: faults of ${faultNames.join(",")}, alone all of them; by default what the program asks for`, written.faults),
  repeat: written.flag("repeat", "N", "replaces the number of the program's `#: repeat`", written.quantity("repetitions", 1_000_000)),
  ...limitFlags
}

export const fuzzConfig = {
  program: Argument.String("PROG").pipe(Argument.withDescription("GNU-as text (AT&T syntax) or a static x86-64 ELF")),
  rest: Argument.String("CORPUS").pipe(
    Argument.withDescription("folders of schedules worth keeping, the first also written to; by default .rseqlab/corpus/PROG. After --, the program's own arguments"),
    Argument.between(0, 100_000)
  ),
  runs: written.flag("runs", "N", "so many runs; by default 10k, or as many as --max-total-time allows", written.quantity("runs")),
  maxTotalTime: written.flag("max-total-time", "SECONDS", "stop after so long", seconds),
  seed: written.flag("seed", "TEXT", "names the chance of all runs; by default 1", written.seed),
  jobs: written.flag("jobs", "N", "threads; what is found does not depend on it", written.quantity("threads", JOB_COUNT_MAX)),
  only: written.flag("only", "RUN", "this run of the seed again, and no other", written.natural),
  ...watchFlags,
  alwaysWatch: written.toggle("always-watch", "let detectors that watch memory and sections judge every run; by default where the program, or a flag, claims something of its data"),
  from: written.text("from", "SYMBOL", "let nothing deviate before a task first comes there"),
  keepGoing: written.toggle("keep-going", "look for other failures after the first"),
  scheduleOnly: written.toggle("schedule-only", "shrink the schedule of a failure, and leave CPUs, tasks, repetitions and arguments as they are"),
  fresh: written.toggle("fresh", "begin at run 0, whatever was tried before"),
  bisect: written.toggle("bisect", "for git bisect run: end with 125 where this build cannot be judged, and keep no corpus"),
  expect: written.word("expect", ["pass", "fail"], "fail: end with 0 if a failure is found and 1 if none is"),
  failOnTimeout: written.toggle("fail-on-timeout", "end with 124 if the time is used up and nothing found"),
  json: written.toggle("json", "the result as one JSON document on standard output"),
  jsonl: written.toggle("jsonl", "each failure as a line of JSON on standard output, then the result"),
  reporter: written.text("reporter", "NAMES", "how the result is told: default, json=FILE, jsonl=FILE, junit=FILE, sarif=FILE, github; several with commas"),
  ...targetFlags
}
export type FuzzFlags = Command.Command.Config.Infer<typeof fuzzConfig>
