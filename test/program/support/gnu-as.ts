import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { PlacedSection } from "../../../src/program/assemble/layout.ts"

/** Whether GNU as and ld for x86-64 are on this machine. */
export const hasBinutils = ["as", "ld"].every((tool) => spawnSync(tool, ["--version"]).status === 0) && process.arch === "x64"

const inFolder = <T>(use: (folder: string) => T): T => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-as-"))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const read = (bytes: Buffer): Map<string, Uint8Array> => {
  const at = Number(bytes.readBigUInt64LE(40))
  const header = (index: number): number => at + 64 * index
  const names = Number(bytes.readBigUInt64LE(header(bytes.readUInt16LE(62)) + 24))
  const sections = new Map<string, Uint8Array>()
  for (let index = 1; index < bytes.readUInt16LE(60); index += 1) {
    const name = names + bytes.readUInt32LE(header(index))
    const isNoBits = bytes.readUInt32LE(header(index) + 4) === 8
    const offset = Number(bytes.readBigUInt64LE(header(index) + 24))
    const sizeBytes = Number(bytes.readBigUInt64LE(header(index) + 32))
    sections.set(bytes.toString("latin1", name, bytes.indexOf(0, name)), isNoBits ? new Uint8Array(sizeBytes) : bytes.subarray(offset, offset + sizeBytes))
  }
  return sections
}

/** What GNU as and ld make of `text`, with sections put where ours are. */
export const linkedByBinutils = (
  text: string,
  placed: ReadonlyArray<PlacedSection>,
  symbols: ReadonlyArray<readonly [string, number]> = []
): ReadonlyMap<string, Uint8Array> =>
  inFolder((folder) => {
    const path = (name: string): string => join(folder, name)
    writeFileSync(path("a.s"), text)
    const body = placed.map(({ name, start }) => `${name} ${start} : SUBALIGN(1) { *(${name}) }`).join("\n")
    writeFileSync(path("a.ld"), `SECTIONS {\n${body}\n/DISCARD/ : { *(.note*) *(.eh_frame) }\n}\n`)
    const definitions = symbols.flatMap(([name, value]) => ["--defsym", `${name}=${value}`])
    execFileSync("as", ["--64", ...definitions, "-o", path("a.o"), path("a.s")], { stdio: ["ignore", "pipe", "pipe"] })
    execFileSync("ld", ["-static", "-nostdlib", "--no-relax", "-e", "0", "-T", path("a.ld"), "-o", path("a.elf"), path("a.o")], { stdio: ["ignore", "pipe", "pipe"] })
    return read(readFileSync(path("a.elf")))
  })

/** Whether GNU as takes the text at all. */
export const isAccepted = (text: string): boolean =>
  inFolder((folder) => {
    writeFileSync(join(folder, "a.s"), text)
    return spawnSync("as", ["--64", "-o", join(folder, "a.o"), join(folder, "a.s")]).status === 0
  })

/** The bytes that GNU as gives each line as hexadecimal digits, or nothing where it refuses or warns. */
export const linesByGnuAs = (lines: ReadonlyArray<string>): ReadonlyArray<string | undefined> =>
  inFolder((folder) => {
    const path = (name: string): string => join(folder, name)
    // No instruction has more than 15 bytes: each stands in 16 of its own, with its length known by labels behind it.
    const run = (all: ReadonlyArray<string>): string => {
      const body = all.map((line, index) => `a${index}: ${line}; b${index}: .balign 16, 0xcc`).join("\n")
      const lengths = all.map((_, index) => `.byte b${index} - a${index}`).join("\n")
      writeFileSync(path("a.s"), `.text\n${body}\n.data\n${lengths}\n`)
      return spawnSync("as", ["--64", "-o", path("a.o"), path("a.s")], { encoding: "utf8", maxBuffer: 2 ** 28 }).stderr
    }
    const refused = new Set([...run(lines).matchAll(/a\.s:(\d+): (?:Error|Warning)/g)].map((found) => Number(found[1]) - 2))
    const accepted = lines.flatMap((line, index) => (refused.has(index) ? [] : [{ line, index }]))
    run(accepted.map(({ line }) => line))
    const sections = read(readFileSync(path("a.o")))
    const text = sections.get(".text") ?? new Uint8Array()
    const lengths = sections.get(".data") ?? new Uint8Array()
    const answers = lines.map((): string | undefined => undefined)
    for (const [order, { index }] of accepted.entries()) {
      answers[index] = Buffer.from(text.subarray(16 * order, 16 * order + (lengths[order] ?? 0))).toString("hex")
    }
    return answers
  })
