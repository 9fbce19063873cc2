import { type Address, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

interface Loaded {
  readonly value: bigint
  readonly sizeBytes: number
  readonly index: number
  /** The last write of another task since. */
  readonly foreign: { readonly task: TaskId; readonly index: number } | undefined
}

interface Attempt {
  readonly start: Address
  /** What it has loaded inside, by address. */
  readonly loaded: Map<Address, Loaded>
}

export const foreignWrite = defineDetector({
  name: "foreign-write",
  rule: "what a section stores does not overwrite what it has not seen",
  severity: "warning",
  canary: "disarmed-early/lost-update",
  watches: ["SectionEntered", "SectionLeft", "Accessed", "Aborted", "Committed", "SignalDelivered", "TaskExited"],
  page: "A section loads a watched word, another task stores to it, and the section stores to it as well: the other's store is lost, unless the section meant to "
    + "overwrite whatever was there. On one CPU this takes a section that goes on after a preemption, on two the wrong CPU's data. A store of what is there "
    + "already is none, and an exchange that fails neither. The evidence is the load, the store of the other and the store of the section. "
    + "Words that nobody watches (`#: watch`, `--watch`) are not seen.",
  start: () => new Map<TaskId, Attempt>(),
  observe: (attempts, { event, index }) => {
    const { task } = event
    if (event._tag === "SectionEntered") {
      attempts.set(task, { start: event.start, loaded: new Map() })
      return undefined
    }
    if (event._tag !== "Accessed") {
      attempts.delete(task)
      return undefined
    }
    const { address, after, before, isWrite, sizeBytes } = event
    const own = attempts.get(task)
    if (isWrite === 0) {
      own?.loaded.set(address, { value: before, sizeBytes, index, foreign: undefined })
      return undefined
    }
    if (after === before) return undefined
    for (const [other, { loaded }] of attempts) {
      const seen = loaded.get(address)
      if (other !== task && seen !== undefined) loaded.set(address, { ...seen, foreign: { task, index } })
    }
    const seen = own?.loaded.get(address)
    own?.loaded.delete(address)
    if (own === undefined || seen?.foreign === undefined || seen.sizeBytes !== sizeBytes || seen.value === before) return undefined
    return {
      message: `task ${taskName(task)}, in the section at ${hex(own.start)}, overwrites what task ${taskName(seen.foreign.task)} stored at ${hex(address)}`,
      evidence: [seen.index, seen.foreign.index, index],
      section: own.start
    }
  }
})
