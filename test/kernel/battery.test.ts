/**
 * One program, two kernels: what `battery.c` prints about signals, waits, memory, timers and threads under Linux it prints under
 * the simulated kernel, whatever the schedule. Where there is no gcc, or no Linux on x86-64, nothing is compared.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { latin1OfBytes } from "../../src/base/bytes.ts"
import { apply, isApplied } from "../../src/kernel/apply.ts"
import { emptyState } from "../../src/kernel/boot.ts"
import { type Decider, quietDecider } from "../../src/log/choice.ts"
import { loadProgram } from "../../src/program/load.ts"
import { specOf, start } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"

const isAble = process.platform === "linux" && process.arch === "x64" && spawnSync("gcc", ["--version"]).status === 0
const flags = "-O2 -march=x86-64 -static -no-pie -fno-pie -ffreestanding -nostdlib -fno-stack-protector -fno-tree-vectorize -mgeneral-regs-only -fcf-protection=none -fno-asynchronous-unwind-tables -Wl,--build-id=none".split(" ")

describe.skipIf(!isAble)("the battery", () => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-battery-"))
  const battery = join(folder, "battery")
  let said = ""

  beforeAll(() => {
    execFileSync("gcc", [...flags, "-o", battery, fileURLToPath(new URL("battery.c", import.meta.url))])
    // Its stdout is to be a pipe, which a shell makes and a parent need not.
    said = spawnSync("sh", ["-c", 'timeout 20 "$0" | cat', battery], { encoding: "utf8", timeout: 30_000 }).stdout
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("comes to its end under Linux", () => assert.include(said, "# the end\n"))

  it.each([["quiet", quietDecider], ...["1", "2", "3", "4", "5"].map((seed) => [seed, randomDecider(seed, {})] as const)] satisfies ReadonlyArray<readonly [string, Decider]>)(
    "says the same here (seed %s), and its events tell the state", (_seed, decider) => {
      const loaded = loadProgram(readFileSync(battery), "battery")
      assert(loaded._tag === "Loaded", "it is an executable")
      const spec = specOf(loaded.program, [])
      let written = ""
      let folded = emptyState(spec.cpus)
      const run = start(spec, decider, {
        append: (_now, _cpu, _task, _count, event) => {
          if (event._tag === "Written") written += latin1OfBytes(event.bytes)
          if (isApplied(event)) folded = apply(folded, event)
        }
      })
      assert(!("_tag" in run), "it boots")
      while (run.outcome === undefined) run.advance(1_000_000)
      assert.deepStrictEqual(run.outcome, { _tag: "Killed", signal: 9 })
      assert.deepStrictEqual(written.split("\n"), said.split("\n"))
      assert.deepStrictEqual(folded, run.kernel.state)
      assert.isEmpty([...run.kernel.state.unknownCalls])
    })
})
