/** Events of another dictionary are told by what it says of them. */
import { expect, it } from "vitest"
import { sentenceOf } from "../../../src/analysis/timeline/describe.ts"
import { entryValue } from "../../../src/cli/result.ts"
import { plainReading } from "../../../src/analysis/timeline/reading.ts"
import { childTask, rootTask } from "../../../src/base/ids.ts"
import type { Entry, Event } from "../../../src/log/event.ts"

const unlike = new Map([
  ["Foretold", [["sizeBytes", "natural"], ["who", "task"], ["whom", "task"], ["at", "address"], ["why", "text"], ["raw", "bytes"], ["cpus", "cpus"], ["kept", "record"]] as const],
  // A number here; there a task.
  ["Called", [["number", "text"]] as const]
])
const event = { _tag: "Foretold", sizeBytes: 8, who: rootTask, whom: childTask(rootTask, 2), at: 0x401000, why: "\u001b[2J", raw: Uint8Array.of(104, 7), cpus: [0, 2], kept: { area: 4096 } } as unknown as Event

it("an event that is not known here is told by the names of its fields", () => {
  expect(sentenceOf(event, { ...plainReading, unlike })).toEqual({
    task: rootTask, verb: "Foretold", detail: expect.stringMatching(/^sizeBytes=8 whom=1\.2 at=0x401000 why=\S+ raw=\S+ cpus=\[0 2\] kept=\{area=\S+\}$/)
  })
  expect(sentenceOf(event, { ...plainReading, unlike }).detail).not.toContain("\u001b")
})

it("an event that is another here is told by what it was there", () => {
  const called = { _tag: "Called", number: "mmap" } as unknown as Event
  expect(sentenceOf(called, { ...plainReading, unlike })).toEqual({ task: undefined, verb: "Called", detail: "number=mmap" })
  const entry: Entry = { index: 0, now: 0, cpu: 0, task: rootTask, count: 0, event: called }
  expect(entryValue(entry, unlike)).toMatchObject({ event: "Called", fields: { number: "mmap" } })
})
