import { stream } from "../base/prng.ts"
import type { CpuId } from "../base/ids.ts"
import { defineStrategy, type StrategyDefinition } from "./definition.ts"
import { accessMarks, stepwise } from "./stepwise.ts"

const SPIN_MAX = 8

/**
 * Probabilistic concurrency testing: CPUs have random priorities, the highest that has a task goes on, and at `depth - 1`
 * accesses drawn beforehand whoever goes on falls below all others. Hits a bug of that depth with probability at least
 * 1 / (n k^(depth - 1)), n CPUs and k accesses.
 */
const definePct = <const Name extends string>(name: Name, depth: number, turns: ReadonlyArray<number>): StrategyDefinition<Name> => defineStrategy({
  name,
  summary: `random priorities of the CPUs, lowered at ${depth - 1} watched accesses drawn beforehand (bugs of depth ${depth})`,
  source: "Burckhardt, Kothari, Musuvathi & Nagarakatte, A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010",
  power: { _tag: "Ranks", depth },
  turns,
  make: ({ profile, seed, watches }) => {
    const marks = accessMarks(watches)
    return {
      nextRun: (run) => {
        const chance = stream(`${seed}/${run}`, name)
        const priorities = new Map<CpuId, number>()
        const changes = new Map<number, number>()
        // Two may fall on one access: then there is one change fewer.
        for (let change = 1; change < depth; change++) changes.set(1 + chance.below(profile.accessCount), change)
        let accessCount = 0
        // Who comes back to the same access again and again spins: it falls, or nobody else would ever go on.
        let spinning: CpuId | undefined
        let spinIp = 0
        let spinCount = 0
        const priorityOf = (cpu: CpuId): number => {
          const met = priorities.get(cpu)
          if (met !== undefined) return met
          // Above every value that a change gives; two CPUs draw the same once in 2^32.
          const drawn = depth + chance.below(2 ** 32)
          priorities.set(cpu, drawn)
          return drawn
        }
        return stepwise(marks, (stretch, others) => {
          let best = stretch.cpu
          for (const cpu of others) if (priorityOf(cpu) > priorityOf(best)) best = cpu
          accessCount++
          const change = changes.get(accessCount)
          if (change !== undefined) priorities.set(best, depth - change)
          const ip = stretch.pending?.ip ?? 0
          spinCount = best === spinning && ip === spinIp ? spinCount + 1 : 0
          spinning = best
          spinIp = ip
          if (spinCount >= SPIN_MAX) priorities.set(best, -accessCount)
          return best
        })
      }
    }
  }
})

export const pct2 = definePct("pct-2", 2, [11])
export const pct3 = definePct("pct-3", 3, [5])
