/** Which of two ways to a bug is told: fewer deviations, plainer kinds, earlier moments. Total, so that chance has no part in it. */
import { known } from "../base/assert.ts"
import { taskName } from "../base/ids.ts"
import { type Deviation, kindIndex, type Schedule } from "../log/choice.ts"

const byKind = (one: Deviation, other: Deviation): number => kindIndex[one.kind] - kindIndex[other.kind]
const byMoment = (one: Deviation, other: Deviation): number =>
  one.count - other.count || taskName(one.task).localeCompare(taskName(other.task), "en") || one.nth - other.nth || other.option - one.option

export const earlierFirst = (deviations: ReadonlyArray<Deviation>): ReadonlyArray<Deviation> =>
  deviations.toSorted((one, other) => byKind(one, other) || byMoment(one, other))

export const isEarlier = (one: Schedule, other: Schedule): boolean => {
  if (one.length !== other.length) return one.length < other.length
  const ones = earlierFirst(one)
  const others = earlierFirst(other)
  for (const compare of [byKind, byMoment]) {
    for (const [index, deviation] of ones.entries()) {
      const order = compare(deviation, known(others[index], "they are as many"))
      if (order !== 0) return order < 0
    }
  }
  return false
}
