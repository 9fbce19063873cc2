import { assert, describe, it } from "vitest"
import { eventTags } from "../../src/log/event.ts"
import { forSeeds } from "../log/arbitrary.ts"
import { append, end, entriesOf, opened, recordingOf } from "../log/sample.ts"

describe.each(eventTags)("event %s", (tag) => {
  it("survives being written down", () =>
    forSeeds(10, (draw) => {
      const entries = entriesOf(draw, 20, [tag])
      const { bytes } = recordingOf((writer) => {
        append(writer, entries)
        writer.end(end(entries.length))
      })
      assert.deepStrictEqual([...opened(bytes).entries], entries)
    }))
})
