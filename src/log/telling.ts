/**
 * A schedule being told: the answers of a run, looked up by key. Strict and lenient replay, minimizing, bisecting and every
 * strategy that knows its schedule beforehand tell it in the same way; they differ in what they do with what is dropped.
 *
 * Deviations lie in *lanes*: of each task, the interruptions it meets in passing (visit 0), those of later visits, and the
 * questions of each kind. A task's counts and visits only grow, so a lane is read by a cursor that only moves forward.
 */
import { assert } from "../base/assert.ts"
import type { TaskId } from "../base/ids.ts"
import type { Mark } from "../base/mark.ts"
import {
  type Decider, type Deviation, FIRST_WAITING, type Interruption, type InterruptionKind, KERNEL_THREAD, type Kind, kindIndex, kindNames,
  kinds, type Option, type Question, type Schedule, type Stretch
} from "./choice.ts"

/** Why a deviation was not taken: its task never stood there, or stood there and the option was not on offer. */
export type DropReason = "never met" | "not on offer"

/** Told once of each deviation that can no longer be taken. Strict replay ends the run there, lenient lists it and goes on. */
export type Drop = (deviation: Deviation, reason: DropReason) => void

export interface Telling {
  readonly marks: ReadonlyArray<Mark>
  /**
   * The first deviation on offer that `stretch` may meet: at `from` of the stretch's visit, later up to `until` of visit 0. The
   * object is reused. What is not on offer is passed over and not yet dropped: a call before its count may put it on offer.
   */
  readonly dueIn: (stretch: Stretch) => Interruption | undefined
  /** The option due for `question`, if it is on offer. An answer to a question is never void, so it counts as told at once. */
  readonly dueAt: (question: Question) => Option | undefined
  /** The run did this. An interruption counts as told here and not before; other deciders' deviations are let pass. */
  readonly taken: (deviation: Deviation) => void
  /** The run is over: drops whatever is left, in the order of the schedule. */
  readonly finish: () => void
}

/** So many deviations not on offer are passed over in one stretch: a bound for schedules that repeat a key without end. */
const PASSED_OVER_MAX = 4096

/** How far `deviation` lies behind `(count, nth)`; negative if before. */
export const distance = (deviation: Deviation, count: number, nth: number): number => deviation.count - count || deviation.nth - nth

class Lane {
  /** In order of (count, nth); equal keys as in the schedule. */
  readonly deviations: Array<Deviation> = []
  isInOrder = true
  /** The first that is neither told nor dropped. */
  next = 0
  /** Those before this index were not on offer when last asked for. */
  refusedEnd = 0
  /** The one answered last. */
  answered = -1

  add(deviation: Deviation): void {
    const last = this.deviations[this.deviations.length - 1]
    if (last !== undefined && distance(last, deviation.count, deviation.nth) > 0) this.isInOrder = false
    this.deviations.push(deviation)
  }

  /** Schedules of a run are in order already; those written by hand need not be. */
  putInOrder(): void {
    if (!this.isInOrder) this.deviations.sort((a, b) => distance(a, b.count, b.nth))
    this.isInOrder = true
  }

  /** Drops all before `(count, nth)` and gives the first that is not. */
  forwardTo(count: number, nth: number, drop: Drop): Deviation | undefined {
    let due = this.deviations[this.next]
    while (due !== undefined && distance(due, count, nth) < 0) {
      this.dropNext(due, drop)
      due = this.deviations[this.next]
    }
    return due
  }

  dropNext(due: Deviation, drop: Drop): void {
    drop(due, this.next < this.refusedEnd ? "not on offer" : "never met")
    this.next += 1
  }

  tellTo(end: number, drop: Drop): void {
    for (let due = this.deviations[this.next]; due !== undefined && this.next < end - 1; due = this.deviations[this.next]) this.dropNext(due, drop)
    this.next = end
  }
}

// The lanes of a task: passing interruptions, those of later visits, then a lane for each kind of question.
const PASSING = 0
const LATER = 1
const FIRST_QUESTION = 2
const laneCount = FIRST_QUESTION + kindNames.length
const questionLane = Object.fromEntries(
  kindNames.map((kind) => [kind, kinds[kind].is === "question" ? FIRST_QUESTION + kindIndex[kind] : PASSING])
) as Readonly<Record<Kind, number>>

const laneOf = ({ kind, nth, task }: { readonly kind: Kind; readonly nth: number; readonly task: TaskId }): number => {
  const lane = questionLane[kind]
  return task * laneCount + (lane === PASSING && nth > 0 ? LATER : lane)
}

/** `option`, or what it stands for here; `undefined` if that is not on offer. */
export const onOffer = (options: ReadonlyArray<Option>, option: Option): Option | undefined => {
  if (option !== FIRST_WAITING) return options.includes(option) ? option : undefined
  for (const offered of options) if (offered !== KERNEL_THREAD) return offered
  return options[0]
}

class ScheduleTelling implements Telling {
  readonly marks: ReadonlyArray<Mark> = []
  private readonly schedule: Schedule
  private readonly drop: Drop
  /** By `laneOf`; with holes. */
  private readonly lanes: Array<Lane | undefined> = []
  private readonly allLanes: Array<Lane> = []
  private readonly answer: { at: number; kind: InterruptionKind; option: Option } = { at: 0, kind: "turn", option: 0 }

  constructor(schedule: Schedule, drop: Drop) {
    this.schedule = schedule
    this.drop = drop
    for (const deviation of schedule) {
      const at = laneOf(deviation)
      let lane = this.lanes[at]
      if (lane === undefined) {
        this.lanes[at] = lane = new Lane()
        this.allLanes.push(lane)
      }
      lane.add(deviation)
    }
    for (const lane of this.allLanes) lane.putInOrder()
  }

  dueIn(stretch: Stretch): Interruption | undefined {
    const first = stretch.task * laneCount
    if (stretch.visit > 0) {
      const lane = this.lanes[first + LATER]
      const due = lane?.forwardTo(stretch.from, stretch.visit, this.drop)
      if (lane !== undefined && due !== undefined) {
        // Only a deviation of this very boundary is met at a later visit; ahead, boundaries are reached in passing.
        const answer = this.firstOnOffer(lane, stretch, stretch.from, stretch.visit)
        if (answer !== undefined) return answer
      }
    }
    const lane = this.lanes[first + PASSING]
    if (lane === undefined || lane.forwardTo(stretch.from, stretch.visit, this.drop) === undefined) return undefined
    return this.firstOnOffer(lane, stretch, stretch.until, 0)
  }

  dueAt(question: Question): Option | undefined {
    const lane = this.lanes[question.task * laneCount + questionLane[question.kind]]
    if (lane === undefined) return undefined
    let due = lane.forwardTo(question.count, question.nth, this.drop)
    for (; due !== undefined && distance(due, question.count, question.nth) === 0; due = lane.deviations[lane.next]) {
      if (question.options.includes(due.option)) {
        lane.next += 1
        return due.option
      }
      lane.refusedEnd = lane.next + 1
      lane.dropNext(due, this.drop)
    }
    return undefined
  }

  taken(deviation: Deviation): void {
    if (questionLane[deviation.kind] !== PASSING) return
    const lane = this.lanes[laneOf(deviation)]
    const due = lane?.deviations[lane.answered]
    if (lane === undefined || due === undefined || lane.answered < lane.next) return
    if (due.kind === deviation.kind && distance(due, deviation.count, deviation.nth) === 0) lane.tellTo(lane.answered + 1, this.drop)
  }

  finish(): void {
    const left = new Map<Deviation, DropReason>()
    const note: Drop = (deviation, reason) => void left.set(deviation, reason)
    for (const lane of this.allLanes) lane.forwardTo(Infinity, 0, note)
    for (const deviation of this.schedule) {
      const reason = left.get(deviation)
      if (reason !== undefined) this.drop(deviation, reason)
    }
  }

  /** The first from the cursor on, up to `(until, nth)`, that is on offer. */
  private firstOnOffer(lane: Lane, stretch: Stretch, until: number, nth: number): Interruption | undefined {
    const { deviations, next } = lane
    lane.refusedEnd = next
    for (let index = next; index < next + PASSED_OVER_MAX; index += 1) {
      const due = deviations[index]
      if (due === undefined || distance(due, until, nth) > 0) return undefined
      const kind = due.kind as InterruptionKind
      const option = onOffer(stretch.options(kind, due.count), due.option)
      if (option === undefined) {
        lane.refusedEnd = index + 1
        continue
      }
      lane.answered = index
      const { answer } = this
      answer.at = due.count
      answer.kind = kind
      answer.option = option
      return answer
    }
    return undefined
  }
}

/** Begins to tell `schedule`. Cheap for short ones: a search tells hundreds of thousands a second. */
export const tell = (schedule: Schedule, drop: Drop): Telling => new ScheduleTelling(schedule, drop)

/** Answers from a schedule, by key, and quietly where it says nothing. There is one loop for recording and replaying. */
export const recorded = (telling: Telling): Decider => ({
  marks: telling.marks,
  interrupt: (stretch) => telling.dueIn(stretch) ?? "nothing",
  choose: (question) => {
    const [quiet] = question.options
    assert(quiet !== undefined, "a question has at least two options")
    return telling.dueAt(question) ?? quiet
  },
  taken: (deviation) => telling.taken(deviation)
})
