/** What the program claims of its data, as the entries of a log tell it. */
import { type Address, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import type { Entry, EventOf } from "../../log/event.ts"

export type Claim = EventOf<"Claimed">
export type Access = Entry<EventOf<"Accessed">>

/** Claims of one kind, by address. */
export class Claims {
  private readonly claim: string
  private readonly all: Array<Claim> = []

  constructor(claim: string) {
    this.claim = claim
  }

  /** Keeps it if it is of the kind; the same again is none. */
  add(claimed: Claim): void {
    const { claim, end, start } = claimed
    if (claim === this.claim && !this.all.some((one) => one.start === start && one.end === end)) this.all.push(claimed)
  }

  /** The first that holds one of these bytes. */
  at(address: Address, sizeBytes: number): Claim | undefined {
    for (const claim of this.all) if (claim.start < address + sizeBytes && address < claim.end) return claim
    return undefined
  }

  [Symbol.iterator](): IterableIterator<Claim> {
    return this.all[Symbol.iterator]()
  }
}

export const isAccess = (entry: Entry): entry is Access => entry.event._tag === "Accessed"

/** `task 1.2 on cpu1 stores 8 bytes to 0x404040 at 0x401020` */
export const accessText = ({ cpu, event: { address, ip, isLocked, isWrite, sizeBytes, task } }: Access): string =>
  `task ${taskName(task)} on cpu${cpu} ${isWrite === 1 ? "stores" : "loads"} ${sizeBytes} byte${sizeBytes === 1 ? "" : "s"} ${isWrite === 1 ? "to" : "from"} ${hex(address)} at ${hex(ip)}${isLocked === 1 ? ", locked" : ""}`
