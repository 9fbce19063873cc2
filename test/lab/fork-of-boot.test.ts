/** What a search finds from one forked boot, `run --seed` finds from a boot of its own: no question is asked before the first instruction. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { assemble } from "../../src/api/index.ts"
import { abis } from "../../src/kernel/abi/table.ts"
import { type Deviation, quietDecider } from "../../src/log/choice.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import { specOf, start } from "../../src/run/start.ts"
import { Trials } from "../../src/search/trial.ts"
import { randomDecider } from "../../src/strategy/random.ts"

describe("a seed", () => {
  it("means the same run from a fork of the boot as from a boot", () => {
    // Both of its tasks wait on one CPU at boot: whoever asked there would ask which goes first.
    const program = assemble(readFileSync(join(import.meta.dirname, "../../examples/commit-sequence-bad.s"), "utf8"), "commit-sequence-bad.s")
    const spec = specOf(program, [abis["turner-v2"]])
    const booted = start(spec, quietDecider)
    assert(!("_tag" in booted))
    const trials = new Trials(booted, { detectors: [], forkAtNow: 0 })
    for (const seed of ["1", "2", "3", "57"]) {
      const run = start(spec, randomDecider(seed, {}))
      assert(!("_tag" in run))
      const schedule: Array<Deviation> = []
      run.kernel.hearTaken((deviation) => void schedule.push(deviation))
      while (run.outcome === undefined) run.step()
      const trial = trials.perform(randomDecider(seed, {}))
      assert.deepStrictEqual([printSchedule(trial.schedule), trials.run.hash()], [printSchedule(schedule), run.hash()], `seed ${seed}`)
    }
  })
})
