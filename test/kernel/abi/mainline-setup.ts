/** Where the cases of mainline begin: registered tasks, a sound descriptor, and a section to stand in. */
import { assert } from "vitest"
import { RSEQ_SIG, rseqArea, rseqDescriptor, SYS_RSEQ } from "../../../src/linux/rseq.ts"
import { SIGSEGV } from "../../../src/linux/signal.ts"
import type { AbiDefinition } from "../../../src/kernel/abi/definition.ts"
import { abis } from "../../../src/kernel/abi/table.ts"
import { CODE, DATA, Hand, type HandOptions } from "./hand.ts"

/** Areas of the tasks, 64 bytes apart, and one descriptor for all. */
export const areaOf = (index: number): number => DATA + 64 * index
export const AREA = areaOf(0)
export const DESCRIPTOR = DATA + 0x1000
export const START = CODE + 0x100
export const END = CODE + 0x120
export const ABORT = CODE + 0x204
export const HANDLER = CODE + 0x10
export const OUTSIDE = CODE + 0x140
export const UNINITIALIZED = 0xffff_ffff

export const of612 = abis["mainline-6.12"]

interface Descriptor {
  readonly version?: number
  readonly flags?: number
  readonly start?: number
  readonly lengthBytes?: number
  readonly abort?: number
}

export const putDescriptor = (hand: Hand, { abort = ABORT, flags = 0, lengthBytes = END - START, start = START, version = 0 }: Descriptor = {}, at = DESCRIPTOR): void => {
  hand.memory.write32(at + rseqDescriptor.version, version)
  hand.memory.write32(at + rseqDescriptor.flags, flags)
  hand.memory.write64(at + rseqDescriptor.startIp, BigInt(start))
  hand.memory.write64(at + rseqDescriptor.postCommitOffset, BigInt(lengthBytes))
  hand.memory.write64(at + rseqDescriptor.abortIp, BigInt(abort))
}

/** All tasks registered and back in user mode; a good descriptor and its signature are in memory. */
export const registered = (abi: AbiDefinition = of612, options: Partial<HandOptions> = {}): Hand => {
  const hand = new Hand({ abis: [abi], ...options })
  for (const index of hand.tasks.keys()) {
    assert.strictEqual(hand.call(index, SYS_RSEQ, areaOf(index), 32, 0, RSEQ_SIG), 0)
    hand.toUser(hand.task(index).cpu)
  }
  putDescriptor(hand)
  hand.load32(ABORT - 4, RSEQ_SIG)
  return hand
}

export const rseqCs = (hand: Hand, index = 0): number => hand.memory.readAddress(areaOf(index) + rseqArea.rseqCs) ?? -1

/** The descriptor is set and the task stands at `ip`. */
export const standIn = (hand: Hand, ip: number, index = 0, descriptor = DESCRIPTOR): void => {
  hand.memory.write64(areaOf(index) + rseqArea.rseqCs, BigInt(descriptor))
  hand.runTo(index, ip)
}

/** A task in its section is preempted; what it comes to. */
export const preemptedIn = (abi: AbiDefinition, descriptor: Descriptor, ip = START): Hand => {
  const hand = registered(abi)
  putDescriptor(hand, descriptor)
  standIn(hand, ip)
  hand.preempt(0)
  return hand
}

export const aborts = (hand: Hand, index = 0): void => {
  assert.strictEqual(hand.killedBy, undefined)
  assert.strictEqual(hand.ip(index), ABORT)
  assert.strictEqual(rseqCs(hand, index), 0)
}
export const dies = (hand: Hand): void => assert.strictEqual(hand.killedBy, SIGSEGV)

export const call = (hand: Hand, area: number, areaBytes: number, flags: number, signature = RSEQ_SIG): string | number =>
  hand.call(0, SYS_RSEQ, area, areaBytes, flags, signature)

/** cpu_id_start, cpu_id, node_id, mm_cid as the task reads them. */
export const ids = (hand: Hand, index = 0): ReadonlyArray<number | undefined> =>
  [rseqArea.cpuIdStart, rseqArea.cpuId, rseqArea.nodeId, rseqArea.mmCid].map((offset) => hand.memory.read32(areaOf(index) + offset))
