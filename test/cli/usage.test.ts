/** Mistyped command lines: one line, what was meant, where help is, and 2. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, expect, it } from "vitest"
import { withValues } from "../../src/cli/bare-flag.ts"
import * as written from "../../src/cli/flags.ts"
import { fileIn, linesOf, root, rseqlab, scratchFolder } from "./spawned.ts"

const folder = scratchFolder()

describe("a flag that may stand alone", () => {
  it.each<readonly [typed: string, meant: string]>([
    ["fuzz p.s --faults", "fuzz p.s --faults all"], ["fuzz --faults p.s", "fuzz --faults all p.s"], ["fuzz p.s --faults --runs 3", "fuzz p.s --faults all --runs 3"],
    ["fuzz p.s --faults wait", "fuzz p.s --faults wait"], ["fuzz p.s --faults refuse,wait --runs 3", "fuzz p.s --faults refuse,wait --runs 3"],
    ["fuzz p.s --faults=wait", "fuzz p.s --faults=wait"], ["fuzz p.s --faults -- wait", "fuzz p.s --faults all -- wait"], ["run p.s -- --faults", "run p.s -- --faults"]
  ])("%s", (typed, meant) => {
    expect(withValues(typed.split(" ")).join(" ")).toBe(meant)
  })
})

describe("a strategy that deviates at watched accesses", () => {
  it.each(["random-walk", "pct-2", "pct-3"])("%s finds what tasks share where nothing is watched", (strategy) => {
    const text = readFileSync(join(root, "examples/plain-increment.s"), "utf8").replace(/^#: watch.*$/m, "")
    const ended = [1, 2, 3, 4].map((seed) => rseqlab(["run", fileIn(folder, "unwatched.s", text), "--strategy", strategy, "--seed", String(seed)]))
    for (const { stderr } of ended) expect(stderr).toMatch(/deviating around what tasks share in a quiet run: counter\n/)
    expect(ended.some(({ stderr }) => /[1-9]\d* deviations?/.test(stderr))).toBe(true)
  })
  it("says so where tasks share nothing", () => {
    expect(rseqlab(["run", "examples/page-refused.s", "--strategy", "random-walk"]).stderr).toMatch(/nothing is watched, and tasks share nothing in a quiet run, so this is the quiet run/)
  })
})

describe("a mistyped command line", () => {
  it.each([
    [["rnu", "examples/p1.s"], /no command rnu; did you mean run\? \(rseqlab --help\)/],
    [["run", "--sede", "7", "examples/p1.s"], /no flag --sede; did you mean --seed\? \(rseqlab run --help\)/],
    [["run"], /PROG is missing/],
    [["fuzz", "examples/p1.s", "--faults", "refuse,wiat"], /--faults expects faults of wait,refuse,evict,affinity,plug, or nothing for all; found "refuse,wiat"/],
    [["run", "examples/p1"], /no program at examples\/p1; did you mean examples\/p1\.s\?/],
    [["run", "examples"], /examples cannot be read: it is a folder/],
    [["run", "-dash.s"], /no flag -dash\.s; a file of that name is \.\/-dash\.s/],
    [["fuzz", "examples/p1.s", "--jobs", "100000"], /--jobs expects threads: a whole number from 1 to \d+; found "100000"/],
    [["replay", "recordings/quiet", "--on", "nowhere.s"], /no program at nowhere\.s/],
    [["bisect", "recordings/p1/lost-update.rec", "--predicate", "nowhere.ts"], /--predicate nowhere\.ts cannot be imported: there is no such file/],
    [["run", "examples/p1.s", "--cpus", "65"], /--cpus expects a count from 1 to 64.*; found "65"/],
    [["run", "examples/p1.s", "--cpus", "0,0"], /--cpus expects/],
    [["run", "examples/p1.s", "--seed", "x".repeat(65)], /--seed expects a text of 1 to 64 characters; found "x+…?"/],
    [["run", "examples/p1.s", "--seed", "1", "--seed", "2"], /--seed is given 2 times/],
    [["run", "examples/p1.s", "--strategy", "chaos"], /--strategy expects.*"quiet"/],
    [["run", "examples/p1.s", "--abi", "mainline-6.21"], /no contract is named "mainline-6\.21".*did you mean mainline-6\.12\?/],
    [["run", "examples/p1.s", "--abi", "mainline-6.12,mainline-6.12"], /named twice/],
    [["run", "examples/p1.s", "--schedule", "1.1@x:turn"], /the schedule: at character \d+: expected/],
    [["run", "examples/p1.s", "--schedule", "@nowhere"], /--schedule @nowhere: there is no such file/],
    [["run", "examples/p1.s", "--schedule", "", "--strategy", "random"], /both decide; name one/],
    [["run", "examples/p1.s", "--rate", "turn=1/0"], /--rate expects KIND=1\/N/],
    [["run", "examples/p1.s", "--rate", "turn=1/9", "--strategy", "quiet"], /--rate is for --strategy random/],
    [["run", "examples/p1.s", "--json", "--jsonl"], /both take standard output/],
    [["run", "examples/p1.s", "--force"], /--force is for --record FILE/],
    [["run", "examples/p1.s", "--max-icount", "many"], /--max-icount expects/],
    [["run", "examples/p1.s", "extra", "a b"], /the program's own arguments stand after --: rseqlab run examples\/p1\.s -- extra 'a b'/],
    [["minimize", "x.rec", "y.rec"], /nothing more is expected; found "y\.rec"/],
    [["replay"], /REC\|DIR is missing/],
    [["replay", "x.rec", "--strict", "--lenient"], /leave out --lenient/],
    [["show", "x.rec", "--around", "1", "--from", "2"], /--around is a window of its own/],
    [["show", "x.rec", "--header", "--inputs"], /name one of them/],
    [["show", "x.rec", "--from", "7", "--to", "6"], /--from 7 comes after --to 6/],
    [["show", "recordings/p1/lost-update.rec", "--around", "99999"], /entries 0 to \d+ are there/],
    [["run", "two\nrseqlab: lines.s"], /no program at two\\nrseqlab: lines\.s/],
    [["replay", "two\nlines.rec"], /no recording at two\\nlines\.rec/],
    [["run", "evil\u001b]0;x\u0007.s"], /no program at evil\\x1b\]0;x\\x07\.s/]
  ] as const)("%j", (words, said) => {
    const { code, stderr, stdout } = rseqlab(words)
    assert.match(stderr, said)
    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.strictEqual(linesOf(stderr).length, 1)
    assert.notMatch(stderr.replaceAll("\n", ""), /\p{Cc}/u)
  })

  it("says where a text does not assemble, in a few lines", () => {
    const { code, stderr } = rseqlab(["run", fileIn(folder, "bad.s", "_start: mov %rax\n")])
    assert.strictEqual(code, 2)
    assert.match(stderr, /bad\.s:1:\d+: expected/)
    assert.notMatch(stderr, /\.ts:\d+/)
    assert.match(rseqlab(["run", fileIn(folder, "two\nlines.s", "_start: mov %rax\n")]).stderr, /^rseqlab: .*two.{1,3}lines\.s:1:\d+: expected/)
  })

  it("refuses a seed from the environment that is none", () => {
    const { code, stderr } = rseqlab(["run", "examples/p1.s"], { env: { RSEQLAB_SEED: "x".repeat(100) } })
    assert.deepStrictEqual([code, stderr], [2, "rseqlab: RSEQLAB_SEED expects a text of 1 to 64 characters\n"])
  })
})

describe("values on the command line", () => {
  it.each([
    [written.cpus, "3", [0, 1, 2]],
    [written.cpus, "0,2,65536", [0, 2, 65536]],
    [written.cpus, "2,0", [0, 2]],
    [written.cpus, "1048576,0", undefined],
    [written.cpus, "", undefined],
    [written.quantity("x"), "20k", 20_000],
    [written.quantity("x"), "3M", 3_000_000],
    [written.quantity("x"), "0", undefined],
    [written.quantity("x"), "9007199254740993", undefined],
    [written.byteSize, "512K", 524_288],
    [written.byteSize, "1.5M", undefined],
    [written.rate, "turn=1/100", { kind: "turn", oneIn: 100 }],
    [written.rate, "turn=0", { kind: "turn", oneIn: 0 }],
    [written.rate, "jump=1/2", undefined],
    [written.signals, "USR1,sigalrm", [10, 14]],
    [written.signals, "USR1,", undefined],
    [written.menuKinds, "none", []],
    [written.menuKinds, "turn,preempt", ["turn", "preempt"]],
    [written.variable, "PATH", "PATH"],
    [written.variable, "A=B", undefined]
  ] as const)("reads %j", (value, text, expected) => {
    expect(value.parse(text)).toEqual(expected)
  })
})
