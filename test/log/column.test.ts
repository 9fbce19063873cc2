import { assert, describe, it } from "vitest"
import { ColumnReader, ColumnWriter, LITERAL_AHEAD } from "../../src/log/column.ts"
import { forSeeds, natural, word64 } from "./arbitrary.ts"

const read = (writer: ColumnWriter): ColumnReader => new ColumnReader(writer.headBytes(), writer.tailBytes())
const column = (...heads: ReadonlyArray<number>) => (...tails: ReadonlyArray<number>) => new ColumnReader(Uint8Array.from(heads), Uint8Array.from(tails))

describe("a column", () => {
  it("gives back what went in, in order", () =>
    forSeeds(30, (draw) => {
      const writer = new ColumnWriter()
      const checks: Array<(reader: ColumnReader) => void> = []
      for (let left = draw.below(300); left > 0; left -= 1) {
        const [value, word, bytes] = [natural(draw), word64(draw), Uint8Array.from({ length: draw.below(400) }, () => draw.below(256))]
        const last = natural(draw)
        switch (draw.below(4)) {
          case 0: writer.natural(value); checks.push((reader) => assert.strictEqual(reader.natural(), value)); break
          case 1: writer.word64(word); checks.push((reader) => assert.strictEqual(reader.word64(), word)); break
          case 2: writer.bytes(bytes); checks.push((reader) => assert.deepStrictEqual(reader.rawBytes(), bytes)); break
          default: writer.onward(value, last); checks.push((reader) => assert.strictEqual(reader.onward(last), value))
        }
      }
      const reader = read(writer)
      for (const check of checks) check(reader)
      assert.isTrue(reader.isWhole)
    }))

  it.each([
    [0, [0], []],
    [239, [239], []],
    [240, [240], [0]],
    [495, [240], [255]],
    [496, [241], [0, 1]],
    [2 ** 32 + 239, [243], [255, 255, 255, 255]],
    [2 ** 32 + 240, [244], [0, 0, 0, 0, 1]],
    [Number.MAX_SAFE_INTEGER, [246], [15, 255, 255, 255, 255, 255, 31]]
  ])("writes %i as the format says", (value, heads, tails) => {
    const writer = new ColumnWriter()
    writer.natural(value)
    assert.deepStrictEqual([[...writer.headBytes()], [...writer.tailBytes()]], [heads, tails])
  })

  it.each([-1, -0, 0.5, NaN, Infinity, 2 ** 53])("does not take %d for a natural", (value) =>
    assert.throws(() => new ColumnWriter().natural(value)))

  it.each([
    ["an end where a number should be", column()()],
    ["a head that is none", column(248)(1, 2, 3, 4, 5, 6, 7, 8, 9)],
    ["a number whose tail is cut", column(241)(1)],
    ["a literal whose tail is cut", column(247)(1, 2, 3, 4, 5, 6, 7)],
    ["a number beyond 2^53", column(246)(16, 255, 255, 255, 255, 255, 31)]
  ])("knows %s", (_claim, reader) => {
    assert.notStrictEqual(reader.natural(), LITERAL_AHEAD)
    assert.isTrue(reader.isBroken)
  })

  it("is whole only if every byte was read", () => {
    const reader = column(1, 2)()
    reader.natural()
    assert.isFalse(reader.isWhole)
    reader.natural()
    assert.isTrue(reader.isWhole)
  })
})
