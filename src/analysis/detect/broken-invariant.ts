import type { Address } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { type Access, accessText, Claims, isAccess } from "./claims.ts"
import { defineDetector } from "./definition.ts"

/** A word that is to be 0 at the end. */
interface Balance {
  value: bigint
  last: Access | undefined
}

export const brokenInvariant = defineDetector({
  name: "broken-invariant",
  rule: "a word by which a program states an invariant stays 0, or is 0 when the run ends",
  severity: "error",
  canary: "lock-in-two-steps/two-inside",
  watches: ["Claimed", "Accessed", "Ended"],
  page: "A program states an invariant by a word: a symbol that begins `rseqlab_never_` names one that stays 0, and the store of anything else is reported at once, with the "
    + "instruction that made it; one that begins `rseqlab_balanced_` goes up and down and is 0 when the program exits. No header is needed: "
    + "`volatile uint64_t rseqlab_never_lost_update;` is enough, and costs nothing elsewhere. `#: never NAME`, `#: balanced NAME` and the flags of that name claim the same of any word of at most 8 bytes. "
    + "The evidence is the store, or the last store and the end. A program that a signal ends, that deadlocks or uses its budget up has not come to its end.",
  start: () => ({ never: new Claims("never"), balanced: new Claims("balanced"), balances: new Map<Address, Balance>(), reported: new Set<Address>() }),
  observe: ({ balanced, balances, never, reported }, entry) => {
    const { event, index } = entry
    if (event._tag === "Claimed") {
      never.add(event)
      balanced.add(event)
      if (event.claim === "balanced" && !balances.has(event.start)) balances.set(event.start, { value: lowBytes(event.value, event.end - event.start), last: undefined })
      return undefined
    }
    if (event._tag === "Ended") {
      if (event.outcome !== "Exited") return undefined
      for (const [start, { last, value }] of balances) {
        if (value === 0n) continue
        const how = last === undefined ? "nobody has stored to it" : `last, ${accessText(last)}`
        return { message: `the word at ${hex(start)} is ${value} when the run ends, and not 0: ${how}`, evidence: [...(last === undefined ? [] : [last.index]), index], about: start }
      }
      return undefined
    }
    if (!isAccess(entry) || event.isWrite === 0) return undefined
    const { address, after, sizeBytes } = event
    const balance = balanced.at(address, sizeBytes)
    if (balance !== undefined) {
      const was = balances.get(balance.start)
      balances.set(balance.start, { value: patched(was?.value ?? 0n, balance, event), last: entry })
    }
    const claim = never.at(address, sizeBytes)
    if (claim === undefined || after === 0n || reported.has(claim.start)) return undefined
    reported.add(claim.start)
    return { message: `${accessText(entry)}: the word is ${after} there, and not 0`, evidence: [index], about: claim.start }
  }
})

const lowBytes = (value: bigint, sizeBytes: number): bigint => BigInt.asUintN(8 * Math.min(sizeBytes, 8), value)

/** The word after a store to some of its bytes. */
const patched = (value: bigint, { end, start }: { readonly start: Address; readonly end: Address }, { address, after, sizeBytes }: Access["event"]): bigint => {
  const stored = lowBytes(after, sizeBytes)
  const mask = lowBytes(~0n, sizeBytes)
  const shift = BigInt(8 * Math.abs(address - start))
  const kept = address >= start ? (value & ~(mask << shift)) | (stored << shift) : (value & ~(mask >> shift)) | (stored >> shift)
  return lowBytes(kept, end - start)
}
