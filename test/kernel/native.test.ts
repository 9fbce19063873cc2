/**
 * C programs, two kernels: what a program of `native/` writes and ends with under Linux it writes and ends with here, whatever the
 * schedule. Built by each compiler that is there; where there is none, or no Linux on x86-64, nothing is compared.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { release, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "vitest"
import { latin1OfBytes } from "../../src/base/bytes.ts"
import { type Decider, quietDecider } from "../../src/log/choice.ts"
import { loadProgram } from "../../src/program/load.ts"
import { specOf, start } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { abisNamed } from "../support/examples.ts"

const isAble = process.platform === "linux" && process.arch === "x64"
const compilers = ["gcc", "musl-gcc"].filter((name) => isAble && spawnSync(name, ["--version"]).status === 0)
const isOld = Number(release().split(".")[0]) < 6
const sources = fileURLToPath(new URL("native/", import.meta.url))
const programs = readdirSync(sources).filter((file) => file.endsWith(".c"))
const deciders: ReadonlyArray<readonly [seed: string, Decider]> =
  [["quiet", quietDecider], ...["1", "2", "3", "4"].map((seed) => [seed, randomDecider(seed, {})] as const)]

describe.each(compilers)("a program built by %s", (compiler) => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-native-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(programs)("does here what it does under Linux: %s", (source) => {
    const built = join(folder, source.replace(/\.c$/, ""))
    execFileSync(compiler, ["-O2", "-static", "-pthread", "-Wall", "-Werror", "-o", built, join(sources, source)])
    // Where the kernel is older than the contract, it is not asked.
    if (isOld && source === "leader-leaves-first.c") return
    const { status, stdout } = spawnSync(built, { encoding: "utf8", timeout: 20_000 })
    const loaded = loadProgram(readFileSync(built), source)
    assert(loaded._tag === "Loaded", "it is an executable")
    for (const [seed, decider] of deciders) {
      let written = ""
      const run = start(specOf(loaded.program, abisNamed("mainline-6.12")), decider, {
        append: (_now, _cpu, _task, _count, event) => { if (event._tag === "Written") written += latin1OfBytes(event.bytes) }
      })
      assert(!("_tag" in run), "it boots")
      while (run.outcome === undefined) run.advance(1_000_000)
      assert.deepStrictEqual([written, run.outcome], [stdout, { _tag: "Exited", status }], `seed ${seed}`)
    }
  })
})
