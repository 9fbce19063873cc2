/** What may become of bytes that call themselves a recording: a refusal, or an answer that is true. */
import { canonical } from "./canonical.ts"
import { divergenceText } from "../../src/analysis/timeline/divergence.ts"
import { timelineText } from "../../src/analysis/timeline/text.ts"
import { everyFinding } from "../../src/search/watch.ts"
import { watchedWords } from "../../src/search/shared.ts"
import { entryValue } from "../../src/cli/result.ts"
import { knownEntries, readingFor } from "../../src/lab/showing.ts"
import type { Deviation } from "../../src/log/choice.ts"
import type { Entry } from "../../src/log/event.ts"
import { readRecording, type Recording } from "../../src/log/recording-reader.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { replay, specOfHeader } from "../../src/run/replay.ts"
import { defaultLimits, start } from "../../src/run/start.ts"
import type { Limits } from "../../src/kernel/kernel.ts"

/** Enough for what is small and honest, and little enough that what is not ends soon. */
const limits: Limits = { ...defaultLimits, maxIcount: 1_000_000_000 }
/** A mutant may ask for the limit; looking longer at it shows nothing more. */
const LOOKED_ICOUNT = 300_000
const BREATH_ICOUNT = 10_000

export type Judged = "unreadable" | "damaged" | "refused" | "diverged" | "same" | "same in part" | "cut" | "runs on"

/** What was said of the last replay that diverged. */
export let lastDifference: ReadonlyArray<string> = []

/** Throws where the answer is not true, or is none. */
export const judge = (bytes: Uint8Array): Judged => {
  const read = readRecording(bytes)
  if (read._tag === "Unreadable") return "unreadable"
  const { recording } = read
  const reading = readingFor(recording.header)
  timelineText([...recording.entries], recording.header.machine.cpus, { reading, notes: [], isColored: false })
  for (const entry of recording.entries) entryValue(entry, reading.unlike)
  everyFinding(knownEntries(recording))
  watchedWords(knownEntries(recording), [])
  if (recording.status === "corrupt") return "damaged"
  const replaying = replay(recording, limits)
  if ("_tag" in replaying) return "refused"
  for (let breath = 0; breath < LOOKED_ICOUNT / BREATH_ICOUNT; breath += 1) {
    const result = replaying.advance(BREATH_ICOUNT)
    if (result === undefined) continue
    if (result._tag === "Diverged") {
      lastDifference = divergenceText(result.divergence, reading)
      return "diverged"
    }
    if (result.end === undefined) return "cut"
    const { entryCount, left } = result.compared
    checkSame(recording)
    const isAll = Object.values(left).every((count) => count === 0)
    if (isAll && entryCount !== recording.entryCount) throw new Error(`"the same run" of ${recording.entryCount} entries, ${entryCount} of them compared, and nothing was left`)
    return isAll ? "same" : "same in part"
  }
  return "runs on"
}

/** Whoever says "the same" is held to it by a run that knows nothing of comparing. */
const checkSame = (recording: Recording): void => {
  const spec = specOfHeader(recording.header, limits)
  if ("_tag" in spec) throw new Error(spec.reason)
  const entries: Array<Entry> = []
  const taken: Array<Deviation> = []
  const run = start(spec, recorded(tell(recording.schedule, () => {})), { append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event }) })
  if ("_tag" in run) throw new Error(run.reason)
  run.kernel.hearTaken((deviation) => void taken.push(deviation))
  const { watching } = recording.header
  const isWatched = watching !== undefined && recording.entryCount > 0
  const watcher = isWatched ? watcherOf(spec.program, watching) : undefined
  if (watcher !== undefined) run.observe(watcher)
  const { end } = recording
  while (run.outcome === undefined && run.kernel.now <= (end?.now ?? 0)) run.step()
  if (run.outcome === undefined && end?.outcome._tag === "Abandoned") run.kernel.end({ _tag: "Abandoned" })
  const differ = (what: string, kept: unknown, made: unknown): void => {
    if (canonical(kept) !== canonical(made)) throw new Error(`"the same run", and ${what} differs:\nkept ${canonical(kept)}\nmade ${canonical(made)}`)
  }
  differ("the outcome", end?.outcome, run.outcome)
  differ("the state", [end?.stateHash, end?.questionsDigest, end?.now, end?.entryCount], [run.hash(), run.kernel.questionDigest, run.kernel.now, run.kernel.entryCount])
  differ("the schedule", recording.schedule, taken)
  if (recording.entryCount > 0 && recording.unlike.length === 0 && isWatched) differ("an entry", [...recording.entries], entries)
}
