/** Going back to a snapshot: after touching a megabyte, after touching three pages; and stops at marked accesses. */
import { PAGE_BYTES } from "../../src/base/ids.ts"
import { assemble } from "../../src/program/assemble/assemble.ts"
import type { Machine } from "../../src/machine/machine.ts"
import { nanosecondsEach } from "./clock.ts"
import { type Guest, load } from "./guest.ts"
import type { Bench, Figure } from "./table.ts"

const guestOf = (text: string): Guest => {
  const assembly = assemble(text, "bench.s")
  if (assembly._tag !== "Assembled") throw new Error(`line ${assembly.error.line}: expected ${assembly.error.expected}`)
  return load(assembly.program)
}

/** Touches so many pages, a word each, then pauses; for ever. */
const toucher = (pages: number): string => `
_start: lea room(%rip), %rdi
        mov $${pages}, %ecx
1:      incq (%rdi)
        add $${PAGE_BYTES}, %rdi
        dec %ecx
        jnz 1b
        pause
        jmp _start
        .bss
        .balign ${PAGE_BYTES}
room:   .skip ${pages * PAGE_BYTES}
`

interface Costs {
  /** From a snapshot: run, touching the pages, and back. */
  readonly there: number
  /** The run alone, pages once touched. */
  readonly running: number
  readonly snapshot: number
}

const costsOf = (pages: number): Costs => {
  const { block, machine } = guestOf(toucher(pages))
  const run = (): void => {
    const stop = machine.run(block, 10_000_000, false)
    if (stop._tag !== "Paused") throw new Error(`the toucher stopped: ${stop._tag}`)
  }
  run()
  const running = nanosecondsEach((times) => {
    for (let time = 0; time < times; time++) run()
  }, { leastMs: 200 })
  const snapshot = machine.snapshot()
  const there = nanosecondsEach((times) => {
    for (let time = 0; time < times; time++) {
      run()
      machine.restore(snapshot)
    }
  }, { leastMs: 200 })
  const taking = nanosecondsEach((times) => {
    for (let time = 0; time < times; time++) {
      run()
      machine.release(machine.snapshot())
    }
  }, { leastMs: 200 })
  return { there: there - running, running, snapshot: taking - running }
}

const forked = (of: string, pages: number, targetMicroseconds: number): ReadonlyArray<Figure> => {
  const { running, snapshot, there } = costsOf(pages)
  return [
    { of: `restore ${of}`, value: there / 1000, unit: "us", target: { atMost: targetMicroseconds }, baseline: { name: "the run itself", ratio: there / running } },
    { of: `snapshot ${of}`, value: snapshot / 1000, unit: "us", baseline: { name: "the run itself", ratio: snapshot / running } }
  ]
}

export const fork: Bench = {
  name: "fork",
  summary: "snapshot and restore in place, slow paths of the run between included",
  run: () => [...forked("3 pages", 3, 1), ...forked("1 MB", 256, 100)]
}

const counter = `
_start: mov counter(%rip), %eax
        inc %eax
        mov %eax, counter(%rip)
        jmp _start
        .data
counter: .long 0
`

export const mark: Bench = {
  name: "mark",
  summary: "stops before marked accesses",
  run: () => {
    const { block, machine } = guestOf(counter)
    const at = wordOf(machine, block)
    machine.setMarks([{ _tag: "Accessed", start: at, end: at + 4, by: "any" }])
    const each = nanosecondsEach((stops) => {
      for (let stop = 0; stop < stops; stop++) if (machine.run(block, 1000, true)._tag !== "Marked") throw new Error("no mark was met")
    })
    return [{ of: "", value: 1000 / each, unit: "M/s", target: { atLeast: 1.5 } }]
  }
}

/** Where the counter is: the address of the first access. */
const wordOf = (machine: Machine, block: Guest["block"]): number => {
  machine.setMarks([{ _tag: "Accessed", start: 0, end: 2 ** 46, by: "any" }])
  const stop = machine.run(block, 10, false)
  if (stop._tag !== "Marked" || stop.pending._tag !== "Access") throw new Error("the first access is marked")
  return stop.pending.address
}
