/** How costs grow: what twice the work takes, against once. What grows with the work takes twice as much, its square four times. */
import { concatBytes } from "../../src/base/bytes.ts"
import { PAGE_BYTES } from "../../src/base/ids.ts"
import { allOf, countOf } from "../../src/base/ranges.ts"
import { type Mappings, remapped } from "../../src/kernel/mapping.ts"
import { quietDecider } from "../../src/log/choice.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { record } from "../../src/run/record.ts"
import { replay } from "../../src/run/replay.ts"
import { type RunSpec, specOf, start } from "../../src/run/start.ts"
import { everyFinding } from "../../src/search/watch.ts"
import { abisNamed, assembleText } from "../../test/support/examples.ts"
import { threadMs } from "./clock.ts"
import type { Bench, Figure } from "./table.ts"

const GROWTH_MAX = 2.3
const TRY_COUNT = 2

const specOfText = (text: string): RunSpec => specOf(assembleText(text, "growth.s"), abisNamed("mainline-6.12"))

const toTheEnd = (spec: RunSpec): void => {
  const run = start(spec, quietDecider)
  if ("_tag" in run) throw new Error(run.reason)
  while (run.outcome === undefined) run.advance(1_000_000)
  if (run.outcome._tag !== "Exited" || run.outcome.status !== 0) throw new Error(JSON.stringify(run.outcome))
}

/** Recorded with all it shows. */
const recorded = (spec: RunSpec): Uint8Array => {
  const parts: Array<Uint8Array> = []
  const recording = record(spec, { strategy: "" }, quietDecider, (bytes) => void parts.push(bytes), { keep: "entries", codec: "zstd" }, watcherOf(spec.program))
  if ("_tag" in recording) throw new Error(recording.reason)
  while (recording.outcome === undefined) recording.advance(1_000_000)
  return concatBytes(parts)
}

/** A tree of one-page mappings, every other one protected, and all of them given up. */
const mapped = (count: number): void => {
  let mappings: Mappings
  const range = (page: number) => ({ start: page * PAGE_BYTES, end: (page + 1) * PAGE_BYTES })
  const mapping = { protection: 3, isShared: true, isLocked: false }
  for (let page = count; page > 0; page--) mappings = remapped(mappings, range(page), [{ ...range(page), ...mapping }])
  for (let page = 1; page <= count; page += 2) mappings = remapped(mappings, range(page), [{ ...range(page), ...mapping, protection: 1 }])
  if (countOf(mappings) !== count || allOf(mappings).length !== count) throw new Error("each is one of its own")
  for (let page = 1; page <= count; page++) mappings = remapped(mappings, range(page), [])
}

/** So many calls of mmap, no two neighbors alike. */
const calls = (count: number) => {
  const spec = specOfText(`_start: mov $${count}, %ebx
1: xor %edi, %edi
        mov $4096, %esi
        mov %ebx, %edx
        and $1, %edx
        inc %edx
        mov $0x22, %r10d
        mov $-1, %r8
        xor %r9d, %r9d
        mov $9, %eax
        syscall
        dec %ebx
        jnz 1b
        xor %edi, %edi
        mov $60, %eax
        syscall
`)
  return () => toTheEnd(spec)
}

/** So many claims, each about a word of its own that is stored to: assembled, run, judged. */
const watched = (count: number) => {
  const lines = Array.from({ length: count }, (_, index) => `#: never w${index} 8\nw${index}: .quad 0`)
  const text = `_start: lea w0(%rip), %rbx
        mov $${count}, %ecx
1: addq $0, (%rbx)
        add $8, %rbx
        dec %ecx
        jnz 1b
        xor %edi, %edi
        mov $60, %eax
        syscall
        .data
${lines.join("\n")}
`
  return () => {
    const read = readRecording(recorded(specOfText(text)))
    if (read._tag === "Unreadable" || everyFinding(read.recording.entries).length > 0) throw new Error("every word stays 0")
  }
}

const YIELD_ENTRY_COUNT = 2

/** About so many entries: recorded, read, judged, replayed. */
const logged = (count: number) => {
  const spec = specOfText(`#: task worker x2
worker: mov $${Math.round(count / 2 / YIELD_ENTRY_COUNT)}, %ebx
1: mov $24, %eax
        syscall
        dec %ebx
        jnz 1b
        xor %edi, %edi
        mov $60, %eax
        syscall
`)
  return () => {
    const read = readRecording(recorded(spec))
    if (read._tag === "Unreadable" || Math.abs(read.recording.entryCount / count - 1) > 0.5) throw new Error("about so many entries")
    if (everyFinding(read.recording.entries).length > 0) throw new Error("nothing is wrong")
    const replaying = replay(read.recording, spec.limits)
    if ("_tag" in replaying) throw new Error(replaying.reason)
    let result = replaying.advance(1_000_000)
    while (result === undefined) result = replaying.advance(1_000_000)
    if (result._tag !== "Same") throw new Error(JSON.stringify(result.divergence))
  }
}

const bestMs = (work: () => void): number => {
  let best = Infinity
  for (let tries = 0; tries < TRY_COUNT; tries++) {
    const began = threadMs()
    work()
    best = Math.min(best, threadMs() - began)
  }
  return best
}

const grown = (of: string, count: number, make: (count: number) => () => void): ReadonlyArray<Figure> => {
  // The first time is another: code is not compiled yet, or compiled for less than there is.
  make(count / 2)()
  const half = bestMs(make(count / 2))
  const whole = bestMs(make(count))
  return [
    { of, value: whole, unit: "ms" },
    { of: `${of}, growth from half`, value: whole / half, unit: "x", target: { atMost: GROWTH_MAX } }
  ]
}

export const growth: Bench = {
  name: "growth",
  summary: "what twice the mappings, watches and entries take, against half of them",
  run: () => [
    ...grown("100,000 mappings", 100_000, (count) => () => mapped(count)),
    ...grown("60,000 mmap calls", 60_000, calls),
    ...grown("10,000 watches", 10_000, watched),
    ...grown("1,000,000 entries", 1_000_000, logged)
  ]
}
