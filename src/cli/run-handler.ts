import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RunReport } from "../lab/run-program.ts"
import { runProgram } from "../lab/run-program.ts"
import { unmodelledCalls } from "../lab/unmodelled.ts"
import { Listener } from "../lab/listener.ts"
import { Surroundings } from "./color.ts"
import { endWithCode } from "./ending.ts"
import { codeOfGuest, codeOfVerdict, type Verdict, verdictOf } from "./exit.ts"
import { hostLayer } from "./host-layer.ts"
import { CommandLineRefused, layersFor, loadProgram } from "./experiment.ts"
import { listeningFor } from "./listening.ts"
import { printJson, shellCommand } from "./say.ts"
import { runValue } from "./result.ts"
import type { RunFlags } from "./run-flags.ts"
import { tellRun } from "./tell-run.ts"
import { withWatches } from "./watch-program.ts"

/** The code `run` ends with: the guest's own, or the table's. */
const codeOf = ({ exit, expect }: RunFlags, { outcome }: RunReport, verdict: Verdict): number =>
  exit === "verdict" || expect !== undefined ? codeOfVerdict(verdict, expect === "fail") : codeOfGuest(outcome, verdict)

/** The program's words stand behind `--`: others may be a flag of ours mistyped, or meant for somebody else. */
const checkWords = ({ guestArguments, program }: RunFlags) =>
  Effect.gen(function*() {
    const { typed } = yield* Surroundings
    const at = typed.indexOf("--")
    const strayCount = guestArguments.length - (at === -1 ? 0 : typed.length - at - 1)
    if (strayCount <= 0) return
    const stray = guestArguments.slice(0, strayCount)
    return yield* new CommandLineRefused({ problem: `the program's own arguments stand after --: ${shellCommand(["rseqlab", "run", program, "--", ...stray])}` })
  })

const perform = Effect.fnUntraced(function*(flags: RunFlags) {
  yield* checkWords(flags)
  const program = yield* withWatches(yield* loadProgram(flags), flags)
  const listening = listeningFor(flags)
  const layers = yield* layersFor(flags, program)
  const report = yield* runProgram(program).pipe(Effect.provide(Layer.merge(layers, Listener.layer(listening.log))))
  const verdict = verdictOf(report.outcome, unmodelledCalls(report.unknownCalls.map(({ number }) => number)))
  const exitCode = codeOf(flags, report, verdict)
  listening.finish()
  if (flags.json || flags.jsonl) {
    const value = runValue({ report, verdict, exitCode, recording: flags.record, output: listening.output })
    yield* printJson(value, flags.json ? 2 : 0)
  } else yield* tellRun(flags, report)
  yield* endWithCode(exitCode)
})

/** Runs one program as the flags say. */
export const handle = (flags: RunFlags) => Effect.uninterruptible(Effect.provide(perform(flags), hostLayer))
