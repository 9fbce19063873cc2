import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { plural } from "../analysis/report/reporter/default.ts"
import { placesOf } from "../analysis/timeline/reading.ts"
import { grouped } from "../base/bits.ts"
import { fuzzWorker, workerPool } from "../host/fuzz-workers.ts"
import { workspaceFiles } from "../host/workspace-files.ts"
import { wallClock } from "../host/wall-clock.ts"
import { campaign, type BatchMaker } from "../lab/campaign.ts"
import { workerSpec } from "../lab/batch-worker.ts"
import { campaignKey, corpusFolder, openCorpus, runCorpus, saveCorpus } from "../lab/corpus.ts"
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

const SHARED_NAMES_MAX = 6

/** Nobody has said what to watch. */
const sayShared = ({ options: { watches }, spec: { program } }: Target) => {
  const place = placesOf(program)
  const named = watches.slice(0, SHARED_NAMES_MAX).map(({ start }) => escapeLines(place(start)))
  const rest = watches.length > named.length ? ` and ${plural(watches.length - named.length, "more place")}` : ""
  return watches.length === 0 ? Effect.void : say(`watching what tasks share in a quiet run: ${named.join(", ")}${rest} (--watch NAME: that instead)`)
}

const perform = Effect.fnUntraced(function*(flags: FuzzFlags) {
  const problem = check(flags)
  if (problem !== undefined) return yield* new CommandLineRefused({ problem })
  const reporting = yield* reportersOf(flags)
  const { typed } = yield* Surroundings
  const { corpora, options, seed, spec } = yield* askedOf(flags, defaultSeed)
  const target = yield* targetOf(spec, options)
  const { quiet } = target
  const verdict = verdictOf(quiet.outcome)
  if (failureOf(quiet) === undefined && verdict !== "passed" && verdict !== "failed") {
    yield* say(`the quiet run of ${escapeLines(spec.program.name)} cannot be judged: ${escapeLines(outcomeSentence(quiet.outcome, target.bounded.limits))}`)
    return yield* endWithCode(codeOfVerdict(verdict))
  }
  const isKept = !flags.bisect && flags.only === undefined
  const key = campaignKey(spec, options)
  const corpus = isKept ? yield* openCorpus([corpora[0] ?? corpusFolder(spec.program.name), ...corpora.slice(1)], key) : undefined
  if (corpus !== undefined && corpus.skippedCount > 0) yield* say(`${plural(corpus.skippedCount, "file")} of the corpus passed over: damaged, or none of ours`)
  const { from, runCountMax, until } = rangeOf(flags, flags.fresh ? 0 : corpus?.nextRun ?? 0)
  yield* say(`seed ${escapeLines(seed)}, runs from ${grouped(from)}${from > 0 && flags.only === undefined ? " on, where the last campaign came to (--fresh begins again)" : ""}`)
  if (spec.program.experiment.watches.length === 0) yield* sayShared(target)
  const isOld = corpus !== undefined && corpus.entries.length > 0 && (corpus.isOther || flags.fresh || corpora.length > 0)
  const stored = corpus !== undefined && isOld ? yield* runCorpus(target, corpus, flags.keepGoing) : []
  if (corpus !== undefined && isOld) yield* say(`${plural(corpus.entries.length, "stored schedule")} told to this build, ${stored.length === 0 ? "none" : stored.length} of them failed`)
  const isEnough = stored.length > 0 && !flags.keepGoing
  const maker = isEnough || (flags.jobs ?? 1) === 1 ? alone(target) : yield* workerPool(fuzzWorker, workerSpec(spec, options), flags.jobs ?? 1)
  const made = yield* campaign(maker, {
    program: escapeLines(spec.program.name), from, until: isEnough ? from : until, isKeptGoing: flags.keepGoing, clock: wallClock.milliseconds,
    msMax: flags.maxTotalTime === undefined ? Infinity : flags.maxTotalTime * 1000
  })
  const tried = { ...made, hits: [...stored, ...made.hits], failingCount: stored.length + made.failingCount, ended: isEnough ? "found" as const : made.ended }
  const understood = yield* understandHits(target, tried.hits, flags.scheduleOnly || flags.bisect)
  if (corpus !== undefined) {
    // What has failed fails again at once next time, until it is mended or passed by.
    const nextRun = made.hits.length > 0 && !flags.keepGoing ? made.hits[0]?.run ?? made.until : made.until
    yield* saveCorpus(target, corpus, key, made, nextRun, understood.map(({ failure }) => failure.name)).pipe(
      Effect.catch((error) => say(`the corpus is not kept: ${escapeLines(error.message)}`)))
  }
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
export const handle = (flags: FuzzFlags) => Effect.uninterruptible(Effect.scoped(Effect.provide(perform(flags), Layer.merge(hostLayer, workspaceFiles))))
