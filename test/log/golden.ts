/**
 * The tiny recording that holds the format fast: `tiny.rec` was made from this and must be read for ever. Run this file to make it
 * again, where the format has changed on purpose and no recording of the old one is about.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { childTask, rootTask } from "../../src/base/ids.ts"
import type { Schedule } from "../../src/log/choice.ts"
import type { Entry } from "../../src/log/event.ts"
import { append, end, recordingOf } from "./sample.ts"

const file = new URL("./tiny.rec", import.meta.url)
const [first, second] = [childTask(rootTask, 1), childTask(rootTask, 2)]

/** The example of design and documentation. */
export const tinySchedule: Schedule = [
  { task: first, count: 57, nth: 0, kind: "turn", option: 1 },
  { task: second, count: 31, nth: 0, kind: "preempt", option: first },
  { task: second, count: 31, nth: 1, kind: "signal", option: 10 },
  { task: first, count: 400, nth: 0, kind: "turn", option: 1 }
]

export const tinyEntries: ReadonlyArray<Entry> = [
  { index: 0, now: 57, cpu: 0, task: first, count: 57, event: { _tag: "Called", task: first, number: 1, arguments: [1n, 0x402000n, 3n, 0n, 0n, 2n ** 64n - 1n] } },
  { index: 1, now: 57, cpu: 0, task: first, count: 57, event: { _tag: "Written", task: first, fd: 1, bytes: new Uint8Array([104, 105, 10]) } },
  { index: 2, now: 88, cpu: 1, task: second, count: 31, event: { _tag: "Preempted", task: second, ip: 0x40102c } },
  { index: 3, now: 88, cpu: 1, task: second, count: 31, event: { _tag: "SwitchedIn", task: first, cpu: 1 } },
  { index: 4, now: 400, cpu: 1, task: first, count: 400, event: { _tag: "Preempted", task: first, ip: 0x401020 } },
  { index: 5, now: 400, cpu: 1, task: first, count: 400, event: { _tag: "Returned", task: first, number: 202, result: -11 } }
]

export const tiny = () => recordingOf((writer) => {
  for (const deviation of tinySchedule) writer.taken(deviation)
  append(writer, tinyEntries)
  writer.input("stdin", 0, new Uint8Array([10]))
  writer.check({ now: 400, entryCount: 6, stateHash: "0123456789abcdef", questionsDigest: "fedcba9876543210" })
  writer.end({ ...end(6), now: 400 })
})

export const tinyBytes = (): Uint8Array => new Uint8Array(readFileSync(file))

if (import.meta.main) writeFileSync(file, tiny().bytes)
