/** Stores to what the kernel alone writes are seen where an area is registered, whoever makes them, and nowhere else. */
import { describe, expect, it } from "vitest"
import { type Decider, quietDecider } from "../../src/log/choice.ts"
import type { Entry } from "../../src/log/event.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { specOf, start } from "../../src/run/start.ts"
import { abisNamed, assembleText } from "../support/examples.ts"

const rseq = (flags: number): string => `
        lea area(%rip), %rdi
        mov $32, %esi
        mov $${flags}, %edx
        mov $0x53053053, %r10d
        mov $334, %eax
        syscall`

const program = (before: string, inside: string, after: string): string => `
#: cpus 1
#: task worker
        .text
        .globl worker
worker: ${before}
        ${rseq(0)}
        ${inside}
        ${rseq(1)}
        ${after}
        xor %edi, %edi
        mov $60, %eax
        syscall
        .bss
        .balign 32
area:   .zero 32
word:   .zero 8
        .size word, 8
`

const storedIn = (text: string, abi: string, decider: Decider = quietDecider): number => {
  const spec = specOf(assembleText(text, "stores.s"), abisNamed(abi))
  const tags: Array<string> = []
  const run = start(spec, decider, { append: (_now, _cpu, _task, _count, event: Entry["event"]) => void tags.push(event._tag) })
  if ("_tag" in run) throw new Error(run.reason)
  const watcher = watcherOf(spec.program, { watches: [{ start: 1, end: 2 }] })
  if (watcher !== undefined) run.observe(watcher)
  while (run.outcome === undefined) run.step()
  return tags.filter((tag) => tag === "KernelWordStored").length
}

describe("a store to what the kernel alone writes", () => {
  it.each([
    ["cpu_id_start", "movl $1, area(%rip)", 1, 1],
    ["cpu_id", "movl $1, area+4(%rip)", 1, 1],
    ["both at once", "movq $0, area(%rip)", 1, 1],
    ["one byte of cpu_id, changed", "incb area+7(%rip)", 1, 1],
    ["node_id, from 6.3 on", "movl $0, area+20(%rip)", 0, 1],
    ["mm_cid, from 6.3 on", "movl $0, area+24(%rip)", 0, 1],
    ["what lies behind", "movl $0, area+28(%rip)", 0, 0],
    ["rseq_cs", "movq $0, area+8(%rip)", 0, 0],
    ["flags", "movl $0, area+16(%rip)", 0, 0],
    ["a load of it", "mov area(%rip), %eax", 0, 0]
  ])("%s", (_field, store, before63, from63) => {
    expect([storedIn(program("", store, ""), "mainline-6.1"), storedIn(program("", store, ""), "mainline-6.12")]).toEqual([before63, from63])
  })
  it("is none before the area is registered, and after it was", () => {
    expect(storedIn(program("movl $-1, area+4(%rip)", "nop", "movl $-1, area+4(%rip)"), "mainline-6.12")).toBe(0)
  })
})
