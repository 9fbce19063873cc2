/** The first moment is the first, however little is looked at. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { none } from "../../src/kernel/abi/none.ts"
import { specOf } from "../../src/run/start.ts"
import { firstMoment } from "../../src/search/moment.ts"
import { fuzz } from "../../src/search/fuzz.ts"
import { parsePredicate } from "../../src/search/predicate.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { assembleText, exampleSpec } from "../support/examples.ts"

const targetOf = (spec: ReturnType<typeof exampleSpec>): Target => {
  const target = makeTarget(spec, { ...defaultTargetOptions, isAsRecorded: true })
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

const predicateOf = (target: Target, text: string) => {
  const parsed = parsePredicate(text, target.spec.program)
  if (parsed._tag !== "Parsed") throw new Error(`${text}: character ${parsed.column}: ${parsed.expected}`)
  return parsed.predicate
}

const programs = ["percpu-push.s", "p2.s", "futex-ping-pong.s", "percpu-counter.s"] as const

/** Comparisons about one program, most of which come true somewhere and stop being true again. */
const comparison = (words: ReadonlyArray<string>): fc.Arbitrary<string> => {
  const number = fc.integer({ min: 0, max: 90 }).map(String)
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words).chain((word) => fc.constantFrom(`u64(${word})`, `u32(${word} + 4)`, `u8(${word})`, `u64(u64(${word}))`)) },
    { weight: 2, arbitrary: fc.constantFrom("now", "1.1.count", "1.2.count", "1.count", "1.1.cpu", "tasks") },
    { weight: 1, arbitrary: fc.constantFrom("1.1.rax", "1.2.rcx", "1.1.rdx", "1.rsp") },
    { weight: 2, arbitrary: fc.constantFrom("Preempted", "SwitchedIn", "TaskCreated", "Migrated", "Aborted", "Woken").map((name) => `event(${name})`) }
  )
  const sign = fc.constantFrom("==", "!=", "<", "<=", ">", ">=")
  return fc.tuple(value, sign, fc.oneof({ weight: 4, arbitrary: number }, { weight: 1, arbitrary: value }), fc.boolean())
    .map(([left, op, right, isTurned]) => (isTurned ? `${right} ${op} ${left}` : `${left} ${op} ${right}`))
}

describe("the first moment", () => {
  it.each(programs)("of a run of %s is that of looking at every instruction", (file) => {
    const target = targetOf(exampleSpec(file))
    const { program } = target.spec
    const words = program.symbols.filter(({ kind }) => kind === "object").map(({ name }) => name)
    const schedules = [...fuzz(target, 24)].map(({ trial }) => trial.schedule).filter(({ length }) => length > 0)
    expect([words.length > 0, schedules.length > 5]).toEqual([true, true])
    const predicate = fc.tuple(comparison(words), fc.constantFrom("&&", "||"), comparison(words), fc.boolean())
      .map(([one, join, other, isAlone]) => (isAlone ? one : `${one} ${join} !(${other})`))
    let heldCount = 0
    fc.assert(fc.property(predicate, fc.constantFrom(...schedules), (text, schedule) => {
      const holds = predicateOf(target, text)
      const every = firstMoment(target.trials, schedule, holds, true)
      const few = firstMoment(target.trials, schedule, holds)
      expect({ ...few, lookedCount: 0 }).toEqual({ ...every, lookedCount: 0 })
      if (few.holds !== undefined && few.before !== undefined) heldCount++
    }), { numRuns: 120, seed: 5 })
    expect(heldCount, "some come true on the way").toBeGreaterThan(10)
  })

  /** Fifty million instructions and a few. */
  const long = assembleText(`
_start: mov $12500000, %ecx
loop:   inc %rax
        add $3, %rdx
        dec %ecx
        jnz loop
        movq $7, counter(%rip)
        movq $8, counter(%rip)
        mov $60, %eax
        xor %edi, %edi
        syscall
        .bss
counter: .zero 8
`, "long.s")

  it.each([
    ["u64(counter) == 7", 50_000_002], ["u64(counter) > 7", 50_000_003], ["now >= 49999999", 49_999_999], ["1.rax == 12500000 && u64(counter) != 0", 50_000_002]
  ])("at which %s, fifty million instructions on, is found in about a thousand looks a run", (text, now) => {
    const target = targetOf(specOf(long, [none]))
    const { before, holds, lookedCount } = firstMoment(target.trials, [], predicateOf(target, text))
    expect(holds?.now).toBeGreaterThanOrEqual(now)
    expect(holds?.now).toBeLessThan(now + 3)
    expect(before?.now).toBe((holds?.now ?? 0) - 1)
    // Stretches are 65,536 instructions: one of them may be gone through.
    expect(lookedCount).toBeLessThan(2 * 65_536 + 2_000)
  })
})
