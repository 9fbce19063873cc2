/** What is left of a failure: the fewest deviations, and the smallest experiment in which it shows. */
import { describe, expect, it } from "vitest"
import type { RunSpec } from "../../src/run/start.ts"
import { known } from "../../src/base/assert.ts"
import { childTask, rootTask, taskName } from "../../src/base/ids.ts"
import { dimensions } from "../../src/search/experiment.ts"
import { fuzz } from "../../src/search/fuzz.ts"
import { minimize, sameFinding, type Wanted } from "../../src/search/minimize.ts"
import { type Shrunk, shrinkExperiment } from "../../src/search/shrink.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { parseSchedule, printSchedule } from "../../src/log/schedule.ts"
import { runLeniently } from "../../src/run/lenient.ts"
import { assembleText, abisNamed, exampleSpec } from "../support/examples.ts"
import { specOf } from "../../src/run/start.ts"
import { caseText } from "../cases/table.ts"

const drain = <Step, Result>(search: Generator<Step, Result>): Result => {
  let step = search.next()
  while (step.done !== true) step = search.next()
  return step.value
}

const targetOf = (spec: RunSpec): Target => {
  const target = makeTarget(spec, defaultTargetOptions)
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const shrunk = (spec: RunSpec, icountMax?: number): Shrunk => {
  const target = targetOf(spec)
  for (const { hit } of fuzz(target, 4_000)) {
    if (hit === undefined) continue
    const few = drain(minimize(target.trials, hit.trial.schedule, sameFinding(hit.finding), 2_000))
    if (few === undefined) throw new Error("it fails by place, too")
    const result = drain(shrinkExperiment(target, few, hit.finding, 2_000, icountMax))
    expect(result.minimized.deviations.length, "never more deviations").toBeLessThanOrEqual(few.deviations.length)
    return result
  }
  throw new Error("nothing found")
}

const sizes = ({ changes }: Shrunk): Readonly<Record<string, string>> =>
  Object.fromEntries(changes.map(({ after, before, name }) => [name, `${before} → ${after}`]))

/** One counter, and tasks that do not touch it. The last says nothing for itself: its task is known by its argument. */
const crowd = `
#: cpus 4
#: task bystander x2
#: task count arg=1
#: task bystander
#: task count arg=2
#: finally check
  .text
bystander:
  mov $60, %eax
  xor %edi, %edi
  syscall
count:
  mov c(%rip), %eax
  inc %eax
  mov %eax, c(%rip)
  xor %edi, %edi
  mov $60, %eax
  syscall
check:
  xor %edi, %edi
  cmpl $2, c(%rip)
  setne %dil
  mov $60, %eax
  syscall
  .data
c: .long 0
`

const crowdSpec = (): RunSpec => specOf(assembleText(crowd, "crowd.s"), abisNamed("mainline-6.12"))

describe("an experiment", () => {
  it("loses the CPUs and repetitions that a lost update does not need", () => {
    expect(sizes(shrunk(exampleSpec("p1.s", { repeat: 20 })))).toEqual({ tasks: "2 → 2", cpus: "2 → 1", repeat: "20 → 1" })
  })

  it("loses the tasks that have no part in it, and calls the others by their new names", () => {
    const result = shrunk(crowdSpec())
    expect(sizes(result)).toEqual({ tasks: "5 → 2", cpus: "4 → 1" })
    expect(result.target.spec.program.experiment.tasks.map(({ argument, name }) => `${name} ${argument}`)).toEqual(["count 1", "count 2"])
  })

  it("keeps what the failure needs: a race of two CPUs", () => {
    const { changes, target } = shrunk(exampleSpec("reorder.s"))
    expect(changes.map(({ after, name }) => `${name} ${after}`)).toEqual(["tasks 2", "cpus 2"])
    expect(target.quiet.findings, "what is left passes quietly").toEqual([])
  })

  it("is not shrunk to what fails however it goes: a task that waits alone has nobody to wait for", () => {
    const barrier = assembleText(caseText("16-barrier-without-generation"), "barrier.s")
    const result = shrunk(specOf(barrier, abisNamed("mainline-6.12")))
    expect(result.finding.detector).toBe("deadlock")
    expect(sizes(result)).toEqual({ tasks: "2 → 2", cpus: "2 → 1", repeat: "2 → 2" })
  })

  it("is left alone where there is no budget", () => {
    const left = shrunk(exampleSpec("p1.s"), 0)
    expect(sizes(left)).toEqual({ tasks: "2 → 2", cpus: "2 → 2", repeat: "3 → 3" })
    expect(left.trialCount, "one look is enough to know").toBeLessThan(4)
  })

  it("ends in a schedule that the smaller experiment takes whole, with the same finding", () => {
    for (const spec of [exampleSpec("p1.s", { repeat: 20 }), crowdSpec()]) {
      const { finding, minimized, target } = shrunk(spec)
      const told = runLeniently(target.bounded, minimized.schedule)
      if ("_tag" in told) throw new Error(told.reason)
      expect(told.dropped).toEqual([])
      expect(printSchedule(told.realised)).toBe(printSchedule(minimized.schedule))
      expect(told.run.outcome).toEqual({ _tag: "Exited", status: 1 })
      expect(finding.detector).toBe("guest-failure")
    }
  })
})

describe("tasks that are gone", () => {
  it("leave the others their parts, under the names they have there", () => {
    const spec = crowdSpec()
    const before = spec.program.experiment.tasks
    let asked = 0
    for (const { spec: { program }, taskThere } of dimensions["tasks"]?.smaller(spec) ?? []) {
      asked++
      const after = program.experiment.tasks
      const kept = before.flatMap((task, index) => {
        const there = taskThere(childTask(rootTask, index + 1))
        return there === undefined ? [] : [[task, after[Number(taskName(there).split(".")[1]) - 1]] as const]
      })
      expect(kept.length).toBe(after.length)
      for (const [then, now] of kept) expect(now).toBe(then)
      expect(taskThere(rootTask)).toBe(rootTask)
      // Whom the first task creates later follows the last of those.
      expect(taskThere(childTask(rootTask, before.length + 1))).toBe(childTask(rootTask, after.length + 1))
      const [first] = before.keys().filter((index) => taskThere(childTask(rootTask, index + 1)) === undefined)
      expect(taskThere(childTask(childTask(rootTask, known(first, "one is gone") + 1), 1))).toBeUndefined()
    }
    expect(asked).toBeGreaterThan(5)
  })
})

describe("arguments", () => {
  /** Asks about all smaller experiments that `dimension` has, as if those that `fails` says fail. */
  const smallest = (dimension: string, argv: ReadonlyArray<string>, fails: (words: ReadonlyArray<string>) => boolean): ReadonlyArray<string> => {
    let left = argv
    const shrinking = dimensions[dimension]?.smaller({ ...crowdSpec(), argv })
    for (let step = shrinking?.next(); step !== undefined && step.done !== true;) {
      const holds = fails(step.value.spec.argv.slice(1))
      if (holds) left = step.value.spec.argv
      step = shrinking?.next(holds)
    }
    return left
  }

  it("are dropped where they are not needed, but for the program's own name", () => {
    expect(smallest("arguments", ["p", "-T", "l", "-v", "-r", "20"], (words) => words.includes("-T") && words.includes("l"))).toEqual(["p", "-T", "l"])
    expect(smallest("arguments", ["p", "-v"], () => true)).toEqual(["p"])
  })

  it("are shortened, each to the length it needs", () => {
    expect(smallest("argument bytes", ["p", "aaaaaaaaaaa", "xyz"], ([first = "", second = ""]) => first.length >= 6 && second.startsWith("xy")))
      .toEqual(["p", "aaaaaa", "xy"])
    expect(smallest("argument bytes", ["p", "abc"], () => true)).toEqual(["p", ""])
  })
})

describe("a program that declares repetitions", () => {
  it("is assembled anew from the text it carries, and only from its own", () => {
    const spec = exampleSpec("p1.s", { repeat: 8 })
    const counts = (program: RunSpec["program"]): ReadonlyArray<number | undefined> => {
      const met: Array<number | undefined> = []
      for (const { spec: { program: { experiment } } } of dimensions["repeat"]?.smaller({ ...spec, program }) ?? []) met.push(experiment.repeat)
      return met
    }
    expect(counts(spec.program)).toEqual([1, 2, 4, 6, 7])
    expect(counts({ ...spec.program, text: undefined })).toEqual([])
    expect(counts({ ...spec.program, text: spec.program.text?.replace("inc ", "dec ") })).toEqual([])
  })
})

describe("that no subset fails", () => {
  const schedule = "1.1@1:preempt=kernel,1.1@3:preempt=kernel,1.1@5:preempt=kernel,1.1@7:preempt=kernel"
  /** Fails with all four, or with the first and the third: delta debugging takes single ones and halves away, and sees neither. */
  const trap: Wanted = ({ schedule: taken }) => ["1,3,5,7", "1,5"].includes(taken.map(({ count }) => count).join(","))
  const minimized = (proofTrialCountMax: number) => {
    const parsed = parseSchedule(schedule)
    if (parsed._tag !== "Parsed") throw new Error("it parses")
    const { trials } = targetOf(exampleSpec("p1.s"))
    return drain(minimize(trials, parsed.schedule as Parameters<typeof minimize>[1], trap, proofTrialCountMax))
  }

  it("is said where every smaller set was tried, and a smaller one found that way is taken", () => {
    const found = minimized(15)
    expect([found?.proof, printSchedule(found?.schedule ?? [])]).toEqual(["no subset fails", "1.1@1:preempt=kernel,1.1@5:preempt=kernel"])
  })

  it("is not said where the budget does not reach: 1-minimal is what is known", () => {
    const found = minimized(14)
    expect([found?.proof, found?.proofTrialCount, found?.schedule.length]).toEqual(["1-minimal", 0, 4])
  })
})
