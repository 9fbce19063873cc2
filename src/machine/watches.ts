/**
 * Accesses to watched ranges, written down in linear memory as they retire, 64 bytes each:
 *
 *     0 block u32   4 size u32 (bit 31: it writes, 30: it reads, 29: it is LOCKed)   8 count f64   16 ip f64   24 address f64
 *     32 before u64   40 after u64
 */
import type { AccessKind } from "../base/mark.ts"
import type { BlockId, WatchedAccess } from "./machine.ts"
import type { Linear } from "./engine/linear.ts"
import { RING, RING_BYTES, RING_COUNT } from "./layout.ts"

const WRITE_BIT = 0x8000_0000
const READ_BIT = 0x4000_0000
const LOCKED_BIT = 0x2000_0000
const SIZE_MASK = LOCKED_BIT - 1

/** An access that has been allowed and has yet to happen. */
interface Awaited {
  readonly host: number
  readonly address: number
  /** The size and the bits beside it. */
  readonly sizeAndBits: number
  readonly sizeBytes: number
  readonly before: bigint
}

/** The low 8 bytes at most. */
const wordOf = (bytes: Uint8Array): bigint => bytes.subarray(0, 8).reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n)

export class WatchRing {
  private readonly linear: Linear
  private count = 0
  /** What did not fit the ring, before what is in it. */
  private spilled: Array<WatchedAccess> = []
  private awaited: Array<Awaited> = []

  constructor(linear: Linear) {
    this.linear = linear
  }

  get isWaiting(): boolean { return this.awaited.length > 0 }

  /** The instruction will access these bytes, at a host address, if it retires. */
  await(host: number, address: number, sizeBytes: number, kind: AccessKind, isLocked: boolean): void {
    const bits = (kind === "read" ? 0 : WRITE_BIT) + (kind === "write" ? 0 : READ_BIT) + (isLocked ? LOCKED_BIT : 0)
    this.awaited.push({ host, address, sizeBytes, sizeAndBits: sizeBytes + bits, before: this.valueAt(host, sizeBytes) })
  }

  /** It did not. */
  forget(): void {
    this.awaited = []
  }

  /** It did. `count`: instructions the block had retired before it. */
  retired(block: number, count: number, ip: number): void {
    for (const { address, before, host, sizeAndBits, sizeBytes } of this.awaited) {
      this.append(block, count, ip, address, sizeAndBits, before, sizeAndBits >= WRITE_BIT ? this.valueAt(host, sizeBytes) : before)
    }
    this.awaited = []
  }

  /** A write that was in flight is there. */
  landed(block: number, count: number, ip: number, address: number, before: Uint8Array, after: Uint8Array): void {
    this.append(block, count, ip, address, after.length + WRITE_BIT, wordOf(before), wordOf(after))
  }

  private append(block: number, count: number, ip: number, address: number, sizeAndBits: number, before: bigint, after: bigint): void {
    if (this.count === RING_COUNT) this.spill()
    const at = RING + RING_BYTES * this.count++
    const { f64, u32, u64 } = this.linear
    u32[at >>> 2] = block
    u32[(at >>> 2) + 1] = sizeAndBits
    f64[(at >>> 3) + 1] = count
    f64[(at >>> 3) + 2] = ip
    f64[(at >>> 3) + 3] = address
    u64[(at >>> 3) + 4] = before
    u64[(at >>> 3) + 5] = after
  }

  /** The low 8 bytes at most. */
  private valueAt(host: number, sizeBytes: number): bigint {
    const { view } = this.linear
    switch (sizeBytes) {
      case 1: return BigInt(view.getUint8(host))
      case 2: return BigInt(view.getUint16(host, true))
      case 4: return BigInt(view.getUint32(host, true))
      default: return view.getBigUint64(host, true)
    }
  }

  private spill(): void {
    for (const access of this.inRing()) this.spilled.push(access)
    this.count = 0
  }

  private inRing(): ReadonlyArray<WatchedAccess> {
    const { f64, u32, u64 } = this.linear
    const all: Array<WatchedAccess> = []
    for (let at = RING; at < RING + RING_BYTES * this.count; at += RING_BYTES) {
      const size = u32[(at >>> 2) + 1] ?? 0
      all.push({
        block: (u32[at >>> 2] ?? 0) as BlockId,
        count: f64[(at >>> 3) + 1] ?? 0,
        ip: f64[(at >>> 3) + 2] ?? 0,
        address: f64[(at >>> 3) + 3] ?? 0,
        sizeBytes: size & SIZE_MASK,
        isRead: (size & READ_BIT) !== 0,
        isWrite: size >= WRITE_BIT,
        isLocked: (size & LOCKED_BIT) !== 0,
        before: u64[(at >>> 3) + 4] ?? 0n,
        after: u64[(at >>> 3) + 5] ?? 0n
      })
    }
    return all
  }

  drain(): ReadonlyArray<WatchedAccess> {
    if (this.count === 0 && this.spilled.length === 0) return []
    const all = [...this.spilled, ...this.inRing()]
    this.spilled = []
    this.count = 0
    return all
  }
}
