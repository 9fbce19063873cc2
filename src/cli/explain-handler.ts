import * as Effect from "effect/Effect"
import { describe } from "../analysis/timeline/describe.ts"
import { taskName } from "../base/ids.ts"
import { hex } from "../base/bits.ts"
import type { EventOf } from "../log/event.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { drive } from "../lab/failing.ts"
import { readingFor } from "../lab/showing.ts"
import { understand } from "../search/failure.ts"
import type { Reaction } from "../search/meanwhile.ts"
import { watch } from "../search/watch.ts"
import { endWith } from "./ending.ts"
import type { ExplainFlags } from "./explain.ts"
import { evidenceOf, explanationText, NO_DEVIATION, quietExplanationText } from "./explain-text.ts"
import { hostLayer } from "./host-layer.ts"
import { outcomeValue, RESULT_SCHEMA } from "./result.ts"
import { print, printJson } from "./say.ts"
import { findingOf, NothingFails } from "../lab/search-recording.ts"
import { openTarget } from "./search-recording.ts"

const abortValue = ({ abort, cause, ip }: EventOf<"Aborted">) => ({ cause, ip: hex(ip), abort: hex(abort) })

const reactionValue = (reaction: Reaction | undefined) =>
  reaction === undefined ? null
  : reaction._tag === "Aborted" ? { tag: reaction._tag, ...abortValue(reaction.event) }
  : reaction._tag === "Unarmed" ? { tag: reaction._tag, section: hex(reaction.start) }
  : (reaction._tag === "Overlooked" || reaction._tag === "Killed") && reaction.armed !== undefined
    ? { tag: reaction._tag, section: hex(reaction.armed.start), asks: reaction.armed.asks ?? null }
  : { tag: reaction._tag }

const perform = Effect.fnUntraced(function*(flags: ExplainFlags) {
  const opened = yield* openTarget(flags.recording, flags)
  const finding = yield* findingOf(opened)
  const { file, recording, target } = opened
  const failure = yield* drive(understand(target, recording.schedule, finding))
  if (failure === undefined) return yield* new NothingFails({ file })
  const { explanation, minimized } = failure
  const reading = readingFor(recording.header)
  if (explanation === undefined) {
    const { entries } = watch(target, minimized.schedule)
    const { detector, evidence, message } = failure.finding
    if (flags.json) {
      yield* printJson({
        schema: RESULT_SCHEMA, file, why: NO_DEVIATION, detector, message, said: failure.said, evidence, critical: null, schedule: "", placed: "", proof: minimized.proof,
        seen: failure.seen, deviations: [], notNeeded: recording.schedule.length, entries: evidenceOf(failure, entries).map((entry) => ({ entry: entry.index, text: describe(entry, reading) }))
      })
    } else yield* print(quietExplanationText(opened, failure, entries, reading).join("\n"))
  } else if (flags.json) {
    const { at, critical, entries, instruction, later, own, reaction, seen, sentence, stores, without } = explanation
    yield* printJson({
      schema: RESULT_SCHEMA, file, why: sentence, detector: failure.finding.detector, message: failure.finding.message, said: failure.said, evidence: failure.finding.evidence,
      critical: printDeviation(critical), instruction: { ...instruction, ip: hex(instruction.ip) }, schedule: printSchedule(minimized.schedule),
      placed: failure.placed, proof: minimized.proof,
      reaction: reactionValue(reaction), later: later === undefined ? null : abortValue(later),
      writes: [...stores, ...(own === undefined ? [] : [own])].map((write) =>
        ({ ...write, task: taskName(write.task), ip: hex(write.ip), address: hex(write.address), isOwn: write === own })),
      seen: seen.map(({ detector, evidence, isDue, message, severity }) => ({ detector, severity, message, evidence, isDue })),
      deviations: without.map(({ deviation, findings, outcome }) =>
        ({ deviation: printDeviation(deviation), withoutIt: findings.length === 0 ? "passes" : "fails", outcome: outcomeValue(outcome) })),
      notNeeded: recording.schedule.length - minimized.schedule.length,
      entries: entries.slice(Math.max(0, at - 20), at + 40).map((entry) => ({ entry: entry.index, text: describe(entry, reading) }))
    })
  } else yield* print(explanationText(opened, failure, explanation, reading).join("\n"))
  yield* endWith("passed")
})

export const handle = (flags: ExplainFlags) => Effect.provide(perform(flags), hostLayer)
