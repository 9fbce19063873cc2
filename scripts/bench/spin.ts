/** p1 as a model for Spin, simulated at random: no instructions, no kernel, a draw before every statement. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isInstalled, runCommand } from "./native.ts"

const RUN_COUNT = 100_000

const model = (repeat: number, runCount: number): string => `
byte c, ended;
proctype count() {
  byte left = ${repeat}, seen;
  do
  :: left > 0 -> seen = c; c = seen + 1; left--
  :: left == 0 -> break
  od;
  ended++
}
init {
  int runs = ${runCount};
  do
  :: runs > 0 -> c = 0; ended = 0; run count(); run count(); (ended == 2 && _nr_pr == 1); runs--
  :: runs == 0 -> break
  od
}
`

/** Nanoseconds a run of two tasks that count to `repeat` each; `undefined`: Spin is not here. */
export const spinLostUpdate = (repeat: number): number | undefined => {
  if (!isInstalled("spin")) return undefined
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-bench-"))
  try {
    const path = join(folder, "p1.pml")
    const msOf = (runCount: number): number | undefined => {
      writeFileSync(path, model(repeat, runCount))
      const run = runCommand(["spin", "-n1", "-T", path])
      return run?.status === 0 ? run.ms : undefined
    }
    const [startMs, ms] = [msOf(1), msOf(RUN_COUNT)]
    return startMs === undefined || ms === undefined ? undefined : ((ms - startMs) * 1e6) / RUN_COUNT
  } finally {
    rmSync(folder, { recursive: true })
  }
}
