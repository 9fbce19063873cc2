/**
 * Writes of read-modify-writes that were taken apart: the bytes are computed and not yet in memory. One a register block, in
 * the block itself, so that snapshots and forks have it.
 *
 * The page was asked for writing at the read. Whoever changes mappings, or does anything to the block, lands the write first.
 */
import { assert, known } from "../base/assert.ts"
import type { Linear } from "./engine/linear.ts"
import type { Guards } from "./guards.ts"
import type { History } from "./history.ts"
import { block as field } from "./layout.ts"
import type { UserMemory } from "./machine.ts"
import type { WatchRing } from "./watches.ts"

export interface InFlightParts {
  readonly linear: Linear
  readonly history: History
  readonly guards: Guards
  readonly watches: WatchRing
  readonly memory: (space: number) => UserMemory
}

export class InFlight {
  private readonly parts: InFlightParts

  constructor(parts: InFlightParts) {
    this.parts = parts
  }

  private sizeOf(block: number): number { return this.parts.linear.i32[(block + field.flightSize) >>> 2] ?? 0 }
  private double(at: number): number { return this.parts.linear.f64[at >>> 3] ?? 0 }

  isThere(block: number): boolean { return this.sizeOf(block) !== 0 }

  /** `sizeBytes` bytes at host address `from` are to be written to `address`, by the instruction at `ip`, number `count` of the block. */
  begin(block: number, ip: number, count: number, address: number, sizeBytes: number, from: number): void {
    const { history, linear } = this.parts
    assert(!this.isThere(block), "a block has one write in flight at most")
    history.touch(block >>> 12)
    linear.i32[(block + field.flightSize) >>> 2] = sizeBytes
    linear.f64[(block + field.flightAddress) >>> 3] = address
    linear.f64[(block + field.flightIp) >>> 3] = ip
    linear.f64[(block + field.flightCount) >>> 3] = count
    linear.u8.fill(0, block + field.flightBytes, block + field.flightEnd)
    linear.u8.copyWithin(block + field.flightBytes, from, from + sizeBytes)
  }

  /** Writes it; nothing where nothing is in flight. */
  land(block: number): void {
    const { guards, history, linear, memory, watches } = this.parts
    const sizeBytes = this.sizeOf(block)
    if (sizeBytes === 0) return
    const address = this.double(block + field.flightAddress)
    const bytes = linear.u8.slice(block + field.flightBytes, block + field.flightBytes + sizeBytes)
    const { readBytes, writeBytes } = memory(linear.i32[(block + field.space) >>> 2] ?? 0)
    const before = known(readBytes(address, sizeBytes), "what was read may still be read")
    assert(writeBytes(address, bytes), "a page whose mapping has not changed is still writable")
    if (guards.isWatched(address, sizeBytes)) {
      watches.landed(block, this.double(block + field.flightCount), this.double(block + field.flightIp), address, before, bytes)
    }
    history.touch(block >>> 12)
    linear.i32[(block + field.flightSize) >>> 2] = 0
  }
}
