import { describe, expect, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { stream } from "../../src/base/prng.ts"
import { apply, isApplied } from "../../src/kernel/apply.ts"
import { emptyState } from "../../src/kernel/boot.ts"
import type { Decider, Deviation, Schedule } from "../../src/log/choice.ts"
import { type Entry, type EventLog, noLog } from "../../src/log/event.ts"
import { createMachine } from "../../src/machine/create.ts"
import type { Machine } from "../../src/machine/machine.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { Watcher } from "../../src/run/observe.ts"
import { record } from "../../src/run/record.ts"
import { replay } from "../../src/run/replay.ts"
import type { Run } from "../../src/run/run.ts"
import { defaultLimits, type RunSpec, start, startOn } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { abis } from "../../src/kernel/abi/table.ts"
import { contractSpec } from "../support/contract-program.ts"
import { exampleNames, exampleSpec } from "../support/examples.ts"

const SEEDS = ["quiet", "1", "2", "3", "4", "5", "6"]
const decider = (seed: string): Decider => randomDecider(seed, seed === "quiet" ? NEVER : {})
const NEVER = { turn: 0, preempt: 0, migrate: 0, signal: 0, pick: 0, place: 0, wake: 0, arrive: 0, wait: 0, clock: 0, pause: 0, refuse: 0 }

interface Whole {
  readonly run: Run
  readonly entries: ReadonlyArray<Entry>
  readonly schedule: Schedule
}

/** A machine that keeps blocks, spaces and frames elsewhere than a fresh one does. */
const usedMachine = ({ limits }: RunSpec): Machine => {
  const machine = createMachine({ maxMemoryBytes: limits.maxMemoryBytes })
  for (const space of [machine.newSpace(), machine.newSpace()]) {
    machine.newBlock(space)
    machine.map(space, { start: 0x10000, end: 0x20000 }, 3, false)
    machine.load(space, 0x10000, new Uint8Array(0x10000).fill(1))
    machine.unmap(space, { start: 0x10000, end: 0x20000 })
  }
  machine.freeBlock(machine.newBlock(machine.newSpace()))
  return machine
}

const begin = (spec: RunSpec, answers: Decider, log?: EventLog, machine?: Machine): Run => {
  const run = machine === undefined ? start(spec, answers, log) : startOn(machine, spec, answers, log ?? noLog)
  if ("_tag" in run) throw new Error(run.reason)
  return run
}

const collect = (spec: RunSpec, answers: Decider, advance: (run: Run) => void = finish, machine?: Machine): Whole => {
  const entries: Array<Entry> = []
  const schedule: Array<Deviation> = []
  const run = begin(spec, answers, {
    append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
  }, machine)
  run.kernel.hearTaken((deviation) => void schedule.push(deviation))
  advance(run)
  return { run, entries, schedule }
}

const finish = (run: Run): void => {
  while (run.outcome === undefined) run.step()
}

const specs = new Map<string, () => RunSpec>([
  ...exampleNames.map((file) => [file, () => exampleSpec(file)] as const),
  ...Object.values(abis).map((row) => [`the program of ${row.name}`, () => contractSpec(row)] as const)
])

const bounded = (name: string): RunSpec => ({ ...known(specs.get(name), "a name of the map")(), limits: { ...defaultLimits, maxIcount: 2_000_000 } })

/** Programs of contracts differ little from each other: one seed each. */
const seedsOf = (name: string): ReadonlyArray<string> => (exampleNames.includes(name) ? SEEDS : SEEDS.slice(1, 2))

describe.each([...specs.keys()])("runs of %s", (file) => {
  const seeds = seedsOf(file)

  it.each(seeds)("are the same run twice, whatever the breath (seed %s)", (seed) => {
    const spec = bounded(file)
    const one = collect(spec, decider(seed))
    const two = collect(spec, decider(seed), (run) => {
      while (run.outcome === undefined) run.advance(7)
    })
    expect(two.schedule).toEqual(one.schedule)
    expect(two.entries).toEqual(one.entries)
    expect(two.run.hash()).toBe(one.run.hash())
    expect(two.run.kernel.questionDigest).toBe(one.run.kernel.questionDigest)
  })

  it.each(seeds.slice(0, 3))("say nothing of where the machine keeps its tasks and spaces (seed %s)", (seed) => {
    const spec = bounded(file)
    const one = collect(spec, decider(seed))
    const two = collect(spec, decider(seed), finish, usedMachine(spec))
    expect(two.entries).toEqual(one.entries)
    expect(two.run.kernel.state).toEqual(one.run.kernel.state)
    expect(two.run.hash()).toBe(one.run.hash())
  })

  it.each(seeds)("fold to the kernel's state (seed %s)", (seed) => {
    const spec = bounded(file)
    const { entries, run } = collect(spec, decider(seed))
    let state = emptyState(spec.cpus)
    for (const { event } of entries) if (isApplied(event)) state = apply(state, event)
    expect(state).toEqual(run.kernel.state)
  })

  it.each(seeds)("go back to any boundary and come out the same (seed %s)", (seed) => {
    const spec = bounded(file)
    const whole = collect(spec, decider(seed))
    // A strategy's chance is not part of a snapshot, so what is gone back over is the schedule.
    const chance = stream(seed, "fork-law")
    const run = begin(spec, recorded(tell(whole.schedule, () => {})))
    const until = chance.below(Math.max(1, whole.run.kernel.now))
    while (run.outcome === undefined && run.kernel.now < until) run.step()
    if (run.outcome !== undefined) return
    const snapshot = run.snapshot()
    const hash = run.hash()
    for (const answers of [decider("other"), recorded(tell(whole.schedule, () => {}))]) {
      run.restore(snapshot)
      expect(run.hash()).toBe(hash)
      run.kernel.decider = answers
      finish(run)
    }
    expect(run.outcome).toEqual(whole.run.outcome)
    expect(run.hash()).toBe(whole.run.hash())
    expect(run.kernel.state).toEqual(whole.run.kernel.state)
  })

  it.each(seeds)("are the same with observers (seed %s)", (seed) => {
    const spec = bounded(file)
    const plain = collect(spec, decider(seed))
    const { experiment, sections } = spec.program
    const watched = begin(spec, decider(seed))
    watched.observe(new Watcher({ watches: experiment.watches, sections, reached: [spec.program.entry] }))
    finish(watched)
    expect(watched.outcome).toEqual(plain.run.outcome)
    expect(watched.hash()).toBe(plain.run.hash())
    expect(watched.kernel.entryCount).toBe(plain.run.kernel.entryCount)
  })

  it.each(seeds)("are told again by their recording and by their schedule (seed %s)", (seed) => {
    const spec = bounded(file)
    const parts: Array<Uint8Array> = []
    const recording = record(spec, { strategy: "random" }, decider(seed), (bytes) => void parts.push(bytes), { keep: "entries", codec: "none" })
    if ("_tag" in recording) throw new Error(recording.reason)
    while (recording.outcome === undefined) recording.advance(1000)
    const read = readRecording(Buffer.concat(parts))
    if (read._tag === "Unreadable") throw new Error(read.problem.expected)
    expect(read.recording.status).toBe("clean")
    const told = replay(read.recording, defaultLimits)
    if ("_tag" in told) throw new Error(told.reason)
    let result = told.advance(500)
    while (result === undefined) result = told.advance(500)
    expect(result).toMatchObject({ _tag: "Same", end: { outcome: recording.outcome } })

    const again = collect(spec, recorded(tell(read.recording.schedule, (deviation, reason) => {
      throw new Error(`${reason}: ${JSON.stringify(deviation)}`)
    })))
    expect(again.run.hash()).toBe(recording.run.hash())
    expect(again.schedule).toEqual(read.recording.schedule)
  })
})
