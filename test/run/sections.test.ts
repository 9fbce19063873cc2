/** How a section ends: by its last instruction, by a branch, or by the kernel. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { Detection } from "../../src/analysis/detect/definition.ts"
import { detectors } from "../../src/analysis/detect/table.ts"
import { quietDecider, type Decider } from "../../src/log/choice.ts"
import type { Entry } from "../../src/log/event.ts"
import { isCounted, parseSchedule } from "../../src/log/schedule.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import type { Program } from "../../src/program/program.ts"
import { Watcher } from "../../src/run/observe.ts"
import { specOf, start } from "../../src/run/start.ts"
import { abisNamed, assembleText } from "../support/examples.ts"

const entriesOf = (program: Program, decider: Decider): ReadonlyArray<Entry> => {
  const entries: Array<Entry> = []
  const run = start(specOf(program, abisNamed("mainline-6.12")), decider, {
    append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
  })
  if ("_tag" in run) throw new Error(run.reason)
  run.observe(new Watcher({ watches: program.experiment.watches, sections: program.sections, reached: [] }))
  while (run.outcome === undefined) run.step()
  return entries
}

/** What a registered task does once with `section` between its edges, `after` behind it. */
const program = (section: string, after = ""): Program => assembleText(`
#: abi mainline-6.12
#: cpus 1
#: task worker
#: watch word 8
worker: lea     area(%rip), %r12
        mov     $334, %eax
        mov     %r12, %rdi
        mov     $32, %esi
        xor     %edx, %edx
        mov     $0x53053053, %r10d
        syscall
        mov     $2, %ecx
        lea     text(%rip), %rdi
        lea     descriptor(%rip), %rax
        mov     %rax, 8(%r12)
begin:
${section}
end:    movq    $0, 8(%r12)
        nop
away:   ${after}
        movq    $0, 8(%r12)
        xor     %edi, %edi
        mov     $60, %eax
        syscall
outside: incq   word(%rip)
        ret
        .long   0x53053053
abort:  jmp     away
        .data
        .balign 32
descriptor: .long 0, 0
        .quad   begin, end - begin, abort
        .balign 32
area:   .zero   32
word:   .quad   0
        .size   word, 8
text:   .zero   64
`, "section.s")

const story = (entries: ReadonlyArray<Entry>): string =>
  entries.flatMap(({ event: { _tag } }) => (["SectionEntered", "SectionLeft", "Committed", "Aborted", "Accessed"].includes(_tag) ? [_tag] : [])).join(" ")

describe("a section", () => {
  it.each([
    ["commits by its last instruction", "nop\n mov %rax, word(%rip)", "SectionEntered Accessed Committed"],
    ["commits by a repeated one", "nop\n rep stosb", "SectionEntered Committed"],
    ["commits where its last branch is not taken", "test %r12, %r12\n mov %rax, word(%rip)\n jz away", "SectionEntered Accessed Committed"],
    ["is left by its last branch", "test %r12, %r12\n jnz away", "SectionEntered SectionLeft"],
    ["is left by a branch to its end", "jmp end\n mov %rax, word(%rip)", "SectionEntered SectionLeft"],
    ["is left by a branch behind its end", "jmp away\n nop", "SectionEntered SectionLeft"],
    ["is left by a call, and entered where that returns", "call outside\n mov %rax, word(%rip)", "SectionEntered SectionLeft Accessed SectionEntered Accessed Committed"],
    ["is left by a branch to its end from behind its last instruction",
      "dec %ecx\n jz 1f\n jmp 2f\n1: jmp end\n2: test %r12, %r12\n jnz begin", "SectionEntered SectionLeft"]
  ])("%s", (_claim, section, expected) => {
    expect(story(entriesOf(program(section), quietDecider))).toBe(expected)
  })

  it("has been left before what is stored outside", () => {
    expect(story(entriesOf(program("jmp away\n nop", "call outside"), quietDecider))).toBe("SectionEntered SectionLeft Accessed")
  })
})

const left = (name: string): Program =>
  assembleText(readFileSync(new URL(`../cases/24-section-left-by-a-branch/${name}`, import.meta.url), "utf8"), name)

describe("a section that every attempt leaves by a branch", () => {
  it("commits in no entry", () => {
    const entries = entriesOf(left("left.s"), quietDecider)
    expect(entries.filter(({ event: { _tag } }) => _tag === "Committed")).toEqual([])
    expect(entries.filter(({ event: { _tag } }) => _tag === "SectionLeft").length).toBe(6)
  })

  it("is not blamed for what is stored outside", () => {
    const schedule = parseSchedule("1.2@17:turn=1")
    if (schedule._tag !== "Parsed" || !isCounted(schedule.schedule)) throw new Error(JSON.stringify(schedule))
    const detection = new Detection(Object.values(detectors))
    for (const entry of entriesOf(left("left2.s"), recorded(tell(schedule.schedule, () => {})))) {
      if (detection.wants(entry.event._tag)) detection.observe(entry)
    }
    expect(detection.findings).toEqual([])
  })
})
