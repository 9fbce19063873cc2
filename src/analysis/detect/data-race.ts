import type { Address } from "../../base/ids.ts"
import { type Access, accessText, Claims, isAccess } from "./claims.ts"
import { defineDetector } from "./definition.ts"
import { HappensBefore, orderingTags } from "./happens-before.ts"

/** What is remembered of an access: a later one may turn out to be unordered. */
interface Remembered {
  readonly entry: Access
  /** By the clock of its task. */
  readonly time: number
  /** Which of the eight bytes, the lowest first. */
  readonly mask: number
}

const CELL_BYTES = 8

/** Of the eight bytes that begin at `cell`, those of the access. */
const maskOf = (cell: Address, { address, sizeBytes }: Access["event"]): number => {
  const from = Math.max(address - cell, 0)
  const until = Math.min(address + sizeBytes - cell, CELL_BYTES)
  return (1 << until) - (1 << from)
}

const conflict = (one: Access["event"], other: Access["event"]): boolean =>
  one.task !== other.task && (one.isWrite === 1 || other.isWrite === 1) && !(one.isLocked === 1 && other.isLocked === 1)

class Races {
  readonly order = new HappensBefore()
  readonly shared = new Claims("shared")
  readonly sync = new Claims("sync")
  /** By the first of eight bytes. */
  private readonly cells = new Map<Address, Array<Remembered>>()
  /** Reported once: whatever follows is the same race. */
  private readonly reported = new Set<Address>()

  access(entry: Access): { readonly earlier: Access; readonly about: Address } | undefined {
    const { address, isLocked, isRead, isWrite, sizeBytes, task } = entry.event
    const orders = isLocked === 1 || this.sync.at(address, sizeBytes) !== undefined
    if (orders && (isRead === 1 || isWrite === 0)) this.order.acquireWords(task, address, sizeBytes)
    const race = this.shared.at(address, sizeBytes) === undefined ? undefined : this.look(entry)
    if (orders && isWrite === 1) this.order.releaseWords(task, address, sizeBytes, isRead === 0)
    return race
  }

  private look(entry: Access): { readonly earlier: Access; readonly about: Address } | undefined {
    const { address, isWrite, sizeBytes, task } = entry.event
    const time = this.order.timeOf(task)
    let race: { readonly earlier: Access; readonly about: Address } | undefined
    for (let cell = address - (address % CELL_BYTES); cell < address + sizeBytes; cell += CELL_BYTES) {
      const mask = maskOf(cell, entry.event)
      const kept: Array<Remembered> = []
      for (const before of this.cells.get(cell) ?? []) {
        const { event } = before.entry
        const isBehind = event.task === task || this.order.isBefore(event.task, before.time, task)
        const common = before.mask & mask
        if (common !== 0 && !isBehind && conflict(event, entry.event) && !this.reported.has(cell)) {
          this.reported.add(cell)
          race ??= { earlier: before.entry, about: cell + 31 - Math.clz32(common & -common) }
        }
        // Whoever conflicts with what lies behind conflicts with this one as well.
        const isReplaced = isBehind && (before.mask & ~mask) === 0 && (isWrite === 1 || (event.isWrite === 0 && event.task === task))
        if (!isReplaced) kept.push(before)
      }
      kept.push({ entry, time, mask })
      this.cells.set(cell, kept)
    }
    return race
  }
}

export const dataRace = defineDetector({
  name: "data-race",
  rule: "of two accesses to shared data by different tasks, one of them a store, one is ordered before the other",
  severity: "error",
  canary: "publish-bad/race",
  watches: [...orderingTags, "Claimed", "Accessed"],
  page: "Judged is what the program claims to be shared (`#: shared`, `--shared`). Two accesses are ordered by the program order of a task, by what tasks do to "
    + "each other through the kernel (a task is created, ends, is waited for; futex(2); a signal; membarrier(2)), by a CPU that changes tasks (so that data which "
    + "only the tasks of one CPU touch is never raced for), and by words that order. LOCKed instructions and exchanges order on any word; and from the first of them, or the first futex(2) on it, a word orders whoever "
    + "accesses it: a plain aligned store releases, and a plain load acquires what it loads, as on the processor. Words that only plain loads and stores order are claimed to be `sync`. "
    + "What is claimed to be shared is data, and orders by LOCKed accesses only: two of them are no race, a plain load of what others change with LOCK is one. "
    + "A race is found in whatever order the two came in this run, also if nothing went wrong. What the kernel itself loads and stores is not seen, nor what a cpu_opv "
    + "vector does. The evidence is the two accesses. Races for the same eight bytes are reported once.",
  start: () => new Races(),
  observe: (races, entry) => {
    const { event, index } = entry
    if (event._tag === "Claimed") {
      races.shared.add(event)
      races.sync.add(event)
      return undefined
    }
    if (!isAccess(entry)) {
      races.order.observe(entry)
      return undefined
    }
    const race = races.access(entry)
    if (race === undefined) return undefined
    const { about, earlier } = race
    return {
      message: `${accessText(earlier)}, ${accessText(entry)}, and nothing orders them`,
      evidence: [earlier.index, index],
      about
    }
  }
})
