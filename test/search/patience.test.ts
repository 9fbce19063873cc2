/** What goes round for ever is not waited for: not in a quiet run, not while its failure is looked into, not in what is saved of it. */
import { describe, expect, it } from "vitest"
import { detect } from "../../src/analysis/detect/definition.ts"
import { livelock } from "../../src/analysis/detect/livelock.ts"
import { quietDecider } from "../../src/log/choice.ts"
import type { Entry } from "../../src/log/event.ts"
import { defaultLimits, specOf, start } from "../../src/run/start.ts"
import { understand } from "../../src/search/failure.ts"
import { ROUND_COUNT_MAX } from "../../src/search/patience.ts"
import { defaultTargetOptions, makeTarget, type Target } from "../../src/search/target.ts"
import { abisNamed, assembleText } from "../support/examples.ts"

/** A breakpoint in a section: its signal aborts the section, `triesMax` times; a counter of them keeps any two rounds from being the same. */
const probed = (triesMax: number): string => `
#: cpus 1
#: abi mainline-6.12
#: task worker
.text
worker:
  mov $334, %eax
  lea area(%rip), %rdi
  mov $32, %esi
  xor %edx, %edx
  mov $0x53053053, %r10d
  syscall
  mov $13, %eax
  mov $5, %edi
  lea action(%rip), %rsi
  xor %edx, %edx
  mov $8, %r10d
  syscall
  xor %r14d, %r14d
again:
  inc %r14d
  cmp $${triesMax}, %r14d
  ja done
  lea plus(%rip), %rcx
  mov %rcx, area+8(%rip)
begin: int3
  incq counter(%rip)
end:
done:
  mov $60, %eax
  xor %edi, %edi
  syscall
handler: ret
restorer:
  mov $15, %eax
  syscall
.pushsection __rseq_failure, "ax"
.byte 0x0f, 0xb9, 0x3d
.long 0x53053053
abort: jmp again
.popsection
.pushsection __rseq_cs, "aw"
.balign 32
plus: .long 0, 0
.quad begin, end - begin, abort
.popsection
.data
.balign 8
action: .quad handler, 0x04000000, restorer, 0
counter: .quad 0
.bss
.balign 32
area: .zero 32
`

const targetFor = (triesMax: number): Target => {
  const target = makeTarget(specOf(assembleText(probed(triesMax), "probed.s"), abisNamed("mainline-6.12")), defaultTargetOptions)
  if ("_tag" in target) throw new Error(target.reason)
  return target
}

describe("a section that aborts for ever", () => {
  const target = targetFor(0x7fff_ffff)

  it("is a livelock of the quiet run, known after some rounds of a budget of many", () => {
    expect(target.quiet.findings.map(({ detector }) => detector)).toEqual(["livelock"])
    expect(target.quiet.outcome._tag).toBe("OutOfBudget")
    expect(target.trials.run.kernel.now).toBeLessThan(ROUND_COUNT_MAX * 20)
    expect(target.bounded.limits.maxIcount).toBeLessThan(defaultLimits.maxIcount / 100)
  })

  it("is looked into at the same price", () => {
    const [finding] = target.quiet.findings
    if (finding === undefined) throw new Error("the quiet run fails")
    const search = understand(target, [], finding)
    let step = search.next()
    while (step.done !== true) step = search.next()
    expect(step.value?.finding.detector).toBe("livelock")
    expect(target.trials.spentIcount).toBeLessThan(target.trials.spentCount * 2 * ROUND_COUNT_MAX * 20)
  })

  it("shows the same to whoever runs it under the budget that is told of it", () => {
    const limits = target.trials.limitsFor([])
    const entries: Array<Entry> = []
    const run = start({ ...target.bounded, limits }, quietDecider, {
      append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
    })
    if ("_tag" in run) throw new Error(run.reason)
    while (run.outcome === undefined) run.step()
    // Observations of a trial that is watched are entries, too.
    expect(detect([livelock], entries).map(({ message }) => message)).toEqual(target.quiet.findings.map(({ message }) => message))
    expect(run.kernel.now).toBe(limits.maxIcount)
  })
})

describe("a section that gets through", () => {
  it("after as many tries as anybody makes is no livelock", () => {
    const { quiet } = targetFor(ROUND_COUNT_MAX - 1)
    expect([quiet.outcome._tag, quiet.findings]).toEqual(["Exited", []])
  })
})
