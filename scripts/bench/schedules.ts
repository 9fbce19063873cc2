/** Schedules a second: a program run from its fork under random walk, a stop at each watched access, one detector listening. */
import fc from "fast-check"
import { detectors } from "../../src/analysis/detect/table.ts"
import { quietDecider } from "../../src/log/choice.ts"
import { start } from "../../src/run/start.ts"
import { searchPolicy } from "../../src/search/target.ts"
import { Trials } from "../../src/search/trial.ts"
import { defaultStrategyOptions } from "../../src/strategy/definition.ts"
import { randomWalk } from "../../src/strategy/random-walk.ts"
import { exampleSpec } from "../../test/support/examples.ts"
import { nanosecondsEach, threadMs } from "./clock.ts"
import { promised } from "./promised.ts"
import { spinLostUpdate } from "./spin.ts"
import type { Bench, Figure } from "./table.ts"

interface Subject {
  readonly file: keyof typeof promised
  readonly repeat: number
}

const subjects: ReadonlyArray<Subject> = [
  { file: "p1.s", repeat: 3 },
  { file: "p2.s", repeat: 1 },
  { file: "p3.s", repeat: 10 }
]

const ours = ({ file, repeat }: Subject): number => {
  const spec = { ...exampleSpec(file, { repeat }), quiet: searchPolicy }
  const run = start(spec, quietDecider)
  if ("_tag" in run) throw new Error(run.reason)
  const trials = new Trials(run, { detectors: [detectors["guest-failure"]], forkAtNow: 0 })
  const strategy = randomWalk.make({ ...defaultStrategyOptions, seed: "bench", watches: spec.program.experiment.watches })
  let nth = 0
  return nanosecondsEach((runs) => {
    for (let left = runs; left > 0; left--) trials.perform(strategy.nextRun(nth++) ?? quietDecider)
  }, { leastMs: 400 })
}

const PEER_RUN_COUNT = 4_000

/**
 * The same program as promises, one of them let go on at a time. `waitFor` is the faster of the two ways its documentation recommends;
 * `waitAll`, which is not recommended, leaves p2 unfinished. Bad runs are counted and none ends the property, as none ends ours.
 */
const theirs = async ({ file, repeat }: Subject): Promise<number> => {
  let badCount = 0
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const { isGood, tasks } = promised[file](repeat)
    const step = (): Promise<unknown> => scheduler.schedule(Promise.resolve())
    await scheduler.waitFor(Promise.all(tasks.map((task) => task(step))))
    if (!isGood()) badCount++
  })
  let best = Infinity
  for (let tries = 0; tries < 3; tries++) {
    const from = threadMs()
    await fc.assert(property, { numRuns: PEER_RUN_COUNT, seed: tries })
    best = Math.min(best, threadMs() - from)
  }
  if (badCount === 0) throw new Error(`fast-check found no bad run of ${file}: it does not run the same program`)
  return (best * 1e6) / PEER_RUN_COUNT
}

export const schedules: Bench = {
  name: "schedules",
  summary: "random walk over p1, p2, p3: real instructions, a stop at each watched access, one detector, against fast-check's scheduler and Spin",
  run: async () => {
    const figures: Array<Figure> = []
    for (const subject of subjects) {
      const each = ours(subject)
      const ratio = (await theirs(subject)) / each
      const of = subject.repeat > 1 ? `${subject.file} k=${subject.repeat}` : subject.file
      figures.push({ of, value: 1e6 / each, unit: "k/s", target: { atLeast: 200 } })
      figures.push({ of: `${of} over fast-check`, value: ratio, unit: "x", target: { atLeast: 15 } })
      if (subject.file !== "p1.s") continue
      const spin = spinLostUpdate(subject.repeat)
      const note = spin === undefined ? "skipped: no spin here" : "a model of it, simulated"
      figures.push({ of: `${of} over spin`, value: spin === undefined ? undefined : spin / each, unit: "x", note })
    }
    return figures
  }
}
