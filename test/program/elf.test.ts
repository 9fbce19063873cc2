import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { loadElf, type ElfLoad } from "../../src/program/elf.ts"
import { loadProgram } from "../../src/program/load.ts"
import type { Program } from "../../src/program/program.ts"

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../fixtures/${name}.elf`, import.meta.url)))

const programOf = (loaded: ElfLoad): Program => (loaded._tag === "Loaded" ? loaded.program : expect.fail(loaded.error.expected))

const refusal = (bytes: Uint8Array): string => {
  const loaded = loadElf(bytes, "test.elf")
  return loaded._tag === "Loaded" ? "loaded" : loaded.error.expected
}

/** A copy of a fixture with bytes changed: `[at, size in bytes, value]`. */
const changed = (name: string, ...changes: ReadonlyArray<readonly [number, 1 | 2 | 4 | 8, number | bigint]>): Uint8Array => {
  const bytes = fixture(name)
  const view = new DataView(bytes.buffer)
  for (const [at, sizeBytes, value] of changes) {
    if (sizeBytes === 1) view.setUint8(at, Number(value))
    else if (sizeBytes === 2) view.setUint16(at, Number(value), true)
    else if (sizeBytes === 4) view.setUint32(at, Number(value), true)
    else view.setBigUint64(at, BigInt(value), true)
  }
  return bytes
}

/** First program header that is loaded, and the one after it. */
const FIRST = 64
const SECOND = 64 + 56

describe("loading an executable", () => {
  it.each(["hello", "exit-status", "signals", "rseq-counter", "musl-hello", "musl-threads"])("takes %s.elf", (name) => {
    const program = programOf(loadElf(fixture(name), `fixtures/${name}.elf`))
    expect(program.name).toBe(`${name}.elf`)
    const main = program.symbols.find((symbol) => symbol.name === "main")
    const code = program.segments.filter(({ protection }) => protection === 5)
    expect(code).toHaveLength(1)
    expect(main?.kind).toBe("function")
    for (const at of [program.entry, main?.at ?? 0]) {
      expect(code.some(({ memoryBytes, start }) => start <= at && at < start + memoryBytes)).toBe(true)
    }
  })

  it("keeps writable and executable memory apart, and zeros behind the data", () => {
    const { end, segments } = programOf(loadElf(fixture("musl-threads"), "a"))
    expect(segments.map(({ protection }) => protection)).toEqual([1, 5, 1, 3])
    const data = segments.at(-1)
    expect(data?.memoryBytes).toBeGreaterThan(data?.bytes.length ?? 0)
    expect(end % 4096).toBe(0)
    expect(end).toBeGreaterThanOrEqual((data?.start ?? 0) + (data?.memoryBytes ?? 0))
  })

  it("says where the program headers are in memory", () => {
    expect(programOf(loadElf(fixture("musl-hello"), "a")).headers).toMatchObject({ at: 0x400040, sizeBytes: 56 })
  })

  it("tells the critical sections that are described", () => {
    const { sections, symbols } = programOf(loadElf(fixture("rseq-counter"), "a"))
    expect(sections).toHaveLength(1)
    const work = symbols.find(({ name }) => name === "work")
    const [section] = sections
    expect(section?.end).toBeGreaterThan(section?.start ?? 0)
    expect(section?.start).toBeGreaterThan(work?.at ?? Infinity)
    expect(section?.start).toBeLessThan((work?.at ?? 0) + (work?.sizeBytes ?? 0))
  })

  it("looks for none beyond user space, where addresses are no longer exact", () => {
    const bytes = fixture("rseq-counter")
    const view = new DataView(bytes.buffer)
    const at = Number(view.getBigUint64(40, true))
    for (let index = 1; index < view.getUint16(60, true); index += 1) view.setBigUint64(at + 64 * index + 16, 2n ** 64n - 4096n, true)
    expect(programOf(loadElf(bytes, "a")).sections).toEqual([])
  })

  it("needs no section headers", () => {
    expect(programOf(loadElf(changed("hello", [40, 8, 0], [60, 2, 0]), "a")).symbols).toEqual([])
  })
})

describe("an executable we do not take", () => {
  it.each([
    ["is empty", new Uint8Array(0), /an ELF header of 64 bytes/],
    ["ends in its header", fixture("hello").subarray(0, 63), /an ELF header of 64 bytes/],
    ["is text", new TextEncoder().encode("x".repeat(100)), /7f 45 4c 46/],
    ["has 32 bits", changed("hello", [4, 1, 1]), /64 bits/],
    ["is big-endian", changed("hello", [5, 1, 2]), /little-endian/],
    ["is for another processor", changed("hello", [18, 2, 183]), /x86-64 .machine 62., not 183/],
    ["is position-independent", changed("hello", [16, 2, 3]), /-static -no-pie/],
    ["is an object file", changed("hello", [16, 2, 1]), /not an object file/],
    ["is a core dump", changed("hello", [16, 2, 4]), /core dump/],
    ["wants a dynamic linker", changed("hello", [FIRST, 4, 3]), /dynamic linker/],
    ["has no program headers", changed("hello", [56, 2, 0]), /program headers/],
    ["has 65,535 program headers", changed("hello", [56, 2, 65_535]), /program headers/],
    ["has 65,000 program headers, outside the file", changed("hello", [56, 2, 65_000]), /inside the file/],
    ["has program headers at the end of the world", changed("hello", [32, 8, 2n ** 64n - 1n]), /inside the file/],
    ["has a segment outside the file", changed("hello", [FIRST + 8, 8, 2n ** 40n]), /bytes of the segment inside the file/],
    ["has a segment of 2^46 bytes", changed("hello", [SECOND + 40, 8, 2n ** 46n]), /pages of their own|4 GiB/],
    ["has a segment in kernel space", changed("hello", [FIRST + 16, 8, 2n ** 63n]), /user space/],
    ["has a segment at zero", changed("hello", [FIRST + 16, 8, 0]), /above the first page/],
    ["has a segment smaller in memory", changed("hello", [FIRST + 40, 8, 1]), /no smaller in memory/],
    ["has segments on each other", changed("hello", [SECOND + 16, 8, 0x400000]), /pages of their own|modulo/],
    ["begins nowhere", changed("hello", [24, 8, 0x10]), /entry point/],
    ["begins in its data", changed("hello", [24, 8, 0x400010]), /entry point/],
    ["has section headers outside", changed("hello", [40, 8, 2n ** 50n]), /section headers inside/],
    ["names its sections by one that is not there", changed("hello", [62, 2, 60_000]), /number of a section/]
  ] as const)("one that %s", (_claim, bytes, expected) => {
    expect(refusal(bytes)).toMatch(expected)
  })

  it("one with 10^8 symbols", () => {
    const bytes = fixture("hello")
    const view = new DataView(bytes.buffer)
    const at = Number(view.getBigUint64(40, true))
    for (let index = 0; index < view.getUint16(60, true); index += 1) {
      const header = at + 64 * index
      if (view.getUint32(header + 4, true) === 2) view.setBigUint64(header + 32, 24n * 100_000_000n, true)
    }
    expect(refusal(bytes)).toMatch(/table of symbols inside the file/)
  })
})

describe("a program from bytes", () => {
  const text = (written: string): Uint8Array => new TextEncoder().encode(written)

  it("is an executable by its first four bytes, and text otherwise", () => {
    expect(loadProgram(fixture("hello"), "a")._tag).toBe("Loaded")
    expect(loadProgram(text("_start: ret"), "a")._tag).toBe("Loaded")
  })

  it.each([
    ["empty", new Uint8Array(0), "x: expected a static ELF executable or assembler text, and it is empty"],
    ["something else", Uint8Array.of(1, 2, 0, 3), "x: at byte 2: expected text; neither a static ELF executable nor assembler text"],
    ["a mistake", text("_start: moov"), "x:1:9: expected an instruction\n  _start: moov\n          ^"],
    ["a broken executable", fixture("hello").subarray(0, 20), "x: at byte 0x14: expected an ELF header of 64 bytes"]
  ])("is refused in words: %s", (_claim, bytes, message) => {
    expect(loadProgram(bytes, "x")).toEqual({ _tag: "Refused", message })
  })
})
