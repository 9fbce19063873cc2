/** What a call works counts in `now`, so that limits end it and a run can be left: small calls cost what they always did. */
import { describe, expect, it } from "vitest"
import { quietDecider } from "../../src/log/choice.ts"
import type { Entry } from "../../src/log/event.ts"
import { specOf, start } from "../../src/run/start.ts"
import { abisNamed, assembleText } from "../support/examples.ts"

const MIB = 2 ** 20

const entriesOf = (text: string, maxIcount = 1_000_000): { readonly entries: ReadonlyArray<Entry>; readonly outcome: string; readonly now: number } => {
  const entries: Array<Entry> = []
  const spec = specOf(assembleText(text, "work.s"), abisNamed("mainline-6.12"))
  const run = start({ ...spec, limits: { ...spec.limits, maxIcount } }, quietDecider, {
    append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
  })
  if ("_tag" in run) throw new Error(run.reason)
  while (run.outcome === undefined) run.step()
  return { entries, outcome: run.outcome._tag, now: run.kernel.now }
}

/** Steps that the kernel counted for calls. */
const stepsOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<number> => entries.flatMap(({ event }) => (event._tag === "KernelStepped" ? [event.steps] : []))

const calling = (calls: string): string => `
.globl _start
_start:
${calls}
  mov $60, %eax
  xor %edi, %edi
  syscall
.bss
b: .skip ${MIB}
`

const getrandom = (sizeBytes: number): string => `
  mov $318, %eax
  lea b(%rip), %rdi
  mov $${sizeBytes}, %esi
  xor %edx, %edx
  syscall
`
const write = (fd: number, sizeBytes: number): string => `
  mov $1, %eax
  mov $${fd}, %edi
  lea b(%rip), %rsi
  mov $${sizeBytes}, %edx
  syscall
`
/** Maps so many bytes, whose place is then in r15. */
const map = (sizeBytes: number): string => `
  mov $9, %eax
  xor %edi, %edi
  mov $${sizeBytes}, %rsi
  mov $3, %edx
  mov $0x22, %r10d
  mov $-1, %r8
  xor %r9d, %r9d
  syscall
  mov %rax, %r15
`
const onMapping = (number: number, sizeBytes: number, third: number): string => `
  mov $${number}, %eax
  mov %r15, %rdi
  mov $${sizeBytes}, %rsi
  mov $${third}, %edx
  syscall
`

describe("what a call works", () => {
  it.each([
    ["bytes of chance", getrandom(MIB), [MIB / 64]],
    ["bytes written", write(1, MIB), [MIB / 64]],
    ["bytes that a closed descriptor is not read for", write(9, MIB), []],
    ["pages mapped, protected and unmapped", map(512 * MIB) + onMapping(10, 512 * MIB, 1) + onMapping(11, 512 * MIB, 0), [2_048, 2_048, 2_048]],
    ["what any program does", getrandom(65_536) + write(1, 4_096) + map(64 * MIB) + onMapping(10, 64 * MIB, 1) + onMapping(11, 64 * MIB, 0), []]
  ] as const)("counts: %s", (_claim, calls, expected) => {
    const { entries, outcome } = entriesOf(calling(calls))
    expect(outcome).toBe("Exited")
    expect(stepsOf(entries)).toEqual(expected)
  })

  it("is ended by the limit of instructions", () => {
    const { entries, now, outcome } = entriesOf(`.globl _start\n_start:\n1:${getrandom(MIB)}\n jmp 1b\n.bss\nb: .skip ${MIB}\n`)
    expect(outcome).toBe("OutOfBudget")
    expect(entries.length).toBeLessThan(400)
    expect(entries.at(-1)?.event._tag).toBe("Ended")
    expect(now).toBeLessThan(1_000_000 + MIB / 64 + 1)
  })

  it("gathers no more of what is to be written than may be written", () => {
    const vectors = Array.from({ length: 1_024 }, () => `  .quad b, ${MIB}`).join("\n")
    const text = `.globl _start\n_start:\n mov $20, %eax\n mov $1, %edi\n lea v(%rip), %rsi\n mov $1024, %edx\n syscall\n jmp .\n.data\nv:\n${vectors}\n.bss\nb: .skip ${MIB}\n`
    const before = process.memoryUsage().rss
    expect(entriesOf(text).outcome).toBe("OutOfBudget")
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB)
  })
})
