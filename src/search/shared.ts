/**
 * The words that tasks share, for programs that do not say what to watch.
 *
 * A quiet run is made with a mark at every access. A word that two tasks come to, one of them to write, is one whose accesses
 * are worth putting apart. What one task hands to another once, at its birth or its end, stands on stacks and in thread areas; in
 * the program's own data it may as well be the cell of a CPU that nobody else has come to yet.
 *
 * Source: the choice of interesting events in Zhao et al., Selectively Uniform Concurrency Testing, ASPLOS 2025.
 */
import { isPlausible } from "../analysis/detect/definition.ts"
import { type Address, type AddressRange, rootTask, type TaskId } from "../base/ids.ts"
import type { Mark } from "../base/mark.ts"
import { covering, merged, touches } from "../base/ranges.ts"
import { type Decider, quietDecider, type Stretch } from "../log/choice.ts"
import type { Entry } from "../log/event.ts"
import type { Program } from "../program/program.ts"

/** Accesses looked at: of a longer run the beginning. */
const ACCESS_COUNT_MAX = 300_000
/** Words watched: those that most tasks come to first, then in the order of their addresses. */
const WORD_COUNT_MAX = 64
const WORD_BYTES = 8
const EVERY_ACCESS: ReadonlyArray<Mark> = [{ _tag: "Accessed", start: 0, end: 2 ** 47, by: "any" }]

interface Word {
  readonly at: Address
  /** The bytes of it that were accessed. */
  start: Address
  end: Address
  readonly tasks: Set<TaskId>
  isWritten: boolean
}

/** Answers quietly, and takes down who accesses what. */
export class SharedWords implements Decider {
  marks = EVERY_ACCESS
  readonly choose = quietDecider.choose
  /** Before there is another task nothing is shared. */
  hasOthers = false
  private readonly words = new Map<Address, Word>()
  private accessCount = 0

  readonly interrupt = ({ pending, task }: Stretch): "nothing" => {
    if (!this.hasOthers || pending?._tag !== "Access") return "nothing"
    if (++this.accessCount === ACCESS_COUNT_MAX) this.marks = []
    for (const at of wordsOf(pending)) {
      const word = this.words.get(at) ?? { at, start: Infinity, end: 0, tasks: new Set(), isWritten: false }
      this.words.set(at, word)
      word.start = Math.min(word.start, Math.max(at, pending.address))
      word.end = Math.max(word.end, Math.min(at + WORD_BYTES, pending.address + pending.sizeBytes))
      word.tasks.add(task)
      word.isWritten ||= pending.kind !== "read"
    }
    return "nothing"
  }

  ranges({ segments }: Program): ReadonlyArray<AddressRange> {
    const isInData = (at: Address): boolean => segments.some(({ memoryBytes, start }) => start <= at && at < start + memoryBytes)
    const chosen = [...this.words.values()]
      .filter(({ at, isWritten, tasks }) => isWritten && tasks.size > (tasks.has(rootTask) && !isInData(at) ? 2 : 1))
      .sort((a, b) => b.tasks.size - a.tasks.size || a.at - b.at)
      .slice(0, WORD_COUNT_MAX)
    return merged(chosen)
  }
}

/** The words that observed accesses of a log touch, those in `known` left out: what was watched when it was made. */
export const watchedWords = (entries: Iterable<Entry>, known: ReadonlyArray<AddressRange>): ReadonlyArray<AddressRange> => {
  const words = new Set<Address>()
  const watched = covering(known)
  for (const entry of entries) {
    const { event } = entry
    if (event._tag !== "Accessed" || !isPlausible(entry) || touches(watched, event.address, event.address + 1)) continue
    for (const at of wordsOf(event)) words.add(at)
  }
  return merged([...words].map((start) => ({ start, end: start + WORD_BYTES })))
}

function* wordsOf({ address, sizeBytes }: { readonly address: Address; readonly sizeBytes: number }): Generator<Address> {
  for (let at = address - (address % WORD_BYTES); at < address + sizeBytes; at += WORD_BYTES) yield at
}
