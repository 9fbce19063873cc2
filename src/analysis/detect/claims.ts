/** What the program claims of its data, as the entries of a log tell it. */
import { type Address, type AddressRange, taskName } from "../../base/ids.ts"
import { type Ranges, rangesIn, replacedIn } from "../../base/ranges.ts"
import { hex } from "../../base/bits.ts"
import type { Entry, EventOf } from "../../log/event.ts"

export type Claim = EventOf<"Claimed">
export type Access = Entry<EventOf<"Accessed">>

/** Bytes of a claim that no earlier one holds. */
interface Held extends AddressRange {
  readonly claim: Claim
  readonly order: number
}

/** Claims of one kind, by address. */
export class Claims {
  private readonly claim: string
  private held: Ranges<Held>
  private count = 0

  constructor(claim: string) {
    this.claim = claim
  }

  /** Keeps it if it is of the kind, for the bytes that none before it holds. */
  add(claim: Claim): void {
    if (claim.claim !== this.claim) return
    let at = claim.start
    for (const { end, start } of [...rangesIn(this.held, claim), { start: claim.end, end: claim.end }]) {
      if (at < start) this.held = replacedIn(this.held, { start: at, end: start }, [{ start: at, end: start, claim, order: this.count }])
      at = end
    }
    this.count++
  }

  /** The first that holds one of these bytes. */
  at(address: Address, sizeBytes: number): Claim | undefined {
    let first: Held | undefined
    for (const held of rangesIn(this.held, { start: address, end: address + sizeBytes })) if (first === undefined || held.order < first.order) first = held
    return first?.claim
  }
}

export const isAccess = (entry: Entry): entry is Access => entry.event._tag === "Accessed"

/** `task 1.2 on cpu1 stores 8 bytes to 0x404040 at 0x401020` */
export const accessText = ({ cpu, event: { address, ip, isLocked, isWrite, sizeBytes, task } }: Access): string =>
  `task ${taskName(task)} on cpu${cpu} ${isWrite === 1 ? "stores" : "loads"} ${sizeBytes} byte${sizeBytes === 1 ? "" : "s"} ${isWrite === 1 ? "to" : "from"} ${hex(address)} at ${hex(ip)}${isLocked === 1 ? ", locked" : ""}`
