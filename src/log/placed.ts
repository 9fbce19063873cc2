/**
 * Telling a schedule by place: the fourth arrival of a task at an instruction, wherever its count stands by then. What
 * minimizing, bisecting and replaying on another build hold their candidates by.
 *
 * An interruption is met where a mark brings the engine back before its instruction. An arrival is a count at which the
 * task stands there; further visits at the same count are the same arrival. A question is met by the instruction its task
 * stands at, in the same way.
 */
import { known } from "../base/assert.ts"
import type { Address, Count, TaskId } from "../base/ids.ts"
import type { Mark } from "../base/mark.ts"
import { type Decider, type Deviation, FIRST_WAITING, type Interruption, type Kind, kinds, type Option, type Question, type Stretch } from "./choice.ts"
import { isPlaced, type PlacedDeviation, type TypedSchedule } from "./schedule.ts"
import { type DropReason, recorded, tell } from "./telling.ts"

/** A placed deviation with its address looked up. */
export interface LocatedDeviation {
  readonly deviation: PlacedDeviation
  readonly address: Address
}

/** Told once of each deviation that was not taken, in the order of the schedule. */
export type DropTyped = (deviation: Deviation | PlacedDeviation, reason: DropReason) => void

interface Candidate extends LocatedDeviation {
  isTold: boolean
  wasMet: boolean
}

/** How often one task has stood at one address. */
export class Arrivals {
  private count: Count = -1
  private seen = -1
  /** The arrival, from 0, of a task that stands there at `count`. */
  at(count: Count): number {
    if (count !== this.count) {
      this.count = count
      this.seen++
    }
    return this.seen
  }
}

const isQuestion = (kind: Kind): boolean => kinds[kind].is === "question"

/** A decider that tells a typed schedule, and says at the end what it could not tell. */
export interface TypedTelling extends Decider {
  readonly finish: () => void
}

/** `located`: the placed deviations of `schedule`, with their addresses. */
export const tellTyped = (schedule: TypedSchedule, located: ReadonlyArray<LocatedDeviation>, drop: DropTyped): TypedTelling => {
  const counted = tell(schedule.filter((deviation): deviation is Deviation => !isPlaced(deviation)), drop)
  const inner = recorded(counted)
  const candidates = located.map((one): Candidate => ({ ...one, isTold: false, wasMet: false }))
  const atBoundaries = candidates.filter(({ deviation }) => !isQuestion(deviation.kind))
  const atQuestions = candidates.filter(({ deviation }) => isQuestion(deviation.kind))
  const marks = [...new Set(atBoundaries.map(({ address }) => address))].map((at): Mark => ({ _tag: "Executed", at }))
  const arrivals = new Map<string, Arrivals>()
  const arrivalsOf = (task: TaskId, address: Address, kind: string): Arrivals => {
    const key = `${task}@${address}:${kind}`
    const met = arrivals.get(key) ?? new Arrivals()
    arrivals.set(key, met)
    return met
  }
  let answered: Candidate | undefined

  const boundary = (stretch: Stretch): Interruption | undefined => {
    const ip = stretch.pending?.ip
    if (ip === undefined) return undefined
    const here = atBoundaries.filter(({ address, deviation }) => address === ip && deviation.task === stretch.task)
    if (here.length === 0) return undefined
    const arrival = arrivalsOf(stretch.task, ip, "").at(stretch.from)
    for (const candidate of here) {
      const { kind, nth, option, place } = candidate.deviation
      if (candidate.isTold || place.arrival !== arrival || stretch.visit < nth) continue
      candidate.wasMet = true
      const offered = stretch.options(kind as Interruption["kind"], stretch.from)
      if (option !== FIRST_WAITING && !offered.includes(option)) continue
      answered = candidate
      return { at: stretch.from, kind: kind as Interruption["kind"], option }
    }
    return undefined
  }

  const placedAnswer = ({ count, ip, kind, nth, options, task }: Question): Option | undefined => {
    const here = atQuestions.filter(({ address, deviation }) => deviation.kind === kind && deviation.task === task && address === ip)
    if (here.length === 0) return undefined
    const arrival = arrivalsOf(task, ip, kind).at(count)
    for (const candidate of here) {
      if (candidate.isTold || candidate.deviation.place.arrival !== arrival || candidate.deviation.nth !== nth) continue
      candidate.wasMet = true
      if (!options.includes(candidate.deviation.option)) continue
      candidate.isTold = true
      return candidate.deviation.option
    }
    return undefined
  }

  return {
    marks,
    interrupt: (stretch) => {
      answered = undefined
      return boundary(stretch) ?? inner.interrupt(stretch)
    },
    choose: (question) => placedAnswer(question) ?? inner.choose(question),
    taken: (deviation) => {
      if (answered !== undefined && answered.deviation.kind === deviation.kind && answered.deviation.task === deviation.task) {
        answered.isTold = true
        answered = undefined
      } else counted.taken(deviation)
    },
    finish: () => {
      const left = new Map<Deviation | PlacedDeviation, DropReason>()
      for (const { deviation, isTold, wasMet } of candidates) if (!isTold) left.set(deviation, wasMet ? "not on offer" : "never met")
      counted.finish()
      for (const deviation of schedule) if (left.has(deviation)) drop(deviation, known(left.get(deviation), "it is left"))
    }
  }
}
