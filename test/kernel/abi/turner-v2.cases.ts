/** What Turner's second proposal owes. Sources: S0 D. Watson 2015-10-28, S4 M. Desnoyers 2015-12-11, K9 the register-based kernel/rseq.c of early 2016. */
import { assert } from "vitest"
import { SIGSEGV, SIGUSR1 } from "../../../src/linux/signal.ts"
import { turnerV2 } from "../../../src/kernel/abi/turner-v2.ts"
import { RCX, RDX } from "../../../src/x86/register.ts"
import type { Case } from "./case.ts"
import { exampleSpec } from "../../support/examples.ts"
import { quietDecider } from "../../../src/log/choice.ts"
import { Subject } from "./subject.ts"
import { CODE, DATA, Hand, type HandOptions, NOWHERE } from "./hand.ts"

const RESTARTABLE_SEQUENCES = 323

const EVENT_AND_CPU = DATA
const POST_COMMIT = DATA + 8
const FAILED = CODE + 0x200
/** The commit's instruction, and label 1 behind it. */
const COMMIT = CODE + 0x110
const LABEL_1 = CODE + 0x118
const HANDLER = CODE + 0x10

const registered = (options: Partial<HandOptions> = {}): Hand => {
  const hand = new Hand({ abis: [turnerV2], ...options })
  assert.strictEqual(hand.call(0, RESTARTABLE_SEQUENCES, 0, EVENT_AND_CPU, POST_COMMIT), 0)
  hand.toUser(hand.task(0).cpu)
  return hand
}

const eventAndCpu = (hand: Hand): bigint => hand.memory.read64(EVENT_AND_CPU) ?? -1n
const postCommit = (hand: Hand): bigint => hand.memory.read64(POST_COMMIT) ?? -1n

/** Steps 0 to 3: the task stands at the comparison, armed. */
const arm = (hand: Hand, at: number): void => {
  hand.registers(0).set(RDX, eventAndCpu(hand))
  hand.registers(0).setNumber(RCX, FAILED)
  hand.memory.write64(POST_COMMIT, BigInt(LABEL_1))
  hand.runTo(0, at)
}

export const turnerV2Cases: ReadonlyArray<Case> = [
  {
    id: "T2-01", situation: "uninterrupted section", expected: "target written, post_commit_instr is 0 at the end", source: "S4",
    run: () => {
      const subject = new Subject({ ...exampleSpec("commit-sequence.s", { repeat: 1 }), cpus: [0] })
      subject.again(quietDecider)
      assert.deepStrictEqual(subject.run.outcome, { _tag: "Exited", status: 0 })
      assert.strictEqual(subject.entries.filter(({ event }) => event._tag === "Aborted").length, 0)
      assert.strictEqual(subject.word("counters"), 2n, "each of two tasks wrote once")
      assert.strictEqual(subject.word("states", 8), 0n)
    }
  },
  {
    id: "T2-02", situation: "preempted after step 2, before step 4", expected: "resumes at the address in rcx; post_commit_instr is 0", source: "S4, K9",
    run: () => {
      const hand = registered()
      arm(hand, CODE + 0x100)
      hand.preempt(0)
      assert.strictEqual(hand.ip(0), FAILED)
      assert.strictEqual(postCommit(hand), 0n)
      assert.strictEqual(hand.seen("Aborted")[0]?.cause, "preempted")
    }
  },
  {
    id: "T2-04", situation: "preempted between 0 and 2", expected: "no jump; step 4 mismatches", source: "S4",
    run: () => {
      const hand = registered()
      hand.registers(0).set(RDX, eventAndCpu(hand))
      hand.runTo(0, CODE + 0xf0)
      hand.preempt(0)
      assert.strictEqual(hand.ip(0), CODE + 0xf0)
      assert.notStrictEqual(hand.registers(0).get(RDX), eventAndCpu(hand))
    }
  },
  {
    id: "T2-05", situation: "preempted at label 1, after the commit", expected: "continues; target written once", source: "S4, K9",
    run: () => {
      const hand = registered()
      arm(hand, LABEL_1)
      hand.preempt(0)
      assert.strictEqual(hand.ip(0), LABEL_1)
      assert.strictEqual(postCommit(hand), BigInt(LABEL_1), "and stays armed until it clears the word itself")
    }
  },
  {
    id: "T2-06", situation: "migrated, and the counters of both CPUs are equal", expected: "mismatch by the CPU's half", source: "S4",
    run: () => {
      const hand = registered()
      hand.migrate(0, 1) // counter of CPU 1 is now 1
      hand.migrate(0, 0) // and of CPU 0 too
      arm(hand, COMMIT)
      hand.kernel.emit({ _tag: "ContractChanged", abi: "turner-v2", of: "cpu", task: hand.id(0), cpu: 1, record: { events: 0 } })
      const start = eventAndCpu(hand)
      hand.migrate(0, 1)
      assert.strictEqual(eventAndCpu(hand) >> 32n, start >> 32n, "the counters are equal")
      assert.strictEqual(hand.ip(0), FAILED)
      assert.strictEqual(hand.seen("Aborted").at(-1)?.cause, "migrated")
    }
  },
  { id: "T2-07", situation: "elide on, nobody else ran on that CPU during the preemption", expected: "counter unchanged, section commits", source: "S4 (a)", needs: "contract turner-v2-elide" },
  { id: "T2-08", situation: "elide on, a thread of another process ran there, scope private", expected: "section commits: an update is lost if memory is shared", source: "S0", needs: "contract turner-v2-private" },
  { id: "T2-09", situation: "T2-08 with scope shared", expected: "aborts", source: "S0, our reading", needs: "contract turner-v2-elide" },
  { id: "T2-10", situation: "stepBumps off, single-stepped alone on the CPU", expected: "section commits", source: "S4 (b)", needs: "kind trap" },
  {
    id: "T2-12", situation: "signal inside the section", expected: "handler entered with post_commit_instr 0; sigreturn goes to failed", source: "S4, K9",
    run: () => {
      const hand = registered()
      hand.handle(SIGUSR1, HANDLER)
      arm(hand, COMMIT)
      hand.signal(0, SIGUSR1)
      assert.strictEqual(hand.ip(0), HANDLER)
      assert.strictEqual(postCommit(hand), 0n)
      assert.strictEqual(hand.seen("SignalDelivered")[0]?.ip, FAILED)
      assert.strictEqual(hand.seen("Aborted")[0]?.cause, "signalled")
    }
  },
  { id: "T2-13", situation: "i386, 16-bit counter, exactly 65536 events between 0 and 4", expected: "undetected: commits on stale data", source: "S4", needs: "contract turner-v2-i386" },
  { id: "T2-14", situation: "same, 65535 events", expected: "aborts", source: "S4", needs: "contract turner-v2-i386" },
  { id: "T2-15", situation: "i386, CPU 65536 or above with a 16-bit CPU", expected: "CPU aliasing is reported", source: "S4", needs: "contract turner-v2-i386" },
  {
    id: "T2-16", situation: "signal at label 1, its handler at a lower address is preempted, rdx differs", expected: "the kernel jumps to rcx out of the handler (defect kept)", source: "K9, our reading",
    run: () => {
      const hand = registered()
      hand.handle(SIGUSR1, HANDLER)
      arm(hand, LABEL_1)
      hand.signal(0, SIGUSR1)
      assert.strictEqual(hand.ip(0), HANDLER)
      assert.strictEqual(postCommit(hand), BigInt(LABEL_1), "the section stays armed")
      hand.registers(0).setNumber(RCX, CODE + 0x300)
      hand.runTo(0, HANDLER + 4)
      hand.preempt(0)
      assert.strictEqual(hand.ip(0), CODE + 0x300)
    }
  },
  {
    id: "T2-17", situation: "event_and_cpu is read while the kernel updates it", expected: "never a torn pair: one store of 8 bytes", source: "S4, our reading",
    run: () => {
      const hand = registered()
      hand.migrate(0, 1)
      const stores = hand.machine.writes.filter(({ at, lengthBytes }) => at < EVENT_AND_CPU + 8 && EVENT_AND_CPU < at + lengthBytes)
      assert.isAbove(stores.length, 1)
      assert.isTrue(stores.every(({ at, lengthBytes }) => at === EVENT_AND_CPU && lengthBytes === 8))
    }
  },
  {
    id: "T2-wrap", situation: "exactly 2^32 events between 0 and 4", expected: "undetected: goes on with stale data (defect kept)", source: "S4",
    run: () => {
      const hand = registered()
      hand.preempt(0)
      arm(hand, COMMIT)
      const events = Number(eventAndCpu(hand) >> 32n)
      const countTo = (count: number) => hand.kernel.emit({ _tag: "ContractChanged", abi: "turner-v2", of: "cpu", task: hand.id(0), cpu: 0, record: { events: count } })
      countTo(events - 1)
      hand.preempt(0)
      assert.strictEqual(hand.ip(0), COMMIT)
      countTo(0xffff)
      hand.preempt(0)
      assert.strictEqual(eventAndCpu(hand), 0x1_0000_0000_0000n, "not 16 bits")
      countTo(0xffff_ffff)
      hand.preempt(0)
      assert.strictEqual(eventAndCpu(hand), 0n, "32 bits")
      assert.strictEqual(hand.ip(0), FAILED)
    }
  },
  {
    id: "T2-life", situation: "children: of fork; sharing memory only; threads", expected: "registered as the parent and due; not; not", source: "our default",
    run: () => {
      for (const [sharesMemory, isThread, expected] of [[false, false, 1], [true, false, undefined], [true, true, undefined]] as const) {
        assert.strictEqual(registered().child({ sharesMemory, isThread }).contracts["turner-v2"]?.["isDue"], expected)
      }
    }
  },
  {
    id: "T2-call", situation: "flags 1; misaligned; beyond user space; half NULL; another registration; the same one; NULL, NULL", expected: "EINVAL ×4, EBUSY, 0, 0", source: "our default",
    run: () => {
      const hand = registered()
      const call = (...values: ReadonlyArray<number>) => hand.call(0, RESTARTABLE_SEQUENCES, ...values)
      assert.strictEqual(call(1, EVENT_AND_CPU, POST_COMMIT), "EINVAL")
      assert.strictEqual(call(0, EVENT_AND_CPU + 4, POST_COMMIT), "EINVAL")
      assert.strictEqual(call(0, EVENT_AND_CPU, 0x7fff_ffff_f000), "EINVAL")
      assert.strictEqual(call(0, EVENT_AND_CPU, 0), "EINVAL")
      assert.strictEqual(call(0, EVENT_AND_CPU, POST_COMMIT + 8), "EBUSY")
      assert.strictEqual(call(0, EVENT_AND_CPU, POST_COMMIT), 0)
      assert.strictEqual(call(0, 0, 0), 0)
      assert.strictEqual(call(0, EVENT_AND_CPU, POST_COMMIT + 8), 0)
    }
  },
  {
    id: "T2-fault", situation: "the words are not mapped when the task returns", expected: "SIGSEGV", source: "K9",
    run: () => {
      const hand = new Hand({ abis: [turnerV2] })
      assert.strictEqual(hand.call(0, RESTARTABLE_SEQUENCES, 0, NOWHERE, POST_COMMIT), 0)
      hand.toUser(0)
      assert.strictEqual(hand.killedBy, SIGSEGV)
      const sealed = registered()
      arm(sealed, COMMIT)
      sealed.seal(DATA, DATA + 0x1000)
      sealed.preempt(0)
      assert.strictEqual(sealed.killedBy, SIGSEGV)
    }
  }
]
