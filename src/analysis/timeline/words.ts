/** How values are spelled in a timeline. */
import { grouped, hex } from "../../base/bits.ts"
import type { CpuId } from "../../base/ids.ts"
import { errnoName } from "../../linux/errno.ts"
import { SIGNAL_MAX, signalName } from "../../linux/signal.ts"
import type { ContractRecord } from "../../log/event.ts"
import { escapeTerminal } from "../report/format/terminal.ts"
import type { CallReading, Reading } from "./reading.ts"

export const nanoseconds = (value: number): string => `${grouped(value)} ns`

/** `rw-` */
export const protection = (bits: number): string => `${(bits & 1) !== 0 ? "r" : "-"}${(bits & 2) !== 0 ? "w" : "-"}${(bits & 4) !== 0 ? "x" : "-"}`

const SHOWN_SIGNAL_COUNT_MAX = 4

/** A signal set: `{}`, `{USR1 USR2}`, `{all but KILL STOP}`, or its word. */
export const signalSet = (mask: bigint): string => {
  const named = (bits: bigint) => Array.from({ length: SIGNAL_MAX }, (_, index) => index + 1).filter((signal) => (bits >> BigInt(signal - 1) & 1n) === 1n)
  const present = named(mask)
  if (present.length <= SHOWN_SIGNAL_COUNT_MAX) return `{${present.map(signalName).join(" ")}}`
  const absent = named(BigInt.asUintN(64, ~mask))
  if (absent.length > SHOWN_SIGNAL_COUNT_MAX) return hex(mask)
  return absent.length === 0 ? "{all}" : `{all but ${absent.map(signalName).join(" ")}}`
}

/** `cpu0`, `cpu0 cpu2` */
export const cpuList = (cpus: ReadonlyArray<CpuId>): string => cpus.map((cpu) => `cpu${cpu}`).join(" ")

export const callName = (number: number, { call }: Reading): string => call(number)?.name ?? `call ${number}`

/** Large numbers are masks, signatures and addresses more often than amounts. */
const unsigned = (value: bigint): string => (value > 0xffffn ? hex(value) : String(value))

const word = (value: bigint, kind: string, { place }: Reading): string => {
  switch (kind) {
    case "address": case "exactAddress":
      return value === 0n ? "0" : value < 2n ** 47n ? place(Number(value)) : hex(value)
    case "i32":
      return String(BigInt.asIntN(32, value))
    case "i64":
      return String(BigInt.asIntN(64, value))
    case "u32":
      return unsigned(BigInt.asUintN(32, value))
    default:
      return unsigned(value)
  }
}

/** `futex(counter, 128, 1)` as strace writes it; a call nobody knows shows its words. */
export const callText = (number: number, words: ReadonlyArray<bigint>, reading: Reading): string => {
  const row: CallReading | undefined = reading.call(number)
  if (row === undefined) return `call ${number}(${words.map(hex).join(", ")})`
  const kinds = Object.values(row.parameters)
  return `${row.name}(${kinds.map((kind, index) => word(words[index] ?? 0n, kind, reading)).join(", ")})`
}

/** `3`, or `-1 EAGAIN` as strace writes it. */
export const callResult = (result: number): string => {
  if (result >= 0) return result > 0xffff ? hex(result) : String(result)
  const name = errnoName(-result)
  return name === undefined ? String(result) : `-1 ${name}`
}

const fieldText = (value: number | bigint | string): string =>
  typeof value === "string" ? escapeTerminal(value) : value > 0xffff ? hex(value) : String(value)

/** `area=0x404040 sizeBytes=32` */
export const record = (kept: ContractRecord): string =>
  Object.entries(kept).map(([name, value]) => `${escapeTerminal(name)}=${fieldText(value)}`).join(" ")
