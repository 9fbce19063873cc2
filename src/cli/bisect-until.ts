/** Over time: the first boundary of a run at which something holds. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { grouped, hex } from "../base/bits.ts"
import { taskName } from "../base/ids.ts"
import { escapeTerminal } from "../analysis/report/format/terminal.ts"
import { didYouMean } from "../base/nearest.ts"
import { instructionAt } from "../search/explain.ts"
import { firstMoment, type Moment } from "../search/moment.ts"
import { unheard } from "../lab/unheard.ts"
import { parsePredicate } from "../search/predicate.ts"
import { RESULT_SCHEMA } from "./result.ts"
import { shellCommand } from "./say.ts"
import { EndsAlike, NoPassingEnd, type Opened } from "../lab/search-recording.ts"

/** A predicate that is not understood: the text, a caret under the place, and what was expected. */
export class PredicateRefused extends Schema.TaggedError<PredicateRefused>()("PredicateRefused", {
  text: Schema.String,
  column: Schema.Int,
  expected: Schema.String,
  found: Schema.String,
  hint: Schema.String
}) {
  override get message(): string {
    const { column, expected, found, hint, text } = this
    // Under a text that cannot be shown as it is, a caret would stand anywhere.
    const caret = !/^[ -~]{0,200}$/.test(text) ? "" : `\n  ${text}\n  ${" ".repeat(column - 1)}^`
    return `--until: at character ${column}: expected ${expected}, found ${JSON.stringify(found)}${hint}${caret}`
  }
}

export const untilOf = ({ file, recording, target }: Opened, text: string) =>
  Effect.gen(function*() {
    const { program } = target.spec
    const parsed = parsePredicate(text, program)
    if (parsed._tag === "Malformed") {
      const { column, expected, found, names } = parsed
      return yield* new PredicateRefused({ text, column, expected, found, hint: didYouMean(found, names) })
    }
    const { before, holds, lookedCount } = yield* unheard(() => firstMoment(target.trials, recording.schedule, parsed.predicate))
    if (holds === undefined) return yield* new EndsAlike({ problem: `it never holds in ${file}: ${grouped(lookedCount)} moments were looked at` })
    if (before === undefined) return yield* new NoPassingEnd({ problem: `it holds in ${file} from the first moment on: there is none before which it did not` })
    const around = [...recording.entries].findIndex(({ now }) => now >= holds.now)
    const by = instructionAt(program, before.ip)
    const momentLine = (label: string, { count, cpu, ip, now, task }: Moment): string =>
      `  ${label.padEnd(8)}  task ${taskName(task)} on cpu${cpu} at count ${count}, ${instructionAt(program, ip).place}, now ${grouped(now)}`
    const momentValue = ({ count, cpu, entryCount, ip, now, task }: Moment) =>
      ({ task: taskName(task), cpu, count, ip: hex(ip), place: instructionAt(program, ip).place, now, entryCount })
    return {
      lines: [
        `HOLDS  ${escapeTerminal(text)}`,
        momentLine("before", before),
        `  by        ${by.place}  ${by.text}`,
        momentLine("from", holds),
        `  looked    ${grouped(lookedCount)} moments`,
        `  show      ${shellCommand(["rseqlab", "show", file, "--around", String(Math.max(0, around))])}`
      ],
      value: { schema: RESULT_SCHEMA, file, until: text, before: momentValue(before), by: { ip: hex(by.ip), place: by.place, text: by.text }, holds: momentValue(holds), lookedCount }
    }
  })
