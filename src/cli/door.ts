/** The door for people: a command line in, an exit code out. Every failure is one line, but for our own mistakes. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type { HelpDoc } from "effect/cli/HelpDoc"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { endingSignalsHere } from "../host/process.ts"
import { hostTerminal } from "../host/terminal.ts"
import { Unheard } from "../lab/unheard.ts"
import { withValues } from "./bare-flag.ts"
import { colorFlag, Surroundings } from "./color.ts"
import { Ending } from "./ending.ts"
import { codeOfError, isUserError } from "./error-code.ts"
import { exitCode } from "./exit.ts"
import { printHelp } from "./help.ts"
import { escapeLines, say } from "./say.ts"
import { commands } from "./table.ts"
import { dashedWord, usageLine } from "./usage.ts"
import { versionText } from "./version.ts"

const root = Command.make("rseqlab").pipe(
  Command.withDescription("Runs real x86-64 code on a simulated multi-CPU kernel, records every nondeterministic event, replays it exactly"),
  Command.withExamples([
    { command: "rseqlab run examples/percpu-counter.s --seed 7 --record out.rec" },
    { command: "rseqlab replay out.rec", description: "the same run, bit for bit" },
    { command: "rseqlab show out.rec --around 57" }
  ]),
  Command.withSubcommands(commands),
  Command.withGlobalFlags([colorFlag])
)

const flagNames = ({ flags, globalFlags = [] }: HelpDoc): ReadonlyArray<string> => [...flags, ...globalFlags].map(({ name }) => name)

const presenter: CliOutput.Presenter = {
  present: (event) => {
    switch (event._tag) {
      case "Help":
        return Console.log(printHelp(event.helpDoc))
      case "Version":
        return Console.log(versionText)
      case "InvalidInvocation":
        return say(escapeTerminal(usageLine(event.errors, {
          commandPath: event.commandPath, commands: commands.map(({ name }) => name), flags: flagNames(event.helpDoc)
        })))
    }
  }
}

/** Ours, and no others: a wizard and log levels are not what a person expects here. */
const builtIns = CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })

/** Codes that say nothing of the program: under `--bisect` they skip this build. */
const unjudged: ReadonlySet<number> = new Set((["usage", "limit", "no-passing-end", "unsupported", "bug"] as const).map(exitCode))

/** Failures that show a place in a text: all others are one line, whatever a name may hold. */
const severalLines: ReadonlySet<string> = new Set(["ProgramRefused", "PredicateRefused"])

const isForBisect = (typed: ReadonlyArray<string>): boolean => typed.slice(0, typed.includes("--") ? typed.indexOf("--") : typed.length).includes("--bisect")

/** Where our own promise was broken: wanted in a report. */
const stackOf = (cause: unknown): string => (cause instanceof Error ? cause.stack ?? cause.message : String(cause))

/** Runs what was typed. Never fails; what it comes to is the code. Interrupted, the command is, and the code says so. */
export const door = (typed: ReadonlyArray<string>) =>
  Effect.map(judged(typed), (code) => (isForBisect(typed) && unjudged.has(code) ? exitCode("cannot-judge") : code))

const judged = (typed: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const ending = { code: exitCode("passed") }
    const dashed = dashedWord(typed)
    if (dashed !== undefined) {
      yield* say(escapeTerminal(`no flag ${dashed}; a file of that name is ./${dashed} (rseqlab --help)`))
      return exitCode("usage")
    }
    const exit = yield* Command.runWith(root, { version: versionText })(withValues(typed)).pipe(
      Effect.provideService(Ending, ending),
      Effect.interruptible,
      Effect.exit
    )
    if (Exit.isSuccess(exit)) return ending.code
    // What was found until then is said, and the code says it too.
    if (Cause.hasInterruptsOnly(exit.cause)) return ending.code === exitCode("passed") ? exitCode("interrupted") : ending.code
    const error = Cause.squash(exit.cause)
    if (isUserError(error)) {
      // Only a text that does not assemble, or a predicate, takes several lines; elsewhere a line end is part of somebody's file name.
      if (error._tag !== "ShowHelp") yield* say((severalLines.has(error._tag) ? escapeLines : escapeTerminal)(error.message))
      if (error._tag === "SimulatorBroke") yield* Console.error(stackOf(error.cause))
      return codeOfError(error)
    }
    yield* say("a mistake in rseqlab itself; please report it with the command line")
    yield* Console.error(Cause.pretty(exit.cause))
    return exitCode("bug")
  }).pipe(
    Effect.provideService(CliOutput.Presenter, presenter),
    Effect.provideService(Surroundings, {
      env: process.env, isStdoutTty: hostTerminal.isStdoutTty, isStderrTty: hostTerminal.isStderrTty, typed
    }),
    Effect.provideService(Unheard, endingSignalsHere.unheard),
    Effect.provide(builtIns),
    Effect.provide(NodeServices.layer)
  )
