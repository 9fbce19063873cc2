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
import type { Bench, Figure } from "./table.ts"

/** A program, and how often each of its two tasks accesses what they share: all that fast-check's scheduler sees of it. */
interface Subject {
  readonly file: string
  readonly repeat: number
  readonly accessCounts: readonly [number, number]
}

const subjects: ReadonlyArray<Subject> = [
  { file: "p1.s", repeat: 3, accessCounts: [6, 6] },
  { file: "p2.s", repeat: 1, accessCounts: [3, 9] },
  { file: "p3.s", repeat: 10, accessCounts: [12, 12] }
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

/** The same accesses by tasks that are promises, one of them let go on at a time. */
const theirs = async ({ accessCounts }: Subject): Promise<number> => {
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    let word = 0
    const task = async (accessCount: number): Promise<void> => {
      for (let left = accessCount; left > 0; left--) {
        await scheduler.schedule(Promise.resolve())
        word++
      }
    }
    const tasks = accessCounts.map(task)
    await scheduler.waitAll()
    await Promise.all(tasks)
    return word === accessCounts[0] + accessCounts[1]
  })
  let best = Infinity
  for (let tries = 0; tries < 3; tries++) {
    const from = threadMs()
    await fc.assert(property, { numRuns: PEER_RUN_COUNT, seed: tries })
    best = Math.min(best, threadMs() - from)
  }
  return (best * 1e6) / PEER_RUN_COUNT
}

export const schedules: Bench = {
  name: "schedules",
  summary: "random walk over p1, p2, p3: real instructions, a stop at each watched access, one detector, against fast-check's scheduler",
  run: async () => {
    const figures: Array<Figure> = []
    for (const subject of subjects) {
      const each = ours(subject)
      const ratio = (await theirs(subject)) / each
      const of = subject.repeat > 1 ? `${subject.file} k=${subject.repeat}` : subject.file
      figures.push({ of, value: 1e6 / each, unit: "k/s", target: { atLeast: 200 } })
      figures.push({ of: `${of} over fast-check`, value: ratio, unit: "x", target: { atLeast: 15 } })
    }
    return figures
  }
}
