import * as Effect from "effect/Effect"
import { detectorNamed } from "../analysis/detect/table.ts"
import { failureOf } from "../search/batch.ts"
import type { BisectQuestion, Verdict } from "../search/bisect.ts"
import { sameFinding } from "../search/minimize.ts"
import type { BisectFlags } from "./bisect.ts"
import { pairOf } from "./bisect-pair.ts"
import { Surroundings } from "./color.ts"
import { endWith } from "./ending.ts"
import { CommandLineRefused } from "./experiment.ts"
import { hostLayer } from "./host-layer.ts"
import { print, printJson } from "./say.ts"
import { findingOf, type Opened, openTarget } from "./search-recording.ts"

const MODES = ["until", "run", "predicate", "abi"] as const

/** The recordings that are named, and what stands after `--`. */
const divided = ({ recordings }: BisectFlags) =>
  Effect.map(Surroundings, ({ typed }) => {
    const at = typed.indexOf("--")
    const behind = at === -1 ? 0 : typed.length - at - 1
    return { files: recordings.slice(0, recordings.length - behind), after: recordings.slice(recordings.length - behind) }
  })

const openEnds = (files: ReadonlyArray<string>, flags: BisectFlags) =>
  Effect.gen(function*() {
    const [first, second, ...more] = files
    if (first === undefined || more.length > 0) return yield* new CommandLineRefused({ problem: "bisect expects FAIL, or PASS and FAIL" })
    const failing = yield* openTarget(second ?? first, flags)
    if (second === undefined) return { failing, passing: undefined }
    const passing = yield* openTarget(first, flags)
    if (passing.recording.header.programHash !== failing.recording.header.programHash) {
      return yield* new CommandLineRefused({ problem: `${first} and ${second} hold different programs; \`rseqlab replay ${second} --on PROG\` tells a schedule to another build` })
    }
    return { failing, passing }
  })

/** Judged by the detectors: the same rule broken about the same section. */
const byFinding = (failing: Opened) =>
  Effect.map(findingOf(failing), (finding) => {
    const wanted = sameFinding(finding)
    return {
      judge: ({ trial }: BisectQuestion): Effect.Effect<Verdict> =>
        Effect.succeed(wanted(trial) ? "fails" : trial.outcome._tag === "Unsupported" ? "skip" : "passes"),
      name: `detector ${finding.detector} (${detectorNamed(finding.detector)?.rule ?? ""})`
    }
  })

const perform = Effect.fnUntraced(function*(flags: BisectFlags) {
  const { after, files } = yield* divided(flags)
  const modes = MODES.filter((mode) => flags[mode] !== undefined)
  if (modes.length > 1) return yield* new CommandLineRefused({ problem: `${modes.map((mode) => `--${mode}`).join(" and ")} each judge in their own way; name one of them` })
  if (flags.run === undefined && after.length > 0) return yield* new CommandLineRefused({ problem: "what stands after -- is for --run CMD, and no command is named" })
  const { failing, passing } = yield* openEnds(files, flags)
  const { judge, name } = yield* byFinding(failing)
  if (passing !== undefined && failureOf(passing.trial) === undefined && passing.trial.outcome._tag === "Unsupported") {
    return yield* new CommandLineRefused({ problem: `${passing.file} ends in something that is not supported: it is no passing end` })
  }
  const { lines, value } = yield* pairOf(failing.target, passing?.recording.schedule ?? [], failing.recording.schedule, judge, name)
  if (flags.json) yield* printJson({ ...value, judge: name })
  else yield* print(lines.join("\n"))
  yield* endWith("passed")
})

export const handle = (flags: BisectFlags) => Effect.provide(perform(flags), hostLayer)
