/** Bench programs as ELF files, for what runs those: the processor itself, qemu-user. */
import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PAGE_BYTES } from "../../src/base/ids.ts"
import type { Program } from "../../src/program/program.ts"

const HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
/** PROT_READ and PROT_EXEC are PF_R 4 and PF_X 1 in a file. */
const fileFlags = (protection: number): number => ((protection & 1) << 2) | (protection & 2) | (protection >> 2)

/** A static executable with the program's segments. Source: System V ABI, AMD64 supplement, 4 and 5. */
export const elfOf = ({ entry, segments }: Program): Uint8Array => {
  let length = Math.ceil((HEADER_BYTES + PROGRAM_HEADER_BYTES * segments.length) / PAGE_BYTES) * PAGE_BYTES
  const placed = segments.map((segment) => {
    // A segment stands at the same place in its page of the file as in memory.
    const offset = length + (segment.start % PAGE_BYTES)
    length = Math.ceil((offset + segment.bytes.length) / PAGE_BYTES) * PAGE_BYTES
    return { segment, offset }
  })
  const file = new Uint8Array(length)
  const view = new DataView(file.buffer)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true) // ET_EXEC
  view.setUint16(18, 62, true) // EM_X86_64
  view.setUint32(20, 1, true)
  view.setBigUint64(24, BigInt(entry), true)
  view.setBigUint64(32, BigInt(HEADER_BYTES), true)
  view.setUint16(52, HEADER_BYTES, true)
  view.setUint16(54, PROGRAM_HEADER_BYTES, true)
  view.setUint16(56, segments.length, true)
  placed.forEach(({ offset, segment }, index) => {
    const at = HEADER_BYTES + PROGRAM_HEADER_BYTES * index
    view.setUint32(at, 1, true) // PT_LOAD
    view.setUint32(at + 4, fileFlags(segment.protection), true)
    view.setBigUint64(at + 8, BigInt(offset), true)
    view.setBigUint64(at + 16, BigInt(segment.start), true)
    view.setBigUint64(at + 24, BigInt(segment.start), true)
    view.setBigUint64(at + 32, BigInt(segment.bytes.length), true)
    view.setBigUint64(at + 40, BigInt(segment.memoryBytes), true)
    view.setBigUint64(at + 48, BigInt(PAGE_BYTES), true)
    file.set(segment.bytes, offset)
  })
  return file
}

export interface NativeRun {
  readonly status: number
  /** Processor time, in milliseconds. */
  readonly ms: number
}

/** The last line of `times`: minutes and seconds of the children, in user code and in the kernel. Source: POSIX, times. */
const childrenMs = (text: string): number | undefined => {
  const found = /(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s\s*$/.exec(text)
  return found === null ? undefined : (Number(found[1]) * 60 + Number(found[2]) + Number(found[3]) * 60 + Number(found[4])) * 1000
}

/** Runs a command; `undefined` where that is not possible here. */
export const runCommand = (command: ReadonlyArray<string>): NativeRun | undefined => {
  // The shell says what its children have used; Node does not.
  const { error, status, stdout } = spawnSync("sh", ["-c", '"$@"; status=$?; times; exit $status', "sh", ...command], { encoding: "utf8" })
  const ms = childrenMs(stdout)
  return error !== undefined || status === null || ms === undefined ? undefined : { status, ms }
}

/** Runs a program under a command, or by itself; `undefined` where that is not possible here. */
export const runNatively = (program: Program, command: ReadonlyArray<string>): NativeRun | undefined => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-bench-"))
  try {
    const path = join(folder, "program")
    writeFileSync(path, elfOf(program))
    chmodSync(path, 0o755)
    return runCommand([...command, path])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Whether a command is there. */
export const isInstalled = (command: string): boolean => spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined
