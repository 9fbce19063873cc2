/** An unlocked read-modify-write is two bus events, and another CPU may get between: runs in which one does. */
import { describe, expect, it } from "vitest"
import { concatBytes } from "../../src/base/bytes.ts"
import { stream } from "../../src/base/prng.ts"
import { type Decider, defaultMenu, type Deviation, type Kind, kindNames, type Menu, quietDecider } from "../../src/log/choice.ts"
import type { Entry, EventLog, EventTag } from "../../src/log/event.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { parseSchedule, printSchedule } from "../../src/log/schedule.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { Watcher } from "../../src/run/observe.ts"
import { record } from "../../src/run/record.ts"
import { runLeniently } from "../../src/run/lenient.ts"
import { replay } from "../../src/run/replay.ts"
import type { Run } from "../../src/run/run.ts"
import { type RunSpec, specOf, start } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { accessMarks } from "../../src/strategy/stepwise.ts"
import { abisNamed, assembleText, exampleSpec } from "../support/examples.ts"
import { enumerate, standAtFirstMarks } from "../support/enumerate.ts"

const withKinds = (kinds: ReadonlyArray<Kind>): Menu => ({ ...defaultMenu, kinds: new Set(kinds) })
const withSplit = withKinds([...defaultMenu.kinds, "split"])

const specFor = (text: string, menu: Menu = withSplit): RunSpec => ({ ...specOf(assembleText(text, "split.s"), abisNamed("none")), menu })

const begin = (spec: RunSpec, decider: Decider, log?: EventLog): Run => {
  const run = start(spec, decider, log)
  if ("_tag" in run) throw new Error(run.reason)
  return run
}
const finish = (run: Run): void => {
  while (run.outcome === undefined) run.step()
}

/** Two tasks, each a few accesses; `check` ends with what the cell holds. */
const pair = (one: string, other: string): string => `
#: cpus 2
#: task one cpu=0
#: task other cpu=1
#: watch cell 4
#: finally check
        .text
one:    ${one}
        jmp     done
other:  ${other}
done:   mov     $60, %eax
        xor     %edi, %edi
        syscall
check:  mov     cell, %edi
        mov     $60, %eax
        syscall
        .data
        .balign 64
cell:   .long   0
`

const outcomesOf = (text: string, kinds: ReadonlyArray<"turn" | "split">): ReadonlyArray<number> => {
  const spec = specFor(text, withKinds(kinds))
  const run = begin({ ...spec, quiet: { ...spec.quiet, turnIcount: 0, sliceIcount: 0 } }, quietDecider)
  const marks = accessMarks(spec.program.experiment.watches)
  const seen = new Set<number>()
  enumerate(run, standAtFirstMarks(run, marks, 2), marks, ({ outcome }) => {
    expect(outcome?._tag).toBe("Exited")
    if (outcome?._tag === "Exited") seen.add(outcome.status)
  }, kinds)
  return [...seen].sort((a, b) => a - b)
}

describe("all outcomes of two tasks", () => {
  it.each([
    ["incl cell", "incl cell", [2], [1, 2]],
    ["lock incl cell", "lock incl cell", [2], [2]],
    // A lock keeps others out of this access, and not this one out of others.
    ["incl cell", "lock incl cell", [2], [1, 2]],
    ["incl cell; incl cell", "incl cell", [3], [1, 2, 3]],
    ["incl cell; incl cell", "incl cell; incl cell", [4], [2, 3, 4]],
    ["mov $5, %eax; xchg %eax, cell", "mov $7, %ebx; xchg %ebx, cell", [5, 7], [5, 7]],
    ["orl $1, cell", "orl $2, cell", [3], [1, 2, 3]],
    // A comparison that fails writes back what it read.
    ["mov $9, %eax; cmpxchg %ecx, cell", "movl $1, cell", [1], [0, 1]]
  ] as const)("%s beside %s", (one, other, whole, split) => {
    expect(outcomesOf(pair(one, other), ["turn"])).toEqual(whole)
    expect(outcomesOf(pair(one, other), ["turn", "split"])).toEqual(split)
  })
})

const logInto = (entries: Array<Entry>): EventLog => ({
  append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
})

interface Told {
  readonly run: Run
  readonly entries: ReadonlyArray<Entry>
  readonly dropped: string
  readonly realised: string
}

const told = (spec: RunSpec, text: string): Told => {
  const parsed = parseSchedule(text)
  if (parsed._tag === "Malformed") throw new Error(parsed.expected)
  const before: Array<Entry> = []
  const lenient = runLeniently(spec, parsed.schedule, logInto(before))
  if ("_tag" in lenient) throw new Error(lenient.reason)
  // What was taken, once more, with every observation: what was dropped has left nothing.
  const entries: Array<Entry> = []
  const run = begin(spec, recorded(tell(lenient.realised, (deviation) => { throw new Error(printSchedule([deviation])) })), logInto(entries))
  run.observe(new Watcher({ watches: spec.program.experiment.watches, sections: [], reached: [] }))
  finish(run)
  expect(run.hash()).toBe(lenient.run.hash())
  expect(entries.filter(({ event }) => event._tag !== "Accessed").map((entry, index) => ({ ...entry, index }))).toEqual(before)
  return { run, entries, dropped: printSchedule(lenient.dropped.map(({ deviation }) => deviation)), realised: printSchedule(lenient.realised) }
}

const tagsOf = (entries: ReadonlyArray<Entry>, ...tags: ReadonlyArray<EventTag>): ReadonlyArray<string> =>
  entries.filter(({ event }) => tags.includes(event._tag)).map(({ event }) =>
    event._tag === "Accessed" ? `${event.task} ${event.isWrite === 1 ? "writes" : "reads"} ${event.before} ${event.after}`
    : event._tag === "TaskExited" ? `${event.task} exits` : event._tag)

describe("a split told by count", () => {
  const spec = specFor(pair("nop; nop; incl cell; nop", "incl cell; pause; incl cell"))

  it("is taken where the instruction stands, and ends the stretch behind it", () => {
    const { entries, realised } = told(spec, "1.1@2:split=1")
    expect(realised).toBe("1.1@2:split=1")
    // 1.2 pauses with its first increment done; then the write of 1.1 is there before anything else happens on its CPU.
    expect(tagsOf(entries, "Accessed").map((text) => text.slice(2))).toEqual(["reads 0 0", "writes 0 1", "writes 1 1", "writes 1 2", "reads 2 2"])
    expect(entries.filter(({ event }) => event._tag === "Accessed").map(({ count, now }) => [count, now])).toEqual([[2, 2], [0, 3], [2, 5], [2, 10], [0, 14]])
  })
  it.each(["1.1@1:split=1", "1.1@3:split=1", "1.1@2:split=0", "1.1@2/1:split=1"])("%s is dropped, and nothing is otherwise", (text) => {
    const { dropped, realised } = told(spec, text)
    expect([dropped, realised]).toEqual([text, ""])
  })
  it("that is void leaves what comes behind it", () => {
    expect(told(spec, "1.1@1:split=1,1.1@2:split=1,1.1@3/1:turn=1")).toMatchObject({ dropped: "1.1@1:split=1", realised: "1.1@2:split=1,1.1@3/1:turn=1" })
    expect(told(spec, "1.1@1:split=1,1.1@1:turn=1")).toMatchObject({ dropped: "1.1@1:split=1", realised: "1.1@1:turn=1" })
    expect(told(spec, "1.1@1:split=1,1.1@3:turn=1")).toMatchObject({ dropped: "1.1@1:split=1", realised: "1.1@3:turn=1" })
  })
  it("is void at the end of a turn, which comes all the same", () => {
    const quiet = { ...spec.quiet, turnIcount: 2 }
    expect(told({ ...spec, quiet }, "1.1@2:split=1")).toMatchObject({ realised: "" })
    expect(told({ ...spec, quiet }, "1.1@2/1:split=1")).toMatchObject({ realised: "1.1@2/1:split=1" })
  })
  it("is met by place", () => {
    expect(told(spec, "1.1@one+2:split=1")).toMatchObject({ dropped: "", realised: "1.1@2:split=1" })
    expect(told(spec, "1.1@one+1:split=1")).toMatchObject({ realised: "" })
  })
})

describe("the write lands before anything else befalls its task", () => {
  const call = (number: number, ...rest: ReadonlyArray<string>): string => [`mov $${number}, %eax`, ...rest, "syscall"].join("; ")

  const barrier = (command: number) => call(324, `mov $${command}, %edi`, "xor %esi, %esi")
  const fenced = (register: number, command: number): string => pair(`${barrier(register)}; incl cell; nop`, `${barrier(command)}; mov cell, %ecx`)

  it("an interrupt that a membarrier sends", () => {
    const text = fenced(256, 128)
    const { entries, realised } = told({ ...specFor(text), abis: abisNamed("mainline-6.12") }, "1.1@4/1:split=1")
    expect(realised).toBe("1.1@4/1:split=1")
    expect(tagsOf(entries, "Accessed", "Interrupted").slice(0, 4)).toEqual(["1 reads 0 0", "1 writes 0 1", "Interrupted", "2 reads 1 1"])
  })

  it.each([["that of a process", 16, 8], ["that of everybody", 2, 1]] as const)("a membarrier, %s", (_, register, command) => {
    const { entries } = told(specFor(fenced(register, command)), "1.1@4/1:split=1")
    expect(tagsOf(entries, "Accessed").slice(0, 3)).toEqual(["1 reads 0 0", "1 writes 0 1", "2 reads 1 1"])
  })

  it("the end of its process", () => {
    const { entries, run } = told(specFor(pair("incl cell", call(231, "mov $3, %edi"))), "1.1@0:split=1")
    expect(tagsOf(entries, "Accessed", "TaskExited")).toEqual(["1 reads 0 0", "0 exits", "1 writes 0 1", "1 exits", "2 exits"])
    expect(run.outcome).toEqual({ _tag: "Exited", status: 3 })
  })

  it("its CPU going away", () => {
    const { entries } = told(specFor(pair("incl cell", "nop; nop"), withKinds(kindNames)), "1.1@0:split=1,1.2@1:unplug=0")
    expect(tagsOf(entries, "Accessed", "CpuUnplugged", "Preempted").slice(0, 4)).toEqual(["1 reads 0 0", "CpuUnplugged", "1 writes 0 1", "Preempted"])
  })

  it.each([
    ["is unmapped", 11, "Unmapped", 4096], ["may only be read", 10, "Protected", 1], ["is mapped anew", 9, "Mapped", 3]
  ] as const)("its page, when that %s", (_, number, tag, third) => {
    // The page behind the data.
    const text = pair("incl page", call(number, "lea page, %rdi", "mov $4096, %esi", `mov $${third}, %edx`, "mov $0x32, %r10d", "mov $-1, %r8", "xor %r9d, %r9d"))
      .replace("#: watch cell 4", "#: watch page 4").concat("        .balign 4096\npage:   .zero   4096\n")
    const { entries, run } = told(specFor(text), "1.1@0:split=1")
    expect(tagsOf(entries.filter(({ now }) => now > 0), "Accessed", tag)).toEqual(["1 writes 0 1", tag])
    expect(run.outcome?._tag).toBe("Exited")
  })
})

/** All sorts of read-modify-writes over one page and across two, calls between them. */
const mixed = `
#: cpus 0,1,4
#: task work x5 cpu=0,1,4,0,1
#: watch cells 64
        .text
work:   mov     $12, %ebp
again:  incl    cells
        addq    %rbp, cells + 8
        lock incl cells + 16
        movl    cells + 16, %ebx
        xaddl   %ebx, cells + 20
        cmpxchgl %ebx, cells + 24
        btsl    %ebp, cells + 28
        incq    page - 3
        mov     $24, %eax
        syscall
        shll    $1, cells + 4
        notb    cells + 5
        dec     %ebp
        jnz     again
        mov     $60, %eax
        xor     %edi, %edi
        syscall
        .data
        .balign 4096
        .zero   2048
cells:  .zero   64
        .balign 4096
page:   .zero   8
`

describe.each([["mixed", mixed, withSplit], ["mixed, all faults", mixed, withKinds(kindNames)]] as const)("runs of %s", (_, text, menu) => {
  const rates = { split: 6, turn: 12, evict: 60, unplug: 150, plug: 20, affinity: 150 }
  const SEEDS = ["1", "2", "3"]
  const spec = specFor(text, menu)
  const entriesOf = (decider: Decider, advance: (run: Run) => void) => {
    const entries: Array<Entry> = []
    const schedule: Array<Deviation> = []
    const run = begin(spec, decider, logInto(entries))
    run.kernel.hearTaken((deviation) => void schedule.push(deviation))
    advance(run)
    return { run, entries, schedule }
  }

  it.each(SEEDS)("have a write in flight only of tasks that run, on CPUs that do not have the turn (seed %s)", (seed) => {
    const decider = randomDecider(seed, rates)
    const run = begin(spec, {
      ...decider,
      interrupt: (stretch) => {
        const { kernel, machine } = run
        for (const task of kernel.state.tasks) {
          const { cpu, id, status } = task
          if (!machine.isInFlight(kernel.blockOf(task))) continue
          seenCount++
          expect([status, cpu === stretch.cpu], `seed ${seed}, now ${kernel.now}, task ${id}`).toEqual(["running", false])
        }
        return decider.interrupt(stretch)
      }
    })
    let seenCount = 0
    finish(run)
    expect(seenCount).toBeGreaterThan(3)
  })

  it.each(SEEDS)("are the same twice, whatever the breath, and whoever looks (seed %s)", (seed) => {
    const one = entriesOf(randomDecider(seed, rates), finish)
    const two = entriesOf(randomDecider(seed, rates), (run) => {
      while (run.outcome === undefined) run.advance(3)
    })
    expect(two.entries).toEqual(one.entries)
    expect(two.schedule).toEqual(one.schedule)
    const watched = begin(spec, randomDecider(seed, rates))
    watched.observe(new Watcher({ watches: spec.program.experiment.watches, sections: [], reached: [spec.program.entry] }))
    finish(watched)
    expect([two.run.hash(), watched.hash()]).toEqual([one.run.hash(), one.run.hash()])
  })

  it.each(SEEDS)("go back into the middle of a split, and on (seed %s)", (seed) => {
    const whole = entriesOf(randomDecider(seed, rates), finish)
    const run = begin(spec, recorded(tell(whole.schedule, () => {})))
    const { kernel, machine } = run
    const chance = stream(seed, "split-forks")
    const inFlight = (): number => kernel.state.tasks.filter((task) => machine.isInFlight(kernel.blockOf(task))).length
    let forkCount = 0
    while (run.outcome === undefined) {
      run.step()
      if (run.outcome !== undefined || inFlight() === 0 || !chance.oneIn(4)) continue
      forkCount++
      const [snapshot, hash, decider] = [run.snapshot(), run.hash(), kernel.decider]
      kernel.decider = randomDecider("elsewhere", rates)
      finish(run)
      run.restore(snapshot)
      expect([run.hash(), inFlight() > 0]).toEqual([hash, true])
      kernel.decider = decider
      run.release(snapshot)
    }
    expect(forkCount).toBeGreaterThan(0)
    expect(run.hash()).toBe(whole.run.hash())
  })

  it.each(SEEDS)("are told again by their recording, and by the text of their schedule (seed %s)", (seed) => {
    const parts: Array<Uint8Array> = []
    const recording = record(spec, { strategy: "random" }, randomDecider(seed, rates), (bytes) => void parts.push(bytes), { keep: "entries", codec: "none" })
    if ("_tag" in recording) throw new Error(recording.reason)
    while (recording.outcome === undefined) recording.advance(100)
    const read = readRecording(concatBytes(parts))
    if (read._tag === "Unreadable") throw new Error(read.problem.expected)
    const strict = replay(read.recording, spec.limits)
    if ("_tag" in strict) throw new Error(strict.reason)
    let result = strict.advance(100)
    while (result === undefined) result = strict.advance(100)
    expect(result._tag).toBe("Same")
    const text = printSchedule(read.recording.schedule)
    expect(text).toContain(":split=")
    expect(told(spec, text)).toMatchObject({ dropped: "", realised: text })
  })
})

describe("a per-CPU counter", () => {
  it.each(["1", "2"])("whose sections count in the cell of their own CPU loses nothing (seed %s)", (seed) => {
    const spec = { ...exampleSpec("percpu-counter.s"), menu: withSplit }
    for (let run = 0; run < 20; run++) {
      const made = begin(spec, randomDecider(`${seed}/${run}`, { split: 5, turn: 10 }))
      finish(made)
      expect(made.outcome, `seed ${seed}/${run}`).toEqual({ _tag: "Exited", status: 0 })
    }
  })
})
