/**
 * What every strategy owes by its row: it comes to all the runs there are of its kind, each as often as it should. On programs so
 * small that the runs can be counted, and beside models that know nothing of the code. Chi-square; the seed is printed,
 * RSEQLAB_SEED chooses another.
 */
import { describe, expect, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { type TaskId, taskName } from "../../src/base/ids.ts"
import { type Decider, type Deviation, type Kind, quietDecider } from "../../src/log/choice.ts"
import { printDeviation, printSchedule } from "../../src/log/schedule.ts"
import type { Program } from "../../src/program/program.ts"
import { Watcher } from "../../src/run/observe.ts"
import type { Run, RunSnapshot } from "../../src/run/run.ts"
import { specOf, start } from "../../src/run/start.ts"
import { defaultStrategyOptions, type Power, type StrategyDefinition, type StrategyOptions } from "../../src/strategy/definition.ts"
import { profileOf } from "../../src/strategy/offers.ts"
import { accessMarks } from "../../src/strategy/stepwise.ts"
import { portfolio, strategies } from "../../src/strategy/table.ts"
import { abisNamed, assembleText, example } from "../support/examples.ts"
import { standAtFirstMarks } from "../support/enumerate.ts"

const SEED = process.env["RSEQLAB_SEED"] ?? "power"

// ---- a program whose runs can be counted

interface Booted {
  readonly run: Run
  readonly from: RunSnapshot
  readonly options: StrategyOptions
  /** What the run under way has taken so far: emptied before each. */
  readonly taken: Array<Deviation>
}

const booted = (program: Program, kinds: ReadonlyArray<Kind>, taskCountAtMarks?: number): Booted => {
  const spec = specOf(program, abisNamed("none"))
  const run = start({ ...spec, menu: { ...spec.menu, kinds: new Set(kinds) }, quiet: { ...spec.quiet, turnIcount: 0, sliceIcount: 0 } }, quietDecider)
  if ("_tag" in run) throw new Error(run.reason)
  const { watches } = program.experiment
  const from = taskCountAtMarks === undefined ? run.snapshot() : standAtFirstMarks(run, accessMarks(watches), taskCountAtMarks)
  const taken: Array<Deviation> = []
  run.kernel.hearTaken((deviation) => void taken.push(deviation))
  return { run, from, taken, options: { ...defaultStrategyOptions, seed: SEED, watches, everyBoundary: true } }
}

/** Runs to the end under `decider`: what was taken, and who accessed what is watched, in the order of the bus. */
const performed = ({ from, options: { watches }, run, taken }: Booted, decider: Decider): { readonly schedule: ReadonlyArray<Deviation>; readonly order: string } => {
  const order: Array<string> = []
  run.restore(from)
  taken.length = 0
  run.kernel.decider = decider
  const unheard = run.kernel.hear({
    append: (_now, _cpu, _task, _count, event) => {
      if (event._tag !== "Accessed") return
      // A read-modify-write that was not split is both.
      for (let each = 0; each < event.isRead + event.isWrite; each++) order.push(letterOf(event.task))
    }
  })
  run.observe(new Watcher({ watches, sections: [], reached: [] }))
  while (run.outcome === undefined) run.step()
  unheard()
  return { schedule: [...taken], order: order.join("") }
}
const letterOf = (task: TaskId): string => known("ABCDEFGH"[Number(taskName(task).split(".").at(-1)) - 1], "few tasks")

const runsOf = (definition: StrategyDefinition, small: Booted, options: StrategyOptions, runCount: number) => {
  const strategy = definition.make(options)
  const made: Array<ReturnType<typeof performed>> = []
  for (let run = 0; run < runCount; run++) {
    const decider = strategy.nextRun(run)
    if (decider === undefined) break
    made.push(performed(small, decider))
  }
  return made
}

// ---- chance

const counted = (all: Iterable<string>): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1)
  return counts
}

/** What chi-square of so many degrees of freedom exceeds once in a million times: Wilson and Hilferty, 1931. */
const limitOf = (freedom: number): number => freedom * (1 - 2 / (9 * freedom) + 4.75 * Math.sqrt(2 / (9 * freedom))) ** 3

/** `all` comes to what the model holds for possible and to nothing else, as often as it says. */
const expectDrawn = (all: ReadonlyArray<string>, model: ReadonlyMap<string, number>): void => {
  const counts = counted(all)
  const said = `seed ${SEED}, ${all.length} runs`
  expect([...counts.keys()].filter((key) => !model.has(key)), `${said}: what there is not`).toEqual([])
  expect([...model.keys()].filter((key) => !counts.has(key)), `${said}: not reached`).toEqual([])
  let sum = 0
  for (const [key, chance] of model) sum += ((counts.get(key) ?? 0) - chance * all.length) ** 2 / (chance * all.length)
  expect(sum, `${said}: chi-square, ${model.size - 1} degrees of freedom`).toBeLessThan(limitOf(Math.max(1, model.size - 1)))
}

/** So many runs that the rarest is expected about this often. */
const EXPECTED_COUNT = 25
const runCountFor = (model: ReadonlyMap<string, number>): number => Math.ceil(EXPECTED_COUNT / Math.min(...model.values()))

const even = (keys: ReadonlyArray<string>): ReadonlyMap<string, number> => new Map(keys.map((key) => [key, 1 / keys.length]))

// ---- models of tasks with so many steps each, a step an access

/** Before each step all tasks that have one left are alike. */
const walk = (lefts: ReadonlyArray<number>): ReadonlyMap<string, number> => {
  const all = new Map<string, number>()
  const go = (left: ReadonlyArray<number>, done: string, chance: number): void => {
    const open = [...left.keys()].filter((task) => (left[task] ?? 0) > 0)
    if (open.length === 0) all.set(done, (all.get(done) ?? 0) + chance)
    for (const task of open) go(left.with(task, (left[task] ?? 0) - 1), done + "ABCDEFGH".charAt(task), chance / open.length)
  }
  go(lefts, "", 1)
  return all
}

/** The task of the highest rank takes each step; behind each of the steps drawn beforehand, whoever took it ranks below all. */
const rank = (lefts: ReadonlyArray<number>, depth: number): ReadonlyMap<string, number> => {
  const stepCount = lefts.reduce((sum, left) => sum + left, 0)
  const all: Array<string> = []
  const orders = permutations([...lefts.keys()])
  const falls = Array.from({ length: stepCount ** (depth - 1) }, (_, index) =>
    Array.from({ length: depth - 1 }, (_unused, change) => Math.floor(index / stepCount ** change) % stepCount))
  for (const order of orders) {
    for (const fall of falls) {
      const ranks = lefts.map((_, task) => depth + order.indexOf(task))
      const left = [...lefts]
      let done = ""
      for (let step = 0; step < stepCount; step++) {
        const [best = 0] = [...left.keys()].filter((task) => (left[task] ?? 0) > 0).sort((one, other) => (ranks[other] ?? 0) - (ranks[one] ?? 0))
        left[best] = (left[best] ?? 0) - 1
        done += "ABCDEFGH".charAt(best)
        const change = fall.lastIndexOf(step)
        if (change !== -1) ranks[best] = depth - 1 - change
      }
      all.push(done)
    }
  }
  return new Map([...counted(all)].map(([key, count]) => [key, count / all.length]))
}
const permutations = (list: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  list.length <= 1 ? [list] : list.flatMap((first) => permutations(list.filter((one) => one !== first)).map((rest) => [first, ...rest]))

/** Each program with what its tasks do: so many loads, stores, or halves of unlocked read-modify-writes. */
const stepped = (file: string, repeat: number | undefined, kinds: ReadonlyArray<Kind>, lefts: ReadonlyArray<number>) => ({ file, repeat, kinds, lefts })
const steppers = [
  stepped("p1.s", 1, ["turn"], [2, 2]), stepped("p1.s", 2, ["turn"], [4, 4]), stepped("reorder.s", undefined, ["turn"], [2, 2, 2]),
  stepped("plain-increment.s", 1, ["turn", "split"], [2, 2]), stepped("plain-increment.s", 2, ["turn", "split"], [4, 4])
]
/** What is known of them: (2k)! / k!² and so on. */
const counts = [6, 70, 90, 6, 70]

const drawnAsModelled = (definition: StrategyDefinition, modelOf: (lefts: ReadonlyArray<number>) => ReadonlyMap<string, number>): void => {
  it.each(steppers)(`reaches every order of accesses that it should, as often as it should: $file, repeat $repeat ($kinds)`, ({ file, kinds, lefts, repeat }) => {
    const small = booted(example(file, repeat === undefined ? {} : { repeat }), kinds, lefts.length)
    const model = modelOf(lefts)
    const accessCount = lefts.reduce((sum, left) => sum + left, 0)
    const made = runsOf(definition, small, { ...small.options, profile: { ...small.options.profile, accessCount } }, runCountFor(model))
    // Behind the tasks' steps the first task looks at what they have done.
    expectDrawn(made.map(({ order }) => order.slice(0, accessCount)), model)
  })
}

// ---- a program in which deviations do not touch each other

/** Nobody else is there to be preempted for: each deviation leaves all others what they were. */
const alone = (): Booted & { readonly offers: ReadonlyArray<string> } => {
  const text = `#: cpus 1\n.globl _start\n_start:\n${"nop\n".repeat(9)}mov $39, %eax\nsyscall\nnop\nnop\nmov $60, %eax\nxor %edi, %edi\nsyscall`
  const small = booted(assembleText(text, "alone.s"), ["preempt"])
  const profile = profileOf((decider) => {
    performed(small, decider)
    return small.run.kernel.now
  }, small.options)
  return { ...small, options: { ...small.options, profile }, offers: profile.offers.map(printDeviation) }
}

// ---- the laws

const laws: { readonly [Tag in Power["_tag"]]: (definition: StrategyDefinition, power: Extract<Power, { readonly _tag: Tag }>) => void } = {
  Nothing: (definition) => {
    it("makes the quiet run, once", () => {
      const small = alone()
      expect(runsOf(definition, small, small.options, 3).map(({ schedule }) => schedule)).toEqual([[]])
    })
  },

  Rotates: (definition) => {
    it("lets each CPU have the turn for as many instructions as it is told, one after another", () => {
      const body = `${"nop\n".repeat(8)}mov $60, %eax\nxor %edi, %edi\nsyscall`
      const small = booted(assembleText(`#: cpus 3\n#: task w x3 cpu=0,1,2\nw: ${body}`, "round.s"), ["turn"])
      const [made, ...others] = runsOf(definition, small, { ...small.options, everyIcount: 4 }, 2)
      expect(others).toEqual([])
      expect(printSchedule(made?.schedule ?? [])).toBe("1.1@4:turn=1,1.2@4:turn=2,1.3@4:turn=0,1.1@8:turn=1,1.2@8:turn=2,1.3@8:turn=0")
    })
  },

  Enumerates: (definition, { deviationCount }) => {
    it(`takes each set of ${deviationCount} offers once, and ends`, () => {
      const small = alone()
      const sets = small.offers.flatMap((one, at) => (deviationCount === 1 ? [one] : small.offers.slice(at + 1).map((other) => `${one},${other}`)))
      const [first, ...made] = runsOf(definition, small, small.options, sets.length + 10)
      expect(first?.schedule).toEqual([])
      expect(deviationCount).toBeLessThanOrEqual(2)
      const inOrder = (set: string): string => set.split(",").toSorted().join(",")
      expect(made.map(({ schedule }) => inOrder(printSchedule(schedule))).toSorted()).toEqual(sets.map(inOrder).toSorted())
    })
  },

  Draws: (definition, { sizes }) => {
    it("draws sets of the sizes it says, each offer as often as any other", () => {
      const small = alone()
      const made = runsOf(definition, small, small.options, 3_000).map(({ schedule }) => schedule)
      expectDrawn(made.map(({ length }) => String(length)), new Map([...counted(sizes.map(String))].map(([size, count]) => [size, count / sizes.length])))
      expectDrawn(made.filter(({ length }) => length === 1).map(printSchedule), even(small.offers))
      // Of a set the offers are not independent, so one of each is looked at.
      expectDrawn(made.filter(({ length }) => length > 1).map((schedule, index) => printDeviation(known(schedule[index % schedule.length], "one of them"))), even(small.offers))
    })
  },

  Chances: (definition) => {
    const ONE_IN = 20
    it("comes to every boundary, as often as the rate says", () => {
      const small = alone()
      const made = runsOf(definition, small, { ...small.options, rates: { preempt: ONE_IN } }, 4_000).map(({ schedule }) => schedule.map(printDeviation))
      const { offers } = small
      const said = `seed ${SEED}`
      expect([...counted(made.flat()).keys()].toSorted(), said).toEqual(offers.toSorted())
      for (const offer of offers) {
        const [taken, not] = [made.filter((all) => all.includes(offer)).length, made.filter((all) => !all.includes(offer)).length]
        const sum = (taken - made.length / ONE_IN) ** 2 / (made.length / ONE_IN) + (not - made.length * (1 - 1 / ONE_IN)) ** 2 / (made.length * (1 - 1 / ONE_IN))
        expect(sum, `${said}: ${offer} in ${taken} of ${made.length} runs`).toBeLessThan(limitOf(1))
      }
    })
    it("answers each question otherwise as often as the rate says, every other option alike", () => {
      const strategy = definition.make({ ...defaultStrategyOptions, seed: SEED, rates: { wake: 4 } })
      const answers = Array.from({ length: 3_000 }, (_, run) => known(strategy.nextRun(run), "there is always another"))
        .map((decider) => decider.choose({ kind: "wake", task: 0 as TaskId, count: 1, ip: 0, nth: 0, options: [5, 6, 7] }))
      expectDrawn(answers.map(String), new Map([["5", 3 / 4], ["6", 1 / 8], ["7", 1 / 8]]))
    })
  },

  Walks: (definition) => drawnAsModelled(definition, walk),
  Ranks: (definition, { depth }) => drawnAsModelled(definition, (lefts) => rank(lefts, depth))
}

describe.each(Object.values<StrategyDefinition>(strategies))("strategy $name", (definition) => {
  const owes = laws[definition.power._tag] as (definition: StrategyDefinition, power: Power) => void
  owes(definition, definition.power)
})

describe("the models", () => {
  it("hold as many orders as there are", () => {
    expect(steppers.map(({ lefts }) => walk(lefts).size)).toEqual(counts)
    for (const { lefts } of steppers) expect([...walk(lefts).values()].reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 12)
  })
  it("keep the promise of priorities: no bug of a depth is rarer than 1 / (n k^(depth - 1))", () => {
    for (const { lefts } of steppers) {
      const stepCount = lefts.reduce((sum, left) => sum + left, 0)
      for (const depth of [2, 3]) expect(Math.min(...rank(lefts, depth).values())).toBeGreaterThanOrEqual(1 / (permutations([...lefts.keys()]).length * stepCount ** (depth - 1)) - 1e-12)
    }
  })
})

it("a round of a campaign has a strategy for each turn, and no two for one", () => {
  const turns = Object.values<StrategyDefinition>(strategies).flatMap((definition) => definition.turns)
  expect(turns.toSorted((one, other) => one - other)).toEqual(portfolio.map((_, turn) => turn))
})
