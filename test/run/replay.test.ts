/** A strict replay ends at the first difference, wherever it lies. */
import { beforeAll, describe, expect, it } from "vitest"
import { concatBytes } from "../../src/base/bytes.ts"
import { childTask, rootTask } from "../../src/base/ids.ts"
import { type Deviation, quietDecider } from "../../src/log/choice.ts"
import { type Entry, isWatchedTag } from "../../src/log/event.ts"
import { readRecording, type Recording } from "../../src/log/recording-reader.ts"
import { OBSERVER_VERSION } from "../../src/log/version.ts"
import { type ObserverOptions, watcherOf } from "../../src/run/observe.ts"
import { record } from "../../src/run/record.ts"
import { replay, type ReplayResult } from "../../src/run/replay.ts"
import { defaultLimits, specOf } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { abisNamed, assembleText, exampleSpec } from "../support/examples.ts"

const recordingOf = (file: string, seed: string, keep: "entries" | "schedule", asked?: Partial<ObserverOptions>): Recording => {
  const parts: Array<Uint8Array> = []
  const spec = exampleSpec(file)
  const observer = asked === undefined ? undefined : watcherOf(spec.program, asked)
  const recorder = record(spec, { strategy: "random" }, randomDecider(seed, {}), (bytes) => void parts.push(bytes), { keep, codec: "none" }, observer)
  if ("_tag" in recorder) throw new Error(recorder.reason)
  while (recorder.outcome === undefined) recorder.advance(1000)
  const read = readRecording(concatBytes(parts))
  if (read._tag === "Unreadable") throw new Error(read.problem.expected)
  return read.recording
}

/** A recording that says something else than it did. */
const altered = (recording: Recording, change: Partial<Recording>): Recording => {
  const { checks, contentHash, damage, deviationCount, deviations, end, entriesFrom, entries, entryCount, header, inputCount, inputs, schedule, skippedFrameCount, status, unlike, validBytes } = recording
  return {
    checks, contentHash, damage, deviationCount, deviations: change.schedule ?? deviations, end, entriesFrom, entries, entryCount, header, inputCount, inputs, schedule, skippedFrameCount, status, unlike, validBytes,
    ...change
  }
}

const told = (recording: Recording): ReplayResult => {
  const replaying = replay(recording, defaultLimits)
  if ("_tag" in replaying) throw new Error(replaying.reason)
  for (let breath = 0; breath < 10_000; breath++) {
    const result = replaying.advance(1000)
    if (result !== undefined) return result
  }
  throw new Error("a replay comes to a result")
}

describe("a strict replay", () => {
  let whole: Recording
  let bare: Recording
  beforeAll(() => {
    whole = recordingOf("percpu-counter.s", "7", "entries")
    bare = recordingOf("percpu-counter.s", "7", "schedule")
  })

  it("of what was recorded is the same, with entries and without", () => {
    expect(told(altered(whole, {}))._tag).toBe("Same")
    expect(told(altered(bare, {}))._tag).toBe("Same")
  })

  it.each(["entries", "schedule"] as const)("ends where any one deviation is left out (kept: %s)", (kept) => {
    const recording = kept === "entries" ? whole : bare
    expect(recording.schedule.length).toBeGreaterThan(5)
    for (const left of recording.schedule) {
      const schedule = recording.schedule.filter((deviation) => deviation !== left)
      expect(told(altered(recording, { schedule }))._tag, JSON.stringify(left)).toBe("Diverged")
    }
  })

  it("ends where any one deviation comes an instruction later", () => {
    for (const late of whole.schedule) {
      const schedule = whole.schedule.map((deviation): Deviation => (deviation === late ? { ...deviation, count: deviation.count + 1 } : deviation))
      expect(told(altered(whole, { schedule }))._tag, JSON.stringify(late)).toBe("Diverged")
    }
  })

  it("names a deviation that is never met", () => {
    const extra: Deviation = { task: childTask(rootTask, 9), count: 1, nth: 0, kind: "preempt", option: -1 }
    const result = told(altered(whole, { schedule: [...whole.schedule, extra] }))
    expect(result).toMatchObject({ _tag: "Diverged", divergence: { _tag: "NotTaken", deviation: extra, reason: "never met" } })
  })

  it("names a deviation that is not on offer", () => {
    const [first, ...rest] = bare.schedule
    if (first === undefined) throw new Error("it deviates")
    const other: Deviation = { ...first, kind: "migrate", option: 77 }
    const result = told(altered(bare, { schedule: [other, ...rest], checks: [] }))
    expect(result).toMatchObject({ _tag: "Diverged", divergence: { _tag: "NotTaken", deviation: other, reason: "not on offer" } })
  })

  it("shows an entry that differs, between the three before it and the last deviation told", () => {
    const entries = [...whole.entries]
    const index = Math.floor(entries.length / 2)
    const changed = entries.map((entry, at): Entry => (at === index ? { ...entry, count: entry.count + 1 } : entry))
    const result = told(altered(whole, { entries: changed, entriesFrom: (from) => changed.slice(from) }))
    expect(result).toMatchObject({ _tag: "Diverged", divergence: { _tag: "EntryDiffers", recorded: { count: changed[index]?.count } } })
    if (result._tag === "Diverged" && result.divergence._tag === "EntryDiffers") {
      expect(result.divergence.before).toHaveLength(3)
      expect(result.divergence.replayed?.count).toBe((changed[index]?.count ?? 0) - 1)
    }
  })

  it("misses an entry that is no longer there, and one that was not", () => {
    const entries = [...whole.entries]
    for (const shorter of [entries.slice(0, -1), entries.slice(1)]) {
      expect(told(altered(whole, { entries: shorter }))).toMatchObject({ _tag: "Diverged", divergence: { _tag: "EntryDiffers" } })
    }
    const last = entries[entries.length - 1]
    expect(told(altered(whole, { entries: last === undefined ? [] : [...entries, last] }))).toMatchObject({ _tag: "Diverged", divergence: { replayed: undefined } })
  })

  it.each([
    ["stateHash", "0000000000000000"], ["questionsDigest", "0000000000000000"], ["entryCount", 1]
  ] as const)("compares the %s at the end", (what, value) => {
    const { end } = bare
    if (end === undefined) throw new Error("a whole recording has an end")
    expect(told(altered(bare, { end: { ...end, [what]: value } }))).toMatchObject({ _tag: "Diverged", divergence: { _tag: "CheckDiffers", what, recorded: String(value) } })
  })

  it("compares the outcome", () => {
    const { end } = bare
    if (end === undefined) throw new Error("a whole recording has an end")
    expect(told(altered(bare, { end: { ...end, outcome: { _tag: "Killed", signal: 11 } } }))).toMatchObject({ _tag: "Diverged", divergence: { what: "the outcome" } })
  })

  it("compares what the outcome says, not only its kind", () => {
    const { end } = bare
    if (end === undefined) throw new Error("a whole recording has an end")
    expect(told(altered(bare, { end: { ...end, outcome: { _tag: "Exited", status: 77 } } }))).toMatchObject({ _tag: "Diverged", divergence: { recorded: "Exited 77" } })
  })

  it("refuses a recording made under another quiet policy", () => {
    const other = altered(bare, { header: { ...bare.header, policy: { ...bare.header.policy, number: 2 } } })
    expect(replay(other, defaultLimits)).toMatchObject({ _tag: "CannotReplay", reason: expect.stringContaining("quiet policy 2") })
  })
})

describe("what an observer saw", () => {
  const programs = ["percpu-push.s", "commit-sequence.s", "publish.s", "spin-lock.s"]
  const options: ReadonlyArray<readonly [string, Partial<ObserverOptions>]> = [
    ["by what the program describes", {}],
    ["following, and of more words and places", { isFollowing: true, watches: [{ start: 0x402000, end: 0x402010 }], reached: [0x401000] }]
  ]
  it.each(programs.flatMap((file) => options.map(([how, asked]) => [file, how, asked] as const)))("in %s %s is seen again, and compared to the last entry", (file, _how, asked) => {
    const recording = recordingOf(file, "3", "entries", asked)
    const result = told(recording)
    expect(result).toMatchObject({ _tag: "Same", compared: { entryCount: recording.entryCount, left: { watchedCount: 0, unlikeCount: 0 } } })
    expect(recording.entryCount).toBeGreaterThan(recording.end?.entryCount ?? Infinity)
  })

  it("differs wherever one of its entries says something else, or is gone, or came before the one before it", () => {
    const recording = recordingOf("percpu-push.s", "3", "entries", {})
    const entries = [...recording.entries]
    const seen = entries.flatMap(({ event: { _tag: tag } }, at) => (isWatchedTag(tag) ? [at] : []))
    expect(seen.length).toBeGreaterThan(10)
    const changed = (at: number): Entry => {
      const entry = entries[at]
      if (entry === undefined) throw new Error("an entry")
      const [field, value] = Object.entries(entry.event).findLast(([name, value]) => name !== "_tag" && typeof value !== "string") ?? []
      return { ...entry, event: { ...entry.event, [field ?? ""]: typeof value === "bigint" ? value + 1n : Number(value) + 1 } }
    }
    for (const at of seen) {
      const before = entries[at - 1]
      const others = [entries.with(at, changed(at)), entries.toSpliced(at, 1)]
      if (before !== undefined) others.push(entries.toSpliced(at - 1, 2, ...entries.slice(at, at + 1), before))
      for (const other of others) expect(told(altered(recording, { entries: other })), `entry ${at}`).toMatchObject({ _tag: "Diverged", divergence: { _tag: "EntryDiffers" } })
    }
  })

  it("is counted and not compared where nobody says who looked, or another version did", () => {
    const recording = recordingOf("percpu-push.s", "3", "entries", {})
    const { end, entryCount, header } = recording
    const watchedCount = entryCount - (end?.entryCount ?? 0)
    for (const watching of [undefined, { version: OBSERVER_VERSION + 1, isFollowing: false, watches: [], sections: [], reached: [] }]) {
      expect(told(altered(recording, { header: { ...header, watching } }))).toMatchObject({ _tag: "Same", compared: { entryCount: end?.entryCount, left: { watchedCount } } })
    }
  })
})

describe("addresses that nobody has", () => {
  const calls: ReadonlyArray<readonly [string, string]> = [
    ["a handler", "mov $13,%eax\nmov $10,%edi\nlea words(%rip),%rsi\nmov $8,%r10d\nsyscall\nmov $39,%eax\nsyscall\nmov %eax,%edi\nmov $62,%eax\nmov $10,%esi\nsyscall"],
    ["a stack for handlers", "mov $131,%eax\nlea stack(%rip),%rdi\nsyscall"],
    ["where the rest of a sleep goes", "mov $35,%eax\nlea time(%rip),%rdi\nmov $-1,%rsi\nsyscall"],
    ["a branch", "mov $-1,%rax\njmp *%rax"]
  ]
  it.each(calls)("at the end of 64 bits come again: %s", (_what, code) => {
    const text = `_start: ${code}\nmov $60,%eax\nxor %edi,%edi\nsyscall\n.data\nwords: .quad -1, 0x04000000, 0x401000, 0\ntime: .quad 1, 0\nstack: .quad -1, 0, 0x100000\n`
    const parts: Array<Uint8Array> = []
    const recorder = record(specOf(assembleText(text, "end.s"), abisNamed("none")), { strategy: "" }, quietDecider, (bytes) => void parts.push(bytes), { keep: "entries", codec: "none" })
    if ("_tag" in recorder) throw new Error(recorder.reason)
    while (recorder.outcome === undefined) recorder.advance(1000)
    const read = readRecording(concatBytes(parts))
    if (read._tag === "Unreadable") throw new Error(read.problem.expected)
    expect(told(read.recording)).toMatchObject({ _tag: "Same", compared: { entryCount: read.recording.entryCount } })
  })
})

describe("what is not known here", () => {
  const recording = recordingOf("percpu-counter.s", "7", "entries")
  const { events } = recording.header
  const entries = [...recording.entries]
  const withEvents = (other: typeof events, unlike: ReadonlyArray<string>, change: Partial<Recording> = {}) => told(altered(recording, { header: { ...recording.header, events: other }, unlike, ...change }))

  it("keeps nothing else from being compared: an event of the dictionary that nobody made", () => {
    const more = [...events, { tag: "Foretold", fields: [] }]
    expect(withEvents(more, ["Foretold"])).toMatchObject({ _tag: "Same", compared: { entryCount: recording.entryCount, left: { unlikeCount: 0 } } })
    for (const at of [0, 50, entries.length - 1]) {
      const other = entries.map((entry, index): Entry => (index === at ? { ...entry, now: entry.now + 1 } : entry))
      expect(withEvents(more, ["Foretold"], { entries: other }), `entry ${at}`).toMatchObject({ _tag: "Diverged" })
    }
  })

  it("is counted where a recording made it besides, and is a difference where it stands for something that is made here", () => {
    const at = entries.findIndex(({ event }) => event._tag === "SwitchedIn")
    const foretold = { ...entries[at], event: { _tag: "Foretold" } } as unknown as Entry
    expect(withEvents(events, ["Foretold"], { entries: entries.toSpliced(at, 0, foretold) })).toMatchObject({ _tag: "Same", compared: { entryCount: recording.entryCount, left: { unlikeCount: 1 } } })
    expect(withEvents(events, ["Foretold"], { entries: entries.with(at, foretold) })).toMatchObject({ _tag: "Diverged" })
  })

  it("is a field alone: of its event the others are compared, and the entry is counted as not known", () => {
    const others = events.map((row) => (row.tag === "Called" ? { ...row, fields: row.fields.map(([name, holds]) => (name === "number" ? ["number", "text"] as const : [name, holds] as const)) } : row))
    const callCount = entries.filter(({ event }) => event._tag === "Called").length
    const texts = entries.map((entry): Entry => (entry.event._tag === "Called" ? { ...entry, event: { ...entry.event, number: "mmap" as never } } : entry))
    expect(withEvents(others, ["Called"], { entries: texts })).toMatchObject({ _tag: "Same", compared: { entryCount: recording.entryCount - callCount, left: { unlikeCount: callCount } } })
    const at = texts.findIndex(({ event }) => event._tag === "Called")
    const other = texts.map((entry, index): Entry => (index === at && entry.event._tag === "Called" ? { ...entry, event: { ...entry.event, arguments: [0n, 1n, 2n, 3n, 4n, 5n] } } : entry))
    expect(withEvents(others, ["Called"], { entries: other })).toMatchObject({ _tag: "Diverged" })
  })
})

describe("a strict replay of what was cut", () => {
  let bytes: Uint8Array
  let whole: Recording
  beforeAll(() => {
    const parts: Array<Uint8Array> = []
    const recorder = record(exampleSpec("percpu-counter.s"), { strategy: "random" }, randomDecider("7", {}), (part) => void parts.push(part), { keep: "entries", codec: "none" })
    if ("_tag" in recorder) throw new Error(recorder.reason)
    while (recorder.outcome === undefined) recorder.advance(1000)
    bytes = concatBytes(parts)
    const read = readRecording(bytes)
    if (read._tag === "Unreadable") throw new Error(read.problem.expected)
    whole = read.recording
  })

  it("at any byte is refused as unreadable, or holds all it still has against the run, and says how much that was", () => {
    const compared = new Map<number, object>()
    for (let sizeBytes = 0; sizeBytes < bytes.length; sizeBytes++) {
      const read = readRecording(bytes.subarray(0, sizeBytes))
      if (read._tag === "Unreadable") {
        expect(["Truncated", "NotARecording"], `${sizeBytes} bytes`).toContain(read.problem._tag)
        continue
      }
      const { recording } = read
      expect([recording.status, recording.end], `${sizeBytes} bytes`).toEqual(["truncated", undefined])
      // Between two frames there is nothing more to tell.
      if (compared.has(recording.validBytes)) continue
      const result = told(recording)
      if (result._tag !== "Same") throw new Error(`${sizeBytes} bytes: ${JSON.stringify(result)}`)
      const { checkCount, deviationCount, entryCount } = result.compared
      expect([checkCount, deviationCount, entryCount], `${sizeBytes} bytes`).toEqual([recording.checks.length, recording.deviationCount, recording.entryCount])
      compared.set(recording.validBytes, result.compared)
    }
    const left = { watchedCount: 0, unlikeCount: 0, inputCount: 0, frameCount: 0 }
    expect([...compared.values()]).toEqual([
      { now: 0, entryCount: 0, deviationCount: 0, checkCount: 0, left },
      { now: expect.any(Number), entryCount: 0, deviationCount: whole.deviationCount, checkCount: 0, left },
      { now: whole.end?.now, entryCount: whole.entryCount, deviationCount: whole.deviationCount, checkCount: 0, left },
      // The index adds nothing.
      { now: whole.end?.now, entryCount: whole.entryCount, deviationCount: whole.deviationCount, checkCount: 0, left }
    ])
  })

  const cutTo = (change: (recording: Recording) => Partial<Recording>): ReplayResult => {
    const read = readRecording(bytes.subarray(0, bytes.length - 1))
    if (read._tag === "Unreadable") throw new Error(read.problem.expected)
    return told(altered(read.recording, change(read.recording)))
  }

  it("ends at the first kept entry that differs, and not where the kept ones end", () => {
    expect(cutTo(({ entries }) => ({ entries: [...entries].map((entry, at, all): Entry => (at === all.length - 1 ? { ...entry, count: entry.count + 1 } : entry)) })))
      .toMatchObject({ _tag: "Diverged", divergence: { _tag: "EntryDiffers" } })
    expect(cutTo(({ entries }) => ({ entries: [...entries].slice(0, 20) }))).toMatchObject({ _tag: "Same", compared: { entryCount: 20, deviationCount: whole.deviationCount } })
  })

  it("misses a kept deviation that was never met, a kept entry the run never made, and a check behind its end", () => {
    const extra: Deviation = { task: childTask(rootTask, 9), count: 1, nth: 0, kind: "preempt", option: -1 }
    expect(cutTo(({ schedule }) => ({ schedule: [...schedule, extra], deviationCount: schedule.length + 1 })))
      .toMatchObject({ _tag: "Diverged", divergence: { _tag: "NotTaken", deviation: extra } })
    expect(cutTo(({ entries }) => ({ entries: [...entries, ...[...entries].slice(-1)] }))).toMatchObject({ _tag: "Diverged", divergence: { replayed: undefined } })
    const check = { now: 10_000, entryCount: 98, stateHash: "0000000000000000", questionsDigest: "0000000000000000" }
    expect(cutTo(() => ({ checks: [check] }))).toMatchObject({ _tag: "Diverged", divergence: { _tag: "CheckDiffers", recorded: "10000" } })
  })
})
