/** The road from a program to an explained failure, through the real door. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { unmodelled, spinning } from "./programs.ts"
import { programHome } from "../../src/host/files.ts"
import { fileIn, linesOf, main, root, rseqlab, scratchFolder, spawned } from "./spawned.ts"

const bad = join(root, "examples/percpu-push-bad.s")
const good = join(root, "examples/percpu-push.s")

describe("fuzz", () => {
  const cwd = scratchFolder()
  const found = rseqlab(["fuzz", bad], { cwd })

  it("finds the failure, ends with 1, and prints commands that work when they are pasted", () => {
    assert.strictEqual(found.code, 1, found.stderr)
    const lines = linesOf(found.stdout)
    assert.match(lines[0] ?? "", /^FOUND [a-z-]+ in percpu-push-bad\.s +seed 1 .* run [0-9]+ of 10,000 .* 1 deviation \(minimum\)$/)
    assert.isTrue(lines.every((line) => line.length <= 110), "lines fit")
    const commands = new Map(lines.flatMap((line) => {
      const match = /^ {2}([a-z]+) +rseqlab (.*)$/.exec(line)
      return match === null ? [] : [[match[1] ?? "", (match[2] ?? "").split(" ")] as const]
    }))
    assert.deepStrictEqual([...commands.keys()], ["show", "replay", "explain", "bisect", "again"])
    for (const [what, words] of commands) {
      const { code, stderr } = rseqlab(words, { cwd })
      assert.strictEqual(code, what === "again" ? 1 : 0, `${what}: ${stderr}`)
    }
  })

  it("names the same bug alike, whichever seed finds it", () => {
    const [name] = readdirSync(join(cwd, ".rseqlab/artifacts", programHome(bad, cwd)))
    assert.match(name ?? "", /^fail-[0-9a-f]{12}\.rec$/)
    assert.strictEqual(rseqlab(["fuzz", bad, "--seed", "another"], { cwd }).code, 1)
    assert.deepStrictEqual(readdirSync(join(cwd, ".rseqlab/artifacts", programHome(bad, cwd))), [name])
  })

  it("keeps apart what it finds in two programs of one name, and takes one that is built again for the same", () => {
    const here = scratchFolder()
    const fuzzed = (folder: string): string => {
      mkdirSync(join(here, folder), { recursive: true })
      cpSync(bad, join(here, folder, "prog.s"))
      const { code, stdout } = rseqlab(["fuzz", `${folder}/prog.s`], { cwd: here })
      assert.strictEqual(code, 1)
      return / saved +(.*)/.exec(stdout)?.[1] ?? ""
    }
    const [first, second] = [fuzzed("a"), fuzzed("b")]
    assert.notStrictEqual(first, second)
    assert.strictEqual(fuzzed("a"), first)
    assert.deepStrictEqual(readdirSync(join(here, ".rseqlab/artifacts")).sort(), ["a+prog", "b+prog"])
    assert.deepStrictEqual(readdirSync(join(here, ".rseqlab/corpus")).sort(), ["a+prog", "b+prog"])
  })

  it("tells what it saw and did not end for, with a recording", () => {
    const passing = `#: task worker
worker: lea area(%rip), %rdi
        mov $32, %esi
        xor %edx, %edx
        mov $0x53053053, %r10d
        mov $334, %eax
        syscall
        movl $0, area(%rip)             # cpu_id_start is the kernel's
        xor %edi, %edi
        mov $60, %eax
        syscall
        .bss
        .balign 32
area:   .zero 32
`
    const here = scratchFolder()
    const { code, stdout } = rseqlab(["fuzz", fileIn(here, "writes.s", passing), "--runs", "20"], { cwd: here })
    assert.strictEqual(code, 0)
    assert.match(stdout, /^ {2}seen +kernel-word-stored: [^()]*\(\d+\s+of\s+\d+\s+watched\s+runs?\)$/m)
    assert.strictEqual(rseqlab(["show", ".rseqlab/seen/writes/kernel-word-stored.rec"], { cwd: here }).code, 0)
    assert.notMatch(rseqlab(["fuzz", good, "--runs", "200"], { cwd: here }).stdout, /^ {2}seen /m)
  })

  it("finds the same with two threads, in the same run", () => {
    const run = (words: ReadonlyArray<string>) => JSON.parse(rseqlab(["fuzz", bad, "--fresh", "--json", ...words], { cwd: scratchFolder() }).stdout) as { failures: ReadonlyArray<{ run: number; schedule: string }>; until: number }
    const [one, two] = [run([]), run(["--jobs", "2"])]
    assert.deepStrictEqual([two.until, two.failures[0]?.run, two.failures[0]?.schedule], [one.until, one.failures[0]?.run, one.failures[0]?.schedule])
  })

  it("tells a correct program's runs by strategy, ends with 0, and goes on from there the next time", () => {
    const first = rseqlab(["fuzz", good, "--runs", "60"], { cwd })
    assert.strictEqual(first.code, 0, first.stdout)
    assert.match(first.stdout, /^no failure found in percpu-push\.s: 60 runs/)
    assert.match(first.stdout, /runs +0 to 59 of seed 1/)
    assert.match(rseqlab(["fuzz", good, "--runs", "60"], { cwd }).stdout, /runs +60 to 119 of seed 1/)
    assert.match(rseqlab(["fuzz", good, "--runs", "60", "--fresh"], { cwd }).stdout, /runs +0 to 59 of seed 1/)
  })

  it("passes over corpus files that are foreign or damaged, and leaves them as they are", () => {
    const corpus = join(cwd, ".rseqlab/corpus", programHome(good, cwd))
    const strangers = { "notes.txt": "mine", "000000000000.json": "{\"schema\":1,", "111111111111.json": "{\"schema\":1,\"program\":\"x\",\"schedule\":\"@@\",\"features\":[]}" }
    for (const [name, text] of Object.entries(strangers)) fileIn(corpus, name, text)
    const { code, stderr } = rseqlab(["fuzz", good, "--runs", "20"], { cwd })
    assert.strictEqual(code, 0)
    assert.match(stderr, /3 files of the corpus passed over/)
    for (const [name, text] of Object.entries(strangers)) assert.strictEqual(readFileSync(join(corpus, name), "utf8"), text)
  })

  it("inverts its verdict under --expect fail", () => {
    assert.strictEqual(rseqlab(["fuzz", bad, "--expect", "fail"], { cwd }).code, 0)
    assert.strictEqual(rseqlab(["fuzz", good, "--runs", "20", "--expect", "fail"], { cwd }).code, 1)
  })

  it("keeps a hostile name out of paths and off the terminal", () => {
    const hostile = join(cwd, "\u001b]0;x\u0007..%s'$(id).s")
    cpSync(bad, hostile)
    const { code, stderr, stdout } = rseqlab(["fuzz", hostile], { cwd })
    assert.strictEqual(code, 1, stderr)
    assert.notMatch(stdout + stderr, /[^\P{Cc}\n\u0080-\u009f]/u)
    assert.isTrue(existsSync(join(cwd, ".rseqlab/artifacts/_]0_x_..%s_$(id)".replace(/[^A-Za-z0-9._/-]/g, "_"))))
  })

  it("still tells the failure where it cannot be saved", () => {
    const elsewhere = scratchFolder()
    writeFileSync(join(elsewhere, ".rseqlab"), "no folder")
    const { code, stderr, stdout } = rseqlab(["fuzz", bad], { cwd: elsewhere })
    assert.strictEqual(code, 1)
    assert.match(stderr, /not saved: .*cannot be written/)
    assert.match(stdout, /schedule {2}1\.[12]@/)
  })

  it("ends with 6 where the quiet run needs what is not modelled, and with 3 where it does not end", () => {
    assert.strictEqual(rseqlab(["fuzz", fileIn(cwd, "x87.s", unmodelled)], { cwd }).code, 6)
    assert.strictEqual(rseqlab(["fuzz", fileIn(cwd, "spin.s", spinning), "--max-icount", "10k"], { cwd }).code, 3)
  })

  it.each([
    [["fuzz", "nowhere.s", "--bisect"]],
    [["fuzz", bad, "--bisect", "--runs", "many"]],
    [["fuzz", "x87.s", "--bisect"]]
  ])("%j ends with 125: this build cannot be judged", (words) => {
    assert.strictEqual(rseqlab(words, { cwd }).code, 125)
  })

  it.each([
    [["fuzz", bad, "--watch", "hedas,8"], /--watch hedas: .* expected a symbol of the program; hedas is none; did you mean heads\?/],
    [["fuzz", bad, "--shared", "heads,0"], /--shared expects NAME,BYTES/],
    [["fuzz", bad, "--shared", "heads,2M"], /--shared expects NAME,BYTES/],
    [["fuzz", bad, "--shared", "heads,8192"], /what lies in heads: it has 4096 bytes, not 8192/],
    [["fuzz", bad, "--shared", "heads", "--sync", "heads,4"], /memory of its own: sync heads overlaps shared heads/],
    [["fuzz", bad, "--percpu", "heads"], /--percpu expects NAME,STRIDE/],
    [["fuzz", bad, "--percpu", "heads,64,x65"], /what lies in heads: it has 4096 bytes, not 4160/],
    [["fuzz", bad, "--whole", "heads,16,seq=hedas"], /hedas is none; did you mean heads\?/],
    [["fuzz", bad, "--from", "nowhere"], /no symbol "nowhere"/],
    [["fuzz", bad, "--only", "1", "--runs", "2"], /--only makes one run/],
    [["fuzz", bad, "--reporter", "junti=x"], /did you mean junit\?/],
    [["fuzz", bad, "--json", "--jsonl"], /both take standard output/]
  ] as const)("refuses %j in one line", (words, said) => {
    const { code, stderr, stdout } = rseqlab(words, { cwd })
    assert.deepStrictEqual([code, stdout, linesOf(stderr).length], [2, "", 1])
    assert.match(stderr, said)
  })

  it("writes what several reporters say", () => {
    const elsewhere = scratchFolder()
    const { code, stdout } = rseqlab(["fuzz", bad, "--reporter", "github,junit=j.xml,sarif=s.json,json=r.json"], { cwd: elsewhere })
    assert.strictEqual(code, 1)
    assert.match(stdout, /^::error file=percpu-push-bad\.s,title=[a-z-]+ in percpu-push-bad\.s::FOUND/)
    assert.match(readFileSync(join(elsewhere, "j.xml"), "utf8"), /<testsuite name="rseqlab fuzz percpu-push-bad\.s" tests="1" failures="1"/)
    const sarif = JSON.parse(readFileSync(join(elsewhere, "s.json"), "utf8")) as { runs: ReadonlyArray<{ results: ReadonlyArray<{ ruleId: string; codeFlows: unknown }> }> }
    assert.match(sarif.runs[0]?.results[0]?.ruleId ?? "", /^[a-z-]+$/)
    assert.strictEqual((JSON.parse(readFileSync(join(elsewhere, "r.json"), "utf8")) as { schema: number }).schema, 1)
  })

  it("interrupted, keeps how far it came and ends with 130", async () => {
    const elsewhere = scratchFolder()
    const child = spawned(["fuzz", good, "--max-total-time", "60"], { cwd: elsewhere })
    let stderr = ""
    child.stderr.on("data", (part: Buffer) => void (stderr += part.toString()))
    for (let tries = 0; !stderr.includes("runs from") && tries < 400; tries++) await new Promise((resolve) => setTimeout(resolve, 25))
    await new Promise((resolve) => setTimeout(resolve, 700))
    child.kill("SIGINT")
    const code = await new Promise((resolve) => void child.on("close", resolve))
    assert.strictEqual(code, 130)
    const { nextRun } = JSON.parse(readFileSync(join(elsewhere, ".rseqlab/corpus", programHome(good, elsewhere), "stats.json"), "utf8")) as { nextRun: number }
    assert.isAbove(nextRun, 0)
    assert.match(rseqlab(["fuzz", good, "--runs", "5"], { cwd: elsewhere }).stderr, /runs from [0-9,]+ on/)
  })
})

describe("git bisect run", () => {
  it("finds the commit that brought the failure, and skips one that does not assemble", () => {
    const repository = scratchFolder()
    const git = (...words: ReadonlyArray<string>) => {
      const { status, stderr, stdout } = spawnSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", ...words], {
        cwd: repository, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: repository, GIT_CONFIG_NOSYSTEM: "1" }
      })
      assert.strictEqual(status, 0, `git ${words.join(" ")}: ${stderr}${stdout}`)
      return stdout.trim()
    }
    git("init", "-q", "-b", "main")
    const [passing, failing] = [readFileSync(good, "utf8"), readFileSync(bad, "utf8")]
    const history = [passing, `${passing}# one\n`, `${passing}# two\n`, `${passing}\n broken mnemonic\n`, `${passing}# four\n`, failing, `${failing}# later\n`]
    const commits = history.map((text, index) => {
      fileIn(repository, "prog.s", text)
      git("add", "prog.s")
      git("commit", "-q", "-m", `version ${index}`)
      return git("rev-parse", "HEAD")
    })
    mkdirSync(join(repository, "bin"))
    const judge = fileIn(join(repository, "bin"), "judge", `#!/bin/sh\nexec '${process.execPath}' '${main}' fuzz prog.s --bisect --runs 300\n`)
    chmodSync(judge, 0o755)
    git("bisect", "start", commits[6] ?? "", commits[0] ?? "")
    const said = git("bisect", "run", judge)
    assert.include(said, `${commits[5]} is the first bad commit`)
  })
})
