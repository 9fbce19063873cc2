/** A detector is a fold over a log that reports findings. It sees entries only, those of the events it names and no others. */
import type { Address } from "../../base/ids.ts"
import type { Entry, EventOf, EventTag } from "../../log/event.ts"

/** A broken rule, with the entries that prove it. */
export interface Finding {
  readonly detector: string
  /** One sentence in the present tense. */
  readonly message: string
  /** Entry indexes, ascending. */
  readonly evidence: ReadonlyArray<number>
  /** Start of the critical section it is about, where it is about one. */
  readonly section: Address | undefined
}

/** What `observe` says: a finding without the detector's name. */
export type Report = Omit<Finding, "detector" | "section"> & { readonly section?: Address }

/** An entry of one of the watched events. */
export type WatchedEntry<Tag extends EventTag> = { readonly [T in Tag]: Entry<EventOf<T>> }[Tag]

export interface Detector<Name extends string = string, Tag extends EventTag = EventTag, State = unknown> {
  readonly name: Name
  /** What holds where it does not fire, as a sentence. */
  readonly rule: string
  /** `error`: the guest is wrong. `warning`: it may be. */
  readonly severity: "error" | "warning"
  /** A recording on which it must fire: `<program>/<what it shows>`. */
  readonly canary: string
  readonly watches: ReadonlyArray<Tag>
  /** Explains the finding to whoever meets it for the first time; a page of the reference. */
  readonly page: string
  /** A new fold. The state is its own and changed in place. */
  readonly start: () => State
  readonly observe: (state: State, entry: WatchedEntry<Tag>) => Report | undefined
}

/** Any detector, whatever it watches. */
export type AnyDetector = Omit<Detector, "start" | "observe"> & {
  readonly start: () => unknown
  readonly observe: (state: never, entry: never) => Report | undefined
}

export const defineDetector = <const Name extends string, const Tag extends EventTag, State>(
  definition: Detector<Name, Tag, State>
): Detector<Name, Tag, State> => definition

/** Several detectors over one log, each told only what it watches. Made anew for every log. */
export class Detection {
  readonly findings: Array<Finding> = []
  private readonly listeners = new Map<EventTag, Array<(entry: Entry) => void>>()

  constructor(detectors: ReadonlyArray<AnyDetector>) {
    for (const detector of detectors) {
      const state = detector.start()
      const listen = (entry: Entry): void => {
        const report = detector.observe(state as never, entry as never)
        if (report !== undefined) {
          this.findings.push({ detector: detector.name, message: report.message, evidence: report.evidence, section: report.section })
        }
      }
      for (const tag of detector.watches) {
        const met = this.listeners.get(tag)
        if (met === undefined) this.listeners.set(tag, [listen])
        else met.push(listen)
      }
    }
  }

  /** Whether anybody wants entries of this event: whoever makes entries can spare itself the others. */
  wants(tag: EventTag): boolean {
    return this.listeners.has(tag)
  }

  observe(entry: Entry): void {
    for (const listen of this.listeners.get(entry.event._tag) ?? []) listen(entry)
  }
}
