import type { Address, AddressRange } from "./ids.ts"
import { covering, type Ranges, touches } from "./ranges.ts"

export type AccessKind = "read" | "write" | "modify"

/** Where the engine comes back before executing, so that somebody may look or ask. */
export type Mark =
  /** Before an access that touches `[start, end)`. `write` marks are met by writes and modifications only. */
  | { readonly _tag: "Accessed"; readonly start: Address; readonly end: Address; readonly by: "any" | "write" }
  /** Before the instruction at `at`. */
  | { readonly _tag: "Executed"; readonly at: Address }
  /** Before every instruction. */
  | { readonly _tag: "EveryInstruction" }
  /** Before every `syscall` instruction. */
  | { readonly _tag: "Called" }

/** What is about to happen where a mark stopped the engine; nothing of it has happened yet. */
export type Pending =
  | { readonly _tag: "Access"; readonly ip: Address; readonly address: Address; readonly sizeBytes: number; readonly kind: AccessKind; readonly isLocked: boolean }
  | { readonly _tag: "Execution"; readonly ip: Address }
  | { readonly _tag: "Call"; readonly ip: Address }

const meets = (mark: Mark, pending: Pending): boolean => {
  switch (mark._tag) {
    case "EveryInstruction":
      return true
    case "Called":
      return pending._tag === "Call"
    case "Executed":
      return pending.ip === mark.at
    case "Accessed":
      return pending._tag === "Access" && pending.address < mark.end && mark.start < pending.address + pending.sizeBytes
        && (mark.by === "any" || pending.kind !== "read")
  }
}

/** Whether one of the marks is why the engine came back. A list of marks is replaced, never changed. */
export const isMarkedBy = (marks: ReadonlyArray<Mark>, pending: Pending): boolean => {
  if (marks.length > FEW) return isMarkedByMany(marks, pending)
  for (const mark of marks) if (meets(mark, pending)) return true
  return false
}

/** So many are looked through quicker than they are found. */
const FEW = 16

interface Sorted {
  readonly any: Ranges<AddressRange>
  readonly writes: Ranges<AddressRange>
  readonly executed: ReadonlySet<Address>
  readonly others: ReadonlyArray<Mark>
}

const sorted = new WeakMap<ReadonlyArray<Mark>, Sorted>()

const sortedOf = (marks: ReadonlyArray<Mark>): Sorted => {
  const accessed = (by: "any" | "write") => covering(marks.flatMap((mark) => (mark._tag === "Accessed" && mark.by === by ? [mark] : [])))
  return {
    any: accessed("any"), writes: accessed("write"),
    executed: new Set(marks.flatMap((mark) => (mark._tag === "Executed" ? [mark.at] : []))),
    others: marks.filter(({ _tag }) => _tag === "EveryInstruction" || _tag === "Called")
  }
}

const isMarkedByMany = (marks: ReadonlyArray<Mark>, pending: Pending): boolean => {
  let known = sorted.get(marks)
  if (known === undefined) sorted.set(marks, known = sortedOf(marks))
  const { any, executed, others, writes } = known
  if (executed.has(pending.ip) || isMarkedBy(others, pending)) return true
  if (pending._tag !== "Access") return false
  const { address, kind, sizeBytes } = pending
  return touches(any, address, address + sizeBytes) || (kind !== "read" && touches(writes, address, address + sizeBytes))
}
