import type { Address, TaskId } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { type Access, accessText, type Claim, Claims, isAccess } from "./claims.ts"
import { defineDetector, type Verdict } from "./definition.ts"

/** A byte of a claimed value. `undefined`: nobody has said. */
interface Byte {
  value: number | undefined
  /** Index of the entry that changed it last; -1: none did. */
  changedAt: number
}

/** A load of some of the value's bytes. */
interface Part {
  readonly entry: Access
  readonly bytes: ReadonlyMap<Address, number | undefined>
  /** Since the entry of that index they are others. */
  staleSince: number | undefined
}

/** What one task has loaded of one value, one part after the other. */
interface Reading {
  readonly parts: Array<Part>
  /** The word that says whether the value has changed, as it was when the reading began. */
  sequence: bigint | undefined
  /** Parts that were never there together: told when the reader believes them. */
  torn: Verdict | undefined
}

/** Whether a sequence says that nobody is writing. */
const isEven = (sequence: bigint): boolean => (sequence & 1n) === 0n

/** One claimed value: its bytes as the log tells them, and who reads it. */
class Value {
  readonly claim: Claim
  private readonly bytes = new Map<Address, Byte>()
  private readonly readings = new Map<TaskId, Reading>()
  private isReported = false

  constructor(claim: Claim) {
    this.claim = claim
  }

  /** The reader was sent elsewhere: he starts anew. */
  forget(task: TaskId): void {
    this.readings.delete(task)
  }

  /** The reader goes on with what he has, unchecked. */
  ended(task: TaskId): Verdict | undefined {
    const torn = this.readings.get(task)?.torn
    this.readings.delete(task)
    return this.report(torn)
  }

  stored(entry: Access): Verdict | undefined {
    const { event: { task }, index } = entry
    for (const [at, value] of bytesOf(entry, "after")) {
      const byte = this.byteAt(at)
      if (value === undefined || value !== byte.value) byte.changedAt = index
      byte.value = value
    }
    const unchecked = this.ended(task)
    for (const { parts } of this.readings.values()) {
      for (const part of parts) part.staleSince = this.isThere(part) ? undefined : part.staleSince ?? index
    }
    return unchecked
  }

  loaded(entry: Access): Verdict | undefined {
    const { event: { address, sizeBytes, task } } = entry
    const bytes = bytesOf(entry, "before")
    for (const [at, value] of bytes) this.byteAt(at).value = value
    let reading = this.readings.get(task)
    const isAgain = reading?.parts.some(({ bytes: loaded }) => [...bytes.keys()].some((at) => loaded.has(at))) ?? false
    const unchecked = isAgain ? this.report(reading?.torn) : undefined
    if (reading === undefined || isAgain) {
      reading = { parts: [], sequence: reading?.sequence, torn: undefined }
      this.readings.set(task, reading)
    }
    const changedAt = Math.max(...[...bytes.keys()].map((at) => this.byteAt(at).changedAt))
    const stale = reading.parts.find(({ staleSince }) => staleSince !== undefined && staleSince <= changedAt)
    reading.parts.push({ entry, bytes, staleSince: undefined })
    if (stale === undefined) return unchecked
    const torn: Verdict = {
      message: `${accessText(stale.entry)}, then ${sizeBytes} byte${sizeBytes === 1 ? "" : "s"} from ${hex(address)} at ${hex(entry.event.ip)}: stores came between, and the two were never there together`,
      evidence: [...new Set([stale.entry.index, stale.staleSince ?? 0, changedAt, entry.index])].toSorted((a, b) => a - b),
      about: this.claim.start
    }
    if (this.claim.other === 0) return unchecked ?? this.report(torn)
    reading.torn ??= torn
    return unchecked
  }

  /** The reader looks at the word that says whether the value has changed: before he begins, and once he is done. */
  checked(task: TaskId, sequence: bigint): Verdict | undefined {
    const reading = this.readings.get(task)
    const isBelieved = reading !== undefined && reading.parts.length > 0 && reading.sequence === sequence && isEven(sequence)
    this.readings.set(task, { parts: [], sequence, torn: undefined })
    return isBelieved ? this.report(reading.torn) : undefined
  }

  /** The first; whatever follows is the same bug. */
  private report(torn: Verdict | undefined): Verdict | undefined {
    if (torn === undefined || this.isReported) return undefined
    this.isReported = true
    return torn
  }

  private byteAt(at: Address): Byte {
    const met = this.bytes.get(at)
    if (met !== undefined) return met
    const byte: Byte = { value: undefined, changedAt: -1 }
    this.bytes.set(at, byte)
    return byte
  }

  /** Whether what was loaded is what is there now. */
  private isThere({ bytes }: Part): boolean {
    for (const [at, value] of bytes) if (value === undefined || this.byteAt(at).value !== value) return false
    return true
  }
}

/** Bytes of an access, as far as its entry has them. */
const bytesOf = ({ event }: Access, which: "before" | "after"): ReadonlyMap<Address, number | undefined> =>
  new Map(Array.from({ length: event.sizeBytes }, (_, index) => [event.address + index, index < 8 ? Number(event[which] >> BigInt(8 * index) & 0xffn) : undefined]))

export const tornRead = defineDetector({
  name: "torn-read",
  rule: "the parts a task loads of a value, one after the other, were in memory together at one moment",
  severity: "error",
  canary: "pair-unchecked/torn",
  watches: ["Claimed", "Accessed", "Called", "Aborted", "SignalDelivered", "TaskExited"],
  page: "Judged is what the program claims to be whole (`#: whole pair 16`). A reading is the loads of a task of different bytes of the value; it begins again when the "
    + "task loads a byte a second time, stores to the value, makes a call, is aborted or handles a signal. It is torn if a part was "
    + "overwritten with something else, and a part loaded afterwards was changed then or later: what the task holds is no state the value ever was in. (In the midst of an update it is in one.) Where the claim names "
    + "a sequence (`#: whole pair 16 seq=version`) a reading is reported when the task finds the sequence even and as it was before the first part, or goes on without a look at it: "
    + "who finds it changed throws away what he has. Without that name a reader who checks is reported all the same. A load of 16 bytes is one part; a store of more than 8 bytes counts as changing all beyond the first 8. "
    + "The evidence is the first part, the stores, and the last part. Of each value one reading is reported.",
  start: () => ({ whole: new Claims("whole"), values: new Map<Address, Value>(), sequences: new Map<Address, Array<Value>>() }),
  observe: ({ sequences, values, whole }, entry) => {
    const { event } = entry
    if (event._tag === "Claimed") {
      whole.add(event)
      if (event.claim !== "whole" || values.has(event.start)) return undefined
      const value = new Value(event)
      values.set(event.start, value)
      const behind = sequences.get(event.other)
      if (behind !== undefined) behind.push(value)
      else if (event.other !== 0) sequences.set(event.other, [value])
      return undefined
    }
    if (!isAccess(entry)) {
      if (event._tag === "Accessed") return undefined
      let unchecked: Verdict | undefined
      for (const value of values.values()) {
        if (event._tag === "Called" || event._tag === "TaskExited") unchecked ??= value.ended(event.task)
        else value.forget(event.task)
      }
      return unchecked
    }
    const { address, before, isWrite, sizeBytes, task } = entry.event
    const claim = whole.at(address, sizeBytes)
    if (claim !== undefined) {
      const value = values.get(claim.start)
      return isWrite === 0 ? value?.loaded(entry) : value?.stored(entry)
    }
    let verdict: Verdict | undefined
    for (let at = address; isWrite === 0 && at < address + sizeBytes; at++) {
      for (const value of sequences.get(at) ?? []) verdict ??= value.checked(task, before)
    }
    return verdict
  }
})
