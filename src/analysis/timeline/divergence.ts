/** Where a replay first differs from its recording, as a diff. */
import { taskName } from "../../base/ids.ts"
import type { Deviation } from "../../log/choice.ts"
import type { Divergence } from "../../log/divergence.ts"
import type { Entry } from "../../log/event.ts"
import { printSchedule } from "../../log/schedule.ts"
import { escapeTerminal } from "../report/format/terminal.ts"
import { describe } from "./describe.ts"
import { plainReading, type Reading } from "./reading.ts"

const BEFORE_COUNT = 3

const key = (last: Deviation | undefined): string =>
  last === undefined ? "  key       none: nothing had deviated yet" : `  key       ${printSchedule([last])} was the last deviation told`

const entryText = (entry: Entry | undefined, reading: Reading): string => (entry === undefined ? "nothing: the run was over" : describe(entry, reading))

/** Where a replay first differs, as a clause. */
export const divergenceClause = (difference: Divergence): string => {
  switch (difference._tag) {
    case "EntryDiffers":
      return difference.recorded === undefined ? "it goes on where the recording has ended" : `entry ${difference.recorded.index} does not come again`
    case "NotTaken":
      return `${printSchedule([difference.deviation])} was ${difference.reason}`
    case "CheckDiffers":
      return `${escapeTerminal(difference.what)} differs at now ${difference.at}`
  }
}

/** Lines: three entries before, `-` as recorded, `+` as replayed, the key, and the question to ask next. */
export const divergenceText = (difference: Divergence, reading: Reading = plainReading): ReadonlyArray<string> => {
  const before = difference.before.slice(-BEFORE_COUNT).map((entry) => `  ${describe(entry, reading)}`)
  const question = "  is everything that varies a choice?"
  switch (difference._tag) {
    case "EntryDiffers":
      return [...before, `- recorded  ${entryText(difference.recorded, reading)}`, `+ replayed  ${entryText(difference.replayed, reading)}`, key(difference.last), question]
    case "NotTaken": {
      const { deviation, reason } = difference
      const met = reason === "never met" ? `${taskName(deviation.task)} never stood there` : `${taskName(deviation.task)} stood there, and that was not on offer`
      return [...before, `- recorded  ${printSchedule([deviation])}`, `+ replayed  ${met}`, `  key       ${printSchedule([deviation])}`, question]
    }
    case "CheckDiffers":
      return [
        ...before, `- recorded  ${escapeTerminal(difference.what)} ${escapeTerminal(difference.recorded)}, at now ${difference.at}`,
        `+ replayed  ${escapeTerminal(difference.what)} ${escapeTerminal(difference.replayed)}`, key(difference.last), question
      ]
  }
}
