/** What the whole loop costs: turns, preemptions under a contract, recording, replaying, short runs from a fork. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { concatBytes } from "../../src/base/bytes.ts"
import { type Decider, FIRST_WAITING, type InterruptionKind, type Option, quietDecider, type Stretch } from "../../src/log/choice.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { record } from "../../src/run/record.ts"
import { replay } from "../../src/run/replay.ts"
import type { Run } from "../../src/run/run.ts"
import { type RunSpec, specOf, start } from "../../src/run/start.ts"
import { Trials } from "../../src/search/trial.ts"
import { abisNamed, assembleText, exampleSpec } from "../../test/support/examples.ts"
import { nanosecondsEach, threadMs } from "./clock.ts"
import type { Bench, Figure } from "./table.ts"

const GAP_ICOUNT = 100

/** Two registered tasks that compute for ever. */
const spinning = (cpus: string): RunSpec => ({
  ...specOf(assembleText(`
#: cpus 2
#: task worker x2 cpu=${cpus}
        .text
worker: lea     areas(%rip), %rdi
        shl     $5, %rsi
        add     %rsi, %rdi
        mov     $334, %eax
        mov     $32, %esi
        xor     %edx, %edx
        mov     $0x53053053, %r10d
        syscall
1:      add     $1, %rax
        mov     %rax, %rbx
        imul    $3, %rbx, %rbx
        xor     %rbx, %rcx
        jmp     1b
        .bss
        .balign 32
areas:  .zero   64
`, "spinning.s"), abisNamed("mainline-6.12")),
  limits: { maxIcount: 1e12, maxMemoryBytes: 2 ** 28, maxTasks: 16, maxOutputBytes: 1 }
})

/** One deviation of a kind every hundred instructions of a task. */
const every = (kind: InterruptionKind, option: (stretch: Stretch) => Option): Decider => {
  const answer = { at: 0, kind, option: 0 }
  return {
    marks: [],
    interrupt: (stretch) => {
      answer.at = stretch.from + GAP_ICOUNT
      if (answer.at > stretch.until) return "nothing"
      answer.option = option(stretch)
      return answer
    },
    choose: ({ options }) => options[0] ?? 0
  }
}
const turning = () => every("turn", ({ cpu }) => 1 - cpu)
const preempting = () => every("preempt", () => FIRST_WAITING)

const cases: ReadonlyArray<{ readonly of: string; readonly cpus: string; readonly decider: () => Decider; readonly leastPerSecond: number | undefined; readonly gap: number }> = [
  { of: "turn", cpus: "0,1", decider: turning, leastPerSecond: 1, gap: GAP_ICOUNT },
  { of: "preempt", cpus: "0", decider: preempting, leastPerSecond: 0.4, gap: GAP_ICOUNT },
  { of: "quiet", cpus: "0,1", decider: () => quietDecider, leastPerSecond: undefined, gap: 65_536 }
]

const begun = (spec: RunSpec, decider: Decider): Run => {
  const run = start(spec, decider)
  if ("_tag" in run) throw new Error(run.reason)
  return run
}

/** Nanoseconds of a gap's worth of the run. */
const gapNanoseconds = (advance: (icount: number) => void, gap: number): number => nanosecondsEach((gaps) => advance(gaps * gap))

export const loop: Bench = {
  name: "loop",
  summary: "deviations of the whole loop a second, one every hundred instructions, two tasks under mainline-6.12",
  run: () => cases.flatMap(({ cpus, decider, gap, leastPerSecond, of }): ReadonlyArray<Figure> => {
    const run = begun(spinning(cpus), decider())
    run.advance(5_000_000)
    const each = gapNanoseconds((icount) => run.advance(icount), gap)
    if (leastPerSecond === undefined) return [{ of, value: (gap * 1000) / each, unit: "MIPS" }]
    return [{ of, value: 1000 / each, unit: "M/s", target: { atLeast: leastPerSecond } }]
  })
}

export const recordingCost: Bench = {
  name: "recording-cost",
  summary: "a run with its entries written to a file, against the same run without",
  run: () => {
    const folder = mkdtempSync(join(tmpdir(), "rseqlab-bench-"))
    try {
      return cases.map(({ cpus, decider, gap, of }): Figure => {
        const plain = begun(spinning(cpus), decider())
        const descriptor = openSync(join(folder, `${of}.rec`), "w")
        const recorded = record(spinning(cpus), { strategy: "" }, decider(), (bytes) => void writeSync(descriptor, bytes), { keep: "entries", codec: "none" })
        if ("_tag" in recorded) throw new Error(recorded.reason)
        plain.advance(5_000_000)
        recorded.advance(5_000_000)
        // The best of each, by turns, so that both meet the same weather.
        let [without, withIt] = [Infinity, Infinity]
        for (let tries = 0; tries < 3; tries++) {
          without = Math.min(without, gapNanoseconds((icount) => plain.advance(icount), gap))
          withIt = Math.min(withIt, gapNanoseconds((icount) => recorded.advance(icount), gap))
        }
        closeSync(descriptor)
        return { of, value: withIt / without, unit: "x", target: { atMost: 1.15 } }
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

export const replaying: Bench = {
  name: "replay",
  summary: "a strict replay against the run it tells",
  run: () => cases.map(({ cpus, decider, of }): Figure => {
    const icount = of === "quiet" ? 100_000_000 : 20_000_000
    const limits = { ...spinning(cpus).limits, maxIcount: icount }
    const spec = { ...spinning(cpus), limits }
    const parts: Array<Uint8Array> = []
    const recorded = record(spec, { strategy: "" }, decider(), (bytes) => void parts.push(bytes), { keep: "schedule", codec: "none" })
    if ("_tag" in recorded) throw new Error(recorded.reason)
    while (recorded.outcome === undefined) recorded.advance(1_000_000)
    const read = readRecording(concatBytes(parts))
    if (read._tag === "Unreadable") throw new Error(read.problem.expected)
    const timed = (work: () => void): number => {
      const from = threadMs()
      work()
      return threadMs() - from
    }
    // The best of each, by turns: a ratio of two unlucky ones says nothing.
    let [original, again] = [Infinity, Infinity]
    for (let tries = 0; tries < 4; tries++) {
      const run = begun(spec, decider())
      original = Math.min(original, timed(() => { while (run.outcome === undefined) run.advance(1_000_000) }))
      const told = replay(read.recording, limits)
      if ("_tag" in told) throw new Error(told.reason)
      again = Math.min(again, timed(() => { while (told.advance(1_000_000) === undefined); }))
    }
    return { of, value: again / original, unit: "x", target: { atMost: 1.2 } }
  })
}

export const shortRuns: Bench = {
  name: "short-runs",
  summary: "whole runs of percpu-counter (two tasks, three operations each) from a forked boot",
  run: () => {
    const trials = new Trials(begun(exampleSpec("percpu-counter.s"), quietDecider), { detectors: [], forkAtNow: 0 })
    const each = nanosecondsEach((runs) => {
      for (let run = 0; run < runs; run++) trials.perform(quietDecider)
    }, { leastMs: 400 })
    return [{ of: "", value: 1e6 / each, unit: "k/s", target: { atLeast: 50 } }]
  }
}
