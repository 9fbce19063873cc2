/** What tasks share is found, and nothing else; a program that says what to watch is taken at its word. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { placesOf } from "../../src/analysis/timeline/reading.ts"
import { known } from "../../src/base/assert.ts"
import { loadProgram } from "../../src/program/load.ts"
import { specOf } from "../../src/run/start.ts"
import { watch } from "../../src/search/watch.ts"
import { fuzz } from "../../src/search/fuzz.ts"
import { merged } from "../../src/base/ranges.ts"
import { watchedWords } from "../../src/search/shared.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { abisNamed, assembleText, exampleSpec } from "../support/examples.ts"

const targetFor = (spec: Parameters<typeof makeTarget>[0]): Target => {
  const target = makeTarget(spec, defaultTargetOptions)
  if ("_tag" in target) throw new Error(target.reason)
  return target
}
const watched = ({ options: { watches }, spec: { program } }: Target): ReadonlyArray<string> => watches.map(({ end, start }) => `${placesOf(program)(start)},${end - start}`)

/** `c = c + 1` by two tasks, three times each; a word of each task's own, one that is only read, and one the first task sets before. */
const counting = `
#: cpus 2
#: task count x2
#: finally check
.data
.balign 64
c: .quad 0
.balign 64
limit: .quad 6
.balign 64
own: .quad 0, 0
.text
count:
  mov $3, %ecx
1: mov c(%rip), %rax
  inc %rax
  mov %rax, c(%rip)
  push %rax
  pop %rdx
  dec %ecx
  jnz 1b
  mov $60, %eax
  xor %edi, %edi
  syscall
check:
  mov c(%rip), %rax
  cmp limit(%rip), %rax
  setne %dil
  movzbl %dil, %edi
  mov $231, %eax
  syscall
`
const countingSpec = (text: string) => {
  const program = assembleText(text, "counting.s")
  return specOf(program, abisNamed("mainline-6.12"))
}

describe("the words that tasks share", () => {
  it("are those two tasks come to, one of them to write: no stacks, nothing that is only read", () => {
    expect(watched(targetFor(countingSpec(counting)))).toEqual(["c,8"])
  })

  it("steer beside what the program says to watch, and are not shown for it", () => {
    const narrow = targetFor(countingSpec(`#: watch limit 8\n${counting}`))
    expect(watched(narrow)).toEqual(["limit,8", "c,8"])
    expect([narrow.shown.length, narrow.shared.length]).toEqual([0, 1])
    const shown = new Set(watch(narrow, []).entries.flatMap(({ event }) => (event._tag === "Accessed" ? [placesOf(narrow.spec.program)(event.address)] : [])))
    expect([...shown]).toEqual(["limit"])
    expect(watched(targetFor(exampleSpec("p1.s")))).toEqual(["c,4"])
  })

  it("are as good a lead where a line of the program speaks of something else", () => {
    const runOf = (line: string): number | undefined => fuzz(targetFor(countingSpec(`${line}\n${counting}`)), 200).find(({ hit }) => hit !== undefined)?.run
    expect(runOf("#: watch limit 8")).toBeLessThan(20)
  })

  it("are found in an executable built by a compiler, behind its libc's start-up", () => {
    const file = new URL("../fixtures/musl-threads.elf", import.meta.url)
    const loaded = loadProgram(readFileSync(file), "musl-threads.elf")
    if (loaded._tag === "Refused") throw new Error(loaded.message)
    const names = watched(targetFor(specOf(loaded.program, abisNamed("mainline-6.12"))))
    expect(names).toEqual(expect.arrayContaining(["lock,8", "total,8"]))
    expect(names.length).toBeLessThan(16)
  })

  it("lead random walk to a lost update that nobody pointed at", () => {
    const hit = fuzz(targetFor(countingSpec(counting)), 200).find(({ hit: met }) => met !== undefined)?.hit
    expect(hit?.finding.detector).toBe("guest-failure")
  })

  it("are read off a recording again, beside what the program says", () => {
    const target = targetFor(countingSpec(counting))
    const { entries } = watch(target, [])
    const c = known(target.options.watches[0], "c is watched")
    expect(watchedWords(entries, [])).toEqual([c])
    expect(watchedWords(entries, [c])).toEqual([])
  })

  it("are merged where they touch", () => {
    const at = (start: number, end: number) => ({ start, end })
    expect(merged([at(24, 32), at(8, 16), at(16, 24), at(64, 68), at(12, 20)])).toEqual([at(8, 32), at(64, 68)])
    expect(merged([])).toEqual([])
  })
})
