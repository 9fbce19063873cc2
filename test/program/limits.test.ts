/** What a program may hold is the same for whoever makes one: assembler, ELF loader, recording and caller. */
import { assert, describe, expect, it } from "vitest"
import { BootRefused, record, run } from "../../src/api/index.ts"
import { PAGE_BYTES, TASK_SIZE } from "../../src/base/ids.ts"
import { atMost, misfitOf, programLimits } from "../../src/program/limits.ts"
import { loadProgram } from "../../src/program/load.ts"
import { plainOfProgram, programOfPlain } from "../../src/program/plain.ts"
import type { Experiment, Program } from "../../src/program/program.ts"
import type { Watch } from "../../src/program/watch.ts"
import { specOfHeader } from "../../src/run/replay.ts"
import { defaultLimits, specOf, start } from "../../src/run/start.ts"
import { quietDecider } from "../../src/log/choice.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { end, header, recordingOf } from "../log/sample.ts"
import { abisNamed, assembleText } from "../support/examples.ts"

const good = assembleText("#: task worker\n#: watch word 8\nworker: xor %edi, %edi\n mov $60, %eax\n syscall\n.data\nword: .quad 0\n", "good.s")
const times = <T>(count: number, make: (index: number) => T): ReadonlyArray<T> => Array.from({ length: count }, (_, index) => make(index))
const watch: Watch = { name: "word", start: 0x402000, end: 0x402008, claim: "watch", strideBytes: 0, option: "", other: 0 }
const asked = (experiment: Partial<Experiment>): Program => ({ ...good, experiment: { ...good.experiment, ...experiment } })

/** As many of each as are wanted. */
const holding: Readonly<Record<keyof typeof programLimits, (count: number) => Program>> = {
  segments: (count) => ({ ...good, segments: times(count, (index) => ({ start: 0x401000 + 2 * PAGE_BYTES * index, bytes: new Uint8Array(1), memoryBytes: 1, protection: 5 })), end: 0x401000 + 2 * PAGE_BYTES * count }),
  symbols: (count) => ({ ...good, symbols: times(count, (index) => ({ name: "one", at: index, sizeBytes: 0, kind: "other" })) }),
  "described sections": (count) => ({ ...good, sections: times(count, (index) => ({ descriptor: index, start: 1, end: 2, abort: 3 })) }),
  tasks: (count) => asked({ tasks: times(count, () => ({ entry: good.entry, name: "worker", cpu: undefined, argument: 0n, stackBytes: 4096 })) }),
  watches: (count) => asked({ watches: times(count, () => watch) })
}

/** Why a recording of the program would not be replayed. */
const refusedAsRecording = (program: Program): string | undefined => {
  const spec = specOfHeader({ ...header(plainOfProgram(program)), formatVersion: 1, programHash: "", programBytes: 0, features: [], kinds: [], events: [] }, defaultLimits)
  return "_tag" in spec ? spec.reason : undefined
}

describe.each(Object.keys(programLimits) as ReadonlyArray<keyof typeof programLimits>)("the number of %s", (what) => {
  const { max } = programLimits[what]
  it("may be that, and no more", () => {
    assert.isUndefined(misfitOf(holding[what](max)))
    assert.include(misfitOf(holding[what](max + 1)), atMost(what))
  })

  it("is the same in a recording and for a caller", async () => {
    const more = holding[what](max + 1)
    assert.match(refusedAsRecording(more) ?? "", /the program it holds is not one: .*at most/)
    await expect(run(more)).rejects.toBeInstanceOf(BootRefused)
    assert.strictEqual(programOfPlain(plainOfProgram(holding[what](max)))._tag, "Shaped")
  })
})

describe("a recording of a few bytes", () => {
  const read = (symbolCount: number) => {
    const program: Program = { ...good, symbols: times(symbolCount, () => ({ name: "a", at: 0x401000, sizeBytes: 0, kind: "other" })) }
    const { bytes } = recordingOf((writer) => writer.end(end(0)), "zstd", header(plainOfProgram(program)), "schedule")
    return { bytes: bytes.length, result: readRecording(bytes) }
  }
  it("is not made of a program that no reader takes", async () => {
    const [segment] = good.segments
    if (segment === undefined) throw new Error("it has a segment")
    const far = { ...segment, start: 0x1000_0000 }
    const large: Program = { ...good, segments: [...good.segments, { ...far, bytes: new Uint8Array(2 ** 25), memoryBytes: 2 ** 25 }], end: 0x1000_0000 + 2 ** 25 }
    await expect(record(large)).rejects.toThrow(/cannot be recorded: a recording holds a program of at most 33,554,432 bytes/)
    assert.deepStrictEqual((await run(large)).outcome, { _tag: "Exited", status: 0 })
    await expect(record(holding.symbols(500_000))).rejects.toThrow(/a recording holds at most 2000000 values/)
    await expect(record(asked({ tasks: [{ entry: good.entry, name: "half", cpu: undefined, argument: 0n, stackBytes: 16.5 }] }))).rejects.toBeInstanceOf(BootRefused)
  })

  it("holds a program with some tables, and none that takes a hundred times as much when it is read", () => {
    assert.strictEqual(read(60_000).result._tag, "Read")
    const { bytes, result } = read(300_000)
    assert.isBelow(bytes, 10_000)
    assert.strictEqual(result._tag === "Unreadable" ? result.problem._tag : "Read", "TooLarge")
  })
})

describe("a text that asks for more", () => {
  const labels = (count: number): string => times(count, (index) => `l${index}:`).join("\n")
  it.each([
    ["tasks, at its line", `#: task _start x1024\n#: task _start`, "at most 1,024 tasks", 2],
    ["watches, at its line", `${"#: watch _start 8\n".repeat(programLimits.watches.max + 1)}`, "at most 16,384 watches", programLimits.watches.max + 1],
    ["letters in a name", `${"n".repeat(5000)}:`, "names of at most 4,096 characters", undefined],
    ["symbols", labels(60), undefined, undefined]
  ] as const)("of %s", (_claim, text, expected, line) => {
    const loaded = loadProgram(new TextEncoder().encode(`${text}\n.text\n_start: ret\n`), "more.s")
    if (expected === undefined) return assert.strictEqual(loaded._tag, "Loaded")
    const message = loaded._tag === "Refused" ? loaded.message : ""
    assert.include(message, `expected ${expected}`)
    assert.match(message, line === undefined ? /^more\.s: expected/ : new RegExp(`^more\\.s:${line}:`))
  })
})

describe("a program that does not fit together", () => {
  const [segment] = good.segments
  if (segment === undefined) throw new Error("it has a segment")
  const [task] = good.experiment.tasks
  if (task === undefined) throw new Error("it has a task")
  const rows: ReadonlyArray<readonly [claim: string, program: Program, expected: RegExp]> = [
    ["a watch that ends before it starts", asked({ watches: [{ ...watch, end: watch.start - 8 }] }), /a watch of 1 to/],
    ["a watch of nothing", asked({ watches: [{ ...watch, end: watch.start }] }), /a watch of 1 to/],
    ["a watch of much", asked({ watches: [{ ...watch, end: watch.start + 2 ** 21 }] }), /a watch of 1 to/],
    ["cells that do not fit their range", asked({ watches: [{ ...watch, claim: "percpu", strideBytes: 3 }] }), /of whole cells/],
    ["two claims about one word", asked({ watches: [{ ...watch, claim: "shared" }, { ...watch, claim: "sync" }] }), /sync word overlaps shared word/],
    ["a segment twice", { ...good, segments: [segment, ...good.segments] }, /on pages of their own/],
    ["segments out of order", { ...good, segments: good.segments.toReversed() }, /segments in order/],
    ["a segment of nothing", { ...good, segments: [{ ...segment, bytes: new Uint8Array(0), memoryBytes: 0 }] }, /a segment in user space/],
    ["a segment at the end of user space", { ...good, segments: [{ ...segment, start: TASK_SIZE - 1 }] }, /a segment in user space/],
    ["a segment in the first page", { ...good, segments: [{ ...segment, start: 16 }, ...good.segments.slice(1)] }, /above the first/],
    ["a heap in its segments", { ...good, end: segment.start }, /an end behind the last segment/],
    ["a section whose end is before its start", { ...good, sections: [{ descriptor: 0, start: 9, end: 8, abort: 0 }] }, /whose end is behind its start/],
    ["a CPU twice", asked({ cpus: [1, 1] }), /each once/],
    ["no CPU", asked({ cpus: [] }), /1 to 64 CPUs/],
    ["a stack of a gigabyte", asked({ tasks: [{ ...task, stackBytes: 2 ** 30 }] }), /a stack of at most/],
    ["a stack of less than nothing", asked({ tasks: [{ ...task, stackBytes: -4096 }] }), /a stack of at most/]
  ]
  it.each(rows)("is refused: %s", (_claim, program, expected) => {
    assert.match(misfitOf(program) ?? "", expected)
    const begun = start(specOf(program, abisNamed("mainline-6.12")), quietDecider)
    assert.match("_tag" in begun ? begun.reason : "", expected)
    assert.isDefined(refusedAsRecording(program))
  })
})

describe("tasks", () => {
  it.each([512, 513, 600, 1023])("%d have each a stack of their own", (count) => {
    const begun = start(specOf(holding.tasks(count), abisNamed("mainline-6.12")), quietDecider)
    if ("_tag" in begun) throw new Error(begun.reason)
    while (begun.outcome === undefined) begun.step()
    assert.deepStrictEqual(begun.outcome, { _tag: "Exited", status: 0 })
  })

  it("beyond --max-tasks are refused in a sentence that counts the first", () => {
    const begun = start(specOf(holding.tasks(1024), abisNamed("mainline-6.12")), quietDecider)
    assert.match("_tag" in begun ? begun.reason : "", /asks for 1024 tasks, 1025 with the one that starts them; the limit is 1024 \(--max-tasks\)/)
  })
})
