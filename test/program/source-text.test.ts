/** Bytes that are no UTF-8 come out of a source as they went in, or its line is refused. */
import { describe, expect, it } from "vitest"
import { concatBytes } from "../../src/base/bytes.ts"
import { stream } from "../../src/base/prng.ts"
import { loadProgram } from "../../src/program/load.ts"
import { plainOfProgram, programOfPlain } from "../../src/program/plain.ts"
import type { Program } from "../../src/program/program.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const encoder = new TextEncoder()
const sourceOf = (...parts: ReadonlyArray<string | ReadonlyArray<number>>): Uint8Array =>
  concatBytes(parts.map((part) => (typeof part === "string" ? encoder.encode(part) : Uint8Array.from(part))))
const loaded = (bytes: Uint8Array): Program => {
  const load = loadProgram(bytes, "test.s")
  if (load._tag === "Refused") throw new Error(load.message)
  return load.program
}
const dataOf = ({ segments }: Program): ReadonlyArray<number> => [...(segments.find(({ protection }) => (protection & 4) === 0)?.bytes ?? [])]

const before = "_start: nop\n.data\n.ascii \""
describe("a source that is not all UTF-8", () => {
  it.each([
    ["bytes that are none", [0xff, 0xfe, 0x80]],
    ["Latin-1", [0x67, 0x72, 0xfc, 0xdf, 0x65]],
    ["a sequence cut short, and one that is whole", [0xe2, 0x82, 0x20, 0xe2, 0x82, 0xac]],
    ["a sequence that is too long, and half of a pair", [0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80]]
  ])("keeps %s in a string", (_claim, bytes) => {
    expect(dataOf(loaded(sourceOf(before, bytes, "\"\n")))).toEqual(bytes)
  })

  it("keeps any bytes, digits behind them and backslashes before them", () => {
    for (let round = 0; round < 200; round += 1) {
      const draw = stream(seed, `source/${round}`)
      const bytes = Array.from({ length: draw.below(40) }, () => (draw.oneIn(3) ? 0x30 + draw.below(8) : 0x80 + draw.below(128)))
      expect(dataOf(loaded(sourceOf(before, bytes, "\"\n"))), `seed ${seed}, round ${round}`).toEqual(bytes)
    }
    // What is escaped is itself; a backslash that is one stays one.
    expect(dataOf(loaded(sourceOf(before, "\\", [0xff], "1\\\\", [0xfe], "\"\n")))).toEqual([0xff, 0x31, 0x5c, 0xfe])
  })

  it("says nothing of them in a comment, and keeps its text readable", () => {
    const program = loaded(sourceOf("#: repeat 1\n# ", [0xe9], "\n_start: nop // ", [0xff], "\n.data\n.ascii \"", [0xff], "\"\n"))
    const again = programOfPlain(plainOfProgram(program))
    if (again._tag === "Misshapen") throw new Error(again.problem.expected)
    expect(again.value).toEqual(program)
    expect(dataOf(loaded(encoder.encode(program.text ?? "")))).toEqual([0xff])
  })

  it.each([["a label", ["_start: nop\nna", [0xef], "ve: nop\n"], 2], ["a line of the experiment", ["#: abi ", [0xff], "\n_start: nop\n"], 1]] as const)(
    "refuses them in %s", (_claim, parts, line) => expect(loadProgram(sourceOf(...parts), "test.s")).toMatchObject({ _tag: "Refused", message: expect.stringMatching(`^test\\.s:${line}:`) })
  )
})
