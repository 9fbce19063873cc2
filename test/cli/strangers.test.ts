/** Files that are not what was meant, and names that would say what we say. */
import { execFileSync, spawnSync } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { createRecordingWriter } from "../../src/log/recording.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { fileIn, linesOf, root, rseqlab, scratchFolder } from "./spawned.ts"

const folder = scratchFolder()
const p1 = readFileSync(join(root, "examples/p1.s"))
const recording = join(folder, "p1.rec")
assert.strictEqual(rseqlab(["run", "examples/p1.s", "--record", recording]).code, 0)

describe("a recording that was cut", () => {
  const bytes = readFileSync(recording)

  it("is called cut, wherever that was, and never a header that is not whole", () => {
    for (const sizeBytes of [1, 100, bytes.length - 20, bytes.length - 1]) {
      const { stderr } = rseqlab(["show", fileIn(folder, "cut.rec", bytes.subarray(0, sizeBytes))])
      assert.match(stderr, /it is cut short: at byte \d+: expected/, `${sizeBytes} bytes`)
    }
  })
})

describe("a replay of a recording that was cut", () => {
  const bytes = readFileSync(recording)

  it("says how far it was compared, and promises nothing of the rest", () => {
    const cut = fileIn(folder, "cut.rec", bytes.subarray(0, -1))
    const { code, stdout } = rseqlab(["replay", cut])
    assert.strictEqual(code, 0)
    assert.match(stdout, /^the same run as far as the file goes: .*cut\.rec\n {2}cut short at byte [\d,]+: .*is lost\n {2}compared [1-9]\d* instructions \S+ [1-9]\d* events \S+ 0 deviations \S+ 0 checks\n$/)
    assert.notMatch(stdout, /bit for bit/)
    assert.strictEqual((JSON.parse(rseqlab(["replay", cut, "--json"]).stdout) as { result: string }).result, "same-as-far-as-it-goes")
    assert.match(rseqlab(["replay", folder]).stderr, /\d+ of \d+ recordings replay, 1 of them cut and only as far as they go/)
  })

  it("ends with 6 where nothing is left to compare", () => {
    const read = readRecording(bytes)
    assert(read._tag === "Read")
    const parts: Array<Uint8Array> = []
    createRecordingWriter(read.recording.header, (part) => void parts.push(part), { codec: "none", keep: "entries" })
    const { code, stdout } = rseqlab(["replay", fileIn(folder, "begun.rec.part", Buffer.concat(parts))])
    assert.strictEqual(code, 6)
    assert.match(stdout, /^nothing to compare: /)
  })
})

describe("a recording that is whole", () => {
  it("is said to have the entries it shows, and as many events as the kernel applied", () => {
    const entries = linesOf(rseqlab(["show", recording, "--jsonl"]).stdout).length
    const said = /(\d+) events\n/.exec(rseqlab(["replay", recording]).stdout)?.[1]
    assert.match(rseqlab(["show", recording, "--header"]).stdout, new RegExp(`^entries +${entries}$`, "m"))
    assert.isBelow(Number(said), entries, "observations are entries, and no events")
  })
})

describe("a recording without entries", () => {
  it("leaves standard output to entries", () => {
    const bare = join(folder, "bare.rec")
    rseqlab(["run", "examples/p1.s", "--record", bare, "--keep", "schedule"])
    const { code, stderr, stdout } = rseqlab(["show", bare, "--jsonl"])
    assert.deepStrictEqual([code, stdout, stderr], [0, "", "rseqlab: no entries are kept (--keep schedule)\n"])
  })
})

describe("a name with a line end", () => {
  it("makes no line of its own", () => {
    const program = fileIn(folder, "x\nrseqlab: passed everything.s", p1)
    const { code, stderr } = rseqlab(["run", program])
    assert.strictEqual(code, 0)
    assert.strictEqual(linesOf(stderr).length, 1)
    assert.match(stderr, /^rseqlab: passed x\\nrseqlab: passed everything\.s: exit status 0/)
  })
})

describe("a pipe instead of a file", () => {
  const pipe = join(folder, "pipe")
  it.skipIf(process.platform === "win32").each(["run", "replay", "show"])("is refused by %s, not waited for", (command) => {
    if (!existsSync(pipe)) execFileSync("mkfifo", [pipe])
    const { code, stderr } = rseqlab([command, pipe])
    assert.strictEqual(code, 2)
    assert.match(stderr, /pipe cannot be read: it is a pipe/)
  })
})

describe("standard output on a full disk", () => {
  it.skipIf(!existsSync("/dev/full"))("is said in words, and ends with 2", () => {
    const full = openSync("/dev/full", "w")
    const { status, stderr } = spawnSync(process.execPath, [join(root, "src/cli/main.ts"), "show", recording], {
      stdio: ["ignore", full, "pipe"], encoding: "utf8"
    })
    closeSync(full)
    assert.deepStrictEqual([status, stderr], [2, "rseqlab: standard output cannot be written: its disk is full\n"])
  })
})
