/** Shrinking, bisecting and explaining a recorded failure, through the real door. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { fileIn, linesOf, root, rseqlab, scratchFolder } from "./spawned.ts"

const cwd = scratchFolder()
const program = join(root, "examples/percpu-push-bad.s")
const fail = "fail.rec"
const pass = "pass.rec"
const at = (...words: ReadonlyArray<string>) => rseqlab(words, { cwd })

assert.strictEqual(at("run", program, "--schedule", "1.1@35:preempt=1.2,1.2@21:preempt=1.1,1.1@61:preempt=kernel", "--record", fail).code, 1)
assert.strictEqual(at("run", program, "--schedule", "1.1@20:turn=1", "--record", pass).code, 0)
/** The same in the smallest experiment: one CPU, one repetition, one deviation. */
const small = "small.rec"
/** One deviation, in the experiment as it is. */
const single = "one.rec"
assert.strictEqual(at("minimize", fail, "--schedule-only", "--output", single).code, 0)
const minimized = at("minimize", fail, "--output", small)

const script = (name: string, text: string): string => {
  const file = fileIn(cwd, name, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

describe("minimize", () => {
  it("takes away what is not needed, says how sure it is, and writes a run that replays", () => {
    const { code, stdout } = minimized
    assert.strictEqual(code, 0)
    assert.match(stdout, /^ {2}cpus +2 .* 1$/m)
    assert.match(stdout, /^ {2}repeat +3 .* 1$/m)
    assert.match(stdout, /^ {2}deviations +3 .* 1 {2}\(minimum: the quiet run does not show it\)$/m)
    assert.strictEqual(at("replay", small).code, 0)
    assert.strictEqual(at("minimize", fail, "--output", small).code, 2, "a good file stays")
  })

  it("says 1-minimal where it has proved no more", () => {
    assert.match(at("minimize", fail, "--proof", "0").stdout, /\(1-minimal:/)
  })

  it("leaves the experiment alone under --schedule-only", () => {
    const { experiment } = JSON.parse(at("minimize", fail, "--schedule-only", "--json").stdout) as { experiment: ReadonlyArray<{ before: number; after: number }> }
    assert.isAbove(experiment.length, 0)
    for (const { after, before } of experiment) assert.strictEqual(after, before)
  })

  it("refuses a recording in which nothing fails", () => {
    const { code, stderr } = at("minimize", pass)
    assert.deepStrictEqual([code, /pass\.rec shows no failure/.test(stderr)], [2, true])
  })
})

describe("bisect", () => {
  it("ends at the deviation that decides, within 32 runs, with the instructions between which it fails", () => {
    for (const words of [[fail], [pass, fail]]) {
      const { code, stdout } = at("bisect", ...words, "--json")
      assert.strictEqual(code, 0)
      const { critical, range, trialCount } = JSON.parse(stdout) as { critical: string; range: { first: { place: string }; last: { place: string } }; trialCount: number }
      assert.match(critical, /^1\.2@retry\+0x17:preempt=1\.1$/)
      assert.deepStrictEqual([range.first.place, range.last.place], ["retry+0x17", "retry+0x21"])
      assert.isAtMost(trialCount, 32)
    }
  })

  it("ends with 4 where the quiet run fails as well, which is explained by its evidence", () => {
    const always = fileIn(cwd, "always.s", "_start: mov $60, %eax\n mov $3, %edi\n syscall\n")
    assert.strictEqual(at("run", always, "--record", "always.rec").code, 3)
    const { code, stderr } = at("bisect", "always.rec")
    assert.deepStrictEqual([code, /no passing end/.test(stderr)], [4, true])
    const explained = at("explain", "always.rec")
    assert.strictEqual(explained.code, 0)
    assert.match(explained.stdout, /^WHY {3}No deviation is needed: the quiet run shows it\.\n\nEVIDENCE\n {2}entry [0-9]+ .*run ends Exited 3$/m)
  })

  it("refuses ends that are alike, and recordings of different programs", () => {
    assert.match(at("bisect", fail, fail).stderr, /the passing end fails/)
    assert.strictEqual(at("run", join(root, "examples/p1.s"), "--record", "p1.rec").code, 0)
    assert.match(at("bisect", "p1.rec", fail).stderr, /hold different programs/)
  })
})

describe("bisect --until", () => {
  it("finds the instruction after which it holds", () => {
    const { code, stdout } = at("bisect", fail, "--until", "u64(heads) != 0", "--json")
    assert.strictEqual(code, 0)
    assert.match((JSON.parse(stdout) as { by: { text: string } }).by.text, /^mov %rbx, \(%rdx\)$/)
  })

  it("puts a caret where it is not understood, and names what may have been meant", () => {
    const { code, stderr } = at("bisect", fail, "--until", "u64(hesds) == 0")
    assert.strictEqual(code, 2)
    assert.deepStrictEqual(linesOf(stderr).slice(1), ["rseqlab:   u64(hesds) == 0", "rseqlab:       ^"])
    assert.match(stderr, /did you mean heads\?/)
  })

  it("says where it never holds, and where it always does", () => {
    assert.deepStrictEqual([at("bisect", fail, "--until", "now < 0").code, at("bisect", fail, "--until", "now >= 0").code], [2, 4])
  })
})

describe("bisect --run", () => {
  it("judges by a program that is handed the recording and the schedule, without a shell", () => {
    const marker = join(cwd, "made-by-a-shell")
    const judge = script("judge; touch made-by-a-shell", `
[ "$1" = '$(touch made-by-a-shell)' ] || exit 200
[ -s "$RSEQLAB_RECORDING" ] || exit 201
read line && exit 202
grep -q 'preempt=1.1' "$RSEQLAB_SCHEDULE" && exit 1
exit 0`)
    const { code, stdout, stderr } = at("bisect", fail, "--run", judge, "--", "$(touch made-by-a-shell)")
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /CRITICAL {2}1\.2@retry\+0x17:preempt=1\.1/)
    assert.isFalse(existsSync(marker))
  })

  it.each([
    ["always the same", "exit 0", 2, /the failing end passes/],
    ["always bad", "exit 1", 4, /no passing end/],
    ["giving up", "exit 130", 2, /gave up with code 130/],
    ["unable to judge", "exit 125", 2, /the passing end cannot be judged/],
    ["killed", "kill -9 $$", 2, /was killed by SIGKILL/]
  ] as const)("says clearly what is wrong with a script %s", (name, text, code, said) => {
    const ended = at("bisect", fail, "--run", script(name, text))
    assert.strictEqual(ended.code, code)
    assert.match(ended.stderr, said)
  })

  it("kills a script that hangs, with all it has started", () => {
    const pid = join(cwd, "child.pid")
    const { code, stderr } = at("bisect", fail, "--run", script("hangs", `sleep 60 & echo $! > '${pid}'; wait`), "--timeout", "0.5")
    assert.deepStrictEqual([code, /took longer than 0\.5 s/.test(stderr)], [2, true])
    const state = (): string => {
      try {
        return readFileSync(`/proc/${readFileSync(pid, "utf8").trim()}/stat`, "utf8").split(" ")[2] ?? ""
      } catch {
        return "gone"
      }
    }
    assert.include(["gone", "Z"], state())
  })

  it.each([1, 124])("takes code %i for a run that fails", (code) => {
    const judge = script(`code-${code}`, `grep -q 'preempt=1.1' "$RSEQLAB_SCHEDULE" && exit ${code}; exit 0`)
    assert.match(at("bisect", single, "--run", judge).stdout, /CRITICAL/)
  })

  it.each([126, 255])("is given up by code %i", (code) => {
    const { code: ended, stderr } = at("bisect", single, "--run", script(`code-${code}`, `exit ${code}`))
    assert.deepStrictEqual([ended, stderr.includes(`gave up with code ${code} over the passing end`)], [2, true])
  })

  it("passes over what cannot be judged", () => {
    const judge = script("skips", `case $(grep -o preempt "$RSEQLAB_SCHEDULE" | wc -l) in 2) exit 125;; 3) exit 1;; *) exit 0;; esac`)
    const { code, stderr } = at("bisect", fail, "--run", judge)
    assert.deepStrictEqual([code, /what is left between the two ends cannot be judged/.test(stderr)], [2, true])
  })

  it("does not trust a script that says this and that of one run", () => {
    const judge = script("wavers", `grep -q 'preempt=1.1' "$RSEQLAB_SCHEDULE" || exit 0
[ -e "$0.$(cksum < "$RSEQLAB_SCHEDULE" | tr ' ' -)" ] && exit 0
touch "$0.$(cksum < "$RSEQLAB_SCHEDULE" | tr ' ' -)"; exit 1`)
    const { code, stderr } = at("bisect", single, "--run", judge)
    assert.deepStrictEqual([code, /of one and the same run .* said first that it fails, and then that it passes/.test(stderr)], [2, true], stderr)
  })

  it("takes a name with spaces and quotes, of the script and of the recording", () => {
    copyFileSync(join(cwd, single), join(cwd, "it's \"small\".rec"))
    const judge = script("my judge's \"own\"", `grep -q 'preempt=1.1' "$RSEQLAB_SCHEDULE" && exit 1; exit 0`)
    assert.match(at("bisect", "it's \"small\".rec", "--run", judge).stdout, /CRITICAL/)
  })

  it.each([
    ["./nowhere", /there is no such program$/m],
    ["nowhere-in-path", /there is no such program in PATH$/m],
    ["plain.txt", /no such program in PATH; a file here is named \.\/plain\.txt/],
    ["./plain.txt", /it may not be executed; chmod \+x allows it/],
    ["./folder", /it is a directory/],
    ["./stray", /its first line names an interpreter that is not there/]
  ])("says what is wrong with --run %s", (command, said) => {
    fileIn(cwd, "plain.txt", "x")
    mkdirSync(join(cwd, "folder"), { recursive: true })
    chmodSync(fileIn(cwd, "stray", "#!/nowhere/sh\n"), 0o755)
    const { code, stderr } = at("bisect", single, "--run", command)
    assert.strictEqual(code, 2)
    assert.match(stderr, said)
  })
})

describe("bisect --predicate", () => {
  it.each([
    ["true or false", "export const fails = (run: { outcome: { status: number } }) => run.outcome.status === 1\n"],
    ["a promise of one", "export const fails = async (run: { findings: unknown[] }) => run.findings.length > 0\n"]
  ])("judges by a module that answers %s", (name, text) => {
    assert.match(at("bisect", fail, "--predicate", fileIn(cwd, `${name}.ts`, text)).stdout, /CRITICAL {2}1\.2@retry\+0x17/)
  })

  it.each([
    ["empty.mjs", "", /exports no function named fails/],
    ["odd.mjs", "export const fails = () => 7", /true, false or "skip"/],
    ["throws.mjs", "export const fails = () => { throw new Error('lost\\nand more') }", /failed over the passing end, 0 deviations: lost$/m],
    ["syntax.mjs", "export const", /cannot be imported: /],
    ["never.mjs", "export const fails = () => new Promise(() => {})", /took longer than 0\.4 s over the passing end/]
  ])("says what is wrong with %s", (name, text, said) => {
    const { code, stderr } = at("bisect", single, "--predicate", fileIn(cwd, name, text), "--timeout", "0.4")
    assert.deepStrictEqual([code, linesOf(stderr).length], [2, 1])
    assert.match(stderr, said)
  })

  it("names the file that may have been meant", () => {
    fileIn(cwd, "judging.mjs", "")
    assert.match(at("bisect", single, "--predicate", "judgin.mjs").stderr, /there is no such file; did you mean .*judging\.mjs\?/)
  })
})

describe("bisect --abi", () => {
  it("names the first contract under which the schedule fails", () => {
    const { code, stdout } = at("bisect", fail, "--abi", "mainline-6.12,turner-v2", "--json")
    assert.deepStrictEqual([code, (JSON.parse(stdout) as { first: string }).first], [0, "mainline-6.12"])
    assert.match(at("bisect", fail, "--abi", "mainline-6.12,turner-v3").stderr, /did you mean turner-v2\?/)
  })
})

describe("explain", () => {
  it("says why in a page of at most 100 columns", () => {
    const { code, stdout } = at("explain", fail)
    assert.strictEqual(code, 0)
    assert.match(stdout.replaceAll("\n      ", " "), /^WHY {3}(Task .*\. Then t|T)ask 1\.2 was preempted at retry\+0x17, before `/m)
    assert.match(stdout, /^DEVIATIONS {2}(1 matters \(minimum\)|2 matter \(no subset fails\)), [12] of the recording's [23] do(es)? not$/m)
    for (const line of stdout.split("\n")) assert.isAtMost(Buffer.from(line, "latin1").toString("utf8").length, 100, line)
  })

  it("says the same to machines, its schema first", () => {
    const value = JSON.parse(at("explain", fail, "--json").stdout) as { readonly why: string; readonly instruction: { readonly place: string; readonly text: string } }
    assert.strictEqual(Object.keys(value)[0], "schema")
    const { stdout } = at("explain", fail)
    assert.include(stdout.replaceAll("\n      ", " "), `WHY   ${value.why}\n`)
    assert.include(stdout, `\nAT    ${value.instruction.place}  ${value.instruction.text}\n`)
  })
})

describe("bisect PASS FAIL", () => {
  it("takes a passing run of more CPUs and repetitions than the failing one was shrunk to", () => {
    const bad = join(root, "examples/percpu-push-bad.s")
    assert.strictEqual(at("run", bad, "--schedule", "1.1@20:turn=1,1.1@30:preempt=1.2", "--record", "three-pushes.rec").code, 0)
    const { code, stderr, stdout } = at("bisect", "three-pushes.rec", small)
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.match(stdout, /^CRITICAL {2}1\.1@retry\+0x1[0-9a-f]:preempt=1\.2$/m)
  })

  it("refuses a run of another program", () => {
    assert.strictEqual(at("run", join(root, "examples/p1.s"), "--record", "another-program.rec").code, 0)
    const { code, stderr } = at("bisect", "another-program.rec", small)
    assert.deepStrictEqual([code, /hold different programs/.test(stderr)], [2, true])
  })
})

describe("replay --on", () => {
  const text = readFileSync(program, "utf8")
  const on = (name: string, build: string) => at("replay", small, "--on", fileIn(cwd, name, build))

  it("tells the schedule to another build, in the experiment of the recording: 1 still fails, 0 passes now", () => {
    assert.strictEqual(at("replay", fail, "--on", program).code, 1)
    // Recorded with one repetition: with the build's own three it would pass.
    const once = text.replace("setne   %dil", ".if repeat == 1\n setne %dil\n .endif")
    assert.deepStrictEqual([on("once.s", once).code, /still fails/.test(on("same.s", text).stdout)], [1, true])
    assert.strictEqual(on("mended.s", text.replace("setne   %dil", "xor     %edi, %edi")).code, 0)
  })

  it.each([
    ["an instruction more", text.replace("retry:", "retry: nop"), /^ {2}moved to the same instruction {2}1\.1@retry\+0x\w+:preempt=1\.2$/m],
    ["a symbol of another name", text.replaceAll("retry", "retri"), /^ {2}moved to the same instruction {2}1\.1@retri\+0x\w+:preempt=1\.2$/m],
    ["another name, and another instruction", text.replaceAll("retry", "retri").replace("mov     %rcx, (%rbx)", "xchg %rcx, (%rbx)").replace("lea     descriptor(%rip), %rcx", "mov     $descriptor, %ecx"), /^ {2}(told by count {2}1\.1@2\d:|moved to the same instruction {2}1\.1@retri\+0x\w+:)preempt=1\.2$/m]
  ])("answers for a build with %s, and says by what", (name, build, said) => {
    const { code, stderr, stdout } = on(`${name.replaceAll(/[ ,]+/g, "-")}.s`, build)
    assert.deepStrictEqual([code, stderr], [1, ""])
    assert.match(stdout, /^still fails/)
    assert.match(stdout, said)
  })

  it.each([
    ["no section any more", text.replace(/retry:[\s\S]*?jnz {5}retry\n/, "start: nop\npost_commit:\n").replace("jmp     retry", "jmp leave_task").replace("setne   %dil", "xor %edi, %edi"), /^ {2}told by count {2}(1\.1@\d+:preempt=1\.2)\n {2}dropped {3}\1: the task never came to count \d+ so$/m]
  ])("ends with 6 for a build with %s, and says what was dropped and why", (name, build, said) => {
    const { code, stderr, stdout } = on(`${name.replaceAll(" ", "-")}.s`, build)
    assert.deepStrictEqual([code, stderr], [6, ""])
    assert.match(stdout, /^no longer applies/)
    assert.match(stdout, said)
  })

  it("ends with 6 for another program, whatever CPUs that wants", () => {
    assert.strictEqual(at("replay", small, "--on", join(root, "examples/p1.s")).code, 6)
  })

  it("says so where it fails in another way", () => {
    const { code, stdout } = on("dies.s", text.replace("check:", "check: mov $34, %eax\n syscall"))
    assert.strictEqual(code, 1)
    assert.match(stdout, /^fails, in another way/)
    assert.match(stdout, /^ {2}then +guest-failure: the program exited with status 1$/m)
  })

  it("tells the failures that were saved in a corpus, which passes them over as its own", () => {
    const bad = join(root, "examples/percpu-push-bad.s")
    assert.strictEqual(at("fuzz", bad, "failures/").code, 1)
    assert.strictEqual(at("replay", "failures/", "--on", bad).code, 1)
    assert.match(at("replay", "failures", "--on", join(root, "examples/percpu-push.s")).stdout, /^passes now: failures\/fail-[0-9a-f]{12}\.rec$/m)
    assert.notMatch(at("fuzz", bad, "failures/", "--runs", "10").stderr, /passed over/)
  })

  it("tells the schedules of a corpus: 0 where none of them fails, 1 where one does, and says which", () => {
    assert.strictEqual(at("fuzz", join(root, "examples/percpu-push.s"), "kept/", "--runs", "60").code, 0)
    const good = at("replay", "kept/", "--on", join(root, "examples/percpu-push.s"))
    assert.deepStrictEqual([good.code, good.stderr], [0, ""])
    assert.match(good.stdout, /^\d+ stored schedules told to percpu-push\.s, none of them failed$/m)
    const worse = readFileSync(join(root, "examples/percpu-push.s"), "utf8").replace("setne   %dil", "mov $1, %dil")
    const bad = at("replay", "kept/", "--on", fileIn(cwd, "worse.s", worse), "--json")
    const value = JSON.parse(bad.stdout) as { readonly result: string; readonly failing: ReadonlyArray<unknown> }
    assert.deepStrictEqual([bad.code, value.result, value.failing.length > 0], [1, "fails", true])
    assert.strictEqual(at("replay", "nowhere/", "--on", program).code, 2)
  })
})
