/** The processor as judge: compiles the runner, pipes cases through it, and reads what happened. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { viewOf } from "../../src/base/bytes.ts"
import { assert } from "../../src/base/assert.ts"
import { TASK_SIZE } from "../../src/base/ids.ts"
import { DIRECTION_FLAG, STATUS_FLAGS } from "../../src/x86/flag.ts"
import type { Case } from "./case.ts"
import { BRANCH_BYTES, CODE, WINDOW_BYTES } from "./place.ts"
import type { Ending, Result } from "./result.ts"

const REGISTERS_BYTES = 16 * 8
const VECTORS_BYTES = 16 * 16
const CODE_BYTES = 16
/** struct input: registers, flags, vectors, window, length, code. */
const INPUT_BYTES = REGISTERS_BYTES + 8 + VECTORS_BYTES + WINDOW_BYTES + 8 + CODE_BYTES
/** struct output: registers, flags, vectors, window, trap, error, address, ip, strayed. */
const OUTPUT_BYTES = REGISTERS_BYTES + 8 + VECTORS_BYTES + WINDOW_BYTES + 5 * 8

/** Numbers of the processor. Source: Intel SDM 3A, 6.15. */
const NO_TRAP = 255n
const DIVIDE = 0n
const BREAKPOINT = 3n
const INVALID_OPCODE = 6n
const STACK_FAULT = 12n
const GENERAL_PROTECTION = 13n
const PAGE_FAULT = 14n
/** Bits of a page fault's error code. */
const PRESENT = 1n
const WRITE = 2n
const FETCH = 16n

/** What the runner says of a process in which something else is mapped low. */
const NOT_ALONE = 3

export interface Processor {
  /** As the processor calls itself: "GenuineIntel". */
  readonly maker: string
  readonly run: (cases: ReadonlyArray<Case>) => ReadonlyArray<Result>
  readonly close: () => void
}

/** `undefined`, where there is no gcc or this is no x86-64. */
export const openProcessor = (): Processor | undefined => {
  if (process.arch !== "x64" || process.platform !== "linux" || spawnSync("gcc", ["--version"]).status !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-processor-"))
  const runner = join(folder, "runner")
  const source = fileURLToPath(new URL("runner.c", import.meta.url))
  const flags = ["-O1", "-Wall", "-static", "-no-pie", "-ffreestanding", "-nostdlib", "-fno-stack-protector", "-fcf-protection=none"]
  const compiled = spawnSync("gcc", [...flags, "-o", runner, source], { encoding: "utf8" })
  assert(compiled.status === 0, `the runner compiles: ${compiled.stderr}`)
  return {
    maker: /^vendor_id\s*: (.*)$/m.exec(readFileSync("/proc/cpuinfo", "latin1"))?.[1] ?? "unknown",
    run: (cases) => runCases(runner, cases),
    close: () => rmSync(folder, { recursive: true })
  }
}

const runCases = (runner: string, cases: ReadonlyArray<Case>): ReadonlyArray<Result> => {
  const input = new Uint8Array(4 + cases.length * INPUT_BYTES)
  viewOf(input).setUint32(0, cases.length, true)
  for (const [number, tested] of cases.entries()) writeInput(input.subarray(4 + number * INPUT_BYTES), tested)
  const { signal, status, stdout } = spawnSync(runner, [], { input, maxBuffer: 2 ** 31 - 1 })
  assert(status !== NOT_ALONE, "nothing but the runner lies where a case may reach: its image, the data and the code")
  const isWhole = status === 0 && stdout.length === cases.length * OUTPUT_BYTES
  assert(isWhole, `the runner survives every case: status ${status}, signal ${signal}`)
  return cases.map((tested, number) => readOutput(stdout.subarray(number * OUTPUT_BYTES), tested))
}

const writeInput = (to: Uint8Array, { bytes, eflags, registers, vectors, window }: Case): void => {
  const view = viewOf(to)
  for (const [number, value] of registers.entries()) view.setBigUint64(number * 8, value, true)
  view.setBigUint64(REGISTERS_BYTES, BigInt(eflags), true)
  for (const [number, value] of vectors.entries()) {
    view.setBigUint64(REGISTERS_BYTES + 8 + number * 16, BigInt.asUintN(64, value), true)
    view.setBigUint64(REGISTERS_BYTES + 16 + number * 16, value >> 64n, true)
  }
  const windowAt = REGISTERS_BYTES + 8 + VECTORS_BYTES
  to.set(window, windowAt)
  view.setBigUint64(windowAt + WINDOW_BYTES, BigInt(bytes.length), true)
  to.set(bytes, windowAt + WINDOW_BYTES + 8)
}

const readOutput = (from: Uint8Array, { bytes }: Case): Result => {
  const view = viewOf(from)
  const word = (at: number): bigint => view.getBigUint64(at, true)
  const vector = (at: number): bigint => word(at) | (word(at + 8) << 64n)
  const windowAt = REGISTERS_BYTES + 8 + VECTORS_BYTES
  const [trap = 0n, error = 0n, address = 0n, ip = 0n, strayed = 0n] =
    Array.from({ length: 5 }, (_, number) => word(windowAt + WINDOW_BYTES + number * 8))
  const next = BigInt(CODE + bytes.length)
  // A branch to where nothing is has retired: what faults is the fetch behind it.
  const isFetch = trap === PAGE_FAULT && ip === address && ip !== BigInt(CODE) && ((error & FETCH) !== 0n || (error & WRITE) === 0n)
  // Of the kernel's half the kernel says that all of it is present; there is nothing for user code.
  const ending = isFetch ? "retired" : endingOf(trap, address >= BigInt(TASK_SIZE) ? error & ~PRESENT : error)
  return {
    registers: Array.from({ length: 16 }, (_, number) => word(number * 8)),
    flags: Number(word(REGISTERS_BYTES)) & (STATUS_FLAGS | DIRECTION_FLAG),
    vectors: Array.from({ length: 16 }, (_, number) => vector(REGISTERS_BYTES + 8 + number * 16)),
    window: from.slice(windowAt, windowAt + WINDOW_BYTES),
    hasStrayed: strayed !== 0n,
    ending,
    // Without a trap the ways out say which of them was taken.
    ip: trap === NO_TRAP ? next + ip * BigInt(BRANCH_BYTES) : ip,
    faultAddress: ending.startsWith("PageFault") ? address : 0n
  }
}

const endingOf = (trap: bigint, error: bigint): Ending => {
  switch (trap) {
    case NO_TRAP: return "retired"
    case DIVIDE: return "DivideError"
    case BREAKPOINT: return "Breakpoint"
    case INVALID_OPCODE: return "InvalidOpcode"
    case STACK_FAULT: return "StackFault"
    case GENERAL_PROTECTION: return "GeneralProtection"
    case PAGE_FAULT: return `PageFault ${(error & WRITE) === 0n ? "read" : "write"} ${(error & PRESENT) === 0n ? "absent" : "present"}`
    default: return assert(false, `a trap of this kind is expected: ${trap}`) as never
  }
}
