import * as Effect from "effect/Effect"
import { describe } from "../analysis/timeline/describe.ts"
import { taskName } from "../base/ids.ts"
import { hex } from "../base/bits.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import { drive } from "../lab/failing.ts"
import { readingFor } from "../lab/showing.ts"
import { understand } from "../search/failure.ts"
import { endWith } from "./ending.ts"
import type { ExplainFlags } from "./explain.ts"
import { explanationText } from "./explain-text.ts"
import { hostLayer } from "./host-layer.ts"
import { outcomeValue, RESULT_SCHEMA } from "./result.ts"
import { print, printJson } from "./say.ts"
import { findingOf, NoPassingEnd, NothingFails } from "../lab/search-recording.ts"
import { openTarget } from "./search-recording.ts"

const perform = Effect.fnUntraced(function*(flags: ExplainFlags) {
  const opened = yield* openTarget(flags.recording, flags)
  const finding = yield* findingOf(opened)
  const { file, recording, target } = opened
  const failure = yield* drive(understand(target, recording.schedule, finding))
  if (failure === undefined) return yield* new NothingFails({ file })
  const { explanation, minimized } = failure
  if (explanation === undefined) {
    return yield* new NoPassingEnd({ problem: `no deviation is to blame: the quiet run of ${target.spec.program.name} fails as well (${finding.detector}: ${failure.finding.message})` })
  }
  const reading = readingFor(recording.header)
  if (flags.json) {
    const { at, critical, entries, foreignWrites, instruction, ownWrite, reaction, sentence, without } = explanation
    yield* printJson({
      schema: RESULT_SCHEMA, file, why: sentence, detector: failure.finding.detector, message: failure.finding.message, evidence: failure.finding.evidence,
      critical: printDeviation(critical), instruction: { ...instruction, ip: hex(instruction.ip) }, schedule: printSchedule(minimized.schedule),
      placed: failure.placed, proof: minimized.proof,
      reaction: reaction === undefined ? null : { cause: reaction.cause, ip: hex(reaction.ip), abort: hex(reaction.abort) },
      writes: [...foreignWrites, ...(ownWrite === undefined ? [] : [ownWrite])].map((write) =>
        ({ ...write, task: taskName(write.task), ip: hex(write.ip), address: hex(write.address), isOwn: write === ownWrite })),
      deviations: without.map(({ deviation, findings, outcome }) =>
        ({ deviation: printDeviation(deviation), withoutIt: findings.length === 0 ? "passes" : "fails", outcome: outcomeValue(outcome) })),
      notNeeded: recording.schedule.length - minimized.schedule.length,
      entries: entries.slice(Math.max(0, at - 20), at + 40).map((entry) => ({ entry: entry.index, text: describe(entry, reading) }))
    })
  } else yield* print(explanationText(opened, failure, reading).join("\n"))
  yield* endWith("passed")
})

export const handle = (flags: ExplainFlags) => Effect.provide(perform(flags), hostLayer)
