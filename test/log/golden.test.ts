import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { chained, chainStart, encodeFrame, frameType, hexOf } from "../../src/log/codec.ts"
import { ScheduleChunkWriter } from "../../src/log/deviations.ts"
import { TaskTable } from "../../src/log/names.ts"
import { contentsOf } from "../support/resign.ts"
import { tiny, tinyBytes, tinyEntries, tinySchedule } from "./golden.ts"
import { header, opened } from "./sample.ts"

describe("the format", () => {
  it("of the tiny recording is still read, to the last field", () => {
    const recording = opened(tinyBytes())
    assert.strictEqual(recording.status, "clean")
    assert.deepStrictEqual(recording.schedule, tinySchedule)
    assert.deepStrictEqual([...recording.entries], tinyEntries)
    assert.deepStrictEqual([...recording.inputs], [{ source: "stdin", offset: 0, bytes: new Uint8Array([10]) }])
    assert.deepStrictEqual(recording.header.program, header().program)
    assert.deepStrictEqual(recording.header.menu, header().menu)
    assert.strictEqual(recording.contentHash, "d193d9e2192724d9dd64c5309ed75e376829b8a745d192be6da12b7450f27b61")
  })

  it("is still written, but for the dictionary of events, as it was", () => {
    // The header and the numbers of columns follow the table of events, which grows; all else may not move by a byte.
    const fixed = (bytes: Uint8Array) => contentsOf(bytes).filter(({ type }) => type !== frameType.header && type !== frameType.entries && type !== frameType.index)
    assert.deepStrictEqual(fixed(tiny().bytes), fixed(tinyBytes()))
    const columns = (bytes: Uint8Array) => contentsOf(bytes).find(({ type }) => type === frameType.entries)?.parts[0]?.slice(6)
    assert.deepStrictEqual(columns(tiny().bytes)?.length, columns(tinyBytes())?.length)
  })

  it("is that of docs/recording-format.md", () => {
    const writer = new ScheduleChunkWriter(new TaskTable())
    for (const deviation of tinySchedule) writer.add(deviation)
    const chunk = writer.flush()
    const bytes = [...encodeFrame(chunk, chainStart(), "none")].map((byte) => byte.toString(16).padStart(2, "0"))
    const dump = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) => `${(16 * line).toString(16).padStart(4, "0")} ${bytes.slice(16 * line, 16 * line + 16).join(" ")}`)
    const page = readFileSync(new URL("../../docs/recording-format.md", import.meta.url), "utf8")
    assert.include(page, `\`\`\`\n${dump.join("\n")}\n\`\`\``)
    assert.include(page, hexOf(chained(chainStart(), chunk)))
  })
})
