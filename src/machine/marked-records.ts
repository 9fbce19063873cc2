/**
 * Records of instructions that somebody wants to be stopped at: their code is `marked`, and their own is kept here. So an
 * instruction without a mark costs nothing. And records of LOCKed instructions, which go by the careful way while their accesses
 * are watched wherever they are: they have the code that means so.
 */
import { GENERAL_ADDRESS, field } from "../x86/form.ts"
import { engineCode } from "./engine/code.ts"
import type { Linear } from "./engine/linear.ts"

/** In place of a code. */
const NO_MARK = -1

export class MarkedRecords {
  private readonly linear: Linear
  /** By record. */
  private readonly ownCode = new Map<number, number>()
  /** Records of system calls, marked or not. */
  private readonly calls = new Set<number>()
  private addresses: ReadonlySet<number> = new Set()
  private areCallsMarked = false
  /** Those that could do without. */
  private readonly locked = new Set<number>()
  private areLockedCareful = false

  constructor(linear: Linear) {
    this.linear = linear
  }

  private codeOf(record: number): number { return this.linear.view.getUint16(record + field.code, true) }
  private setCode(record: number, code: number): void {
    this.linear.view.setUint16(record + field.code, code, true)
  }

  /** Takes all marks off, and marks system calls if so asked; records at the addresses are for who knows where they are. */
  replace(addresses: ReadonlySet<number>, areCallsMarked: boolean): void {
    for (const record of Array.from(this.ownCode.keys())) this.unmark(record)
    this.addresses = addresses
    this.areCallsMarked = areCallsMarked
    if (areCallsMarked) for (const record of this.calls) this.mark(record)
  }

  /** Whether accesses of LOCKed instructions are asked about, each. */
  askLocked(isAsked: boolean): void {
    if (isAsked === this.areLockedCareful) return
    this.areLockedCareful = isAsked
    for (const record of this.locked) this.setOwnCode(record, isAsked ? this.ownCodeOf(record) | GENERAL_ADDRESS : this.ownCodeOf(record) & ~GENERAL_ADDRESS)
  }

  private setOwnCode(record: number, code: number): void {
    if (this.ownCode.has(record)) this.ownCode.set(record, code)
    else this.setCode(record, code)
  }

  /** A record has just been written. */
  written(record: number, ip: number, isCall: boolean, isLocked: boolean): void {
    if (isLocked && (this.codeOf(record) & GENERAL_ADDRESS) === 0) {
      this.locked.add(record)
      if (this.areLockedCareful) this.setCode(record, this.codeOf(record) | GENERAL_ADDRESS)
    }
    if (isCall) this.calls.add(record)
    if (this.addresses.has(ip) || (isCall && this.areCallsMarked)) this.mark(record)
  }

  /** What the record is, marked or not. */
  ownCodeOf(record: number): number { return this.ownCode.get(record) ?? this.codeOf(record) }

  mark(record: number): void {
    if (this.ownCode.has(record)) return
    this.ownCode.set(record, this.codeOf(record))
    this.setCode(record, engineCode.marked)
  }

  private unmark(record: number): void {
    const code = this.ownCode.get(record)
    if (code !== undefined) this.setCode(record, code)
    this.ownCode.delete(record)
  }

  /** The record is no instruction any more. */
  forget(record: number): void {
    this.ownCode.delete(record)
    this.calls.delete(record)
    this.locked.delete(record)
  }
  forgetAll(): void {
    this.ownCode.clear()
    this.calls.clear()
    this.locked.clear()
  }

  /** Whether it is the call, and not its address, that is marked. */
  isCallMark(record: number, ip: number): boolean { return this.calls.has(record) && !this.addresses.has(ip) }

  /** Takes the mark off a record, for one execution of it; what to give to `putBack`. */
  takeOff(record: number): number {
    if (this.codeOf(record) !== engineCode.marked) return NO_MARK
    this.unmark(record)
    return this.codeOf(record)
  }

  /** If it has not been forgotten meanwhile. */
  putBack(record: number, code: number): void {
    if (code !== NO_MARK && this.codeOf(record) === code) this.mark(record)
  }
}
