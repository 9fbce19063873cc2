/**
 * What runs have shown so far: who was where when somebody else did what. A feature is two moments that follow each other in
 * different tasks (place, event, place, event, whether on one CPU), or an abort and its cause. A run with a new one is worth
 * keeping: on the next build of the program it is told again, and others are bred from it.
 *
 * Features are numbers while runs go by and become text once, when they are new: names of ours would not be those of another
 * thread.
 */
import { type Address, type CpuId, PAGE_BYTES, type TaskId } from "../base/ids.ts"
import { hex } from "../base/bits.ts"
import type { Decider } from "../log/choice.ts"
import type { Event, EventLog } from "../log/event.ts"
import type { Target } from "./target.ts"
import type { Trial } from "./trial.ts"

/** So many bytes before a section and after it are told apart like those inside: arming, and what follows the commit. */
const MARGIN_BYTES = 12

/** Beyond so many nothing is new any more: memory stays flat. */
export const FEATURE_COUNT_MAX = 1 << 16

/** Moments have small numbers: a pair of them is one exact number. */
const MOMENT_COUNT_MAX = 1 << 24

/** Numbers for names, in the order in which they are met. */
class Numbering<Key> {
  readonly keys: Array<Key> = []
  private readonly numbers = new Map<Key, number>()

  of(key: Key): number {
    const met = this.numbers.get(key)
    if (met !== undefined) return met
    const number = this.keys.length
    this.numbers.set(key, number)
    this.keys.push(key)
    return number
  }
}

/** Where and what an event is, for those that make features. */
const whereOf = (event: Event): Address | undefined => {
  switch (event._tag) {
    case "Preempted":
    case "Aborted":
    case "SignalDelivered":
      return event.ip
    case "Committed":
      return event.postCommit
    case "SectionEntered":
      return event.start
    default:
      return undefined
  }
}

/** Makes runs of a target and listens to them, one coverage a target. */
export class Coverage {
  private readonly trials: Target["trials"]
  private readonly sections: Target["options"]["sections"]
  private readonly seen = new Set<number>()
  private readonly moments = new Numbering<string>()
  /** By place and sort of event: the moment of an address is looked up, not spelled again. */
  private readonly momentAt = new Map<string, Map<Address, number>>()
  private fresh: Array<number> = []
  // The last moment of the run: whose, where, which.
  private task: TaskId | undefined
  private cpu: CpuId = 0
  private moment = 0
  private readonly listener: EventLog = { append: (_now, cpu, task, _count, event) => this.hear(cpu, task, event) }

  constructor({ options, trials }: Target) {
    this.sections = options.sections
    this.trials = trials
  }

  /** Only what is performed here is heard. */
  perform(decider: Decider): Trial {
    this.fresh = []
    this.task = undefined
    return this.trials.perform(decider, { log: this.listener })
  }

  /** Features of the last run that none before it had; from now on they are known. */
  news(): ReadonlyArray<string> {
    const news: Array<string> = []
    for (const feature of this.fresh) {
      if (this.seen.has(feature) || this.seen.size >= FEATURE_COUNT_MAX) continue
      this.seen.add(feature)
      news.push(this.textOf(feature))
    }
    return news
  }

  private hear(cpu: CpuId, task: TaskId, event: Event): void {
    const where = whereOf(event)
    if (where === undefined) return
    const moment = this.momentOf(where, event._tag === "Aborted" ? `Aborted ${event.cause}` : event._tag)
    if (event._tag === "Aborted") this.note(moment)
    if (this.task !== undefined && this.task !== task) {
      this.note(((this.moment + 1) * MOMENT_COUNT_MAX + moment) * 2 + (this.cpu === cpu ? 1 : 0))
    }
    this.task = task
    this.cpu = cpu
    this.moment = moment
  }

  private note(feature: number): void {
    if (!this.seen.has(feature)) this.fresh.push(feature)
  }

  private momentOf(at: Address, what: string): number {
    let byAddress = this.momentAt.get(what)
    if (byAddress === undefined) this.momentAt.set(what, (byAddress = new Map()))
    let moment = byAddress.get(at)
    if (moment === undefined) byAddress.set(at, (moment = this.moments.of(`${this.place(at)} ${what}`) % MOMENT_COUNT_MAX))
    return moment
  }

  /** Section and offset; away from sections the page, so that what happens there is not one feature an instruction. */
  private place(at: Address): string {
    const section = this.sections.find(({ end, start }) => start - MARGIN_BYTES <= at && at <= end + MARGIN_BYTES)
    if (section === undefined) return `page ${hex(at - (at % PAGE_BYTES))}`
    const offset = at - section.start
    return `${hex(section.start)}${offset < 0 ? "" : "+"}${offset}`
  }

  private textOf(feature: number): string {
    const { keys } = this.moments
    if (feature < MOMENT_COUNT_MAX) return keys[feature] ?? ""
    const pair = Math.floor(feature / 2)
    const [first, second] = [Math.floor(pair / MOMENT_COUNT_MAX) - 1, pair % MOMENT_COUNT_MAX]
    return `${keys[first] ?? ""} ${keys[second] ?? ""} ${feature % 2 === 1 ? "same" : "other"}`
  }
}
