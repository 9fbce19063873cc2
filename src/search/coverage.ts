/**
 * What runs have shown so far: who was where when somebody else did what. A feature is two moments that follow each other in
 * different tasks (place, event, place, event, whether on one CPU), or an abort and its cause. A run with a new one is worth
 * keeping: on the next build of the program it is told again.
 */
import { type Address, contains, type CpuId, type TaskId } from "../base/ids.ts"
import { hex } from "../base/bits.ts"
import type { Event } from "../log/event.ts"
import type { Target } from "./target.ts"

interface Moment {
  readonly task: TaskId
  readonly cpu: CpuId
  readonly where: Address
  readonly what: string
}

/** Where and what an event is, for those that make features. */
const momentOf = (event: Event): { readonly where: Address; readonly what: string } | undefined => {
  switch (event._tag) {
    case "Preempted":
      return { where: event.ip, what: "Preempted" }
    case "Aborted":
      return { where: event.ip, what: `Aborted ${event.cause}` }
    case "SignalDelivered":
      return { where: event.ip, what: "SignalDelivered" }
    case "Committed":
      return { where: event.postCommit, what: "Committed" }
    case "SectionEntered":
      return { where: event.start, what: "SectionEntered" }
    default:
      return undefined
  }
}

/** Beyond so many nothing is new any more: memory stays flat. */
const FEATURE_COUNT_MAX = 1 << 16

/** Listens to all trials of a target, one coverage a target. */
export class Coverage {
  private readonly seen = new Set<string>()
  private readonly places = new Map<Address, string>()
  private readonly sections: Target["options"]["sections"]
  private fresh: Array<string> = []
  private last: Moment | undefined

  constructor({ options, trials }: Target) {
    this.sections = options.sections
    trials.begins = () => {
      this.fresh = []
      this.last = undefined
    }
    trials.listener = { append: (_now, cpu, task, _count, event) => this.hear(cpu, task, event) }
  }

  /** Features of the last trial that no trial before it had. */
  news(): ReadonlyArray<string> {
    return this.fresh
  }

  private hear(cpu: CpuId, task: TaskId, event: Event): void {
    const met = momentOf(event)
    if (met === undefined) return
    const moment: Moment = { task, cpu, ...met }
    const { last } = this
    this.last = moment
    if (event._tag === "Aborted") this.add(`${this.place(met.where)} ${met.what}`)
    if (last !== undefined && last.task !== task) {
      this.add(`${this.place(last.where)} ${last.what} ${this.place(met.where)} ${met.what} ${last.cpu === cpu ? "same" : "other"}`)
    }
  }

  private add(feature: string): void {
    if (this.seen.has(feature) || this.seen.size >= FEATURE_COUNT_MAX) return
    this.seen.add(feature)
    this.fresh.push(feature)
  }

  /** Section and offset; outside sections the page, so that what happens there is not one feature an instruction. */
  private place(at: Address): string {
    const met = this.places.get(at)
    if (met !== undefined) return met
    const section = this.sections.find((range) => contains(range, at) || range.end === at)
    const text = section === undefined ? `page ${hex(at - (at % 4096))}` : `${hex(section.start)}+${at - section.start}`
    this.places.set(at, text)
    return text
  }
}
