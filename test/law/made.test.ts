/** What is declared is made: every event, kind of choice, outcome and moment has somebody in the kernel or the run who makes it, and a run here in which it is made. */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { AbiDefinition } from "../../src/kernel/abi/definition.ts"
import { SIGUSR1 } from "../../src/linux/signal.ts"
import { type Decider, type Kind, kindNames, kinds as choices, quietDecider } from "../../src/log/choice.ts"
import { eventTags } from "../../src/log/event.ts"
import type { OutcomeTag } from "../../src/log/outcome.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { specOf, start } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { moments, tally } from "../kernel/abi/tally.ts"
import { abisNamed, assembleText } from "../support/examples.ts"

const sourcesUnder = (...rooms: ReadonlyArray<string>): string =>
  rooms.flatMap((room) => {
    const folder = new URL(`../../src/${room}/`, import.meta.url)
    return (readdirSync(folder, { recursive: true }) as Array<string>).filter((file) => file.endsWith(".ts")).map((file) => readFileSync(new URL(file, folder), "utf8"))
  }).join("\n")
const makers = sourcesUnder("kernel", "run")

const outcomeTags = Object.keys({
  Exited: true, Killed: true, Deadlocked: true, OutOfBudget: true, Unsupported: true, Abandoned: true
} satisfies Readonly<Record<OutcomeTag, true>>) as ReadonlyArray<OutcomeTag>

const call = (number: number, ...registers: ReadonlyArray<string>): string =>
  [...registers.map((value, index) => `        ${value.startsWith("$") || value.startsWith("%") ? "mov" : "lea"} ${value}, %${["rdi", "rsi", "rdx", "r10", "r8", "r9"][index] ?? ""}`), `        mov $${number}, %eax`, "        syscall"].join("\n")

/** Two tasks that do, between them, whatever recordings of sections do not. */
const busy = `
#: cpus 2
#: task worker
#: task other
#: watch word 8
        .text
        .globl worker, other
worker:
${call(13, "$10", "action(%rip)", "$0", "$8")}
${call(131, "stack(%rip)", "$0")}
${call(218, "word(%rip)")}
${call(273, "robust(%rip)", "$24")}
${call(149, "word(%rip)", "$8")}
${call(151, "$2")}
${call(2, "file(%rip)", "$0", "$0")}
${call(186)}
        mov %eax, lock(%rip)
        mov %eax, event+16(%rip)
${call(228, "$1", "now(%rip)")}
${call(324, "$256", "$0", "$0")}
${call(324, "$128", "$0", "$0")}
${call(14, "$0", "mask(%rip)", "$0", "$8")}
${call(14, "$1", "mask(%rip)", "$0", "$8")}
${call(318, "word(%rip)", "$8", "$0")}
${call(10, "page(%rip)", "$4096", "$1")}
${call(10, "page(%rip)", "$4096", "$3")}
${call(203, "$0", "$8", "cpus(%rip)")}
${call(222, "$1", "event(%rip)", "timer(%rip)")}
        mov timer(%rip), %edi
        mov $0, %esi
        lea often(%rip), %rdx
        xor %r10d, %r10d
        mov $223, %eax
        syscall
${call(35, "short(%rip)", "$0")}
${call(130, "none(%rip)", "$8")}
        mov timer(%rip), %edi
        mov $226, %eax
        syscall
${call(3, "$1")}
${call(60, "$0")}
other:  mov $3000, %ecx
1:      dec %ecx
        jnz 1b
${call(60, "$0")}
handler: ret
restore:
${call(15)}
        .data
        .balign 8
action: .quad handler, 0x0c000000, restore, 0
stack:  .quad altstack, 0, 8192
mask:   .quad 1 << 11
none:   .quad 0
cpus:   .quad 3
event:  .quad 0
        .long 10, 4, 0                  # to this thread
        .zero 44
often:  .quad 0, 1000000, 0, 50000
short:  .quad 0, 100000
robust: .quad node, lock - node, 0
node:   .quad robust
lock:   .quad 0
now:    .quad 0, 0
file:   .asciz "/dev/nowhere"
        .balign 8
timer:  .quad 0
word:   .quad 0
        .size word, 8
        .bss
        .balign 4096
page:   .zero 4096
altstack: .zero 8192
`

/** What ends a run is a program of its own. */
const ending: ReadonlyArray<readonly [program: string, contracts: string]> = [
  ["_start: mov $57, %eax\n syscall", "none"],
  ["_start: mov 0, %eax", "none"],
  // A vector for a CPU that its caller may not go to.
  [`#: cpus 2\n.text\n_start:\n${call(203, "$0", "$8", "first(%rip)")}\n${call(335, "$0", "$0", "$1", "$0")}\n.data\nfirst: .quad 1`, "opv-v12"],
  // Two wait for one word, and the third wakes one of them.
  [`#: cpus 1\n#: task sleeper x2\n#: task waker\n.text\n.globl sleeper, waker\nsleeper:\n${call(202, "word(%rip)", "$128", "$0", "$0")}\n${call(60, "$0")}\nwaker:\n${call(202, "word(%rip)", "$129", "$1")}\n${call(60, "$0")}\n.bss\nword: .zero 8`, "none"]
]

const SEED_COUNT = 40

interface Made {
  readonly tags: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
  readonly outcomes: ReadonlySet<string>
  readonly heard: ReadonlySet<string>
}

const gather = (): Made => {
  const tags = new Set<string>()
  const kinds = new Set<string>()
  const outcomes = new Set<string>()
  const recordings = new URL("../../recordings/", import.meta.url)
  for (const file of readdirSync(recordings, { recursive: true }) as Array<string>) {
    const read = file.endsWith(".rec") ? readRecording(readFileSync(new URL(file, recordings))) : undefined
    if (read === undefined || read._tag === "Unreadable") continue
    for (const { event } of read.recording.entries) tags.add(event._tag)
    for (const { kind } of read.recording.schedule) kinds.add(kind)
    if (read.recording.end !== undefined) outcomes.add(read.recording.end.outcome._tag)
  }
  const contract = tally("tally", 1001)
  const rates = Object.fromEntries(kindNames.map((kind) => [kind, kind === "turn" ? 6 : choices[kind].is === "question" ? 3 : 100])) as Readonly<Record<Kind, number>>
  const noRates = Object.fromEntries(kindNames.map((kind) => [kind, 0])) as Readonly<Record<Kind, number>>
  const perform = (text: string, contracts: ReadonlyArray<AbiDefinition>, decider: Decider): void => {
    const spec = specOf(assembleText(text, "made.s"), contracts)
    const menu = { ...spec.menu, kinds: new Set(kindNames), signals: [SIGUSR1] }
    const run = start({ ...spec, limits: { ...spec.limits, maxIcount: 20_000 }, menu }, decider, { append: (_now, _cpu, _task, _count, { _tag }) => void tags.add(_tag) })
    if ("_tag" in run) throw new Error(run.reason)
    run.kernel.hearTaken(({ kind }) => void kinds.add(kind))
    const watcher = watcherOf(spec.program, { reached: spec.program.symbols.filter(({ name }) => name === "handler").map(({ at }) => at) })
    if (watcher !== undefined) run.observe(watcher)
    while (run.outcome === undefined) run.step()
    outcomes.add(run.outcome._tag)
  }
  for (let seed = 0; seed < SEED_COUNT; seed++) {
    const decider = seed === 0 ? quietDecider : randomDecider(String(seed), rates)
    perform(busy, [...abisNamed("mainline-6.12"), contract], decider)
    for (const [text, contracts] of ending) perform(text, abisNamed(contracts), seed === 0 ? quietDecider : randomDecider(String(seed), { ...noRates, wake: 2 }))
  }
  perform(busy, abisNamed("none"), { ...quietDecider, interrupt: () => "halt" })
  return { tags, kinds, outcomes, heard: new Set(contract.heard.map((line) => line.split(" ")[1] ?? "")) }
}

describe("what is declared", () => {
  const made = gather()
  it("is made by somebody", () => {
    expect(eventTags.filter((tag) => !makers.includes(`_tag: "${tag}"`))).toEqual([])
    expect(outcomeTags.filter((tag) => !makers.includes(`_tag: "${tag}"`))).toEqual([])
    expect(moments.filter((moment) => !makers.includes(`.${moment}?.(`))).toEqual([])
  })
  it("is made in a run: events", () => expect(eventTags.filter((tag) => !made.tags.has(tag))).toEqual([]))
  it("is made in a run: kinds of choice", () => expect(kindNames.filter((kind) => !made.kinds.has(kind))).toEqual([]))
  it("is made in a run: moments of contracts", () => expect(moments.filter((moment) => !made.heard.has(moment))).toEqual([]))
  it("is made in a run: outcomes", () => expect(outcomeTags.filter((tag) => !made.outcomes.has(tag))).toEqual([]))
})
