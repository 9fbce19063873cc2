/** What is kept of a campaign outlives whoever makes it: killed anywhere, interrupted anywhere, two of them in one folder. */
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { stream } from "../../src/base/prng.ts"
import { programHome } from "../../src/host/files.ts"
import { fileIn, root, rseqlab, spawned } from "./spawned.ts"

const good = join(root, "examples/percpu-push.s")
const bad = join(root, "examples/percpu-push-bad.s")

const scratch = mkdtempSync(join(tmpdir(), "rseqlab-corpus-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const newFolder = (name: string): string => {
  const folder = join(scratch, name)
  mkdirSync(folder)
  return folder
}

const corpusOf = (cwd: string, program = good): string => join(cwd, ".rseqlab/corpus", programHome(program, cwd))
const statsOf = (cwd: string, program?: string): { readonly nextRun: number; readonly kept: string; readonly pending: ReadonlyArray<unknown> } =>
  JSON.parse(readFileSync(join(corpusOf(cwd, program), "stats.json"), "utf8")) as { nextRun: number; kept: string; pending: ReadonlyArray<unknown> }

/** All files of a corpus but the stats, by name. */
const entriesOf = (folder: string, until: number): ReadonlyMap<string, string> =>
  new Map(readdirSync(folder).filter((name) => /^[0-9a-f]{12}\.json$/.test(name)).sort().flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8")
    const { campaign } = JSON.parse(text) as { campaign: { run: number } }
    return campaign.run < until ? [[name, text] as const] : []
  }))

const ended = (child: ReturnType<typeof spawned>): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const texts = { stdout: "", stderr: "" }
    for (const name of ["stdout", "stderr"] as const) child[name].on("data", (part: Buffer) => void (texts[name] += part.toString()))
    child.on("close", (code) => resolve({ code, ...texts }))
  })

const appears = async (file: string): Promise<void> => {
  for (let tries = 0; !existsSync(file) && tries < 1_200; tries++) await new Promise((resolve) => setTimeout(resolve, 25))
}
const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const seed = process.env["RSEQLAB_SEED"] ?? "1"

/** Until a failure stands written down. */
const isPending = async (cwd: string): Promise<void> => {
  const isThere = (): boolean => existsSync(join(corpusOf(cwd, bad), "stats.json")) && statsOf(cwd, bad).pending.length > 0
  for (let tries = 0; !isThere() && tries < 1_200; tries++) await later(25)
}

/** What a campaign told, as far as it is the same however often it was killed. */
const failuresOf = (json: string): unknown => {
  const { failures, failingRunCount } = JSON.parse(json) as { failures: ReadonlyArray<Record<string, unknown>>; failingRunCount: number }
  return { failingRunCount, failures: failures.map(({ name, run, schedule, strategy }) => ({ name, run, schedule, strategy })) }
}

describe("a campaign that is killed", () => {
  it("loses no more than the runs since it was last written down, and comes to what one left alone comes to", async () => {
    const cwd = newFolder("killed")
    const chance = stream(seed, "kills")
    let before = 0
    for (let kill = 0; kill < 4; kill++) {
      const child = spawned(["fuzz", good, "--max-total-time", "60", "--jobs", kill % 2 === 0 ? "1" : "2"], { cwd })
      const end = ended(child)
      if (kill === 0) await appears(join(corpusOf(cwd), "stats.json"))
      else await later(900)
      const wait = chance.below(700)
      await later(wait)
      child.kill("SIGKILL")
      const { stderr } = await end
      const said = `seed ${seed}, kill ${kill} after ${wait} ms: ${stderr}`
      assert.notMatch(stderr, /passed over|begins again$/m, said)
      const { nextRun } = statsOf(cwd)
      assert.isAtLeast(nextRun, before, said)
      before = nextRun
    }
    const last = rseqlab(["fuzz", good, "--runs", "50"], { cwd })
    assert.match(last.stderr, new RegExp(`runs from ${before.toLocaleString("en-US")} on`), `seed ${seed}`)
    const elsewhere = newFolder("left-alone")
    const { nextRun } = statsOf(cwd)
    assert.strictEqual(nextRun, before + 50)
    assert.strictEqual(rseqlab(["fuzz", good, "--runs", String(nextRun)], { cwd: elsewhere }).code, 0)
    assert.deepStrictEqual(entriesOf(corpusOf(cwd), nextRun), entriesOf(corpusOf(elsewhere), nextRun), `seed ${seed}`)
    assert.strictEqual(statsOf(cwd).kept, statsOf(elsewhere).kept)
    assert.deepStrictEqual(readdirSync(corpusOf(cwd)).filter((name) => name.endsWith(".part")), [])
  })

  it("loses no failure: whoever resumes it tells all that one left alone would have told", async () => {
    const cwd = newFolder("failures-killed")
    const chance = stream(seed, "kills among failures")
    const killCount = Number(process.env["RSEQLAB_KILLS"] ?? "4")
    const waits: Array<number> = []
    for (let kill = 0; kill < killCount; kill++) {
      const child = spawned(["fuzz", bad, "--keep-going", "--max-total-time", "60", "--jobs", kill % 2 === 0 ? "1" : "2"], { cwd })
      const end = ended(child)
      await new Promise((resolve) => child.stderr.once("data", resolve))
      if (kill === 0) await isPending(cwd)
      const wait = chance.below(600)
      waits.push(wait)
      await later(wait)
      child.kill("SIGKILL")
      await end
    }
    const said = `seed ${seed}, killed after ${waits.join(", ")} ms`
    // Without --keep-going they are told at once, and stay until somebody passes them by.
    const told = rseqlab(["fuzz", bad, "--runs", "20", "--schedule-only"], { cwd })
    assert.match(told.stderr, /[0-9]+ failures? found before, and nobody was told/, said)
    assert.match(told.stdout, /^FOUND /)
    const last = rseqlab(["fuzz", bad, "--keep-going", "--runs", "20", "--json", "--schedule-only"], { cwd })
    assert.strictEqual(last.code, 1, `${said}: ${last.stderr}`)
    const { nextRun } = statsOf(cwd, bad)
    const elsewhere = newFolder("failures-left-alone")
    const whole = rseqlab(["fuzz", bad, "--keep-going", "--runs", String(nextRun), "--json", "--schedule-only"], { cwd: elsewhere })
    assert.deepStrictEqual(failuresOf(last.stdout), failuresOf(whole.stdout), `${said}, ${nextRun} runs`)
    assert.deepStrictEqual(statsOf(cwd, bad).pending, [], "told once")
  })

  it("leaves nothing of what it was writing, once somebody comes back", () => {
    const cwd = newFolder("parts")
    assert.strictEqual(rseqlab(["fuzz", good, "--runs", "20"], { cwd }).code, 0)
    // No process has so high a number.
    const [ours, strangers] = ["0123456789ab.json.4194999.part", "notes.4194999.part"]
    for (const name of [ours, strangers]) fileIn(corpusOf(cwd), name, "{")
    assert.match(rseqlab(["fuzz", good, "--runs", "20"], { cwd }).stderr, /1 file of the corpus passed over/)
    assert.deepStrictEqual(readdirSync(corpusOf(cwd)).filter((name) => name.endsWith(".part")), [strangers])
  })
})

describe("two campaigns in one folder", () => {
  it("leave a corpus that is whole, with where one of them came to", async () => {
    const cwd = newFolder("two")
    const ends = await Promise.all([["--runs", "900"], ["--runs", "700"], ["--runs", "300", "--seed", "2"]].map((words) => ended(spawned(["fuzz", good, ...words], { cwd }))))
    assert.deepStrictEqual(ends.map(({ code }) => code), [0, 0, 0], ends.map(({ stderr }) => stderr).join(""))
    const { code, stderr } = rseqlab(["fuzz", good, "--runs", "10"], { cwd })
    assert.strictEqual(code, 0)
    assert.notMatch(stderr, /passed over/)
    assert.deepStrictEqual(readdirSync(corpusOf(cwd)).filter((name) => name.endsWith(".part")), [])
  })
})

describe("a corpus something is missing from", () => {
  it("begins its campaign again, for runs are bred from it", () => {
    const cwd = newFolder("lacking")
    assert.strictEqual(rseqlab(["fuzz", good, "--runs", "200"], { cwd }).code, 0)
    const [first] = entriesOf(corpusOf(cwd), Infinity).keys()
    rmSync(join(corpusOf(cwd), first ?? ""))
    const { stderr } = rseqlab(["fuzz", good, "--runs", "10"], { cwd })
    assert.match(stderr, /are gone or changed.*begins again\n.*runs from 0$/m)
  })
})

describe("a stored schedule that fails on a new build", () => {
  it("fails again the next time, until the build is mended", () => {
    const cwd = newFolder("stored")
    const program = fileIn(cwd, "prog.s", readFileSync(good))
    assert.strictEqual(rseqlab(["fuzz", program, "--runs", "10"], { cwd }).code, 0)
    const lucky = { schema: 1, program: "prog.s", schedule: "1.1@35:preempt=1.2,1.2@21:preempt=1.1,1.1@61:preempt=kernel", features: [] }
    fileIn(corpusOf(cwd, "prog.s"), "abcdefabcdef.json", JSON.stringify(lucky))
    fileIn(cwd, "prog.s", readFileSync(bad))
    for (let times = 0; times < 2; times++) {
      const { code, stderr, stdout } = rseqlab(["fuzz", program, "--runs", "1"], { cwd })
      assert.strictEqual(code, 1, stderr)
      assert.match(stdout, /^FOUND .* a stored schedule/)
      const [, again = ""] = /again {5}rseqlab (.*)/.exec(stdout) ?? []
      assert.strictEqual(rseqlab(again.split(" "), { cwd }).code, 1, again)
    }
    fileIn(cwd, "prog.s", readFileSync(good))
    assert.strictEqual(rseqlab(["fuzz", program, "--runs", "1"], { cwd }).code, 0)
  })
})

describe("what lies in a corpus and is none of ours", () => {
  it("is passed over, counted and left alone, whatever it is", () => {
    const cwd = newFolder("strange")
    assert.strictEqual(rseqlab(["fuzz", good, "--runs", "200"], { cwd }).code, 0)
    const corpus = corpusOf(cwd)
    const entries = entriesOf(corpus, Infinity)
    const [entry = ""] = entries.values()
    const chance = stream(seed, "strangers")
    const name = (index: number): string => `${index.toString(16).padStart(12, "e")}.json`
    let count = 0
    const add = (make: (path: string) => void): void => make(join(corpus, name(count++)))
    for (let fuzzed = 0; fuzzed < 40; fuzzed++) {
      const bytes = Buffer.from(entry)
      for (let flip = 0; flip < 4; flip++) bytes[chance.below(40)] = chance.below(256)
      add((path) => writeFileSync(path, fuzzed % 2 === 0 ? bytes : bytes.subarray(0, chance.below(bytes.length - 2))))
    }
    add((path) => mkdirSync(path))
    add((path) => execFileSync("mkfifo", [path]))
    add((path) => symlinkSync(path, path))
    add((path) => symlinkSync("/dev/zero", path))
    add((path) => symlinkSync("nowhere", path))
    add((path) => writeFileSync(path, Buffer.alloc(9 << 20, " ")))
    add((path) => writeFileSync(path, "[".repeat(100_000)))
    add((path) => writeFileSync(path, JSON.stringify({ schema: 1, program: "x", schedule: "1@0:turn=1,".repeat(100_000), features: [] })))
    add((path) => {
      writeFileSync(path, entry)
      // Whoever is root reads it all the same.
      chmodSync(path, process.getuid?.() === 0 ? 0o600 : 0)
    })
    const strangers = readdirSync(corpus).filter((one) => one.startsWith("eeee")).length
    const { code, stderr } = rseqlab(["fuzz", good, "--runs", "20", "--jobs", "2"], { cwd })
    assert.strictEqual(code, 0, `seed ${seed}: ${stderr}`)
    const skipped = Number(/([0-9]+) files of the corpus passed over/.exec(stderr)?.[1] ?? 0)
    // A flip inside the program's name changes nothing that is looked at, and root may read everything.
    assert.isAtLeast(skipped, strangers - 12, `seed ${seed}: ${stderr}`)
    assert.isAtMost(skipped, strangers, `seed ${seed}: ${stderr}`)
    assert.strictEqual(readdirSync(corpus).filter((one) => one.startsWith("eeee")).length, strangers)
    for (const [file, text] of entries) assert.strictEqual(readFileSync(join(corpus, file), "utf8"), text)
  })

  it("does not stop a campaign where its own names are taken", () => {
    const cwd = newFolder("taken")
    mkdirSync(corpusOf(cwd), { recursive: true })
    mkdirSync(join(corpusOf(cwd), "stats.json"))
    const { code, stderr } = rseqlab(["fuzz", good, "--runs", "20"], { cwd })
    assert.strictEqual(code, 0)
    assert.match(stderr, /the corpus is not kept: .*stats\.json cannot be written: it is a folder/)
  })
})

describe("Ctrl-C", () => {
  it.each([0, 600])("%i ms into a campaign leaves a corpus that goes on", async (wait) => {
    const cwd = newFolder(`interrupted-${wait}`)
    const child = spawned(["fuzz", good, "--max-total-time", "60", "--jobs", "2"], { cwd })
    const end = ended(child)
    await new Promise((resolve) => child.stderr.once("data", resolve))
    await later(wait)
    child.kill("SIGINT")
    const { code, stderr } = await end
    assert.strictEqual(code, 130, stderr)
    const { nextRun } = statsOf(cwd)
    const again = rseqlab(["fuzz", good, "--runs", "5"], { cwd })
    assert.strictEqual(again.code, 0)
    assert.notMatch(again.stderr, /passed over|gone or changed/)
    assert.strictEqual(statsOf(cwd).nextRun, nextRun + 5)
  })

  it.each([0, 250])("%i ms after a finding still tells it, and leaves a corpus that comes back to it", async (wait) => {
    const cwd = newFolder(`found-${wait}`)
    const child = spawned(["fuzz", bad, "--jobs", "2", "--keep-going", "--runs", "300"], { cwd })
    const end = ended(child)
    // Written down at the latest when the last run was made, before anybody looks into what was found.
    for (let tries = 0; (!existsSync(join(corpusOf(cwd, bad), "stats.json")) || statsOf(cwd, bad).nextRun < 300) && tries < 1_200; tries++) await later(10)
    await later(wait)
    child.kill("SIGINT")
    const { code, stderr, stdout } = await end
    assert.strictEqual(code, 1, stderr)
    assert.match(stdout, /^FOUND [a-z-]+ in percpu-push-bad\.s/)
    assert.match(stdout, /schedule {2}1\.[12]@/)
    const [, recording = ""] = /saved {5}(\S+)/.exec(stdout) ?? []
    assert.strictEqual(rseqlab(["replay", recording], { cwd }).code, 0)
    const again = rseqlab(["fuzz", bad, "--runs", "60"], { cwd })
    assert.deepStrictEqual([/passed over|gone or changed/.test(again.stderr), /runs from 300 on/.test(again.stderr)], [false, true], again.stderr)
  })
})
