/**
 * What mainline owes a task that was interrupted. Sources: K13 kernel/rseq.c of v11, K14 of 2022 (4.18 to 6.2), K15 of 6.14
 * to 6.18, K16 of 6.19, K17 the second ABI of 2026, K18 its uapi, K21 include/linux/sched.h; LR librseq and its tests.
 */
import { assert } from "vitest"
import { RSEQ_SIG, rseqArea, rseqDescriptor } from "../../../src/linux/rseq.ts"
import { SIGSEGV, SIGUSR1 } from "../../../src/linux/signal.ts"
import type { AbiDefinition } from "../../../src/kernel/abi/definition.ts"
import { abis } from "../../../src/kernel/abi/table.ts"
import { wake } from "../../../src/kernel/scheduler.ts"
import { block } from "../../../src/kernel/wait.ts"
import { FIRST_WAITING, KERNEL_THREAD } from "../../../src/log/choice.ts"
import { specOf } from "../../../src/run/start.ts"
import { assembleText, exampleSpec } from "../../support/examples.ts"
import type { Case } from "./case.ts"
import { CODE, NOWHERE } from "./hand.ts"
import {
  ABORT, aborts, AREA, DESCRIPTOR, dies, END, HANDLER, ids, of612, OUTSIDE, preemptedIn, putDescriptor, registered, rseqCs, standIn, START
} from "./mainline-setup.ts"
import { Subject } from "./subject.ts"

/** One task: v == 0 ? v2 = 2, v = 1, result 0 : result 1; aborted: result -1. */
const trystorevStorev = `
#: cpus 1
#: task worker
        .text
        .globl  final, v, v2, result
worker: lea     area(%rip), %r12
        mov     $334, %eax
        mov     %r12, %rdi
        mov     $32, %esi
        xor     %edx, %edx
        mov     $0x53053053, %r10d
        syscall
        mov     (%r12), %eax
        lea     descriptor(%rip), %rcx
        mov     %rcx, 8(%r12)
start:  cmp     %eax, 4(%r12)
        jne     aborted
        cmpq    $0, v(%rip)
        jne     differs
        movq    $2, v2(%rip)
final:  movq    $1, v(%rip)
post_commit:
        movq    $0, result(%rip)
        jmp     leave
differs:
        movq    $1, result(%rip)
leave:  xor     %edi, %edi
        mov     $60, %eax
        syscall
        .byte   0x0f, 0xb9, 0x3d
        .long   0x53053053
aborted:
        movq    $-1, result(%rip)
        jmp     leave
        .pushsection __rseq_cs, "aw"
        .balign 32
descriptor:
        .long   0, 0
        .quad   start, post_commit - start, aborted
        .popsection
        .bss
        .balign 32
area:   .zero   32
v:      .zero   8
v2:     .zero   8
result: .zero   8
`

/** What every generation from 6.1 to 6.18 owes in the same way. */
export const fixupCasesOf = (abi: AbiDefinition): ReadonlyArray<Case> => [
  {
    id: "R-18", situation: "preempted at start_ip, its first instruction not executed", expected: "abort", source: "K13",
    run: () => aborts(preemptedIn(abi, {}, START))
  },
  {
    id: "R-18b", situation: "preempted before the last byte of the section", expected: "abort", source: "K13",
    run: () => aborts(preemptedIn(abi, {}, END - 1))
  },
  {
    id: "R-19", situation: "preempted at start_ip + post_commit_offset", expected: "no abort, rseq_cs 0", source: "K14",
    run: () => {
      const hand = preemptedIn(abi, {}, END)
      assert.strictEqual(hand.ip(0), END)
      assert.strictEqual(rseqCs(hand), 0)
      assert.strictEqual(hand.seen("Aborted").length, 0)
    }
  },
  {
    id: "R-20", situation: "preempted with rseq_cs set and the ip outside", expected: "rseq_cs 0, ip unchanged", source: "K14",
    run: () => {
      const hand = preemptedIn(abi, {}, START - 1)
      assert.strictEqual(hand.ip(0), START - 1)
      assert.strictEqual(rseqCs(hand), 0)
    }
  },
  {
    id: "R-21", situation: "the word before abort_ip is not the signature, ip in the section, preempted", expected: "SIGSEGV", source: "K13",
    run: () => dies(preemptedIn(abi, { abort: ABORT + 4 }))
  },
  {
    id: "R-22", situation: "the same, ip outside", expected: "SIGSEGV (the descriptor is validated first)", source: "K14, our reading",
    run: () => dies(preemptedIn(abi, { abort: ABORT + 4 }, OUTSIDE))
  },
  {
    id: "R-24", situation: "descriptor version 1, preempted", expected: "SIGSEGV, inside and outside", source: "K13, K14",
    run: () => {
      dies(preemptedIn(abi, { version: 1 }))
      dies(preemptedIn(abi, { version: 1 }, OUTSIDE))
    }
  },
  {
    id: "R-26", situation: "abort_ip inside the section, preempted", expected: "SIGSEGV", source: "K14",
    run: () => {
      const hand = registered(abi)
      putDescriptor(hand, { abort: START + 4 })
      hand.load32(START, RSEQ_SIG)
      standIn(hand, START)
      hand.preempt(0)
      dies(hand)
    }
  },
  {
    id: "R-26b", situation: "abort_ip at the first instruction of the section, preempted", expected: "SIGSEGV", source: "K14",
    run: () => {
      const first = registered(abi)
      putDescriptor(first, { abort: START })
      first.load32(START - 4, RSEQ_SIG)
      standIn(first, START)
      first.preempt(0)
      dies(first)
    }
  },
  {
    id: "R-27", situation: "rseq_cs, start_ip, its end or abort_ip not below TASK_SIZE; a length that wraps", expected: "SIGSEGV on the next event", source: "K14, K16",
    run: () => {
      const hand = registered(abi)
      hand.memory.write64(AREA + rseqArea.rseqCs, 0x7fff_ffff_f000n)
      hand.preempt(0)
      dies(hand)
      // An end, a start, an abort at TASK_SIZE; each would be sound otherwise.
      const top = 0x7fff_ffff_f000
      const behind = CODE + 0x300
      dies(preemptedIn(abi, { start: behind, lengthBytes: top - behind }, behind))
      assert.strictEqual(preemptedIn(abi, { start: behind, lengthBytes: top - behind - 1 }, behind).ip(0), ABORT)
      dies(preemptedIn(abi, { start: top, lengthBytes: 0 }, OUTSIDE))
      const high = registered(abi)
      high.map(top - 0x1000, top)
      high.load32(top - 4, RSEQ_SIG)
      putDescriptor(high, { abort: top })
      standIn(high, START)
      high.preempt(0)
      dies(high)
      const wrapping = registered(abi)
      putDescriptor(wrapping, { start: behind })
      wrapping.memory.write64(DESCRIPTOR + rseqDescriptor.postCommitOffset, 0xffff_ffff_ffff_ff00n)
      standIn(wrapping, behind)
      wrapping.preempt(0)
      dies(wrapping)
    }
  },
  {
    id: "R-28", situation: "the descriptor's page is unmapped, preempted", expected: "SIGSEGV", source: "K13",
    run: () => {
      const hand = registered(abi)
      standIn(hand, OUTSIDE, 0, NOWHERE)
      hand.preempt(0)
      dies(hand)
    }
  },
  {
    id: "R-29", situation: "the same after storing 0 to rseq_cs", expected: "no signal", source: "LR",
    run: () => {
      const hand = registered(abi)
      standIn(hand, OUTSIDE, 0, 0)
      hand.preempt(0)
      assert.strictEqual(hand.killedBy, undefined)
    }
  },
  {
    id: "R-30", situation: "signal in the section", expected: "the handler sees rseq_cs 0; the saved ip is abort_ip", source: "K13, K21",
    run: () => {
      const hand = registered(abi)
      hand.handle(SIGUSR1, HANDLER)
      standIn(hand, START + 4)
      hand.signal(0, SIGUSR1)
      assert.strictEqual(hand.ip(0), HANDLER)
      assert.strictEqual(rseqCs(hand), 0)
      assert.strictEqual(hand.seen("SignalDelivered")[0]?.ip, ABORT)
      assert.strictEqual(hand.seen("Aborted")[0]?.cause, "signalled")
    }
  },
  {
    id: "R-31", situation: "a bad rseq_cs, handlers for USR1 and SEGV installed, a signal arrives", expected: "SEGV's handler is entered once, and the next event kills: delivering never goes round", source: "Linux kernel/signal.c force_sigsegv, signal_delivered",
    run: () => {
      const hand = registered(abi)
      hand.handle(SIGUSR1, HANDLER)
      hand.handle(SIGSEGV, HANDLER + 0x20)
      standIn(hand, OUTSIDE, 0, NOWHERE)
      hand.signal(0, SIGUSR1)
      assert.deepStrictEqual(hand.seen("SignalDelivered").map(({ signal }) => signal), [SIGUSR1, SIGSEGV])
      assert.strictEqual(hand.ip(0), HANDLER + 0x20)
      hand.preempt(0)
      dies(hand)
      assert.strictEqual(hand.seen("SignalDelivered").length, 2)
    }
  },
  {
    id: "R-36", situation: "any flag bit set in the descriptor or the area, ip in the section, since 6.1", expected: "SIGSEGV; outside, none", source: "K14, K15",
    run: () => {
      for (const flags of [1, 2, 4, 8, 0x8000_0000]) {
        dies(preemptedIn(abi, { flags }))
        assert.strictEqual(preemptedIn(abi, { flags }, OUTSIDE).killedBy, undefined)
        const hand = registered(abi)
        hand.memory.write32(AREA + rseqArea.flags, flags)
        standIn(hand, START)
        hand.preempt(0)
        dies(hand)
      }
    }
  },
  {
    id: "R-37", situation: "migrated in the section", expected: "abort, and the ids are those of the new CPU", source: "K14, K15",
    run: () => {
      const hand = registered(abi)
      standIn(hand, START)
      hand.migrate(0, 1)
      aborts(hand)
      assert.deepStrictEqual(ids(hand), [1, 1, 0, 0])
    }
  },
  {
    id: "R-47", situation: "a call inside a section sleeps", expected: "abort on return", source: "K14",
    run: () => {
      const hand = registered(abi)
      standIn(hand, START + 4)
      hand.kernel.standAt(0, hand.task(0))
      block(hand.kernel, hand.task(0), { on: "poll", key: "", call: 0 })
      wake(hand.kernel, hand.id(0), "poll", 0)
      hand.toUser(0)
      aborts(hand)
    }
  }
]

/** What some generations owe, or what is told by a program. */
export const fixupCases: ReadonlyArray<Case> = [
  { id: "R-23", situation: "the same, ip outside, on 6.19", expected: "no signal, rseq_cs 0", source: "K16, our reading", needs: "contract mainline-6.19" },
  { id: "R-25", situation: "the same, ip in the section, on 6.19", expected: "version ignored, abort", source: "K16, our reading", needs: "contract mainline-6.19" },
  {
    id: "R-32", situation: "NO_RESTART_ON_PREEMPT set, preempted without migrating, before 6.1", expected: "no abort, rseq_cs kept", source: "K14",
    run: () => {
      const hand = preemptedIn(abis["mainline-4.18"], { flags: 1 })
      assert.strictEqual(hand.ip(0), START)
      assert.strictEqual(rseqCs(hand), DESCRIPTOR)
    }
  },
  { id: "R-33", situation: "R-32 on v11", expected: "no abort, rseq_cs 0", source: "K13, our reading", needs: "contract rseq-v11" },
  {
    id: "R-34", situation: "NO_RESTART_ON_PREEMPT set, preempted and migrated, before 6.1", expected: "abort (MIGRATE)", source: "K13",
    run: () => {
      const hand = registered(abis["mainline-4.18"])
      putDescriptor(hand, { flags: 1 })
      standIn(hand, START)
      hand.migrate(0, 1)
      aborts(hand)
      assert.strictEqual(hand.seen("Aborted")[0]?.cause, "migrated")
    }
  },
  {
    id: "R-35", situation: "NO_RESTART_ON_SIGNAL alone, ip in the section, before 6.1", expected: "SIGSEGV", source: "K13",
    run: () => dies(preemptedIn(abis["mainline-4.18"], { flags: 2 }))
  },
  {
    id: "R-38", situation: "rseq_cs stored immediately before start_ip, two tasks on a CPU, a switch to the other before each instruction", expected: "no update is lost", source: "K14, LR",
    run: () => {
      const subject = new Subject({ ...exampleSpec("percpu-counter.s", { repeat: 2 }), cpus: [0] })
      for (const { count } of subject.boundaries()) {
        subject.interruptAt(count, "preempt", FIRST_WAITING)
        assert.deepStrictEqual(subject.run.outcome, { _tag: "Exited", status: 0 }, `1.1@${count}:preempt`)
      }
    }
  },
  {
    id: "R-39", situation: "trystorev_storev aborted between its stores", expected: "v2 written, v not, returns -1", source: "LR",
    run: () => {
      const subject = new Subject(specOf(assembleText(trystorevStorev, "trystorev-storev.s"), [of612]))
      const between = subject.boundaries().find(({ ip }) => ip === subject.at("final"))
      subject.interruptAt(between?.count ?? -1, "preempt", KERNEL_THREAD)
      assert.deepStrictEqual([subject.word("v2"), subject.word("v"), BigInt.asIntN(64, subject.word("result"))], [2n, 0n, -1n])
      subject.interruptAt((between?.count ?? -1) + 1, "preempt", KERNEL_THREAD)
      assert.deepStrictEqual([subject.word("v2"), subject.word("v"), subject.word("result")], [2n, 1n, 0n])
    }
  },
  {
    id: "R-40", situation: "aborted once; then NO_RESTART_ON_PREEMPT is set and only that happens, before 6.1", expected: "no abort: an event counts once", source: "K14",
    run: () => {
      const hand = registered(abis["mainline-4.18"])
      standIn(hand, START)
      hand.migrate(0, 1)
      aborts(hand)
      putDescriptor(hand, { flags: 1 })
      standIn(hand, START)
      hand.preempt(0)
      assert.strictEqual(hand.ip(0), START)
    }
  },
  { id: "R-46", situation: "debug kernel, syscall instruction inside a section", expected: "SIGSEGV at its return", source: "K14, K16", needs: "contract mainline-6.12-debug" },
  { id: "R-48", situation: "R-47 on 6.19 and later, optimised", expected: "no abort", source: "K16, K17", needs: "contract mainline-6.19" },
  { id: "R-51", situation: "7.1, length 40: user code overwrote cpu_id_start and is switched outside sections", expected: "process killed", source: "K17", needs: "contract mainline-7.1" },
  { id: "R-60", situation: "temporary breakpoints on post_commit, abort_ip and exit points", expected: "step-over completes, one commit", source: "LR 90d9876", needs: "kind trap" },
  { id: "R-61", situation: "slice: SET without a registration", expected: "ENXIO", source: "K18", needs: "contract mainline-7.0" },
  { id: "R-62", situation: "slice requested, the tick wants to reschedule, nothing else pending", expected: "granted 1, request 0, the task continues", source: "K16, K18", needs: "contract mainline-7.0" },
  { id: "R-63", situation: "R-62, then rseq_slice_yield", expected: "1, granted 0", source: "K18", needs: "contract mainline-7.0" },
  { id: "R-64", situation: "R-62, then getpid", expected: "the slice ends at once; later rseq_slice_yield is 0", source: "K18", needs: "contract mainline-7.0" },
  { id: "R-65", situation: "R-62, runs past the limit", expected: "switched out, granted 0", source: "K18", needs: "contract mainline-7.0" },
  { id: "R-66", situation: "slice_ext_nsec 4999 or 50001", expected: "ERANGE", source: "K16 family", needs: "contract mainline-7.0" }
]
