import { type Address, type TaskId, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector, type Verdict } from "./definition.ts"

/** A store of a section that may be aborted, or has been. */
interface Stored {
  readonly task: TaskId
  /** Of the section. */
  readonly start: Address
  readonly sizeBytes: number
  readonly after: bigint
  readonly index: number
  /** Index of the abort; `undefined`: there was none yet. */
  aborted: number | undefined
  /** Who found it there first. */
  seen: { readonly task: TaskId; readonly index: number } | undefined
}

export const twoCommits = defineDetector({
  name: "two-commits",
  rule: "nobody sees what an aborted section has stored",
  severity: "warning",
  canary: "two-commits/half-done",
  watches: ["SectionEntered", "SectionLeft", "Accessed", "Aborted", "Committed", "SignalDelivered", "TaskExited"],
  page: "A section takes effect by its last instruction alone: whatever it stores before that stays when it is aborted, and it begins again. So a second commit, or "
    + "one that is not last, is done half or twice. It is reported when a task, the same or another, loads a watched word that holds what a section stored there which "
    + "is aborted: a store into a slot that nobody looks at before it is published is none. The evidence is the store, the abort and the look. "
    + "Words that nobody watches (`#: watch`, `--watch`) are not seen, and neither are stores that happen to change nothing.",
  start: () => ({ inside: new Map<TaskId, Address>(), stores: new Map<Address, Stored>() }),
  observe: ({ inside, stores }, { event, index }) => {
    const { task } = event
    switch (event._tag) {
      case "SectionEntered":
        forget(stores, task)
        inside.set(task, event.start)
        return undefined
      case "Aborted": {
        inside.delete(task)
        let verdict: Verdict | undefined
        for (const [address, stored] of stores) {
          if (stored.task !== task || stored.aborted !== undefined) continue
          stored.aborted = index
          verdict ??= verdictOf(address, stored)
        }
        return verdict
      }
      case "Accessed": {
        const { address, after, before, isRead, isWrite, sizeBytes } = event
        const stored = stores.get(address)
        let verdict: Verdict | undefined
        // Its own look, inside, is part of what is undone.
        const isLook = (isWrite === 0 || isRead === 1) && !(stored?.task === task && stored.aborted === undefined)
        if (isLook && stored?.seen === undefined && stored?.sizeBytes === sizeBytes && stored.after === before) {
          stored.seen = { task, index }
          verdict = verdictOf(address, stored)
        }
        if (isWrite === 0) return verdict
        const start = inside.get(task)
        // What nobody saw is gone; what is to be blamed for having been seen stays.
        if (stored?.seen === undefined) stores.delete(address)
        if (start !== undefined && after !== before && !stores.has(address)) {
          stores.set(address, { task, start, sizeBytes, after, index, aborted: undefined, seen: undefined })
        }
        return verdict
      }
      default:
        // Committed or left, it has done what it meant to.
        inside.delete(task)
        forget(stores, task)
        return undefined
    }
  }
})

const forget = (stores: Map<Address, Stored>, task: TaskId): void => {
  for (const [address, stored] of stores) if (stored.task === task && stored.aborted === undefined) stores.delete(address)
}

const verdictOf = (address: Address, { aborted, index, seen, start, task }: Stored): Verdict | undefined => {
  if (aborted === undefined || seen === undefined) return undefined
  const who = seen.task === task ? "it sees that itself" : `task ${taskName(seen.task)} sees it`
  return {
    message: `task ${taskName(task)} was aborted in the section at ${hex(start)} after it had stored to ${hex(address)}, and ${who}`,
    evidence: [index, aborted, seen.index].toSorted((a, b) => a - b),
    section: start
  }
}
