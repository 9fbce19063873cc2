/** What an instruction has done, the same shape for the processor and for every engine. */
import type { Case } from "./case.ts"

export type Ending =
  /** It retired. */
  | "retired"
  | "Breakpoint"
  /** #PF: with the access, and whether the page was there. */
  | `PageFault ${"read" | "write"} ${"present" | "absent"}`
  | "GeneralProtection" | "DivideError" | "InvalidOpcode"

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

const vectorText = (value: bigint): string => value.toString(16).padStart(32, "0")

/** What counts in a comparison. */
export interface Comparable {
  readonly flags: number
  /** False where the result itself is open: the destination, be it the window or this register, does not count. */
  readonly countsResult: boolean
  readonly destination: number
}

/** What differs, one line each; empty where nothing does. */
export const differences = (
  { eflags, instruction, registers }: Case, left: Result, right: Result, mask: Comparable
): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const note = (what: string, one: unknown, other: unknown): void => {
    if (one !== other) lines.push(`${what}: ${String(one)} against ${String(other)}`)
  }
  note("ending", left.ending, right.ending)
  note("ip", `0x${left.ip.toString(16)}`, `0x${right.ip.toString(16)}`)
  note("fault at", `0x${left.faultAddress.toString(16)}`, `0x${right.faultAddress.toString(16)}`)
  for (const number of registers.keys()) {
    if (!mask.countsResult && number === mask.destination) continue
    note(`register ${number}`, `0x${left.registers[number]?.toString(16) ?? ""}`, `0x${right.registers[number]?.toString(16) ?? ""}`)
  }
  for (const number of left.vectors.keys()) note(`xmm${number}`, vectorText(left.vectors[number] ?? 0n), vectorText(right.vectors[number] ?? 0n))
  note("flags", `0x${(left.flags & mask.flags).toString(16)}`, `0x${(right.flags & mask.flags).toString(16)}`)
  if (mask.countsResult) {
    for (const [at, byte] of left.window.entries()) note(`window+${at}`, byte, right.window[at])
    note("strayed", left.hasStrayed, right.hasStrayed)
  }
  return lines.length === 0 ? [] : [`${instruction.form.name}, eflags 0x${eflags.toString(16)}`, ...lines.slice(0, 12)]
}
