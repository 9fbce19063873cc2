/**
 * Accesses that the engine cannot do by itself: the first to a page, one across two pages, one to a page with a mark, a
 * watch or decoded code, and those that fault. `fill` is asked by the fast routines, `access` by the careful one.
 */
import { assert, known } from "../base/assert.ts"
import { PAGE_BYTES } from "../base/ids.ts"
import type { AccessKind } from "../base/mark.ts"
import type { InFlight } from "./in-flight.ts"
import { LOCKED_BIT, SEGMENT_SHIFT, GENERAL_ADDRESS, field, forms, isThroughStack } from "../x86/form.ts"
import type { Segment } from "../x86/register.ts"
import type { CodeCache } from "./code-cache.ts"
import type { Contexts } from "./contexts.ts"
import type { Linear } from "./engine/linear.ts"
import { accessKinds } from "./engine/wasm/emitter.ts"
import { LOOK_AGAIN } from "./engine/wasm/miss.ts"
import type { Guards } from "./guards.ts"
import { ARENA, EXCHANGE, NOBODY_PASSES, STASH_BYTES, STASH_COUNT, ZERO_FRAME, exchange } from "./layout.ts"
import { isReadable, isWritable } from "./page-entry.ts"
import type { Spaces } from "./spaces.ts"
import type { Stop } from "./stop.ts"
import type { WatchRing } from "./watches.ts"

const PAGE_MASK = 4095
/** Bits 15 and up of an address's high word are the same in user space (0) and in the kernel's (all ones); else it is none. */
const USER_SHIFT = 15
const SIZE_MASK = 0xff
const KIND_SHIFT = 8

const GENERAL_PROTECTION: Stop = { _tag: "Faulted", fault: { _tag: "GeneralProtection" } }
const STACK_FAULT: Stop = { _tag: "Faulted", fault: { _tag: "StackFault" } }

/** Two words as a number; exact in user space. */
const addressOf = (low: number, high: number): number => high * 2 ** 32 + (low >>> 0)
const wholeAddress = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)

const isCanonical = (high: number): boolean => high >> USER_SHIFT === 0 || high >> USER_SHIFT === -1
const isUser = (high: number): boolean => high >> USER_SHIFT === 0
const kindOf = (request: number): AccessKind => accessKinds[request >>> KIND_SHIFT] ?? "read"

/** Where an access is only asked about: it would be allowed, and it reads and writes the same bytes, or does not. */
export const MODIFIES: Stop = { _tag: "BudgetSpent" }
const DOES_NOT: Stop = { _tag: "BudgetSpent" }

/** What the next instruction is to do with what it modifies: as ever, nothing (`refusal` says whether it would), or no write. */
type Modifying = "whole" | "asked" | "apart"

/** A write across two pages, in the stash until the instruction retires. */
interface StashedWrite {
  readonly stash: number
  readonly firstHost: number
  readonly firstBytes: number
  readonly secondHost: number
  readonly secondBytes: number
}

export interface SlowPathParts {
  readonly linear: Linear
  readonly spaces: Spaces
  readonly contexts: Contexts
  readonly code: CodeCache
  readonly guards: Guards
  readonly watches: WatchRing
  readonly inFlight: InFlight
}

export class SlowPath {
  private readonly parts: SlowPathParts
  // ---- what runs, set before each run
  private block = 0
  private space = 0
  /** Instructions retired when the budget is spent. */
  private countAtEnd = 0
  /** Of the run, behind what the engine was asked for. */
  private restIcount = 0
  private codeSpaceChanges = 0
  modifying: Modifying = "whole"
  // ---- the instruction under way
  private form = 0
  private stashCount = 0
  private stashedWrites: Array<StashedWrite> = []
  /** What will be in flight. */
  private apart: { readonly stash: number; readonly address: number; readonly sizeBytes: number } | undefined
  /** Why `access` refused. */
  refusal: Stop = GENERAL_PROTECTION

  constructor(parts: SlowPathParts) {
    this.parts = parts
    this.passAt(NOBODY_PASSES)
  }

  /** The instruction that leaves so much of the engine's budget meets no mark. */
  passAt(budget: number): void {
    this.parts.linear.i32[(EXCHANGE + exchange.passBudget) >>> 2] = budget
  }

  /** The engine is asked for so much less than the run. */
  leavesBehind(restIcount: number): void {
    this.restIcount = restIcount
  }

  begin(block: number, space: number, countAtEnd: number): void {
    this.block = block
    this.space = space
    this.countAtEnd = countAtEnd
    this.codeSpaceChanges = this.parts.spaces.codeSpaceChanges
    this.abandon() // an instruction that ended the run before and did not retire
  }

  /** Nothing of the instruction under way has happened. */
  private abandon(): void {
    this.stashCount = 0
    if (this.stashedWrites.length > 0) this.stashedWrites = []
    this.apart = undefined
    if (this.parts.watches.isWaiting) this.parts.watches.forget()
  }

  // ---- for the fast routines
  readonly fill = (context: number, low: number, high: number, request: number): number => {
    const sizeBytes = request & SIZE_MASK
    const isWrite = request >>> KIND_SHIFT !== 0
    if (!isUser(high) || (low & PAGE_MASK) + sizeBytes > PAGE_BYTES) return 0
    const { code, contexts, guards, spaces } = this.parts
    const entry = spaces.entryAt(this.space, low, high)
    if (!(isWrite ? isWritable(entry) : isReadable(entry))) return 0
    let isGuarded = false
    if (!guards.isEmpty) {
      const page = addressOf(low & ~PAGE_MASK, high)
      if (guards.watchesOn(page)) return 0
      isGuarded = guards.marksOn(page)
      if (isGuarded && !guards.areMarksTold) return 0
    }
    const host = isWrite ? spaces.hostOfWrite(this.space, low, high, entry) : spaces.hostOfRead(entry, ZERO_FRAME)
    if (host === 0) return 0
    if (isWrite && (code.holdsCode(host >>> 12) || this.codeSpaceChanges !== spaces.codeSpaceChanges)) return 0
    assert(host >= ARENA, "guest bytes live in the arena")
    if (isGuarded) {
      contexts.guard(context, low, high, host, isWrite)
      return LOOK_AGAIN
    }
    contexts.grant(context, low, high, host, isWrite)
    return host + (low & PAGE_MASK)
  }

  // ---- for the careful one
  readonly access = (form: number, low: number, high: number, request: number, budget: number): number => {
    this.form = form
    const isPassing = budget === this.parts.linear.i32[(EXCHANGE + exchange.passBudget) >>> 2]
    return this.allowed(low, high, request & SIZE_MASK, kindOf(request), isPassing)
  }

  private allowed(low: number, high: number, sizeBytes: number, kind: AccessKind, isPassing: boolean): number {
    const { guards, watches } = this.parts
    const lastLow = (low + sizeBytes - 1) | 0
    const lastHigh = lastLow >>> 0 < low >>> 0 ? (high + 1) | 0 : high
    if (!isCanonical(high) || !isCanonical(lastHigh)) return this.refuse(this.isOfStack(kind) ? STACK_FAULT : GENERAL_PROTECTION)
    if (!isUser(high)) return this.pageFault(low, high, kind, false)
    const isWrite = kind !== "read"
    if (!this.permits(low, high, isWrite)) return this.faultAt(low, high, kind)
    const isStraddling = (low & PAGE_MASK) + sizeBytes > PAGE_BYTES
    if (isStraddling && !this.permits(lastLow, lastHigh, isWrite)) return this.faultAt(lastLow & ~PAGE_MASK, lastHigh, kind)

    const at = addressOf(low, high)
    if (!isPassing && !guards.isEmpty && guards.isMarked(at, sizeBytes, kind)) return this.refuse(this.markedAt(at, sizeBytes, kind))
    if (this.modifying === "asked") return this.refuse(kind === "modify" ? MODIFIES : DOES_NOT)
    let host = isStraddling
      ? this.straddle(low, high, lastLow & ~PAGE_MASK, lastHigh, sizeBytes, kind)
      : this.hostOf(low, high, sizeBytes, kind)
    if (host === 0) return 0
    const isApart = this.modifying === "apart" && kind === "modify"
    if (isApart) host = this.takeApart(host, at, sizeBytes, isStraddling)
    if (!guards.isEmpty && this.isWatched(at, sizeBytes)) watches.await(host, at, sizeBytes, isApart ? "read" : kind, this.isLocked)
    return host
  }

  /** What has been accessed with LOCK is watched from then on, however it is accessed. */
  private isWatched(at: number, sizeBytes: number): boolean {
    const { contexts, guards } = this.parts
    if (guards.isWatched(at, sizeBytes)) return true
    if (!guards.areLockedWatched || !this.isLocked) return false
    guards.watchToo({ start: at, end: at + sizeBytes })
    contexts.dropRange(at, at + sizeBytes)
    return true
  }

  /** The bytes are read into the stash, and what is written there stays there. */
  private takeApart(host: number, address: number, sizeBytes: number, isStraddling: boolean): number {
    let stash = host
    if (isStraddling) this.stashedWrites.pop()
    else {
      stash = this.newStash()
      this.parts.linear.u8.copyWithin(stash, host, host + sizeBytes)
    }
    this.apart = { stash, address, sizeBytes }
    return stash
  }

  private newStash(): number {
    assert(this.stashCount < STASH_COUNT, "an instruction has at most four accesses")
    return EXCHANGE + exchange.stash + STASH_BYTES * this.stashCount++
  }

  private permits(low: number, high: number, isWrite: boolean): boolean {
    const entry = this.parts.spaces.entryAt(this.space, low, high)
    return isWrite ? isWritable(entry) : isReadable(entry)
  }

  private refuse(stop: Stop): 0 {
    this.refusal = stop
    return 0
  }

  private faultAt(low: number, high: number, kind: AccessKind): 0 {
    return this.pageFault(low, high, kind, this.parts.spaces.entryAt(this.space, low, high) !== 0)
  }

  private pageFault(low: number, high: number, kind: AccessKind, isPresent: boolean): 0 {
    return this.refuse({
      _tag: "Faulted",
      fault: { _tag: "PageFault", address: wholeAddress(low, high), access: kind === "read" ? "read" : "write", isPresent }
    })
  }

  private get ip(): number {
    const { u32 } = this.parts.linear
    return addressOf(u32[(this.form + field.ip) >>> 2] ?? 0, u32[((this.form + field.ip) >>> 2) + 1] ?? 0)
  }

  private isOfStack(kind: AccessKind): boolean {
    const { code: { marks }, linear: { u8 } } = this.parts
    const form = known(forms[marks.ownCodeOf(this.form) & ~GENERAL_ADDRESS], "a record is of a form")
    const segment = ((u8[this.form + field.addressing] ?? 0) >> SEGMENT_SHIFT) as Segment
    return isThroughStack(form.row, { base: u8[this.form + field.base] ?? 0, segment }, kind)
  }

  private get isLocked(): boolean {
    return ((this.parts.linear.u8[this.form + field.tail] ?? 0) & LOCKED_BIT) !== 0
  }

  private markedAt(address: number, sizeBytes: number, kind: AccessKind): Stop {
    return { _tag: "Marked", pending: { _tag: "Access", ip: this.ip, address, sizeBytes, kind, isLocked: this.isLocked } }
  }

  /** The engine has found a mark by itself and says where. */
  met(): Stop {
    const { i32 } = this.parts.linear
    const request = i32[(EXCHANGE + exchange.metRequest) >>> 2] ?? 0
    i32[(EXCHANGE + exchange.metRequest) >>> 2] = 0
    this.form = i32[(EXCHANGE + exchange.form) >>> 2] ?? 0
    const at = (EXCHANGE + exchange.metAddress) >>> 2
    return this.markedAt(addressOf(i32[at] ?? 0, i32[at + 1] ?? 0), request & SIZE_MASK, kindOf(request))
  }

  /** Host address of bytes on one page. A page that may be written but cannot be had, for want of room, faults. */
  private hostOf(low: number, high: number, sizeBytes: number, kind: AccessKind): number {
    const { code, spaces } = this.parts
    const entry = spaces.entryAt(this.space, low, high)
    const offset = low & PAGE_MASK
    if (kind === "read") return spaces.hostOfRead(entry, ZERO_FRAME) + offset
    const page = spaces.hostOfWrite(this.space, low, high, entry)
    if (page === 0) return this.pageFault(low, high, kind, true)
    code.changing(page >>> 12, offset, offset + sizeBytes)
    return page + offset
  }

  /** Bytes of two pages, put together in the stash; what is written there goes back when the instruction retires. */
  private straddle(low: number, high: number, nextLow: number, nextHigh: number, sizeBytes: number, kind: AccessKind): number {
    const firstBytes = PAGE_BYTES - (low & PAGE_MASK)
    const secondBytes = sizeBytes - firstBytes
    const firstHost = this.hostOf(low, high, firstBytes, kind)
    if (firstHost === 0) return 0
    const secondHost = this.hostOf(nextLow, nextHigh, secondBytes, kind)
    if (secondHost === 0) return 0
    const stash = this.newStash()
    const { u8 } = this.parts.linear
    u8.copyWithin(stash, firstHost, firstHost + firstBytes)
    u8.copyWithin(stash + firstBytes, secondHost, secondHost + secondBytes)
    if (kind !== "read") this.stashedWrites.push({ stash, firstHost, firstBytes, secondHost, secondBytes })
    return stash
  }

  readonly finish = (budget: number): number => {
    const { inFlight, linear: { u8 }, spaces, watches } = this.parts
    const count = this.countAtEnd - this.restIcount - budget - 1
    if (watches.isWaiting) watches.retired(this.block, count, this.ip)
    if (this.stashCount > 0) {
      if (this.apart !== undefined) inFlight.begin(this.block, this.ip, count, this.apart.address, this.apart.sizeBytes, this.apart.stash)
      this.apart = undefined
      for (const { firstBytes, firstHost, secondBytes, secondHost, stash } of this.stashedWrites) {
        u8.copyWithin(firstHost, stash, stash + firstBytes)
        u8.copyWithin(secondHost, stash + firstBytes, stash + firstBytes + secondBytes)
      }
      this.stashCount = 0
      this.stashedWrites = []
    }
    if (spaces.codeSpaceChanges === this.codeSpaceChanges) return 0
    this.codeSpaceChanges = spaces.codeSpaceChanges
    return 1
  }
}
