/** Whatever the bytes, a parser ends in a program or in its one typed error: never in an exception, and not late. */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { stream, type Stream } from "../../src/base/prng.ts"
import { assemble } from "../../src/program/assemble/assemble.ts"
import { describeAssemblyError } from "../../src/program/assemble/problem.ts"
import { loadElf } from "../../src/program/elf.ts"

const CASE_COUNT = 10_000
const seed = process.env["RSEQLAB_SEED"] ?? "17"
const SLOW_MS = 30_000

const folder = (path: string): URL => new URL(path, import.meta.url)
const pick = <T>(chance: Stream, all: ReadonlyArray<T>): T => all[chance.below(all.length)] ?? expect.fail("nothing to pick from")

/** Runs `one` for each case. A failure names seed and case. */
const forCases = (name: string, one: (chance: Stream) => void): void => {
  for (let index = 0; index < CASE_COUNT; index += 1) {
    const begun = performance.now()
    try {
      one(stream(seed, `${name}/${index}`))
    } catch (error) {
      throw new Error(`seed ${seed}, case ${index}; again with: RSEQLAB_SEED=${seed} npm test -- -t "${name}"`, { cause: error })
    }
    expect(performance.now() - begun, `seed ${seed}, case ${index} is slow`).toBeLessThan(SLOW_MS)
  }
}

describe("hostile input", () => {
  const texts = [
    readFileSync(folder("directives.s"), "utf8"),
    ...readdirSync(folder("../../examples/")).filter((name) => name.endsWith(".s")).map((name) => readFileSync(folder(`../../examples/${name}`), "utf8"))
  ]
  const lines = texts.flatMap((text) => text.split("\n"))
  const words = [...new Set(texts.flatMap((text) => text.split(/\s+/)))]
  const pieces = ["(", ")", ",", "$", "%", "\"", "'", "\\", ":", ";", "#", "#:", "/*", "*/", "//", "*", "@", "-", "~", "!", "<<", "1b", "1f", "0x", "0b", "\\@", "\\()", "\t", "\n", "\r\n", "\u0000", "\u00e9", "\u{1f600}",
    "99999999999999999999999", "0xffffffffffffffff", "-1", ".rept 100000", ".endr", ".macro m a:vararg", ".endm", "m", ".if", ".else", ".endif", ".irp x,1,2", ".zero 0x7fffffff", ".balign 65536", ".org 1000", ".", "%rip", "(%rax,%rax,8)", "lock", "rep"]

  const mutatedText = (chance: Stream): string => {
    const from = chance.below(lines.length)
    const chosen = chance.oneIn(2) ? pick(chance, texts).split("\n") : lines.slice(from, from + 1 + chance.below(25))
    for (let change = chance.below(6); change > 0; change -= 1) {
      const at = chance.below(chosen.length)
      const line = chosen[at] ?? ""
      const column = chance.below(line.length + 1)
      const changedLines = [
        line.slice(0, column) + pick(chance, pieces) + line.slice(column),
        line.slice(0, column) + line.slice(column + 1 + chance.below(5)),
        line.replace(/\S+/, () => pick(chance, words)),
        `${line} ${pick(chance, words)}`,
        String.fromCharCode(...Array.from({ length: chance.below(40) }, () => chance.below(128))),
        pick(chance, lines)
      ]
      chosen[at] = pick(chance, changedLines)
    }
    return chosen.concat("_start:").join("\n")
  }

  it("ends the assembler in a program or in its error", { timeout: 240_000 }, () => {
    let assembledCount = 0
    forCases("ends the assembler", (chance) => {
      const assembly = assemble(mutatedText(chance), "hostile.s")
      if (assembly._tag === "Assembled") {
        assembledCount += 1
        return
      }
      const { column, expected, line, source } = assembly.error
      expect(line).toBeGreaterThan(0)
      expect(column).toBeGreaterThan(0)
      expect(column).toBeLessThanOrEqual(source.length + 2)
      expect(expected).not.toBe("a program")
      expect(describeAssemblyError(assembly.error)).toContain("expected ")
    })
    // Mutants that all die at once would prove nothing.
    expect(assembledCount).toBeGreaterThan(CASE_COUNT / 10)
  })

  const elves = readdirSync(folder("../fixtures/")).filter((name) => name.endsWith(".elf")).map((name) => new Uint8Array(readFileSync(folder(`../fixtures/${name}`))))
  const numbers = [0n, 1n, 0xffn, 0xffffn, 0x7fff_ffffn, 0xffff_ffffn, 2n ** 46n, 2n ** 47n - 4096n, 2n ** 63n, 2n ** 64n - 1n]

  const mutatedElf = (chance: Stream): Uint8Array => {
    const bytes = pick(chance, elves).slice()
    const view = new DataView(bytes.buffer)
    const sectionHeaders = Number(view.getBigUint64(40, true))
    for (let change = chance.below(5); change >= 0; change -= 1) {
      // Most changes go where numbers are: header, program headers, section headers.
      const at = pick(chance, [chance.below(64), 64 + chance.below(56 * 8), sectionHeaders + chance.below(64 * 12), chance.below(bytes.length)])
      if (at + 8 > bytes.length) continue
      if (chance.oneIn(2)) view.setUint8(at, chance.below(256))
      else view.setBigUint64(at & ~7, pick(chance, numbers), true)
    }
    return chance.oneIn(8) ? bytes.subarray(0, chance.below(bytes.length)) : bytes
  }

  it("ends the loader in a program or in its error", { timeout: 240_000 }, () => {
    let loadedCount = 0
    forCases("ends the loader", (chance) => {
      const loaded = loadElf(mutatedElf(chance), "hostile.elf")
      if (loaded._tag === "ElfRefused") {
        expect(loaded.error.expected).not.toBe("an ELF file")
        return
      }
      loadedCount += 1
      const { entry, segments } = loaded.program
      expect(segments.some(({ memoryBytes, start }) => start <= entry && entry < start + memoryBytes)).toBe(true)
      for (const [index, { bytes, memoryBytes, start }] of segments.entries()) {
        expect(bytes.length).toBeLessThanOrEqual(memoryBytes)
        const next = segments[index + 1]
        if (next !== undefined) expect(start + memoryBytes).toBeLessThanOrEqual(next.start)
      }
    })
    expect(loadedCount).toBeGreaterThan(CASE_COUNT / 20)
  })
})
