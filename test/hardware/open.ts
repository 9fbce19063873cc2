/** What the manual leaves open in a case, by its row: not to be compared with a processor, since processors differ. */
import { known } from "../../src/base/assert.ts"
import { DIRECTION_FLAG, STATUS_FLAGS, flagBit } from "../../src/x86/flag.ts"
import type { OpenWhen } from "../../src/x86/instruction/definition.ts"
import { GS_SLOT, RCX, SLOT_BYTES } from "../../src/x86/register.ts"
import { type Case, effectiveAddress } from "./case.ts"
import { GS_BASE, PAGE, READ_ONLY, WINDOW, readOnlyByte } from "./place.ts"
import type { Comparable, Result } from "./result.ts"

const EVERY_FLAG = STATUS_FLAGS | DIRECTION_FLAG

/** A shift's count, after masking. */
const countOf = ({ instruction, registers }: Case): number => {
  const { form, immediate } = instruction
  const given = form.shape.endsWith("c") ? known(registers[RCX], "rcx") : immediate
  return Number(BigInt.asUintN(8, given)) & (form.width === 64 ? 63 : 31)
}

const isSourceZero = (tested: Case): boolean => {
  const { form, s } = tested.instruction
  const bytes = form.width / 8
  if (form.shape === "rr") return BigInt.asUintN(form.width, known(tested.registers[s / SLOT_BYTES], "a source")) === 0n
  const at = Number(effectiveAddress(tested, tested.instruction))
  const byteAt = (address: number): number =>
    address >= READ_ONLY && address < READ_ONLY + PAGE ? readOnlyByte(address - READ_ONLY) : tested.window[address - WINDOW] ?? 0
  return Array.from({ length: bytes }, (_, offset) => byteAt(at + offset)).every((byte) => byte === 0)
}

const applies = (when: OpenWhen, tested: Case): boolean => {
  const { width } = tested.instruction.form
  const count = countOf(tested)
  switch (when) {
    case "always": return true
    // A count of 0 changes nothing, and that is not open.
    case "count is not 1": return count > 1
    case "count reaches the width": return count >= width
    case "count exceeds the width": return count > width
    case "source is 0": return isSourceZero(tested)
  }
}

const OPERAND_SIZE = 0x66
const RESERVED_NOP = 0x0d
const NEAR_BRANCHES: ReadonlySet<string> = new Set(["ret", "retReleasing", "callTo", "jmpTo"])

const isCanonical = (address: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, address)) === address

/** Legacy prefixes, in whatever order. */
const prefixesOf = (bytes: Uint8Array): ReadonlyArray<number> => {
  const rest = bytes.findIndex((byte) => ![0x66, 0x67, 0x64, 0x65, 0x2e, 0x3e, 0xf0, 0xf2, 0xf3].includes(byte))
  return [...bytes.subarray(0, rest)]
}

/**
 * Where makers build different processors, and each says so: ours is built as Intel's. `undefined`: all agree.
 *
 * Source: AMD64 APM vol. 3, "Near branches in 64-bit mode" and PREFETCHW; vol. 2, "Canonical address form" (the offset was seen
 * to be checked before the base is added, by a processor of family 19h under a hypervisor).
 */
export const makersDiffer = (tested: Case): string | undefined => {
  const { bytes, instruction } = tested
  const { base, form, segment } = instruction
  if (NEAR_BRANCHES.has(form.row.name) && prefixesOf(bytes).includes(OPERAND_SIZE)) return "a near branch with an operand-size prefix goes by 16 bits"
  if (form.row.name === "nop" && bytes.includes(RESERVED_NOP)) return "a prefetch of a register is no instruction"
  if (/[mv]/.test(form.shape) && (segment === 2 || Math.floor(base / SLOT_BYTES) === GS_SLOT)) {
    const linear = effectiveAddress(tested, instruction)
    if (isCanonical(linear) && !isCanonical(BigInt.asUintN(64, linear - BigInt(GS_BASE)))) return "an offset that is not canonical is refused whatever the base makes of it"
  }
  return undefined
}

/** Everything counts: between engines of ours. */
export const everything: Comparable = { flags: EVERY_FLAG, countsResult: true, destination: 0 }

/** What counts between a processor's result and ours. */
export const comparable = (tested: Case, { ending, registers }: Result): Comparable => {
  const { d, form } = tested.instruction
  const destination = Math.floor(d / SLOT_BYTES)
  if (ending !== "retired") {
    // Repeated comparisons that fault after an iteration: the processor puts back the flags from before the first.
    const isUnderWay = /^rep(ne)? (scas|cmps)$/.test(form.row.name) && registers[RCX] !== tested.registers[RCX]
    // A call to where no address can be: some processors have written the stack by then, and only put the pointer back.
    const isRefusedCall = form.row.name === "callTo" && ending === "GeneralProtection"
    return { flags: isUnderWay ? DIRECTION_FLAG : EVERY_FLAG, countsResult: !isRefusedCall, destination: -1 }
  }
  let flags = EVERY_FLAG
  for (const { flags: names, when } of form.row.open ?? []) {
    if ((isShift(form.row.name) && countOf(tested) === 0) || !applies(when, tested)) continue
    for (const name of names) flags &= ~(1 << flagBit[name])
  }
  const { openResult } = form.row
  return { flags, countsResult: openResult === undefined || !applies(openResult, tested), destination }
}

const isShift = (name: string): boolean => /^(sh[lr]d?|sar|ro[lr]|rc[lr])$/.test(name)
