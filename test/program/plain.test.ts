import { faultNames } from "../../src/log/choice.ts"
import { watchNames } from "../../src/program/watch.ts"
import { assert, describe, it } from "vitest"
import { pack, unpack } from "../../src/log/codec.ts"
import { recordingLimits } from "../../src/log/limits.ts"
import type { Plain } from "../../src/base/plain.ts"
import { plainOfProgram, programOfPlain } from "../../src/program/plain.ts"
import type { Program } from "../../src/program/program.ts"
import { forSeeds, natural, oneOf, word64 } from "../log/arbitrary.ts"
import type { Stream } from "../../src/base/prng.ts"

const address = (draw: Stream): number => 0x401000 + draw.below(2 ** 20)
const some = <T>(draw: Stream, make: () => T): ReadonlyArray<T> => Array.from({ length: draw.below(4) }, make)
const name = (draw: Stream): string => oneOf(draw, ["push", "", "größe", "a b", "constructor", "__proto__"])

const programOf = (draw: Stream): Program => ({
  name: name(draw),
  segments: some(draw, () => {
    const bytes = Uint8Array.from({ length: draw.below(30) }, () => draw.below(256))
    return { start: address(draw), bytes, memoryBytes: bytes.length + draw.below(5000), protection: draw.below(8) }
  }),
  symbols: some(draw, () => ({ name: name(draw), at: address(draw), sizeBytes: natural(draw), kind: oneOf(draw, ["function", "object", "other"] as const) })),
  sections: some(draw, () => ({ descriptor: address(draw), start: address(draw), end: address(draw), abort: address(draw) })),
  entry: address(draw),
  headers: draw.oneIn(2) ? undefined : { at: address(draw), sizeBytes: 56, count: draw.below(20) },
  experiment: {
    cpus: draw.oneIn(2) ? undefined : some(draw, () => draw.below(64)),
    abi: draw.oneIn(2) ? undefined : "mainline-6.12",
    tasks: some(draw, () => ({ entry: address(draw), name: name(draw), cpu: draw.oneIn(2) ? undefined : draw.below(9), argument: word64(draw), stackBytes: 4096 })),
    watches: some(draw, () => ({
      name: name(draw), start: address(draw), end: address(draw), claim: oneOf(draw, watchNames), strideBytes: address(draw), option: name(draw), other: address(draw)
    })),
    finallyEntry: draw.oneIn(2) ? undefined : address(draw),
    repeat: draw.oneIn(2) ? undefined : natural(draw),
    faults: faultNames.filter(() => draw.oneIn(2))
  },
  end: address(draw),
  text: draw.oneIn(2) ? undefined : name(draw)
})

describe("a program as a plain value", () => {
  it("comes back as it was, through bytes", () =>
    forSeeds(200, (draw) => {
      const program = programOf(draw)
      const unpacked = unpack(pack(plainOfProgram(program)), recordingLimits)
      assert.isTrue("value" in unpacked)
      const result = programOfPlain("value" in unpacked ? unpacked.value : null)
      assert.deepStrictEqual(result, { _tag: "Shaped", value: program })
    }))

  it("that is none says where it is wrong", () => {
    const good = plainOfProgram(programOf({ below: () => 1, bits: () => 1, oneIn: () => false })) as ReadonlyArray<Plain>
    const withField = (index: number, value: Plain) => programOfPlain(good.map((each, at) => (at === index ? value : each)))
    const problems = [
      withField(0, 7), withField(1, [[0x401000, new Uint8Array(2), 1, 5]]), withField(1, [[0x7fff_ffff_e000, new Uint8Array(0), 8192, 5]]),
      withField(1, [[0x401000, new Uint8Array(0), 4096, 8]]), withField(2, [["push", -1, 0, "other"]]), withField(2, [["push", 1, 0, "section"]]),
      withField(4, 2 ** 47), withField(6, [null, null, [[1, "worker", null, -1, 4096]], [], null, null]), programOfPlain(null), programOfPlain([])
    ].map((result) => (result._tag === "Misshapen" ? result.problem.path : "good"))
    assert.deepStrictEqual(problems, [
      "program.name", "program.segments[0]", "program.segments[0]", "program.segments[0].protection", "program.symbols[0].at",
      "program.symbols[0].kind", "program.entry", "program.experiment.tasks[0].argument", "program", "program.name"
    ])
  })
})
