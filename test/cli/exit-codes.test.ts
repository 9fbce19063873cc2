/** The table of exit codes, row by row, as far as a user can get there. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, expect, it } from "vitest"
import { codeOfError } from "../../src/cli/error-code.ts"
import { codeOfGuest, codeOfVerdict, exits } from "../../src/cli/exit.ts"
import { createRecordingWriter } from "../../src/log/recording.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { callingWhatIsNotThere, failingForWantOfACall, losingAnUpdate, openingADevice, dyingOfSigill, dyingOfSigsegv, spinning, unmodelled, waiting } from "./programs.ts"
import { fileIn, linesOf, root, rseqlab, scratchFolder } from "./spawned.ts"

const folder = scratchFolder()
const program = (name: string, text: string): string => fileIn(folder, name, text)
const lastLine = (text: string): string => linesOf(text).at(-1) ?? ""

describe("rseqlab run", () => {
  it.each([
    ["a program that exits with 0", () => ["examples/p1.s"], 0, /passed p1\.s: exit status 0/],
    ["a program that exits with 7", () => ["test/fixtures/exit-status.elf", "--", "7"], 7, /FAILED exit-status\.elf: exit status 7/],
    ["a lost update", () => ["examples/p1.s", "--schedule", "1.1@1:turn=1"], 1, /FAILED p1\.s: exit status 1/],
    ["an invalid opcode", () => [program("ill.s", dyingOfSigill)], 128 + 4, /killed by SIGILL/],
    ["a wild read", () => [program("segv.s", dyingOfSigsegv)], 128 + 11, /killed by SIGSEGV/],
    ["a deadlock", () => [program("wait.s", waiting)], 1, /deadlock: 1 wait/],
    ["too many instructions", () => [program("spin.s", spinning), "--max-icount", "5k"], 3, /more than 5,000 instructions; --max-icount/],
    ["too little memory", () => ["examples/p1.s", "--max-memory", "4K"], 3, /memory limit/],
    ["an instruction that is not modelled", () => [program("x87.s", unmodelled)], 6, /not supported: .* at 0x/],
    ["verdicts asked for, a fatal signal", () => [program("ill.s", dyingOfSigill), "--exit", "verdict"], 1, /killed by SIGILL/],
    ["a failure expected and found", () => ["examples/p1.s", "--schedule", "1.1@1:turn=1", "--expect", "fail"], 0, /FAILED/],
    ["a failure expected and not found", () => ["examples/p1.s", "--expect", "fail"], 1, /passed/]
  ] as const)("ends with the right code after %s", (_claim, words, code, said) => {
    const { code: ended, stderr } = rseqlab(["run", ...words()])
    assert.strictEqual(ended, code, stderr)
    assert.match(stderr, said)
    for (const line of linesOf(stderr)) expect(line).toMatch(/^rseqlab: /)
  })

  it("lists calls that are not there, and goes on", () => {
    const { code, stderr } = rseqlab(["run", program("calls.s", callingWhatIsNotThere)])
    assert.strictEqual(code, 0)
    assert.match(stderr, /answered ENOSYS: call 999 \(2 times\)/)
  })

  it("says first that a call of Linux's is not there, where a program fails for want of it", () => {
    const file = program("memfd.s", failingForWantOfACall)
    for (const command of ["run", "fuzz"]) {
      const { code, stderr } = rseqlab([command, file], { cwd: folder })
      assert.strictEqual(code, 6, stderr)
      assert.match(stderr, /not supported: memfd_create \(319\), then exit status 1/)
    }
  })

  it.each([
    { before: false, after: true, code: 6 }, { before: true, after: false, code: 1 }, { before: true, after: true, code: 1 }
  ])("says of what a search finds whether a call was lacking, and blames it where only the failing run makes it: $before $after", ({ after, before, code }) => {
    const file = program(`losing-${before}-${after}.s`, losingAnUpdate({ before, after }))
    const { code: ended, stderr, stdout } = rseqlab(["fuzz", file], { cwd: folder })
    assert.strictEqual(ended, code, stderr)
    assert.match(stdout, /not supported: memfd_create \(319\), answered ENOSYS, before this:\n {2}the program exited with status 1/)
    const saved = / saved +(.*)/.exec(stdout)?.[1] ?? ""
    const { schedule } = JSON.parse(rseqlab(["fuzz", file, "--json", "--fresh"], { cwd: folder }).stdout).failures[0]
    assert.strictEqual(rseqlab(["replay", saved], { cwd: folder }).code, 0)
    assert.strictEqual(rseqlab(["replay", saved, "--schedule", schedule], { cwd: folder }).code, 6)
  })

  it("lists what the quiet run of a search lacked", () => {
    const { code, stdout } = rseqlab(["fuzz", program("dev.s", openingADevice), "--runs", "5"], { cwd: folder })
    assert.strictEqual(code, 0)
    assert.match(stdout, / lacking +the simulated machine does not have: \/dev\/null\n/)
  })

  it("lists files of Linux's own that are not there", () => {
    const { code, stderr } = rseqlab(["run", program("dev.s", openingADevice)])
    assert.strictEqual(code, 0)
    assert.match(stderr, /the simulated machine does not have: \/dev\/null\n/)
  })

  it("says after a failure how to have it again, and that works", () => {
    const { stderr } = rseqlab(["run", join(root, "examples/p1.s"), "--schedule", "1.1@1:turn=1"], { cwd: folder })
    const commands = linesOf(stderr).filter((line) => line.includes("  record ") || line.includes("  replay ")).map((line) => line.split(/ {2,}/).at(-1) ?? "")
    const [record = "", replay = ""] = commands.map((command) => command.replace(/^rseqlab /, ""))
    assert.strictEqual(rseqlab(record.split(" "), { cwd: folder }).code, 1)
    assert.deepStrictEqual([rseqlab(replay.split(" "), { cwd: folder }).code], [0])
  })
})

describe("rseqlab replay", () => {
  const recorded = join(folder, "p1.rec")
  const other = join(folder, "other.rec")

  it("ends with 0 where the run comes again", () => {
    assert.strictEqual(rseqlab(["run", "examples/p1.s", "--schedule", "1.1@1:turn=1", "--record", recorded]).code, 1)
    const { code, stdout } = rseqlab(["replay", recorded])
    assert.match(stdout, /^the same run, bit for bit: /)
    assert.strictEqual(code, 0)
  })

  it("says how much it compared where that is not all", () => {
    const older = rseqlab(["replay", "recordings/p1/lost-update.rec"])
    assert.match(older.stdout, /^the same run, in 24 of its 37 events: .*\n.*\n {2}not compared: 13 events seen by an observer that is not known here$/m)
    assert.strictEqual(older.code, 0)
    const value = JSON.parse(rseqlab(["replay", "--json", "recordings/p1/lost-update.rec"]).stdout) as object
    assert.deepInclude(value, { result: "same-as-far-as-compared", entryCount: 24, entriesCompared: 24, entriesKept: 37 })
  })

  it("ends with 5 where it does not, and shows the difference", () => {
    const read = readRecording(readFileSync(recorded))
    assert(read._tag === "Read" && read.recording.end !== undefined)
    const parts: Array<Uint8Array> = []
    const writer = createRecordingWriter(read.recording.header, (bytes) => void parts.push(bytes), { keep: "entries", codec: "none" })
    for (const { count, cpu, event, now, task } of read.recording.entries) writer.log.append(now, cpu, task, count, event)
    // The entries of a run that deviated, without its deviation.
    writer.end(read.recording.end)
    fileIn(folder, "other.rec", Buffer.concat(parts))
    const { code, stdout } = rseqlab(["replay", other])
    assert.strictEqual(code, 5, stdout)
    assert.match(stdout, /^- recorded .*\n\+ replayed /m)
    assert.match(stdout, /is everything that varies a choice\?/)
  })

  it.each([
    ["a file that is no recording", () => fileIn(folder, "text.rec", "not a recording"), 6, /this is no recording/],
    ["an empty file", () => fileIn(folder, "empty.rec", ""), 6, /cannot be used/],
    ["a header cut short", () => fileIn(folder, "cut.rec", readFileSync(recorded).subarray(0, 40)), 6, /cannot be used/],
    ["a flipped bit", () => fileIn(folder, "flip.rec", readFileSync(recorded).map((byte, at) => (at === 2000 ? byte ^ 4 : byte))), 6, /damaged: at byte/],
    ["a file that is not there", () => join(folder, "missing.rec"), 2, /no recording at .*missing\.rec/],
    ["a folder without recordings", () => join(root, "src/base"), 2, /holds no \.rec file/]
  ] as const)("refuses %s", (_claim, file, code, said) => {
    const { code: ended, stderr } = rseqlab(["replay", file()])
    assert.strictEqual(ended, code, stderr)
    assert.match(lastLine(stderr), said)
    assert.strictEqual(linesOf(stderr).length, 1)
  })

  it("refuses a recording that asks for more than the local limits, and says which flag allows it", () => {
    const { code, stderr } = rseqlab(["replay", recorded, "--max-memory", "1M"])
    assert.strictEqual(code, 6)
    assert.match(stderr, /--max-memory \d+ to allow it/)
  })

  it("ends with the worst of a folder", () => {
    const { code, stderr, stdout } = rseqlab(["replay", folder])
    assert.strictEqual(code, 5, stderr)
    assert.match(stdout, /the same run, bit for bit/)
    assert.match(stdout, /DIVERGED/)
    assert.match(stderr, /\d+ of \d+ recordings? replays?/)
  })

  it("lists what an edited schedule could not do, and what it did instead", () => {
    const { code, stdout } = rseqlab(["replay", recorded, "--schedule", "1.1@2:turn=1,1.9@3:preempt"])
    assert.match(stdout, /dropped {3}1\.9@3:preempt: never met/)
    assert.match(stdout, /realised {2}1\.1@2:turn=1/)
    assert.strictEqual(code, 1)
  })
})

describe("the table of exit codes", () => {
  it("has each code once", () => {
    const codes = Object.values(exits).map(({ code }) => code)
    assert.strictEqual(new Set(codes).size, codes.length)
  })
  it("keeps the numbers that scripts rely on", () => {
    assert.deepStrictEqual(Object.values(exits).map(({ code }) => code), [0, 1, 2, 3, 4, 5, 6, 70, 124, 125, 130])
  })
  it("passes the guest's own status on, and 128 + n for a signal", () => {
    assert.deepStrictEqual([codeOfGuest({ _tag: "Exited", status: 77 }), codeOfGuest({ _tag: "Killed", signal: 9 })], [77, 137])
  })
  it("swaps passed and failed where a failure is expected, and nothing else", () => {
    const all = ["passed", "failed", "limit", "unsupported", "abandoned"] as const
    assert.deepStrictEqual(all.map((verdict) => codeOfVerdict(verdict, true)), [1, 0, 3, 6, 130])
  })
  it("ends with 70 where our own promise is broken", () => {
    assert.strictEqual(codeOfError({ _tag: "SimulatorBroke", message: "" }), 70)
  })
})
