import type { Count, TaskId } from "../base/ids.ts"
import { stream } from "../base/prng.ts"
import { type Decider, type Interruption, type InterruptionKind, interruptionKinds, type Kind, kinds, type Option, type Question, type Stretch } from "../log/choice.ts"
import { defineStrategy } from "./definition.ts"
import { gap } from "./gap.ts"

/** A decider that deviates by chance, all of it drawn from one stream. */
export const randomDecider = (seed: string, rates: Readonly<Partial<Record<Kind, number>>>): Decider => {
  const chance = stream(seed, "random")
  const rateOf = (kind: Kind): number => rates[kind] ?? kinds[kind].oneIn
  const offered: Array<InterruptionKind> = []
  // By task: the boundary up to which chance has spoken, and whether what it said there has come to be.
  const spoken = new Map<TaskId, { at: Count; isTaken: boolean }>()
  /** Of the boundary where a stretch begins: where a call or a fault has ended the last, what chance said of it was void. */
  const mayTakeFirst = ({ from, task, visit }: Stretch): boolean => {
    const last = spoken.get(task)
    return last === undefined || (visit > 0 && (from < last.at || (from === last.at && !last.isTaken)))
  }
  return {
    marks: [],
    taken: ({ count, task }) => {
      const last = spoken.get(task)
      if (last?.at === count) last.isTaken = true
    },
    interrupt: (stretch: Stretch): Interruption | "nothing" => {
      offered.length = 0
      let total = 0
      for (const kind of interruptionKinds) {
        const rate = rateOf(kind)
        if (rate === 0 || stretch.options(kind).length === 0) continue
        offered.push(kind)
        total += 1 / rate
      }
      if (offered.length === 0) return "nothing"
      const { from, task, until } = stretch
      for (let first = mayTakeFirst(stretch) ? from : from + 1;;) {
        const at = first + gap(chance, Math.min(total, 1), until - from)
        // Where a stretch ends by itself chance has spoken as well.
        spoken.set(task, { at: Math.min(at, until), isTaken: at > until })
        if (at > until) return "nothing"
        const kind = weighted(offered, rateOf, chance.below(2 ** 32) / 2 ** 32 * total)
        const options = stretch.options(kind, at)
        if (options.length > 0) return { at, kind, option: oneOf(options, chance.below(options.length)) }
        first = at + 1
      }
    },
    choose: ({ kind, options }: Question): Option => {
      const rate = rateOf(kind)
      const quiet = oneOf(options, 0)
      return rate === 0 || !chance.oneIn(rate) ? quiet : oneOf(options, 1 + chance.below(options.length - 1))
    }
  }
}

const oneOf = (options: ReadonlyArray<Option>, index: number): Option => options[index] ?? 0

const weighted = (offered: ReadonlyArray<InterruptionKind>, rateOf: (kind: Kind) => number, at: number): InterruptionKind => {
  let passed = 0
  for (const kind of offered) {
    passed += 1 / rateOf(kind)
    if (at < passed) return kind
  }
  return offered[offered.length - 1] ?? "preempt"
}

/** Independent chances everywhere: cheap, unbiased by where one thinks the bug is. */
export const random = defineStrategy({
  name: "random",
  summary: "at every boundary and question a small chance to deviate, by kind (--rate preempt=1/100)",
  source: "uniform random scheduling; Burckhardt et al., ASPLOS 2010, measure it as the baseline",
  power: { _tag: "Chances" },
  turns: [2, 10],
  make: ({ rates, seed }) => ({ nextRun: (run) => randomDecider(run === 0 ? seed : `${seed}/${run}`, rates) })
})
