/** Where a replay first differs from its recording. Data: whoever shows it finds the words. */
import { known } from "../base/assert.ts"
import type { Deviation } from "./choice.ts"
import { type Entry, eventRows, eventTags, type FieldValue } from "./event.ts"
import type { DropReason } from "./telling.ts"

export type Divergence =
  /** The entries differ; one of them may be missing. */
  | { readonly _tag: "EntryDiffers"; readonly before: ReadonlyArray<Entry>; readonly recorded: Entry | undefined; readonly replayed: Entry | undefined; readonly last: Deviation | undefined }
  /** A stored deviation was not met, or was not on offer. */
  | { readonly _tag: "NotTaken"; readonly before: ReadonlyArray<Entry>; readonly deviation: Deviation; readonly reason: DropReason }
  /** At a check frame, or at the end: `what` by name, as recorded and as replayed. */
  | { readonly _tag: "CheckDiffers"; readonly before: ReadonlyArray<Entry>; readonly at: number; readonly what: string; readonly recorded: string; readonly replayed: string; readonly last: Deviation | undefined }

const equalFields = (a: FieldValue, b: FieldValue): boolean => {
  if (a === b) return true
  if (a instanceof Uint8Array || Array.isArray(a)) {
    const other = b as ArrayLike<unknown>
    return a.length === other.length && a.every((item: unknown, index: number) => item === other[index])
  }
  if (typeof a !== "object" || typeof b !== "object") return false
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  const names = Object.keys(left)
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name])
}

const fieldsOf = new Map(eventTags.map((tag) => [tag, Object.keys(eventRows[tag].fields)]))

/** Whether two entries say the same of the same moment; in `fields` alone, where only those mean the same in both. */
export const equalEntries = (a: Entry, b: Entry, fields: ReadonlyArray<string> = known(fieldsOf.get(a.event._tag), "every event has its fields")): boolean => {
  if (a.now !== b.now || a.cpu !== b.cpu || a.task !== b.task || a.count !== b.count || a.event._tag !== b.event._tag) return false
  const left = a.event as unknown as Readonly<Record<string, FieldValue>>
  const right = b.event as unknown as Readonly<Record<string, FieldValue>>
  for (const field of fields) if (!equalFields(left[field], right[field])) return false
  return true
}
