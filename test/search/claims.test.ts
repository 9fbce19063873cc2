/** What a program claims of its data is found out by a search, though the program itself never fails. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { quietDecider, type Schedule } from "../../src/log/choice.ts"
import type { Event } from "../../src/log/event.ts"
import { loadProgram } from "../../src/program/load.ts"
import { byName, parseWatch, placeWatch, type WatchName } from "../../src/program/watch.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { type RunSpec, specOf, start } from "../../src/run/start.ts"
import { understand } from "../../src/search/failure.ts"
import { fuzz, type Hit } from "../../src/search/fuzz.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { watch } from "../../src/search/watch.ts"
import { abisNamed, exampleSpec } from "../support/examples.ts"

const targetFor = (spec: RunSpec): Target => {
  const target = makeTarget(spec, defaultTargetOptions)
  if ("_tag" in target) throw new Error(target.reason)
  return target
}
const firstHit = (target: Target, runCount: number): Hit | undefined => {
  for (const { hit } of fuzz(target, runCount)) if (hit !== undefined) return hit
  return undefined
}

/** The spec, with more claims. */
const claiming = (spec: RunSpec, ...claims: ReadonlyArray<readonly [WatchName, ...ReadonlyArray<string>]>): RunSpec => {
  const { program } = spec
  const watches = claims.map(([claim, ...words]) => {
    const request = parseWatch(claim, words)
    const watched = "expected" in request ? request : placeWatch(request, byName(program.symbols))
    if ("expected" in watched) throw new Error(watched.expected)
    return watched
  })
  return { ...spec, program: { ...program, experiment: { ...program.experiment, watches: [...program.experiment.watches, ...watches] } } }
}

const threads = (): RunSpec => {
  const loaded = loadProgram(readFileSync(new URL("../fixtures/musl-threads.elf", import.meta.url)), "musl-threads.elf")
  if (loaded._tag === "Refused") throw new Error(loaded.message)
  return specOf(loaded.program, abisNamed("mainline-6.12"))
}

describe("a race in which nothing goes wrong", () => {
  it("is found, shrunk to one deviation and told by both accesses, though the program exits with status 0", () => {
    const target = targetFor(exampleSpec("publish-bad.s"))
    const hit = firstHit(target, 50)
    expect(hit?.trial.outcome).toEqual({ _tag: "Exited", status: 0 })
    if (hit === undefined) return
    const understanding = understand(target, hit.trial.schedule, hit.finding)
    let step = understanding.next()
    while (step.done !== true) step = understanding.next()
    expect(step.value?.minimized.deviations).toHaveLength(1)
    expect(step.value?.finding).toMatchObject({
      detector: "data-race",
      message: "task 1.2 on cpu1 stores 8 bytes to message+0x8 at writer+0x15, task 1.1 on cpu0 loads 8 bytes from message+0x8 at take+0x7, and nothing orders them"
    })
    expect(step.value?.explanation?.sentence).toMatch(/message\+0x8 at writer\+0x15, .*message\+0x8 at take\+0x7, and nothing orders them\. The run exits with status 0 either way; without this it breaks no rule\.$/)
  })

  it("is one bug, whoever is stopped and where", () => {
    const target = targetFor(exampleSpec("publish-bad.s"))
    const names = new Set<string | undefined>()
    let count = 0
    for (const { hit } of fuzz(target, 60)) {
      if (hit === undefined) continue
      const understanding = understand(target, hit.trial.schedule, hit.finding)
      let step = understanding.next()
      while (step.done !== true) step = understanding.next()
      names.add(step.value?.name)
      count++
    }
    expect(count).toBeGreaterThan(3)
    expect(names.size).toBe(1)
  })
})

describe("threads of a C library", () => {
  it.each([["nobody says", []], ["it is said", [["sync", "lock"]]]] as const)("do not race for what their mutex protects, where %s that it is one", (_, said) => {
    const hit = firstHit(targetFor(claiming(threads(), ["shared", "total"], ...said)), 60)
    expect(hit?.finding.message).toBe(undefined)
  })

  it("are the same run, watched, down to the words that they clear at their end", () => {
    const spec = claiming(threads(), ["shared", "total"])
    const events: Array<Event> = []
    const hashOf = (isWatched: boolean): string => {
      const run = start(spec, quietDecider, { append: (_now, _cpu, _task, _count, event) => void events.push(event) })
      if ("_tag" in run) throw new Error(run.reason)
      const watcher = watcherOf(spec.program)
      if (isWatched && watcher !== undefined) run.observe(watcher)
      while (run.outcome === undefined) run.step()
      return run.hash()
    }
    expect(hashOf(true)).toBe(hashOf(false))
    const claimed = events.flatMap((event) => (event._tag === "Claimed" && event.claim === "sync" ? [event.start] : []))
    expect(claimed.length).toBeGreaterThan(0)
    expect(events.some((event) => event._tag === "Accessed" && claimed.includes(event.address) && event.isLocked === 1)).toBe(true)
  })
})

describe("a run that places a new thread elsewhere", () => {
  it("is watched, though its deviation names a task that is not there yet", () => {
    const target = targetFor(threads())
    for (const { hit } of fuzz(target, 200)) expect(hit).toBe(undefined)
    let schedule: Schedule = []
    for (let run = 0; run < 200 && !schedule.some(({ kind }) => kind === "place"); run++) schedule = target.trials.perform(randomDecider(String(run), {})).schedule
    expect(schedule.some(({ kind }) => kind === "place")).toBe(true)
    expect(watch(target, schedule).ips).toHaveLength(schedule.length)
  })
})

describe("a word that a task clears at its end", () => {
  it("orders what the task did before whoever polls it, and no other word does", () => {
    const hitOf = (polled: string): string | undefined => {
      const loaded = loadProgram(Buffer.from(`#: task worker
#: task joiner
#: shared total 8
.data
tid: .long 1
other: .long 1
.balign 64
total: .quad 0
.text
worker:
  lea tid(%rip), %rdi
  mov $218, %eax          # set_tid_address
  syscall
  movq $7, total(%rip)
  movl $0, other(%rip)
  xor %edi, %edi
  mov $60, %eax
  syscall
joiner:
  cmpl $0, ${polled}(%rip)
  jne joiner
  mov total(%rip), %rdi
  xor %edi, %edi
  mov $60, %eax
  syscall
`), "polling.s")
      if (loaded._tag === "Refused") throw new Error(loaded.message)
      return firstHit(targetFor(specOf(loaded.program, abisNamed("none"))), 20)?.finding.detector
    }
    expect([hitOf("tid"), hitOf("other")]).toEqual([undefined, "data-race"])
  })
})

describe("a campaign", () => {
  it("watches every run of a program that claims something, and of no other", () => {
    const seen = (spec: RunSpec): boolean => {
      const target = targetFor(spec)
      let isSeen = false
      target.trials.perform(quietDecider, { log: { append: (_now, _cpu, _task, _count, event) => void (isSeen ||= event._tag === "Accessed") } })
      return isSeen
    }
    expect(seen(exampleSpec("spin-lock.s"))).toBe(false)
    expect(seen(claiming(exampleSpec("spin-lock.s"), ["shared", "counter"], ["sync", "lock_word"]))).toBe(true)
  })

  it.each([["is said to be one", [["sync", "lock_word"]]], ["is one", []]] as const)("finds nothing in a lock that %s", (_, said) => {
    expect(firstHit(targetFor(claiming(exampleSpec("spin-lock.s"), ["shared", "counter"], ...said)), 200)?.finding.message).toBe(undefined)
  })

  it("takes a word that is claimed to be data for data, whoever accesses it with LOCK", () => {
    const hit = firstHit(targetFor(claiming(exampleSpec("spin-lock.s"), ["shared", "counter"], ["shared", "lock_word"])), 20)
    expect(hit?.finding).toMatchObject({ detector: "data-race", message: expect.stringContaining("locked, and nothing orders them") as string })
  })

  it("holds a good per-CPU counter to its cells, and finds nothing", () => {
    expect(firstHit(targetFor(claiming(exampleSpec("percpu-counter.s"), ["percpu", "counters", "64"], ["shared", "counters"])), 200)?.finding.message).toBe(undefined)
  })
})
