/**
 * A detector: a fold over a log that reports broken rules. It sees entries only, so it judges a recording from anywhere; it
 * sees no entry but those it names, so whoever makes the log knows what it must hold.
 */
import { type Address, TASK_SIZE } from "../../base/ids.ts"
import { type Entry, type EventOf, type EventTag, followed, watched } from "../../log/event.ts"

/** `error`: the program is wrong. `warning`: it may be. `note`: worth knowing. */
export type Severity = "error" | "warning" | "note"

/** What a detector says at the entry that proves it. */
export interface Verdict {
  readonly message: string
  /** Indexes of the entries that show it, ascending. */
  readonly evidence: ReadonlyArray<number>
  /** Start of the critical section it is about, where it is about one. */
  readonly section?: Address
  /** The data it is about, where it is about data. */
  readonly about?: Address
}

/** A broken rule, with the entries that prove it. */
export interface Finding extends Verdict {
  readonly detector: string
  readonly severity: Severity
}

/** What makes two findings one: the rule, and the section or the data it is broken about. */
export interface FindingKind {
  readonly detector: string
  readonly section?: Address | undefined
  readonly about?: Address | undefined
}

/** Equal for findings that are one, as far as a log can tell. */
export const findingKey = ({ about, detector, section }: FindingKind): string => `${detector} ${section ?? ""} ${about ?? ""}`

interface Definition<Name extends string, Tag extends EventTag, State> {
  readonly name: Name
  /** What holds in every good run, as a sentence. */
  readonly rule: string
  readonly severity: Severity
  /** The recording on which it must fire: `<program>/<what it shows>` under recordings/. */
  readonly canary: string
  /** The events it reads. Observations among them are made again by a replay where a recording lacks them. */
  readonly watches: ReadonlyArray<Tag>
  /** Observations only take its findings back: without them it suspects, and a run that it does not suspect need not be watched. */
  readonly suspects?: boolean
  /** Its page in the reference: what the rule is for, what it cannot see. */
  readonly page: string
  readonly start: () => State
  readonly observe: (state: State, entry: Entry<EventOf<Tag>>) => Verdict | undefined
}

/** Any row, whatever it keeps while it listens. */
export interface AnyDetector<Name extends string = string> {
  readonly name: Name
  readonly rule: string
  readonly severity: Severity
  readonly canary: string
  readonly watches: ReadonlyArray<EventTag>
  readonly suspects: boolean
  readonly page: string
  /** Begins one log; the result is told its entries in order. */
  readonly begin: () => (entry: Entry) => Verdict | undefined
}

/** Comparing with an event that is not watched does not compile: `observe` sees the named ones only. */
export const defineDetector = <const Name extends string, const Tag extends EventTag, State>(
  { canary, name, observe, page, rule, severity, start, suspects = false, watches }: Definition<Name, Tag, State>
): AnyDetector<Name> => {
  const tags = new Set<EventTag>(watches)
  const isWatched = (entry: Entry): entry is Entry<EventOf<Tag>> => tags.has(entry.event._tag)
  return {
    name, rule, severity, canary, watches, suspects, page,
    begin: () => {
      const state = start()
      return (entry) => (isWatched(entry) ? observe(state, entry) : undefined)
    }
  }
}

/** Whether it reads what only an observer sees, for which a run takes two or three times as long. */
export const needsObserver = ({ watches }: AnyDetector): boolean => watches.some((tag) => Object.hasOwn(watched, tag))

/** Whether it reads what is seen only by following every instruction: many times as slow again. */
export const needsFollower = ({ watches }: AnyDetector): boolean => watches.some((tag) => Object.hasOwn(followed, tag))

/** A detector at one log. It begins with the first entry it reads: most logs have none for most of them. */
interface Listener {
  readonly detector: AnyDetector
  tell: ((entry: Entry) => Verdict | undefined) | undefined
}

/** Detectors listening to one log after another, entry by entry: while they are made, or from recordings. */
export class Detection {
  /** Of the log since the last `restart`. */
  findings: Array<Finding> = []
  private readonly all: ReadonlyArray<Listener>
  private readonly listeners = new Map<EventTag, Array<Listener>>()

  constructor(detectors: Iterable<AnyDetector>) {
    this.all = Array.from(detectors, (detector) => ({ detector, tell: undefined }))
    for (const listener of this.all) {
      for (const tag of listener.detector.watches) {
        const others = this.listeners.get(tag)
        if (others === undefined) this.listeners.set(tag, [listener])
        else others.push(listener)
      }
    }
  }

  /** Another log begins. What was found in the last belongs to whoever has it. */
  restart(): void {
    this.findings = []
    for (const listener of this.all) listener.tell = undefined
  }

  /** Whether any detector reads such events: others need not be made into entries. */
  wants(tag: EventTag): boolean {
    return this.listeners.has(tag)
  }

  observe(entry: Entry): void {
    for (const listener of this.listeners.get(entry.event._tag) ?? []) {
      const { detector } = listener
      listener.tell ??= detector.begin()
      const verdict = listener.tell(entry)
      if (verdict !== undefined) this.findings.push({ ...verdict, detector: detector.name, severity: detector.severity })
    }
  }
}

/** No instruction accesses more at once. */
const ACCESS_BYTES_MAX = 64

const isUserRange = (start: Address, sizeBytes: number): boolean => sizeBytes > 0 && start + sizeBytes <= TASK_SIZE

/** Whether a run could have written it down. A log may come from anybody: of an access of 2^50 bytes there is nothing to judge. */
export const isPlausible = ({ event }: Entry): boolean =>
  event._tag === "Accessed" ? event.sizeBytes <= ACCESS_BYTES_MAX && isUserRange(event.address, event.sizeBytes)
  : event._tag === "Claimed" ? isUserRange(event.start, event.end - event.start)
  : true

/** What the detectors find in a whole log, in its order. */
export const detect = (detectors: Iterable<AnyDetector>, entries: Iterable<Entry>): ReadonlyArray<Finding> => {
  const detection = new Detection(detectors)
  for (const entry of entries) if (isPlausible(entry)) detection.observe(entry)
  return detection.findings
}
