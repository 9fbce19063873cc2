import { describe, expect, it } from "vitest"
import { readingOf } from "../../../src/analysis/timeline/reading.ts"
import { plainTimeline, timelineText, windowAround, windowFrom, within } from "../../../src/analysis/timeline/text.ts"
import { log, task1, task2 } from "../entries.ts"

const program = {
  segments: [{ start: 0x401000, bytes: new Uint8Array(0x100), memoryBytes: 0x100, protection: 5 }, { start: 0x404000, bytes: new Uint8Array(8), memoryBytes: 16, protection: 3 }],
  symbols: [
    { name: "push", at: 0x401020, sizeBytes: 0x20, kind: "function" as const },
    { name: "push_abort", at: 0x401050, sizeBytes: 0, kind: "other" as const },
    { name: "head", at: 0x404000, sizeBytes: 8, kind: "object" as const }
  ]
}
const calls = (number: number) => (number === 202 ? { name: "futex", parameters: { uaddr: "address", op: "i32", value: "u32" } } : undefined)
const reading = readingOf(program, calls)

const migration = log(
  { now: 1204, event: { _tag: "SwitchedIn", task: task1, cpu: 0 } },
  { now: 1219, event: { _tag: "SectionEntered", task: task1, start: 0x401020, postCommit: 0x401034 } },
  { now: 1223, event: { _tag: "Preempted", task: task1, ip: 0x40102c } },
  { now: 1223, event: { _tag: "Migrated", task: task1, from: 0, to: 1 } },
  { now: 1223, cpu: 1, event: { _tag: "Aborted", task: task1, abi: "mainline-6.12", cause: "migrated", ip: 0x40102c, start: 0x401020, postCommit: 0x401034, abort: 0x401050 } }
)

describe("the text timeline", () => {
  it("gives each CPU a column, so that a migration is seen before it is read", () => {
    expect(timelineText(migration, [0, 1])).toBe([
      "entry     now  cpu0              cpu1",
      "    0   1,204  1.1 runs",
      "    1   1,219  1.1 enters                     [0x401020, 0x401034)",
      "    2   1,223  1.1 is preempted               at 0x40102c",
      "    3   1,223                    1.1 arrives  from cpu0",
      "    4   1,223                    1.1 aborts   0x40102c → 0x401050, migrated in [0x401020, 0x401034) (mainline-6.12)",
      ""
    ].join("\n"))
  })

  it("names places by symbol where the program is known", () => {
    expect(timelineText(migration.slice(4), [0, 1], { ...plainTimeline, reading }))
      .toContain("push+0xc → push_abort, migrated in [push, push+0x14)")
  })

  it("names no symbol for an address behind its end, nor outside the program", () => {
    expect([0x401040, 0x401051, 0x404008, 0x7fff_0000_0000].map(reading.place)).toEqual(["0x401040", "push_abort+0x1", "0x404008", "0x7fff00000000"])
  })

  it("writes calls as strace does", () => {
    const called = log(
      { _tag: "Called", task: task1, number: 202, arguments: [0x404000n, 0xffff_ffffn, 0xffff_ffff_ffff_ffffn] },
      { _tag: "Returned", task: task1, number: 202, result: -11 },
      { _tag: "Called", task: task1, number: 999, arguments: [1n, 0n] },
      { _tag: "Written", task: task1, fd: 1, bytes: new TextEncoder().encode("a\"b\u001b[2J\n") }
    )
    const text = timelineText(called, [0], { ...plainTimeline, reading })
    expect(text).toContain("futex(head, -1, 0xffffffff)")
    expect(text).toContain("futex = -1 EAGAIN")
    expect(text).toContain("call 999(0x1, 0x0)")
    expect(text).toContain("\"a\\\"b\\x1b[2J\\n\" to stdout")
  })

  it("shows of what a contract keeps only what has changed since it was last shown", () => {
    const kept = (record: Readonly<Record<string, number>> | undefined) =>
      ({ _tag: "ContractChanged", abi: "mainline-6.12", of: "task", task: task1, cpu: 0, record }) as const
    const lines = timelineText(log(kept({ area: 0x404000, events: 0 }), kept({ area: 0x404000, events: 1 }), kept(undefined), kept({ area: 0x404000, events: 1 })), [0]).split("\n")
    expect(lines.slice(1, 5).map((line) => line.slice(line.indexOf("mainline")))).toEqual([
      "mainline-6.12: area=0x404000 events=0", "mainline-6.12: events=1", "mainline-6.12: nothing any more", "mainline-6.12: area=0x404000 events=1"
    ])
  })

  it("prints no control byte, whatever the guest says, unless colors are asked for", () => {
    const hostile = log({ _tag: "Ended", outcome: "\u001b]52;c;\u0007\n\u202e", status: 0 }, { _tag: "Preempted", task: task1, ip: 1 })
    expect(timelineText(hostile, [0])).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u)
    expect(timelineText(hostile, [0], { ...plainTimeline, isColored: true })).toContain("\u001b[33m")
  })

  it("says which CPU instead of drawing more columns than fit a line", () => {
    const wide = log({ cpu: 65536, event: { _tag: "Yielded", task: task2 } })
    expect(timelineText(wide, [0, 1, 2, 3, 4, 5, 65536]).split("\n")[1]).toBe("    0       0  cpu65536  1.2 yields")
  })

  it("puts a note before the entry it belongs to", () => {
    const lines = timelineText(migration, [0, 1], { ...plainTimeline, notes: [{ before: 2, text: "1.1@31:migrate=1" }] }).split("\n")
    expect(lines[3]).toBe("    *  1.1@31:migrate=1")
  })
})

describe("a window", () => {
  const entries = log(...Array.from({ length: 40 }, () => ({ _tag: "Yielded", task: task1 }) as const))
  it.each([
    ["ten before and ten after", windowAround(20), 10, 30],
    ["no entry before the first", windowAround(3), 0, 13],
    ["none after the last", windowFrom(35), 35, 39]
  ] as const)("around an entry holds %s", (_claim, window, first, last) => {
    const found = within(entries, window)
    expect([found[0]?.index, found[found.length - 1]?.index]).toEqual([first, last])
  })
  it("counts by index where the log was cut before", () => {
    expect(within(entries.slice(15), windowAround(20)).map(({ index }) => index)).toEqual(Array.from({ length: 16 }, (_, index) => index + 15))
  })
})
