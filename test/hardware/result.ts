/** What an instruction has done, the same shape for the processor and for every engine. */
import type { Case } from "./case.ts"

export type Ending =
  /** It retired. */
  | "retired"
  | "Breakpoint"
  /** #PF: with the access, and whether the page was there. */
  | `PageFault ${"read" | "write"} ${"present" | "absent"}`
  | "StackFault" | "GeneralProtection" | "DivideError" | "InvalidOpcode"

export interface Result {
  readonly registers: ReadonlyArray<bigint>
  readonly vectors: ReadonlyArray<bigint>
  /** Status flags and DF. */
  readonly flags: number
  readonly window: Uint8Array
  /** Whether writable memory outside the window is no longer zero. */
  readonly hasStrayed: boolean
  readonly ending: Ending
  /** Where it would go on. */
  readonly ip: bigint
  /** Of a page fault; else 0. */
  readonly faultAddress: bigint
}

/** What counts in a comparison. */
export interface Comparable {
  readonly flags: number
  /** False where the result itself is open: the destination, be it the window or this register, does not count. */
  readonly countsResult: boolean
  readonly destination: number
}

const hexOf = (value: bigint | undefined): string => `0x${value?.toString(16) ?? ""}`

/** What differs, one line each; empty where nothing does. */
export const differences = (
  { eflags, instruction, registers }: Case, left: Result, right: Result, mask: Comparable
): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const note = (what: string, one: unknown, other: unknown): void => {
    lines.push(`${what}: ${String(one)} against ${String(other)}`)
  }
  if (left.ending !== right.ending) note("ending", left.ending, right.ending)
  if (left.ip !== right.ip) note("ip", hexOf(left.ip), hexOf(right.ip))
  if (left.faultAddress !== right.faultAddress) note("fault at", hexOf(left.faultAddress), hexOf(right.faultAddress))
  for (let number = 0; number < registers.length; number++) {
    if (left.registers[number] === right.registers[number] || (!mask.countsResult && number === mask.destination)) continue
    note(`register ${number}`, hexOf(left.registers[number]), hexOf(right.registers[number]))
  }
  for (let number = 0; number < left.vectors.length; number++) {
    if (left.vectors[number] !== right.vectors[number]) note(`xmm${number}`, hexOf(left.vectors[number]), hexOf(right.vectors[number]))
  }
  if (((left.flags ^ right.flags) & mask.flags) !== 0) note("flags", `0x${left.flags.toString(16)}`, `0x${right.flags.toString(16)}`)
  if (mask.countsResult && Buffer.compare(left.window, right.window) !== 0) noteBytes(note, left.window, right.window)
  if (mask.countsResult && left.hasStrayed !== right.hasStrayed) note("strayed", left.hasStrayed, right.hasStrayed)
  return lines.length === 0 ? [] : [`${instruction.form.name}, eflags 0x${eflags.toString(16)}`, ...lines.slice(0, 12)]
}

const noteBytes = (note: (what: string, one: unknown, other: unknown) => void, left: Uint8Array, right: Uint8Array): void => {
  for (const [at, byte] of left.entries()) if (byte !== right[at]) note(`window+${at}`, byte, right[at])
}
