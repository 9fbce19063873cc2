/** Where a recording cannot be written, or must not be. */
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { type Ended, fileIn, linesOf, main, root, rseqlab, scratchFolder } from "./spawned.ts"

const folder = scratchFolder()
const record = (file: string, ...words: ReadonlyArray<string>): Ended => rseqlab(["run", "examples/p1.s", "--record", file, ...words])

describe("a working folder that is gone", () => {
  // Nobody can delete the folder a process stands in elsewhere.
  it.skipIf(process.platform === "win32").each([["--jobs", "1"], ["--jobs", "2"]])("is one line of fuzz %s %s, and no endless loop", (...words) => {
    const gone = join(folder, "gone")
    mkdirSync(gone)
    const command = `rmdir "$PWD" && exec "$0" "$@"`
    const { status, stderr } = spawnSync("sh", ["-c", command, process.execPath, main, "fuzz", join(root, "examples/percpu-push.s"), "--runs", "20", ...words], { cwd: gone, encoding: "utf8", timeout: 30_000 })
    assert.deepStrictEqual([status, linesOf(stderr)], [2, ["rseqlab: the working folder is not there any more, and fuzz keeps in it what it finds"]])
  })
})

describe("--reporter NAME=FILE", () => {
  const program = fileIn(folder, "passes.s", "#: task w\nw: xor %edi, %edi\n mov $60, %eax\n syscall\n")
  const pipe = join(folder, "pipe")
  spawnSync("mkfifo", [pipe])
  const report = (names: string) => rseqlab(["fuzz", program, "--runs", "3", "--fresh", "--reporter", names], { cwd: folder })

  it.each([
    ["a folder that is not there", (): string => join(folder, "nowhere/x.json"), /its folder is not there/],
    ["a folder itself", (): string => folder, /it is a folder/],
    // A device would be as good, if it were not gone where this fails.
    ["a pipe", (): string => pipe, /cannot be written: it is no regular file/]
  ] as const)("ends a campaign that passes with 2 where it leads to %s, and the other reports are written", (_claim, file, said) => {
    const other = join(folder, "other.json")
    rmSync(other, { force: true })
    const { code, stderr } = report(`json=${file()},jsonl=${other}`)
    assert.deepStrictEqual([code, existsSync(other)], [2, true], stderr)
    assert.match(stderr, said)
  })

  it("leaves a failure its own code", () => {
    const { code } = rseqlab(["fuzz", join(root, "examples/p1.s"), "--fresh", "--reporter", `json=${join(folder, "nowhere/x.json")}`], { cwd: folder })
    assert.strictEqual(code, 1)
  })

  it("replaces no program, and no report by another", () => {
    const text = readFileSync(program, "utf8")
    const [itself, twice] = [report(`json=${join(folder, ".", "passes.s")}`), report("json=x,junit=./x")]
    assert.deepStrictEqual([itself.code, /would replace the program itself/.test(itself.stderr), readFileSync(program, "utf8")], [2, true, text])
    assert.deepStrictEqual([twice.code, /several reporters write \.\/x/.test(twice.stderr)], [2, true])
  })
})

describe("--record", () => {
  it.each([
    ["a folder that is not there", (): string => join(folder, "nowhere/x.rec"), /its folder is not there/],
    ["a folder itself", (): string => folder, /it is a folder/],
    ["a device", (): string => "/dev/null", /it is no regular file/],
    ["a path through a file", (): string => join(fileIn(folder, "plain", ""), "x.rec"), /a part of its path is no folder/]
  ] as const)("refuses %s in one line, and runs nothing", (_claim, file, said) => {
    const { code, stderr, stdout } = record(file())
    assert.strictEqual(code, 2)
    assert.match(stderr, said)
    assert.deepStrictEqual([linesOf(stderr).length, stdout], [1, ""])
  })

  // Whoever is root writes where nobody may.
  it.skipIf(process.getuid?.() === 0)("refuses a folder that is read-only", () => {
    const closed = join(folder, "closed")
    mkdirSync(closed)
    chmodSync(closed, 0o500)
    const { code, stderr } = record(join(closed, "x.rec"))
    assert.deepStrictEqual([code, /permission is denied/.test(stderr)], [2, true])
  })

  it("keeps a good file unless --force says otherwise", () => {
    const file = fileIn(folder, "good.rec", "precious")
    const { code, stderr } = record(file)
    assert.strictEqual(code, 2)
    assert.match(stderr, /is there already; .*--force/)
    assert.strictEqual(readFileSync(file, "utf8"), "precious")
    assert.strictEqual(record(file, "--force").code, 0)
    assert.strictEqual(rseqlab(["replay", file]).code, 0)
  })

  it("never replaces the program itself, whatever it is called", () => {
    const text = "#: task w\nw: xor %edi, %edi\n mov $60, %eax\n syscall\n"
    const program = fileIn(folder, "itself.s", text)
    const { code, stderr } = rseqlab(["run", program, "--record", join(folder, ".", "itself.s"), "--force"])
    assert.deepStrictEqual([code, /would replace the program itself/.test(stderr)], [2, true])
    assert.strictEqual(readFileSync(program, "utf8"), text)
  })

  it("never replaces the schedule that is told, nor minimize the recording it reads", () => {
    const schedule = fileIn(folder, "told.txt", "1.1@1:turn=1\n")
    const told = record(schedule, "--force", "--schedule", `@${schedule}`)
    assert.deepStrictEqual([told.code, /would replace the schedule/.test(told.stderr), readFileSync(schedule, "utf8")], [2, true, "1.1@1:turn=1\n"])
    const file = join(folder, "once.rec")
    assert.strictEqual(record(file, "--schedule", "1.1@1:turn=1").code, 1)
    const before = readFileSync(file)
    const shrunk = rseqlab(["minimize", file, "--force", "--output", file])
    assert.deepStrictEqual([shrunk.code, /would replace the recording itself/.test(shrunk.stderr), readFileSync(file).equals(before)], [2, true, true])
  })

  it("imports no device as a predicate", () => {
    const { code, stderr } = rseqlab(["bisect", join(folder, "once.rec"), "--predicate", "/dev/zero"])
    assert.deepStrictEqual([code, /it is no regular file/.test(stderr)], [2, true], stderr)
  })

  it("reads no device: it may have no end", () => {
    const { code, stderr } = rseqlab(["replay", "/dev/zero"])
    assert.deepStrictEqual([code, /it is a device/.test(stderr)], [2, true])
  })

  it("replaces a good file only by a whole one", () => {
    const file = fileIn(folder, "kept.rec", "precious")
    assert.strictEqual(record(file, "--force", "--max-memory", "4K").code, 3)
    assert.strictEqual(readFileSync(file, "utf8"), "precious")
    assert.isFalse(existsSync(`${file}.part`), "a run that never began leaves nothing")
  })

  it("does not write through a link where its own part file would stand", () => {
    const target = fileIn(folder, "elsewhere", "precious")
    const file = join(folder, "linked.rec")
    symlinkSync(target, `${file}.part`)
    assert.strictEqual(record(file).code, 0)
    assert.strictEqual(readFileSync(target, "utf8"), "precious")
  })

  it("leaves no part file behind", () => {
    assert.deepStrictEqual(readdirSync(folder).filter((name) => name.endsWith(".part")), [])
  })
})
