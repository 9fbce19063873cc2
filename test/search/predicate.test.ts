import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parsePredicate, type PredicateView } from "../../src/search/predicate.ts"
import type { ProgramSymbol } from "../../src/program/program.ts"

const symbols: ReadonlyArray<ProgramSymbol> = [{ name: "head", at: 0x1000, sizeBytes: 8, kind: "object" }, { name: "u64", at: 0x2000, sizeBytes: 8, kind: "object" }]

/** Eight bytes at 0x1000: 0xfe 0xff 0xff 0xff 0xff 0xff 0xff 0xff; everything else is not mapped. */
const view: PredicateView = {
  read: (address, sizeBytes) => (address === 0x1000n ? 0xffff_ffff_ffff_fffen & ((1n << BigInt(sizeBytes * 8)) - 1n) : undefined),
  register: (task, name) => (task === "1.1" && name === "rax" ? 7n : undefined),
  eventCount: (tag) => (tag === "Aborted" ? 3n : 0n),
  now: () => 100n,
  taskCount: () => 2n
}

const holds = (text: string): boolean | string => {
  const parsed = parsePredicate(text, { symbols })
  return parsed._tag === "Parsed" ? parsed.predicate(view) : `${parsed.column}: ${parsed.expected}`
}

describe("a predicate", () => {
  it.each([
    ["1", true], ["0", false], ["u64(head) == 0xfffffffffffffffe", true], ["i64(head) == -2", true], ["u8(head) == 254", true], ["i8(head) < 0", true],
    ["u32(head) == u16(head)", false], ["head == 0x1000", true], ["u64(head + 1) == 0", false], ["u64(head + 1) != 0", false], ["!(u64(head + 1) == 0)", true],
    ["1.1.rax == 7", true], ["1.2.rax == 7", false], ["event(Aborted) > 2", true], ["event(Aborted)", true], ["event(Committed)", false],
    ["now >= 100 && tasks == 2", true], ["0 || 1 && 0", false], ["(0 || 1) && 1", true], ["1 + 2 * 3 == 7", true], ["6 & 3 == 2", true], ["!0 && !!1", true],
    ["-1 < 0", true], ["u64 == 0x2000", true]
  ])("%s is %s", (text, expected) => expect(holds(text)).toBe(expected))

  it.each([
    ["", 1], ["u64(hed)", 5], ["u64(head", 9], ["1 == ", 5], ["1 = 2", 3], ["1.1.rxa == 0", 1], ["event(Abort)", 7], ["1 2", 3], ["#", 1], [" 1 +", 5]
  ])("%j is refused at character %i", (text, column) => expect(holds(text)).toMatch(new RegExp(`^${column}: `)))

  it("names what a symbol may have been", () => {
    const parsed = parsePredicate("u64(haed)", { symbols })
    expect(parsed._tag === "Malformed" && parsed.names.includes("head")).toBe(true)
  })

  it("ends on any text, however deep", () => {
    for (const text of ["(".repeat(4_000), "-".repeat(4_000), "!".repeat(4_000), "u64(".repeat(1_000), "1+".repeat(2_000), "x".repeat(100_000)]) expect(typeof holds(text)).toBe("string")
    const part = fc.constantFrom("(", ")", "-", "!", "==", "&&", "||", "u64", "head", "1", "0x1f", "1.1.rax", "event", "Aborted", " ", "\u0000", "\u{1f600}", "<")
    fc.assert(fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const parsed = parsePredicate(parts.join(""), { symbols })
      if (parsed._tag === "Malformed") expect(parsed.column).toBeLessThanOrEqual(parts.join("").length + 1)
      else expect(typeof parsed.predicate(view)).toBe("boolean")
    }), { numRuns: 2_000, seed: 7 })
  })
})
