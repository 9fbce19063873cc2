/**
 * The schedule of a run told again, in the order of the run: only the next deviation is looked at, so that a schedule may be as
 * long as a recording says and is never held. The first that the run has passed ends the telling.
 */
import type { Mark } from "../base/mark.ts"
import { type Deviation, type Interruption, type InterruptionKind, kinds, type Option, type Question, type Stretch } from "./choice.ts"
import { distance, type Drop, onOffer, type Telling } from "./telling.ts"

class Retelling implements Telling {
  readonly marks: ReadonlyArray<Mark> = []
  private readonly rest: Iterator<Deviation>
  private readonly drop: Drop
  private due: Deviation | undefined
  /** The count its task stood at when it was not on offer, which is its own or one before it; -1: it was. */
  private refusedFrom = -1
  private readonly answer: { at: number; kind: InterruptionKind; option: Option } = { at: 0, kind: "turn", option: 0 }

  constructor(deviations: Iterable<Deviation>, drop: Drop) {
    this.rest = deviations[Symbol.iterator]()
    this.drop = drop
    this.goOn()
  }

  dueIn({ from, options, task, until, visit }: Stretch): Interruption | undefined {
    const { due } = this
    if (due === undefined || due.task !== task) return undefined
    const isQuestion = kinds[due.kind].is === "question"
    if (due.count < from || (!isQuestion && distance(due, from, visit) < 0)) return this.passed(due)
    const isMet = due.count === from ? due.nth === visit : due.nth === 0 && due.count <= until
    if (isQuestion || !isMet) return undefined
    const kind = due.kind as InterruptionKind
    const option = onOffer(options(kind, due.count), due.option)
    this.refusedFrom = option === undefined ? from : -1
    if (option === undefined) return undefined
    const { answer } = this
    answer.at = due.count
    answer.kind = kind
    answer.option = option
    return answer
  }

  dueAt({ count, kind, nth, options, task }: Question): Option | undefined {
    const { due } = this
    if (due === undefined || due.task !== task) return undefined
    if (due.count < count || (due.kind === kind && distance(due, count, nth) < 0)) return this.passed(due)
    if (due.kind !== kind || distance(due, count, nth) > 0) return undefined
    if (options.includes(due.option)) {
      this.goOn()
      return due.option
    }
    this.refusedFrom = count
    return this.passed(due)
  }

  taken({ count, kind, nth, task }: Deviation): void {
    const { due } = this
    if (due !== undefined && kinds[kind].is === "interruption" && due.task === task && due.kind === kind && distance(due, count, nth) === 0) this.goOn()
  }

  finish(): void {
    const { due, refusedFrom } = this
    if (due !== undefined) this.drop(due, refusedFrom === due.count ? "not on offer" : "never met")
    this.due = undefined
  }

  private goOn(): void {
    const next = this.rest.next()
    this.due = next.done === true ? undefined : next.value
    this.refusedFrom = -1
  }

  /** The run is behind it. */
  private passed(due: Deviation): undefined {
    this.due = undefined
    this.drop(due, this.refusedFrom !== -1 ? "not on offer" : "never met")
  }
}

/** Begins to tell what was taken in a run. `drop` is told of one deviation at most: what follows it is no longer told. */
export const retell = (deviations: Iterable<Deviation>, drop: Drop): Telling => new Retelling(deviations, drop)
