/** What happened around the deviation that decides: what the contract did, and what others stored meanwhile. */
import type { Address, AddressRange, TaskId } from "../base/ids.ts"
import { contains } from "../base/ids.ts"
import type { ArmedSection } from "../kernel/abi/definition.ts"
import { SI_KERNEL } from "../linux/siginfo.ts"
import { SIGSEGV } from "../linux/signal.ts"
import { type Deviation, kinds } from "../log/choice.ts"
import type { Entry, EventOf } from "../log/event.ts"

/** A store to a watched word that changed it. */
export interface Store {
  readonly task: TaskId
  readonly ip: Address
  readonly address: Address
  readonly before: bigint
  readonly after: bigint
  readonly entry: number
}

/** What a contract made of an interruption. */
export type Reaction =
  /** It sent the task to its abort handler. */
  | { readonly _tag: "Aborted"; readonly event: EventOf<"Aborted"> }
  /** It found no sound descriptor, or no area. `armed`: the section it judged. */
  | { readonly _tag: "Killed"; readonly armed: ArmedSection | undefined }
  /** The kernel was not entered. */
  | { readonly _tag: "Unnoticed" }
  /** The task was registered with no contract. */
  | { readonly _tag: "Unknown" }
  /** The task stood in a section that was armed, and was not sent anywhere. */
  | { readonly _tag: "Overlooked"; readonly armed: ArmedSection }
  /** The task stood in a section of the program, and nothing was armed. */
  | { readonly _tag: "Unarmed"; readonly start: Address }
  /** The task stood in no section. */
  | { readonly _tag: "Outside" }

export interface Meanwhile {
  /** `undefined`: no contract was asked: the deviation answered a question, or the program has no sections. */
  readonly reaction: Reaction | undefined
  /** An abort of the task some instructions later, before it had entered another section. */
  readonly later: EventOf<"Aborted"> | undefined
  /** Stores of others before the task went on, to words that it had looked at or went on with. */
  readonly stores: ReadonlyArray<Store>
  /** The last of them that matters: to the word that the task then overwrote, or that it had looked at. */
  readonly told: Store | undefined
  /** What the task then stored there itself, where no abort undid its attempt. */
  readonly own: Store | undefined
}

type Access = Entry<EventOf<"Accessed">>

const isAccess = (entry: Entry): entry is Access => entry.event._tag === "Accessed"
const isStore = ({ event }: Access): boolean => event.isWrite === 1 && event.after !== event.before

const storeOf = ({ event: { address, after, before, ip, task }, index }: Access): Store => ({ task, ip, address, before, after, entry: index })

const isOf = (entry: Entry, task: TaskId): boolean => entry.task === task && "task" in entry.event && entry.event.task === task

const reactionOf = (
  { armed, critical: { count, kind, task }, ip }: Decisive, before: ReadonlyArray<Entry>, after: ReadonlyArray<Entry>, sections: ReadonlyArray<AddressRange>
): Reaction | undefined => {
  if (kind === "turn" || kind === "split") return { _tag: "Unnoticed" }
  // Until it retires another instruction, whatever befalls it is an answer to this.
  for (const { count: at, event } of after) {
    if (!("task" in event) || event.task !== task) continue
    if (event._tag === "Aborted" && at === count) return { _tag: "Aborted", event }
    if (event._tag === "SignalSent" && event.signal === SIGSEGV && event.code === SI_KERNEL && at === count) return { _tag: "Killed", armed }
  }
  if (kinds[kind].is === "question") return undefined
  if (armed !== undefined) return { _tag: "Overlooked", armed }
  // Where nobody has a section, none is missed.
  if (sections.length === 0) return undefined
  const kept = before.findLast(({ event }) => event._tag === "ContractChanged" && event.of === "task" && event.task === task)?.event
  if (kept?._tag !== "ContractChanged" || kept.record === undefined) return { _tag: "Unknown" }
  const section = sections.find((range) => contains(range, ip))
  return section === undefined ? { _tag: "Outside" } : { _tag: "Unarmed", start: section.start }
}

/** The first abort of the task, unless it entered another section or was interrupted by another deviation's abort before. */
const laterAbort = ({ count, task }: Deviation, after: ReadonlyArray<Entry>): EventOf<"Aborted"> | undefined => {
  for (const entry of after) {
    const { event } = entry
    if (!isOf(entry, task) || entry.count <= count) continue
    if (event._tag === "SectionEntered" || event._tag === "SectionLeft" || event._tag === "Committed") return undefined
    if (event._tag === "Aborted") return event
  }
  return undefined
}

/** The deviation that decides, and where it took effect: at entry `at`, when its task stood at `ip`. */
export interface Decisive {
  readonly critical: Deviation
  readonly ip: Address
  readonly at: number
  /** The section that a contract called armed there. */
  readonly armed: ArmedSection | undefined
  /** The data that the finding is about, if it is about data. */
  readonly about: Address | undefined
}

/** What the log says about the moment that decides. */
export const meanwhile = (decisive: Decisive, entries: ReadonlyArray<Entry>, sections: ReadonlyArray<AddressRange>): Meanwhile => {
  const { about, at, critical } = decisive
  const { count, task } = critical
  const before = entries.slice(0, at)
  const after = entries.slice(at)
  const reaction = reactionOf(decisive, before, after, sections)
  const isUndone = reaction?._tag === "Aborted" || reaction?._tag === "Killed"
  // An access bears the count before it. What was split has read at once, and goes on with its write.
  const goesOn = (entry: Entry): boolean =>
    entry.count > count || (isAccess(entry) && entry.count === count && (critical.kind !== "split" || entry.event.isWrite === 1))
  const resumed = after.find((entry) => entry.task === task && goesOn(entry))?.index ?? Infinity
  const accesses = after.filter(isAccess)
  const own = accesses.filter((entry) => entry.event.task === task && entry.index >= resumed)
  const looked = new Set([...before.filter(isAccess).filter(({ event }) => event.task === task), ...own.slice(0, 1)].map(({ event }) => event.address))
  const foreign = accesses.filter((entry) => entry.event.task !== task && entry.index < resumed && isStore(entry))
  const touched = new Set(foreign.map(({ event }) => event.address))
  const over = isUndone ? undefined : own.find((entry) => entry.event.isWrite === 1 && touched.has(entry.event.address))
  const stores = foreign.filter(({ event }) => event.address === about || looked.has(event.address) || event.address === over?.event.address).map(storeOf)
  const subject = stores.some(({ address }) => address === about) ? about : over?.event.address
  const told = isUndone ? undefined : stores.findLast(({ address }) => subject === undefined || address === subject)
  return {
    reaction, stores, told,
    later: isUndone ? undefined : laterAbort(critical, after),
    own: over === undefined || over.event.address !== told?.address ? undefined : storeOf(over)
  }
}
