/**
 * Recordings that an enemy has made, with every checksum right: each ends in a refusal, a difference, or "the same run" where it is.
 * Never in an exception, and soon. Long form: RSEQLAB_MUTANTS=50000, a quarter of them for each law.
 */
import { beforeAll, describe, expect, it } from "vitest"
import { concatBytes } from "../../src/base/bytes.ts"
import { stream, type Stream } from "../../src/base/prng.ts"
import type { Content } from "../../src/log/codec.ts"
import { kindNames } from "../../src/log/choice.ts"
import { type Entry, eventRows, type FieldKind } from "../../src/log/event.ts"
import { createRecordingWriter } from "../../src/log/recording.ts"
import { readRecording, type Recording } from "../../src/log/recording-reader.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { record } from "../../src/run/record.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { oneOf } from "../log/arbitrary.ts"
import { exampleSpec } from "../support/examples.ts"
import { contentsOf, mutated, resealed, revalued, signed } from "../support/resign.ts"
import { type Judged, judge } from "./judged.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const mutantCount = Math.ceil(Number(process.env["RSEQLAB_MUTANTS"] ?? 160) / 4)
/** Of a mutant. Far above what any takes here. */
const SLOW_MS = 20_000

const recordedOf = (file: string, from: string, isFollowing: boolean, keep: "entries" | "schedule" = "entries"): Uint8Array => {
  const parts: Array<Uint8Array> = []
  const base = exampleSpec(file, { repeat: 3 })
  const spec = { ...base, limits: { ...base.limits, maxMemoryBytes: 16 * 2 ** 20, maxIcount: 200_000 }, menu: { ...base.menu, kinds: new Set(kindNames) } }
  const run = record(spec, { strategy: "random" }, randomDecider(from, {}), (bytes) => void parts.push(bytes), { keep, codec: "none" }, watcherOf(spec.program, { isFollowing }))
  if ("_tag" in run) throw new Error(run.reason)
  while (run.outcome === undefined) run.advance(10_000)
  return concatBytes(parts)
}

const opened = (bytes: Uint8Array): Recording => {
  const read = readRecording(bytes)
  if (read._tag === "Unreadable") throw new Error(read.problem.expected)
  return read.recording
}

let originals: ReadonlyArray<Uint8Array>
let contents: ReadonlyArray<ReadonlyArray<Content>>
let recordings: ReadonlyArray<Recording>
beforeAll(() => {
  originals = [
    recordedOf("p1.s", "1", false), recordedOf("percpu-push.s", "3", true), recordedOf("futex-ping-pong.s", "1", false), recordedOf("signal-in-section.s", "2", false),
    recordedOf("percpu-opv-fallback.s", "4", false), recordedOf("percpu-counter.s", "7", false, "schedule")
  ]
  contents = originals.map(contentsOf)
  recordings = originals.map(opened)
})

/** Each mutant judged; a failure names its seed and number. How often each end came. */
const judgedMutants = (name: string, count: number, mutant: (draw: Stream) => Uint8Array): ReadonlyMap<Judged, number> => {
  const seen = new Map<Judged, number>()
  const chosen = process.env["RSEQLAB_MUTANT"]
  for (let index = chosen === undefined ? 0 : Number(chosen); index < (chosen === undefined ? count : Number(chosen) + 1); index += 1) {
    const begun = performance.now()
    const again = `seed ${seed}, mutant ${index}; again with: RSEQLAB_SEED=${seed} RSEQLAB_MUTANT=${index} npx vitest run test/hostile -t "${name}"`
    try {
      const end = judge(mutant(stream(seed, `${name}/${index}`)))
      seen.set(end, (seen.get(end) ?? 0) + 1)
    } catch (cause) {
      throw new Error(`${again}\n${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
    expect(performance.now() - begun, again).toBeLessThan(SLOW_MS)
  }
  console.log(`${name}: seed ${seed}, ${[...seen].map(([end, times]) => `${end} ${times}`).join(", ")}`)
  return seen
}

describe("a recording made by an enemy", () => {
  it("is the same run where nothing was changed", () => {
    for (const [index, original] of originals.entries()) {
      expect(judge(original)).toBe("same")
      expect(judge(resealed(contents[index] ?? []))).toBe("same")
    }
  })

  it("with frames of another shape ends in a refusal or a true answer", { timeout: 3_600_000 }, () => {
    const seen = judgedMutants("with frames of another shape", mutantCount, (draw) => (draw.oneIn(3) ? signed : resealed)(mutated(draw, oneOf(draw, contents))))
    if (mutantCount >= 300) for (const end of ["unreadable", "damaged", "diverged"] as const) expect(seen.get(end) ?? 0, end).toBeGreaterThan(0)
  })

  it("with other values in its frames ends in a refusal or a true answer", { timeout: 3_600_000 }, () => {
    const seen = judgedMutants("with other values", mutantCount, (draw) => resealed(revalued(draw, oneOf(draw, contents))))
    if (mutantCount >= 300) for (const end of ["unreadable", "refused", "diverged", "same"] as const) expect(seen.get(end) ?? 0, end).toBeGreaterThan(0)
  })

  it("that says of one entry, deviation, check or end what was not, is never the same run", { timeout: 3_600_000 }, () => {
    const seen = judgedMutants("that says of one entry", mutantCount, (draw) => falsified(draw, oneOf(draw, recordings)))
    expect([seen.get("same") ?? 0, seen.get("same in part") ?? 0]).toEqual([0, 0])
    if (mutantCount >= 300) expect(seen.get("diverged") ?? 0).toBeGreaterThan(mutantCount / 2)
  })

  it("cut or with a bit turned is never taken for a whole one", { timeout: 3_600_000 }, () => {
    const seen = judgedMutants("cut or with a bit turned", mutantCount, (draw) => {
      const bytes = oneOf(draw, originals)
      const at = draw.below(bytes.length)
      return draw.oneIn(2) ? bytes.subarray(0, at) : bytes.with(at, (bytes[at] ?? 0) ^ (1 << draw.below(8)))
    })
    expect([seen.get("same") ?? 0, seen.get("same in part") ?? 0, seen.get("diverged") ?? 0]).toEqual([0, 0, 0])
  })
})

/** A value of that kind which is another. */
const otherValue = (draw: Stream, holds: FieldKind, value: unknown): unknown => {
  switch (holds) {
    case "natural": case "address": case "integer": case "cpu": return Number(value) === 0 ? 1 : Number(value) + (draw.oneIn(2) ? 1 : -1)
    case "word64": return BigInt.asUintN(64, BigInt(value as bigint) ^ (1n << BigInt(draw.below(64))))
    case "text": return `${String(value)}?`
    case "bytes": return Uint8Array.from([...(value as Uint8Array), 0])
    case "cpus": return [...(value as ReadonlyArray<number>), 77]
    case "words64": return [...(value as ReadonlyArray<bigint>), 0n]
    case "record": return value === undefined ? { area: 1 } : undefined
    case "task": return undefined
  }
}

/** The recording written again, whole and well-formed, but for one fact. */
const falsified = (draw: Stream, recording: Recording): Uint8Array => {
  const { end, header } = recording
  if (end === undefined) throw new Error("a whole recording")
  const entries: Array<Entry> = [...recording.entries]
  let schedule = recording.schedule
  let said = end
  // Where no entry is kept, another schedule may well be another run that ends alike, and this its recording.
  const what = entries.length === 0 ? "end" : oneOf(draw, schedule.length > 0 ? ["entry", "entry", "entry", "end", "deviation"] as const : ["entry", "entry", "end"] as const)
  if (what === "entry") {
    const at = draw.below(entries.length)
    const entry = entries[at]
    if (entry === undefined) throw new Error("an entry")
    switch (draw.below(5)) {
      case 0: entries.splice(at, 1); break
      case 1: entries.splice(at, 0, entry); break
      case 2: entries[at] = { ...entry, now: entry.now + 1 }; break
      case 3: entries[at] = { ...entry, cpu: entry.cpu + 1 }; break
      default: {
        const fields = Object.entries<FieldKind>(eventRows[entry.event._tag].fields).filter(([, holds]) => holds !== "task")
        if (fields.length === 0) entries.splice(at, 1)
        else {
          const [name, holds] = oneOf(draw, fields)
          const other = otherValue(draw, holds, (entry.event as unknown as Record<string, unknown>)[name])
          entries[at] = { ...entry, event: { ...entry.event, [name]: other } as Entry["event"] }
        }
      }
    }
  } else if (what === "deviation") {
    const at = draw.below(schedule.length)
    const deviation = schedule[at]
    if (deviation === undefined) throw new Error("a deviation")
    schedule = draw.oneIn(2) ? schedule.toSpliced(at, 1) : schedule.with(at, { ...deviation, count: deviation.count + 1 })
  } else {
    said = oneOf(draw, [
      { ...end, now: end.now + 1 }, { ...end, stateHash: "0".repeat(16) }, { ...end, questionsDigest: "0".repeat(16) },
      { ...end, outcome: { _tag: "Exited", status: 99 } }, { ...end, outcome: { _tag: "Killed", signal: 9 } }, { ...end, outcome: { _tag: "Abandoned" } }
    ])
  }
  const parts: Array<Uint8Array> = []
  const writer = createRecordingWriter(header, (bytes) => void parts.push(bytes), { keep: entries.length > 0 ? "entries" : "schedule", codec: "none" })
  for (const deviation of schedule) writer.taken(deviation)
  for (const { count, cpu, event, now, task } of entries) writer.log.append(now, cpu, task, count, event)
  writer.end(said)
  return concatBytes(parts)
}
