/**
 * The fixup: what a descriptor in the area means for a task that was interrupted at `ip`.
 *
 * Source: Linux kernel/rseq.c, 4.18 to 6.18: rseq_get_rseq_cs, rseq_need_restart, rseq_ip_fixup
 */
import { type Address, TASK_SIZE } from "../../../base/ids.ts"
import { RSEQ_SIGNATURE_BYTES, rseqArea, rseqDescriptor, rseqEvent } from "../../../linux/rseq.ts"
import type { UserMemory } from "../../../machine/machine.ts"
import type { Generation } from "./generation.ts"
import type { Registration } from "./registration.ts"

export interface Section {
  readonly flags: number
  readonly start: Address
  readonly end: Address
  readonly abort: Address
}

/**
 * The section that the area names. `"none"`: none is set. `"bad"`: it cannot be read or is not what it should be, and is
 * fatal wherever the task stands.
 */
export const sectionOf = ({ area, signature }: Registration, memory: UserMemory): Section | "none" | "bad" => {
  const at = memory.readAddress(area + rseqArea.rseqCs)
  if (at === 0) return "none"
  if (at === undefined || at >= TASK_SIZE) return "bad"
  const version = memory.read32(at + rseqDescriptor.version)
  const flags = memory.read32(at + rseqDescriptor.flags)
  const start = memory.readAddress(at + rseqDescriptor.startIp)
  const lengthBytes = memory.readAddress(at + rseqDescriptor.postCommitOffset)
  const abort = memory.readAddress(at + rseqDescriptor.abortIp)
  if (version === undefined || flags === undefined || start === undefined || lengthBytes === undefined || abort === undefined) return "bad"
  // A start or a sum beyond 2^64 makes an end beyond TASK_SIZE: as doubles, three of the kernel's tests are this one.
  const end = start + lengthBytes
  if (end >= TASK_SIZE || abort >= TASK_SIZE || version !== 0) return "bad"
  if (start <= abort && abort < end) return "bad"
  const proof = abort < RSEQ_SIGNATURE_BYTES ? undefined : memory.read32(abort - RSEQ_SIGNATURE_BYTES)
  return proof === signature ? { flags, start, end, abort } : "bad"
}

const { MIGRATE, PREEMPT, SIGNAL } = rseqEvent

/** Events that the flags overlook; `"bad"`: such flags are fatal. */
const overlooked = ({ noRestartFlags }: Generation, flags: number): number | "bad" => {
  if (noRestartFlags === "fatal") return flags === 0 ? 0 : "bad"
  // Else a handler that is preempted would clear the descriptor, and sigreturn would re-enter the section unprotected.
  const isSound = (flags & SIGNAL) === 0 || (flags & (MIGRATE | PREEMPT)) === (MIGRATE | PREEMPT)
  return isSound ? flags : "bad"
}

export type Fixup =
  /** Goes on at `ip`; `events` are still to be considered. */
  | { readonly _tag: "GoesOn"; readonly events: number }
  /** Goes on at `section.abort` because of `events`. */
  | { readonly _tag: "Aborts"; readonly section: Section; readonly events: number }
  /** SIGSEGV. */
  | { readonly _tag: "Dies" }

const DIES: Fixup = { _tag: "Dies" }

/** What becomes of a task interrupted at `ip`. Clears the descriptor in user memory where the kernel does. */
export const fixUp = (generation: Generation, registration: Registration, ip: Address, events: number, memory: UserMemory): Fixup => {
  const { area } = registration
  const section = sectionOf(registration, memory)
  if (section === "bad") return DIES
  if (section === "none") return { _tag: "GoesOn", events }
  if (ip < section.start || section.end <= ip) {
    // Outside, a descriptor is of no use any more: user code leaves it to the kernel to clear it.
    return memory.write64(area + rseqArea.rseqCs, 0n) ? { _tag: "GoesOn", events } : DIES
  }
  const flags = memory.read32(area + rseqArea.flags)
  const mask = flags === undefined ? "bad" : overlooked(generation, flags | section.flags)
  if (mask === "bad") return DIES
  const counted = events & ~mask
  if (counted === 0) return { _tag: "GoesOn", events: 0 }
  return memory.write64(area + rseqArea.rseqCs, 0n) ? { _tag: "Aborts", section, events: counted } : DIES
}

/** The event that names an abort where several fell together: the strongest. */
export const causeOf = (events: number): string =>
  (events & SIGNAL) !== 0 ? "signalled" : (events & MIGRATE) !== 0 ? "migrated" : "preempted"
