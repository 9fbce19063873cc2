/** What goes where: the guest's bytes, ours, and documents for machines. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, expect, it } from "vitest"
import { printSchedule } from "../../src/log/schedule.ts"
import { openRecording } from "../../src/api/index.ts"
import { TOOL_VERSION } from "../../src/log/version.ts"
import { SHOUT, shouting } from "./programs.ts"
import { fileIn, linesOf, root, rseqlab, scratchFolder } from "./spawned.ts"

const folder = scratchFolder()
const shout = fileIn(folder, "shout.s", shouting)

describe("rseqlab run", () => {
  it("passes the guest's bytes on as they are, and begins its own line after them", () => {
    const { code, stderr, stdout } = rseqlab(["run", shout])
    assert.strictEqual(code, 5)
    assert.strictEqual(stdout, SHOUT)
    assert.strictEqual(stderr.slice(0, SHOUT.length), SHOUT)
    assert.match(stderr.slice(SHOUT.length), /^rseqlab: FAILED shout\.s: exit status 5/)
  })

  it("gives a static executable its arguments and its status", () => {
    const { code, stdout } = rseqlab(["run", "test/fixtures/hello.elf", "--", "a", "b c", "--json", "é"])
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(linesOf(Buffer.from(stdout, "latin1").toString("utf8")).slice(1), ["a", "b c", "--json", "é"])
  })

  it("puts everything into one document under --json, its schema first", () => {
    const { code, stderr, stdout } = rseqlab(["run", shout, "--json"])
    assert.deepStrictEqual([code, stderr], [5, ""])
    assert.notMatch(Buffer.from(stdout, "latin1").toString("utf8").replaceAll("\n", ""), /\p{Cc}/u)
    const value = JSON.parse(Buffer.from(stdout, "latin1").toString("utf8")) as Record<string, unknown>
    assert.strictEqual(Object.keys(value)[0], "schema")
    expect(value).toMatchObject({
      schema: 1, verdict: "failed", exitCode: 5, outcome: { tag: "Exited", status: 5 }, program: "shout.s", abi: ["mainline-6.12"],
      strategy: "quiet", seed: null, schedule: "", deviationCount: 0, dropped: [], unknownCalls: [], missedFiles: [], recording: null
    })
    assert.strictEqual(value["stdout"], "\u001b]0;x\u0007\ufffdok\n")
  })

  it("prints an entry a line under --jsonl, and then the result", () => {
    const { stdout } = rseqlab(["run", "examples/p1.s", "--jsonl"])
    const lines = linesOf(stdout).map((line) => JSON.parse(line) as Record<string, unknown>)
    for (const line of lines) assert.strictEqual(Object.keys(line)[0], "schema")
    const entries = lines.slice(0, -1)
    assert.deepStrictEqual(entries.map(({ entry }) => entry), entries.map((_, index) => index))
    expect(entries[0]).toMatchObject({ event: "TaskCreated", task: "1", fields: { child: "1" } })
    expect(lines.at(-1)).toMatchObject({ verdict: "passed" })
  })

  it("lets the program see the environment variables that are named, and says what the recording holds of the host", () => {
    const recording = join(folder, "env.rec")
    const { stderr } = rseqlab(["run", "test/fixtures/hello.elf", "--env", "SECRET", "--env", "UNSET", "--record", recording], { env: { SECRET: "hush", OTHER: "x" } })
    assert.match(stderr, /UNSET is not set/)
    assert.match(stderr, /env\.rec holds 1 environment variable, 11 bytes from the host/)
    assert.match(rseqlab(["show", recording, "--inputs"]).stdout, /^environment {2}"SECRET=hush"$/m)
    assert.notMatch(readFileSync(recording, "latin1"), /OTHER/)
  })

  it("reads a schedule from a file, and a place as well as a count", () => {
    const file = join(folder, "schedule.txt")
    writeFileSync(file, "1.1@count+0x6:turn=1\n")
    const { stderr } = rseqlab(["run", "examples/p1.s", "--schedule", `@${file}`])
    assert.match(stderr, /exit status 1/)
    assert.match(stderr, /schedule {2}1\.1@1:turn=1/)
  })

  it("makes the same recording from the same seed, byte for byte", () => {
    const [one, other] = [join(folder, "one.rec"), join(folder, "other.rec")]
    for (const file of [one, other]) rseqlab(["run", "examples/percpu-counter.s", "--seed", "7", "--record", file])
    assert.deepStrictEqual(readFileSync(one), readFileSync(other))
  })

  it("takes all runs of a strategy that enumerates, and shows the first that fails", () => {
    const { code, stderr } = rseqlab(["run", "examples/p1.s", "--strategy", "one-deviation"])
    assert.strictEqual(code, 1)
    assert.match(stderr, /one-deviation: run \d+ of p1\.s fails and is shown/)
  })
})

describe("rseqlab show", () => {
  const recording = join(folder, "p1.rec")
  const shown = (...words: ReadonlyArray<string>): string => rseqlab(["show", recording, ...words]).stdout

  it("prints a column for each CPU and the deviations where they fell", () => {
    rseqlab(["run", "examples/p1.s", "--schedule", "1.1@1:turn=1", "--record", recording])
    const lines = linesOf(shown())
    assert.match(lines[0] ?? "", /^entry +now +cpu0 +cpu1$/)
    const note = lines.findIndex((line) => /^ +\* {2}1\.1@1:turn=1$/.test(line))
    assert.match(lines[note + 1] ?? "", /1\.2 /)
  })

  it("prints a window, the header, and the schedule as it can be typed", () => {
    assert.deepStrictEqual(linesOf(shown("--around", "15")).slice(1).map((line) => Number.parseInt(line, 10)).filter((index) => !Number.isNaN(index)),
      Array.from({ length: 21 }, (_, index) => index + 5))
    assert.deepStrictEqual(linesOf(shown("--from", "3", "--to", "4")).slice(1).map((line) => Number.parseInt(line, 10)), [3, 4])
    assert.match(shown("--header"), new RegExp(`made by +rseqlab ${TOOL_VERSION}`))
    assert.strictEqual(shown("--schedule").trim(), printSchedule(openRecording(readFileSync(recording)).schedule))
  })

  it("opens what was cut, and says up to where it is good", () => {
    const cut = fileIn(folder, "cut.rec.part", readFileSync(recording).subarray(0, -40))
    const { code, stderr, stdout } = rseqlab(["show", cut])
    assert.strictEqual(code, 0)
    assert.match(stdout, /1 is created/)
    assert.match(stderr, /is good up to byte/)
  })

  it("shows what a name of a stranger's holds, and does not obey it", () => {
    const evil = fileIn(folder, "evil.s", readFileSync(join(root, "examples/p1.s"), "utf8").replaceAll("count", "c\u00adount"))
    const file = join(folder, "evil.rec")
    assert.strictEqual(rseqlab(["run", evil, "--record", file]).code, 0)
    const { stdout } = rseqlab(["show", file])
    assert.notMatch(stdout, /\u00ad/)
    assert.match(stdout, /at c\\xadount/)
  })
})

describe("rseqlab", () => {
  it("says what it is, in four numbers", () => {
    const { code, stdout } = rseqlab(["--version"])
    assert.strictEqual(code, 0)
    assert.match(stdout, /^rseqlab \d+\.\d+\.\d+\nengine and kernel \d+\nrecording format \d+\nquiet policy \d+\n$/)
  })

  it("passes its self-tests", () => {
    const { code, stdout } = rseqlab(["doctor", "--json"])
    const { isWell, selfTests } = JSON.parse(stdout) as { isWell: boolean; selfTests: ReadonlyArray<{ isPassed: boolean }> }
    assert.deepStrictEqual([code, isWell, selfTests.map(({ isPassed }) => isPassed)], [0, true, [true, true]])
  })
})
