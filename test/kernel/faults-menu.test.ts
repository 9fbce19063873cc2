/** The kinds that are asked on request only: evicted pages, affinity from outside, CPUs that go and come, refused calls. */
import { describe, expect, it } from "vitest"
import { childTask, rootTask } from "../../src/base/ids.ts"
import { defaultMenu, kindNames, MAJOR, MINOR, type Menu } from "../../src/log/choice.ts"
import type { Event } from "../../src/log/event.ts"
import { parseSchedule, printSchedule } from "../../src/log/schedule.ts"
import { concatBytes } from "../../src/base/bytes.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { record } from "../../src/run/record.ts"
import { runLeniently } from "../../src/run/lenient.ts"
import { replay } from "../../src/run/replay.ts"
import { type RunSpec, specOf, start } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { abisNamed, assembleText, exampleNames, exampleSpec } from "../support/examples.ts"

const menu: Menu = { ...defaultMenu, kinds: new Set(kindNames) }

const told = (spec: RunSpec, text: string) => {
  const parsed = parseSchedule(text)
  if (parsed._tag === "Malformed") throw new Error(parsed.expected)
  const events: Array<Event> = []
  const lenient = runLeniently({ ...spec, menu }, parsed.schedule, { append: (_now, _cpu, _task, _count, event) => void events.push(event) })
  if ("_tag" in lenient) throw new Error(lenient.reason)
  return { ...lenient, events, tags: events.map(({ _tag }) => _tag) }
}

const counting = specOf(assembleText(`
#: cpus 2
#: task worker x2 cpu=0,1
        .text
worker: mov     $50, %ecx
1:      dec     %ecx
        jnz     1b
        mov     $60, %eax
        xor     %edi, %edi
        syscall
`, "counting.s"), abisNamed("none"))

const one = childTask(rootTask, 1)

describe("unplug and plug", () => {
  it("move whoever runs on the CPU, and bring it back", () => {
    const { dropped, events, realised, run } = told(counting, "1.1@10:unplug=0,1.1@20:plug=0,1.1@30:migrate=0")
    expect(dropped).toEqual([])
    expect(printSchedule(realised)).toBe("1.1@10:unplug=0,1.1@20:plug=0,1.1@30:migrate=0")
    expect(events.filter(({ _tag }) => _tag === "Migrated")).toMatchObject([{ task: one, from: 0, to: 1 }, { task: one, from: 1, to: 0 }])
    expect(run.outcome).toEqual({ _tag: "Exited", status: 0 })
  })

  it("are not on offer where one CPU is left, or none is missing", () => {
    const { dropped } = told(counting, "1.1@10:unplug=0,1.1@20:unplug=1,1.2@5:plug=1")
    expect(dropped.map(({ deviation }) => printSchedule([deviation]))).toEqual(["1.1@20:unplug=1", "1.2@5:plug=1"])
  })

  it("give a task back all CPUs that may use none that is left", () => {
    const { events } = told(counting, "1.1@10:affinity=0,1.1@20:unplug=0")
    expect(events.filter(({ _tag }) => _tag === "AffinitySet")).toMatchObject([{ task: one, allowed: [0] }, { task: one, allowed: [0, 1] }])
  })
})

describe("a sleeper whose CPUs have gone", () => {
  it("wakes on one that is left", () => {
    const sleeping = specOf(assembleText(`
#: cpus 2
#: task sleeper cpu=0
#: task worker cpu=1
        .text
sleeper: mov    $35, %eax
        lea     moment, %rdi
        xor     %esi, %esi
        syscall
        mov     $60, %eax
        xor     %edi, %edi
        syscall
worker: mov     $500, %ecx
1:      dec     %ecx
        jnz     1b
        mov     $60, %eax
        xor     %edi, %edi
        syscall
        .data
moment: .quad   0, 100
`, "sleeping.s"), abisNamed("none"))
    const { events, run } = told(sleeping, "1.1@1:affinity=0,1.2@20:unplug=0")
    expect(events.filter(({ _tag }) => _tag === "AffinitySet")).toMatchObject([{ allowed: [0] }, { allowed: [0, 1] }])
    expect(run.outcome).toEqual({ _tag: "Exited", status: 0 })
  })
})

describe("affinity", () => {
  it("moves a task that may not stay", () => {
    const { tags, run } = told(counting, "1.1@10:affinity=1")
    expect(tags).toContain("Migrated")
    expect(run.kernel.current(one).allowed).toEqual([1])
    expect(run.outcome).toEqual({ _tag: "Exited", status: 0 })
  })
})

describe("evict", () => {
  const storing = specOf(assembleText(`
#: cpus 1
#: task worker
#: watch word 4
        .text
worker: mov     $7, %eax
        mov     %eax, word
        mov     $60, %eax
        xor     %edi, %edi
        syscall
        .bss
word:   .zero   4
`, "storing.s"), abisNamed("none"))

  it.each([MINOR, MAJOR])("leaves registers and memory as they would have been (%i)", (option) => {
    const run = start({ ...storing, menu }, {
      marks: storing.program.experiment.watches.map(({ end, start: at }) => ({ _tag: "Accessed", start: at, end, by: "any" })),
      interrupt: (stretch) => stretch.visit === 0 && stretch.pending !== undefined ? { at: stretch.from, kind: "evict", option } : "nothing",
      choose: ({ options }) => options[0] ?? 0
    })
    if ("_tag" in run) throw new Error(run.reason)
    const kept: Array<string> = []
    run.kernel.hearTaken(({ kind }) => void kept.push(kind))
    while (run.outcome === undefined) run.step()
    expect(kept).toEqual(["evict"])
    expect(run.outcome).toEqual({ _tag: "Exited", status: 0 })
    const [watch] = storing.program.experiment.watches
    expect(run.kernel.memory(run.kernel.current(one)).read32(watch?.start ?? 0)).toBe(7)
    expect(run.kernel.state.idleNanoseconds > 0).toBe(option === MAJOR)
  })
})

describe("told again", () => {
  it.each(["1", "2", "3", "4"])("a run with every fault on the menu replays strictly (seed %s)", (seed) => {
    const spec = { ...exampleSpec("percpu-counter.s"), menu }
    const parts: Array<Uint8Array> = []
    const rates = { evict: 20, affinity: 40, unplug: 60, plug: 10, wait: 3, refuse: 3 }
    const recording = record(spec, { strategy: "random" }, randomDecider(seed, rates), (bytes) => void parts.push(bytes), { keep: "entries", codec: "none" })
    if ("_tag" in recording) throw new Error(recording.reason)
    while (recording.outcome === undefined) recording.advance(1_000)
    const read = readRecording(concatBytes(parts))
    if (read._tag === "Unreadable") throw new Error(read.problem.expected)
    const kinds = new Set(read.recording.schedule.map(({ kind }) => kind))
    expect(kinds.has("evict")).toBe(true)
    const strict = replay(read.recording, spec.limits)
    if ("_tag" in strict) throw new Error(strict.reason)
    let result = strict.advance(1_000)
    while (result === undefined) result = strict.advance(1_000)
    expect(result._tag).toBe("Same")
  })
})

describe("refuse", () => {
  const mapping = specOf(assembleText(`
        .globl _start
_start: mov     $9, %eax
        xor     %edi, %edi
        mov     $4096, %esi
        mov     $3, %edx
        mov     $0x22, %r10d
        mov     $-1, %r8
        xor     %r9d, %r9d
        syscall
        neg     %rax
        mov     %eax, %edi
        mov     $231, %eax
        syscall
`, "mapping.s"), abisNamed("none"))

  it("answers a call with an errno of its row", () => {
    const { run, tags } = told(mapping, "1@8:refuse=ENOMEM")
    expect(run.outcome).toEqual({ _tag: "Exited", status: 12 })
    expect(tags).toContain("Refused")
  })
})

describe.each(exampleNames)("all faults on %s", (file) => {
  it.each(["1", "2", "3"])("come to the same twice, whatever they do (seed %s)", (seed) => {
    const spec = { ...exampleSpec(file), menu, limits: { ...exampleSpec(file).limits, maxIcount: 600_000 } }
    const hashes = [0, 1].map(() => {
      const run = start(spec, randomDecider(seed, { unplug: 60, plug: 30, affinity: 60 }))
      if ("_tag" in run) throw new Error(run.reason)
      while (run.outcome === undefined) run.step()
      return `${run.outcome._tag} ${run.hash()}`
    })
    expect(hashes[1]).toBe(hashes[0])
  })
})
