/** Every mistake in the museum is explained: by the sentence, by what is seen beside it, and under one name. */
import { describe, expect, it } from "vitest"
import { placesOf } from "../../src/analysis/timeline/reading.ts"
import { wrap } from "../../src/analysis/report/wrap.ts"
import { taskName } from "../../src/base/ids.ts"
import { kinds } from "../../src/log/choice.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import type { RunSpec } from "../../src/run/start.ts"
import { explain } from "../../src/search/explain.ts"
import { type Failure, understand } from "../../src/search/failure.ts"
import { fuzz } from "../../src/search/fuzz.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { exhibitSpec } from "../museum/exhibit.ts"
import { museum } from "../museum/table.ts"
import { exampleSpec } from "../support/examples.ts"

const COLUMNS = 100
const RUN_MAX = 4_000
/** What does not end need not go on for long. */
const ICOUNT_MAX = 10_000

const targetOf = (spec: RunSpec, seed: string): Target => {
  const target = makeTarget({ ...spec, limits: { ...spec.limits, maxIcount: ICOUNT_MAX } }, { ...defaultTargetOptions, seed })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const understood = (target: Target, schedule: Failure["minimized"]["schedule"], finding: Failure["finding"], proofTrialCountMax = 0): Failure => {
  const understanding = understand(target, schedule, finding, proofTrialCountMax)
  let step = understanding.next()
  while (step.done !== true) step = understanding.next()
  if (step.value === undefined) throw new Error(`not shown again: ${printSchedule(schedule)}`)
  return step.value
}

const known = new Map<string, Failure>()

/** What fuzzing with a seed comes to first. */
const failureOf = (spec: RunSpec, seed: string): Failure => {
  const key = `${spec.program.name} ${seed}`
  const met = known.get(key)
  if (met !== undefined) return met
  const target = targetOf(spec, seed)
  for (const { hit } of fuzz(target, RUN_MAX)) {
    if (hit === undefined) continue
    const found = understood(target, hit.trial.schedule, hit.finding)
    known.set(key, found)
    return found
  }
  throw new Error(`${spec.program.name}: nothing found with seed ${seed}`)
}

const failing: ReadonlyArray<readonly [name: string, spec: () => RunSpec, named: string | undefined]> = [
  ...museum.map((exhibit) => [exhibit.name, () => exhibitSpec(exhibit, "bad"), exhibit.named] as const),
  ...["percpu-push-bad.s", "commit-sequence-bad.s", "commit-sequence-mainline-bad.s", "p1.s", "p2.s", "p3.s"].map((name) => [name, () => exampleSpec(name), undefined] as const)
]

describe("the explanation", () => {
  it.each(failing)("of %s names the deviation that decides, where it fell, and what the run does without it", (name, make, named) => {
    const spec = make()
    const failure = failureOf(spec, "2")
    const { explanation, finding, minimized, seen } = failure
    if (explanation === undefined) throw new Error("no deviation to blame")
    const { critical, instruction, sentence, without } = explanation
    const stood = critical.kind === "split" ? "in" : "before"
    const place = placesOf(spec.program)

    const [did] = kinds[critical.kind].befell("")
    expect(sentence).toContain(`ask ${taskName(critical.task)} ${did.split(" ")[0] ?? ""}`)
    expect(sentence).toContain(` at ${instruction.place}, ${stood} \`${instruction.text}\``)
    expect(instruction.place).toBe(place(instruction.ip))
    expect(instruction.text).toMatch(/^[a-z]/)
    expect(instruction.place).not.toMatch(name === "code-reused" ? /\+/ : /^0x/)
    expect(critical).toEqual(minimized.schedule.at(-1))
    expect(sentence).toMatch(/ without this [^.]*\.$/)
    expect(without.at(-1)?.findings.some((one) => one.detector === finding.detector && one.section === finding.section)).toBe(false)

    // As a reader has it.
    expect(sentence).toMatch(/^[A-Z].*[a-z0-9)]\.$/)
    expect(sentence).not.toMatch(/undefined|\bNaN|\.\.|;;| {2}|, ,/)
    for (const line of wrap(sentence, COLUMNS, "WHY   ")) expect(line.length).toBeLessThanOrEqual(COLUMNS)
    if (named !== undefined) expect([finding, ...seen].map(({ detector }) => detector)).toContain(named)

    // Whoever found it.
    expect(explain(targetOf(spec, "another"), minimized, finding)?.sentence).toBe(sentence)
  })

  it.each([
    ["a lost update by who overwrites whom", "counter-outside", /meanwhile task 1\.2 changed cells from 0x1 to 0x4 by 3 stores, the last at start\+0xe; task 1\.1 then stored 0x2 there, over 0x4, at start\+0xe\. /],
    ["an ABA by what comes back", "aba-pop", /changed head from .* and back/],
    ["an abort by where it leads", "two-commits", /^Task 1\.\d was aborted in the section at start after it had stored to cells, and (task 1(\.\d)? sees it|it sees that itself)\. .*the contract sent it from start\+0xd to its abort handler aborted\./],
    ["a livelock by its cycle", "syscall-inside", /never commits: the section at start aborts every \d+ instructions\. The run does not end; without this it exits with status 0\.$/],
    ["a deadlock by who waits for what", "lost-wake", /Nobody can go on: 1\.1 on futex number\. The run deadlocks;/],
    ["a kill by what the kernel found", "wrong-signature", /The kernel found no sound descriptor in the area of task 1\.1, and killed it\. The run is killed by SIGSEGV;/],
    ["a register by its use", "register-clobbered", /uses r13 at start\+0xb, which the section had changed from (0x3 to 0x2|0x2 to 0x1)\./],
    ["several deviations in their order", "lock-not-rechecked", /^Task 1\.\d was preempted at retry\+0x\w+, in favor of .+\. Then task 1\.\d .+ at post_commit\+0x\w+, before `/]
  ])("tells %s", (_what, name, told) => {
    const exhibit = museum.find((one) => one.name === name)
    if (exhibit === undefined) throw new Error(name)
    expect(failureOf(exhibitSpec(exhibit, "bad"), "1").explanation?.sentence).toMatch(told)
  })
})

describe("the name of a failure", () => {
  it.each(["two-commits", "wrong-signature", "lost-wake"])("is the same whichever of ten seeds finds %s", (name) => {
    const exhibit = museum.find((one) => one.name === name)
    if (exhibit === undefined) throw new Error(name)
    const names = Array.from({ length: 10 }, (_, index) => failureOf(exhibitSpec(exhibit, "bad"), String(index + 1)))
    expect(new Set(names.map(({ key, name: one }) => `${one} ${key}`)).size, names.map(({ key, placed }) => `${placed} ${key}`).join("\n")).toBe(1)
    expect(names[0]?.name).toMatch(name === "lost-wake" ? /^hang-[0-9a-f]{12}$/ : /^fail-[0-9a-f]{12}$/)
  })
  it("says of what never ends that it hangs", () => {
    const exhibit = museum.find(({ name }) => name === "syscall-inside")
    if (exhibit === undefined) throw new Error("there is none")
    expect(failureOf(exhibitSpec(exhibit, "bad"), "1").name).toMatch(/^hang-/)
  })
})
