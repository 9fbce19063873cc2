import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { workspaceFiles } from "../host/workspace-files.ts"
import { wallClock } from "../host/wall-clock.ts"
import { campaign, type BatchMaker } from "../lab/campaign.ts"
import { targetOf } from "../lab/failing.ts"
import { understandHits } from "../lab/fuzz-program.ts"
import { defaultSeed } from "../lab/kernel.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import { Batches, failureOf } from "../search/batch.ts"
import type { Target } from "../search/target.ts"
import { Surroundings } from "./color.ts"
import { endWithCode } from "./ending.ts"
import { codeOfVerdict, exitCode, verdictOf } from "./exit.ts"
import { CommandLineRefused } from "./experiment.ts"
import type { FuzzFlags } from "./fuzz-flags.ts"
import { searchReport } from "./fuzz-report.ts"
import { askedOf } from "./fuzz-target.ts"
import { hostLayer } from "./host-layer.ts"
import { reportersOf } from "./fuzz-reporters.ts"
import { escapeLines, say } from "./say.ts"

const RUN_COUNT_DEFAULT = 10_000
/** Runs are numbered up to here. */
const RUN_MAX = 2 ** 40

/** Which runs are made: as many as are asked for, or as time allows. */
const rangeOf = ({ maxTotalTime, only, runs }: FuzzFlags, first: number): { readonly from: number; readonly until: number; readonly runCountMax: number | undefined } => {
  if (only !== undefined) return { from: only, until: only + 1, runCountMax: undefined }
  const runCountMax = runs ?? (maxTotalTime === undefined ? RUN_COUNT_DEFAULT : undefined)
  return { from: first, until: runCountMax === undefined ? RUN_MAX : Math.min(RUN_MAX, first + runCountMax), runCountMax }
}

/** All batches in this thread. */
const alone = (target: Target): BatchMaker => {
  const batches = new Batches(target)
  return { jobs: 1, run: (options) => Effect.sync(() => batches.run(options)) }
}

const check = ({ expect, failOnTimeout, json, jsonl, maxTotalTime, only, reporter, runs }: FuzzFlags): string | undefined =>
  json && jsonl ? "--json and --jsonl both take standard output; name one of them"
  : (json || jsonl) && reporter !== undefined ? "--reporter says how the result is told; leave out --json and --jsonl, or name json=FILE"
  : only !== undefined && (runs !== undefined || maxTotalTime !== undefined) ? "--only makes one run; leave out --runs and --max-total-time"
  : failOnTimeout && maxTotalTime === undefined ? "--fail-on-timeout is for --max-total-time SECONDS, and no time is named"
  : failOnTimeout && expect === "fail" ? "--fail-on-timeout and --expect fail say different things about the same end; name one of them"
  : undefined

const perform = Effect.fnUntraced(function*(flags: FuzzFlags) {
  const problem = check(flags)
  if (problem !== undefined) return yield* new CommandLineRefused({ problem })
  const reporting = yield* reportersOf(flags)
  const { typed } = yield* Surroundings
  const { options, seed, spec } = yield* askedOf(flags, defaultSeed)
  const target = yield* targetOf(spec, options)
  const { quiet } = target
  const verdict = verdictOf(quiet.outcome)
  if (failureOf(quiet) === undefined && verdict !== "passed" && verdict !== "failed") {
    yield* say(`the quiet run of ${escapeLines(spec.program.name)} cannot be judged: ${escapeLines(outcomeSentence(quiet.outcome, target.bounded.limits))}`)
    return yield* endWithCode(codeOfVerdict(verdict))
  }
  const { from, runCountMax, until } = rangeOf(flags, 0)
  yield* say(`seed ${escapeLines(seed)}, runs from ${from}`)
  const tried = yield* campaign(alone(target), {
    program: escapeLines(spec.program.name), from, until, isKeptGoing: flags.keepGoing, clock: wallClock.milliseconds,
    msMax: flags.maxTotalTime === undefined ? Infinity : flags.maxTotalTime * 1000
  })
  const understood = yield* understandHits(target, tried.hits)
  for (const { unsaved } of understood) if (unsaved !== undefined) yield* say(`not saved: ${escapeLines(unsaved)}`)
  yield* reporting(searchReport(target, seed, from, runCountMax, tried, understood, typed))
  const isTimeout = flags.failOnTimeout && tried.ended === "time" && tried.hits.length === 0
  yield* endWithCode(
    tried.hits.length > 0 ? codeOfVerdict("failed", flags.expect === "fail")
    : tried.ended === "interrupted" ? exitCode("interrupted")
    : isTimeout ? exitCode("timeout")
    : codeOfVerdict("passed", flags.expect === "fail"))
})

/** Looks for a failure as the flags say. */
export const handle = (flags: FuzzFlags) => Effect.uninterruptible(Effect.provide(perform(flags), Layer.merge(hostLayer, workspaceFiles)))
