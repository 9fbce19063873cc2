/** Following registers: it changes nothing, hides nothing, and sees what it says. */
import { describe, expect, it } from "vitest"
import { taskName } from "../../src/base/ids.ts"
import { type Decider, quietDecider } from "../../src/log/choice.ts"
import { type Entry, type EventOf, type EventTag, followed } from "../../src/log/event.ts"
import { isCounted, parseSchedule } from "../../src/log/schedule.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { Watcher } from "../../src/run/observe.ts"
import { defaultLimits, type RunSpec, specOf, start } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { exhibitSpec } from "../museum/exhibit.ts"
import { museum } from "../museum/table.ts"
import { abisNamed, assembleText, exampleNames, exampleSpec } from "../support/examples.ts"

const seeds = ["1", "2"]
const SIGUSR1 = 10

const observed = (spec: RunSpec, decider: Decider, isFollowing: boolean): { readonly entries: ReadonlyArray<Entry>; readonly hash: string } => {
  const entries: Array<Entry> = []
  const run = start({ ...spec, limits: { ...defaultLimits, maxIcount: 4_000 } }, decider, {
    append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
  })
  if ("_tag" in run) throw new Error(run.reason)
  const { experiment, sections } = spec.program
  run.observe(new Watcher({ watches: experiment.watches, sections, reached: [], isFollowing }))
  while (run.outcome === undefined) run.step()
  return { entries, hash: run.hash() }
}

const isFollowed = ({ event: { _tag } }: Entry): boolean => Object.hasOwn(followed, _tag)
const unnumbered = (entries: ReadonlyArray<Entry>) => entries.map(({ count, cpu, event, now, task }) => ({ now, cpu, task, count, event }))

const programs: ReadonlyArray<readonly [name: string, spec: () => RunSpec]> = [
  ...exampleNames.map((name) => [name, () => exampleSpec(name)] as const),
  ...museum.map((exhibit) => [exhibit.name, () => exhibitSpec(exhibit, "bad")] as const)
]

describe("a run whose registers are followed", () => {
  it.each(programs)("is the same run, with the same observations besides: %s", (_name, spec) => {
    for (const seed of seeds) {
      const plain = observed(spec(), randomDecider(seed, {}), false)
      const whole = observed(spec(), randomDecider(seed, {}), true)
      expect(whole.hash, `seed ${seed}`).toBe(plain.hash)
      expect(unnumbered(whole.entries.filter((entry) => !isFollowed(entry))), `seed ${seed}`).toEqual(unnumbered(plain.entries))
    }
  })
})

/** A registered task with a section of three instructions, and a signal handler; ends with `tail`. */
const program = (section: string, handler: string): string => `
#: abi mainline-6.12
#: cpus 0,1
#: task worker cpu=0
worker: lea     area(%rip), %r12
        mov     $334, %eax
        mov     %r12, %rdi
        mov     $32, %esi
        xor     %edx, %edx
        mov     $0x53053053, %r10d
        syscall
        mov     $13, %eax
        mov     $10, %edi
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        xor     %ebx, %ebx
        xor     %r8d, %r8d
        mov     (%r12), %eax
        lea     cells(%rip), %rdx
        lea     (%rdx,%rax,8), %rdx
        lea     descriptor(%rip), %rcx
        mov     %rcx, 8(%r12)
start:
${section}
post_commit:
        xor     %edi, %edi
        mov     $60, %eax
        syscall
        .byte   0x0f, 0xb9, 0x3d
        .long   0x53053053
aborted:
        add     %rbx, %r8
        mov     %r8, %rbx
        jmp     post_commit
handler:
${handler}
        ret
restorer:
        mov     $15, %eax
        syscall
        .data
        .balign 32
area:   .zero   32
action: .quad   handler, 0x04000000, restorer, 0
        .pushsection __rseq_cs, "aw"
        .balign 32
descriptor:
        .long   0, 0
        .quad   start, post_commit - start, aborted
        .popsection
        .bss
        .balign 64
cells:  .zero   64
`

const section = `inc     %ebx
        mov     %rax, (%rdx)
        inc     %r9d`

const seen = <Tag extends EventTag>(text: string, schedule: string, tag: Tag): ReadonlyArray<EventOf<Tag>> => {
  const parsed = parseSchedule(schedule)
  if (parsed._tag !== "Parsed" || !isCounted(parsed.schedule)) throw new Error(schedule)
  const base = specOf(assembleText(text, "follow.s"), abisNamed("mainline-6.12"))
  const spec: RunSpec = { ...base, menu: { ...base.menu, signals: [SIGUSR1] } }
  const isTag = (event: Entry["event"]): event is EventOf<Tag> => event._tag === tag
  const decider = schedule === "" ? quietDecider : recorded(tell(parsed.schedule, () => {}))
  return observed(spec, decider, true).entries.map(({ event }) => event).filter(isTag)
}

/** Instructions of `worker` before `start`. */
const START = 20

describe("what is seen", () => {
  const text = program(section, "nop")
  const handled = program(section, "mov $9, %ebx")

  it("is a store in a section by the number of the CPU it was moved from, and none by its own", () => {
    expect(seen(text, "", "StoreMisplaced")).toEqual([])
    expect(seen(text, `1.1@${START - 3}:migrate=1`, "StoreMisplaced")).toMatchObject([{ number: 0 }])
    expect(seen(text, `1.1@${START - 5}:migrate=1`, "StoreMisplaced")).toEqual([])
  })
  it("is a number that the program has written over its CPU's", () => {
    expect(seen(text, "", "CpuMisread")).toEqual([])
    expect(seen(text.replace("xor     %r8d, %r8d", "movl    $3, (%r12)"), "", "CpuMisread")).toMatchObject([{ value: 3 }])
  })
  it("is the use of a register that the aborted section had changed, and of no other", () => {
    expect(seen(text, `1.1@${START + 1}:preempt=kernel`, "ChangeRead")).toMatchObject([{ register: "rbx", before: 0n, after: 1n }])
  })
  it("is nothing where the section was aborted at its first instruction", () => {
    expect(seen(text, `1.1@${START}:preempt=kernel`, "Aborted")).toHaveLength(1)
    expect(seen(text, `1.1@${START}:preempt=kernel`, "ChangeRead")).toEqual([])
  })
  it("is nothing that a handler does between the abort and its return", () => {
    for (const one of [text, handled]) expect(seen(one, `1.1@${START + 1}:signal=USR1`, "ChangeRead")).toMatchObject([{ register: "rbx", before: 0n, after: 1n }])
  })
  it("is a section passed by a task that never registered", () => {
    const unregistered = text.replace("mov     $334, %eax", "mov     $39, %eax")
    expect(seen(unregistered, "", "SectionPassed").map(({ task }) => taskName(task))).toEqual(["1.1"])
    expect(seen(text, "", "SectionPassed")).toEqual([])
  })
  it("is no section that is left before its last instruction", () => {
    const left = program(`test    %eax, %eax\n        jz      post_commit\n        nop`, "nop").replace("mov     $334, %eax", "mov     $39, %eax")
    expect(seen(left, "", "SectionPassed")).toEqual([])
  })
})
