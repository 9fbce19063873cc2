import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { plural } from "../analysis/report/reporter/default.ts"
import { guestFailure } from "../analysis/detect/guest-failure.ts"
import { placesOf, withPlaces } from "../analysis/timeline/reading.ts"
import { grouped } from "../base/bits.ts"
import { isWorkingFolderGone, programHome } from "../host/files.ts"
import { fuzzWorker, workerPool } from "../host/fuzz-workers.ts"
import { workspaceFiles } from "../host/workspace-files.ts"
import { wallClock } from "../host/wall-clock.ts"
import { campaign, type CampaignOptions } from "../lab/campaign.ts"
import { alone, workerSpec } from "../lab/batch-worker.ts"
import { campaignKey, runCorpus, runPending } from "../lab/corpus.ts"
import { targetOf } from "../lab/failing.ts"
import { tellWarnings, understandHits } from "../lab/fuzz-program.ts"
import { keepingOf } from "../lab/keeping.ts"
import { defaultSeed } from "../lab/kernel.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import type { PlainHit } from "../search/batch.ts"
import { unheard } from "../lab/unheard.ts"
import { blamedCalls, unmodelledCalls, unmodelledSentence } from "../lab/unmodelled.ts"
import { Kept } from "../search/breed.ts"
import type { Target } from "../search/target.ts"
import { failureOf } from "../search/trial.ts"
import { Surroundings } from "./color.ts"
import { endWithCode } from "./ending.ts"
import { codeOfVerdict, exitCode, verdictOf } from "./exit.ts"
import { CommandLineRefused } from "./experiment.ts"
import { breedAgain, corpusOf } from "./fuzz-corpus.ts"
import type { FuzzFlags } from "./fuzz-flags.ts"
import { searchReport } from "./fuzz-report.ts"
import { askedOf } from "./fuzz-target.ts"
import { hostLayer } from "./host-layer.ts"
import { reportersOf } from "./fuzz-reporters.ts"
import { escapeLines, say } from "./say.ts"
import { sayShared } from "./say-shared.ts"

const RUN_COUNT_DEFAULT = 10_000
/** Runs are numbered up to here. */
const RUN_MAX = 2 ** 40

/** Which runs are made: as many as are asked for, or as time allows. */
const rangeOf = ({ maxTotalTime, only, runs }: FuzzFlags, first: number): { readonly from: number; readonly until: number; readonly runCountMax: number | undefined } => {
  if (only !== undefined) return { from: only, until: only + 1, runCountMax: undefined }
  const runCountMax = runs ?? (maxTotalTime === undefined ? RUN_COUNT_DEFAULT : undefined)
  return { from: first, until: runCountMax === undefined ? RUN_MAX : Math.min(RUN_MAX, first + runCountMax), runCountMax }
}

const check = ({ expect, failOnTimeout, json, jsonl, maxTotalTime, only, reporter, runs }: FuzzFlags): string | undefined =>
  json && jsonl ? "--json and --jsonl both take standard output; name one of them"
  : (json || jsonl) && reporter !== undefined ? "--reporter says how the result is told; leave out --json and --jsonl, or name json=FILE"
  : only !== undefined && (runs !== undefined || maxTotalTime !== undefined) ? "--only makes one run; leave out --runs and --max-total-time"
  : failOnTimeout && maxTotalTime === undefined ? "--fail-on-timeout is for --max-total-time SECONDS, and no time is named"
  : failOnTimeout && expect === "fail" ? "--fail-on-timeout and --expect fail say different things about the same end; name one of them"
  : undefined

/** The result begins with what was found: making it small may take long. */
const sayFirst = ({ spec: { program } }: Target, [first]: ReadonlyArray<PlainHit>) => {
  if (first === undefined) return Effect.void
  const { finding: { detector, message }, run } = first
  const where = run < 0 ? "a stored schedule" : `run ${grouped(run)}`
  return say(`found: ${detector} in ${escapeLines(program.name)} at ${where}: ${escapeLines(withPlaces(message, { place: placesOf(program) }))}`)
}

const perform = Effect.fnUntraced(function*(flags: FuzzFlags) {
  const problem = check(flags)
  if (problem !== undefined) return yield* new CommandLineRefused({ problem })
  if (isWorkingFolderGone()) return yield* new CommandLineRefused({ problem: "the working folder is not there any more, and fuzz keeps in it what it finds" })
  const reporting = yield* reportersOf(flags)
  const { typed } = yield* Surroundings
  const { corpora, options, seed, spec } = yield* askedOf(flags, defaultSeed)
  const target = yield* targetOf(spec, options)
  const { quiet } = target
  const unmodelled = unmodelledCalls(target.lacking.unknownCalls)
  const verdict = verdictOf(quiet.outcome, unmodelled)
  if (verdict === "unsupported" && unmodelled.length > 0) {
    yield* say(`the quiet run of ${escapeLines(spec.program.name)} cannot be judged: ${unmodelledSentence(unmodelled)}, then ${escapeLines(outcomeSentence(quiet.outcome, target.bounded.limits))}`)
    return yield* endWithCode(codeOfVerdict(verdict))
  }
  if (failureOf(quiet) === undefined && verdict !== "passed" && verdict !== "failed") {
    yield* say(`the quiet run of ${escapeLines(spec.program.name)} cannot be judged: ${escapeLines(outcomeSentence(quiet.outcome, target.bounded.limits))}`)
    return yield* endWithCode(codeOfVerdict(verdict))
  }
  const { jobs = 1, keepGoing: isKeptGoing } = flags
  const key = yield* unheard(() => campaignKey(target, options))
  const home = programHome(flags.program)
  const corpus = flags.bisect || flags.only !== undefined ? undefined : yield* corpusOf(corpora, home, key)
  const isNew = corpus === undefined || flags.fresh
  const kept = isNew ? new Kept() : corpus.kept
  const { from, runCountMax, until } = rangeOf(flags, isNew ? 0 : corpus.nextRun)
  yield* say(`seed ${escapeLines(seed)}, runs from ${grouped(from)}${from > 0 && flags.only === undefined ? " on, where the last campaign came to (--fresh begins again)" : ""}`)
  yield* sayShared(spec.program, target.shared, true)
  const isOld = corpus !== undefined && corpus.entries.length > 0 && (corpus.isOther || flags.fresh || corpora.length > 0)
  const stored = isOld ? yield* runCorpus(target, corpus, isKeptGoing) : []
  if (isOld) yield* say(`${plural(corpus.entries.length, "stored schedule")} told to this build, ${stored.length === 0 ? "none" : stored.length} of them failed`)
  const pending = isNew ? [] : yield* runPending(target, corpus)
  if (pending.length > 0) yield* say(`${plural(pending.length, "failure")} found before, and nobody was told`)
  // What the corpus shows is enough. It stays as it is: the next time it is told to this build again.
  const isEnough = stored.length > 0 && !isKeptGoing
  const maker = isEnough || jobs === 1 ? alone(target) : yield* workerPool(fuzzWorker, workerSpec(spec, options), jobs)
  const keeping = corpus === undefined || isEnough ? undefined : yield* keepingOf({ target, corpus, key, kept, clock: wallClock.milliseconds })
  const asked: CampaignOptions = {
    program: escapeLines(spec.program.name), from, until: isEnough ? from : until, isKeptGoing, kept, found: { hits: pending, failingCount: isNew ? 0 : corpus.failingCount }, clock: wallClock.milliseconds,
    msMax: flags.maxTotalTime === undefined ? Infinity : flags.maxTotalTime * 1000, ...(keeping === undefined ? {} : { keep: keeping.onTheWay })
  }
  if (flags.only !== undefined) yield* breedAgain(maker, asked, flags.only)
  const made = yield* campaign(maker, asked)
  const tried = { ...made, hits: [...stored, ...made.hits], failingCount: stored.length + made.failingCount, ended: isEnough ? "found" as const : made.ended }
  // What has failed fails again at once next time, until it is mended or passed by.
  const isToFail = !isKeptGoing && pending.length === 0
  const nextRun = isToFail ? made.hits[0]?.run ?? made.until : made.until
  const written = (failureNames: ReadonlyArray<string>, hits: ReadonlyArray<PlainHit>) => keeping?.write({ ...made, hits, failingCount: hits.length === 0 ? 0 : made.failingCount, until: nextRun }, failureNames) ?? Effect.void
  // Looking into what was found may take long, and somebody may not wait.
  if (tried.hits.length > 0) yield* Effect.ignore(written([], isToFail ? [] : made.hits))
  yield* sayFirst(target, tried.hits)
  const understood = yield* understandHits(target, tried.hits, flags.scheduleOnly || flags.bisect, home, corpus === undefined ? undefined : corpora[0]?.replace(/\/+$/, ""))
  for (const { unsaved } of understood) if (unsaved !== undefined) yield* say(`not saved: ${escapeLines(unsaved)}`)
  const isPassed = tried.hits.length === 0 && tried.ended !== "interrupted"
  const warned = isPassed ? yield* tellWarnings(target, kept.all.map(({ schedule }) => schedule), home) : undefined
  const isTold = yield* reporting(searchReport(target, seed, from, runCountMax, tried, understood, typed, warned))
  // Somebody has been told.
  yield* written(understood.map(({ failure }) => failure.name), isKeptGoing ? [] : pending).pipe(Effect.catch((error) => say(`the corpus is not kept: ${escapeLines(error.message)}`)))
  // What comes to a bad end behind a call that only we lack shows nothing of the program.
  const isShown = understood.some(({ failure }) => failure.finding.detector !== guestFailure.name || blamedCalls(failure.lacking, target.lacking).length === 0)
  const isTimeout = flags.failOnTimeout && tried.ended === "time" && tried.hits.length === 0
  const code = tried.hits.length > 0 ? codeOfVerdict(isShown ? "failed" : "unsupported", flags.expect === "fail")
    : tried.ended === "interrupted" ? exitCode("interrupted")
    : isTimeout ? exitCode("timeout")
    : codeOfVerdict("passed", flags.expect === "fail")
  // Whoever waits for the report is not to take an old one, or none, for good news.
  yield* endWithCode(code === exitCode("passed") && !isTold ? exitCode("usage") : code)
})

/** Looks for a failure as the flags say. */
export const handle = (flags: FuzzFlags) => Effect.uninterruptible(Effect.scoped(Effect.provide(perform(flags), Layer.merge(hostLayer, workspaceFiles))))
