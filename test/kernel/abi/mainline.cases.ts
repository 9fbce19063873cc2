/**
 * What mainline owes. Sources: K13 kernel/rseq.c of v11, K14 of 2022 (4.18 to 6.2), K15 of 6.14 to 6.18, K16 of 6.19, K17 the
 * second ABI of 2026, K18 its uapi, K19 kernel/sched/membarrier.c, K21 include/linux/sched.h; LR librseq and its tests.
 */
import { assert } from "vitest"
import { type Menu, nothingOnMenu, type Option, type Question, quietDecider } from "../../../src/log/choice.ts"
import type { AbiDefinition } from "../../../src/kernel/abi/definition.ts"
import { abis } from "../../../src/kernel/abi/table.ts"
import { block } from "../../../src/kernel/wait.ts"
import { hasTask, wake } from "../../../src/kernel/scheduler.ts"
import { cpuOf } from "../../../src/kernel/state.ts"
import { RSEQ_SIG, rseqArea, rseqDescriptor, SYS_RSEQ } from "../../../src/linux/rseq.ts"
import { MEMBARRIER_CMD_FLAG_CPU, membarrierCommand, SYS_MEMBARRIER } from "../../../src/linux/membarrier.ts"
import { SIGSEGV, SIGUSR1 } from "../../../src/linux/signal.ts"
import type { Case } from "./case.ts"
import { CODE, DATA, Hand, type HandOptions, NOWHERE, STACK_TOP } from "./hand.ts"

/** Areas of the tasks, 64 bytes apart, and one descriptor for all. */
const areaOf = (index: number): number => DATA + 64 * index
const AREA = areaOf(0)
const DESCRIPTOR = DATA + 0x1000
const START = CODE + 0x100
const END = CODE + 0x120
const ABORT = CODE + 0x204
const HANDLER = CODE + 0x10
const OUTSIDE = CODE + 0x140
const UNINITIALIZED = 0xffff_ffff
const SYS_CLONE = 56
/** VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. */
const CLONE_THREAD_FLAGS = 0x5_0f00

const of612 = abis["mainline-6.12"]

interface Descriptor {
  readonly version?: number
  readonly flags?: number
  readonly start?: number
  readonly lengthBytes?: number
  readonly abort?: number
}

const describe = (hand: Hand, { abort = ABORT, flags = 0, lengthBytes = END - START, start = START, version = 0 }: Descriptor = {}, at = DESCRIPTOR): void => {
  hand.memory.write32(at + rseqDescriptor.version, version)
  hand.memory.write32(at + rseqDescriptor.flags, flags)
  hand.memory.write64(at + rseqDescriptor.startIp, BigInt(start))
  hand.memory.write64(at + rseqDescriptor.postCommitOffset, BigInt(lengthBytes))
  hand.memory.write64(at + rseqDescriptor.abortIp, BigInt(abort))
}

/** All tasks registered and back in user mode; a good descriptor and its signature are in memory. */
const registered = (abi: AbiDefinition = of612, options: Partial<HandOptions> = {}): Hand => {
  const hand = new Hand({ abis: [abi], ...options })
  for (const index of hand.tasks.keys()) {
    assert.strictEqual(hand.call(index, SYS_RSEQ, areaOf(index), 32, 0, RSEQ_SIG), 0)
    hand.toUser(hand.task(index).cpu)
  }
  describe(hand)
  hand.load32(ABORT - 4, RSEQ_SIG)
  return hand
}

const rseqCs = (hand: Hand, index = 0): number => hand.memory.readAddress(areaOf(index) + rseqArea.rseqCs) ?? -1

/** The descriptor is set and the task stands at `ip`. */
const standIn = (hand: Hand, ip: number, index = 0, descriptor = DESCRIPTOR): void => {
  hand.memory.write64(areaOf(index) + rseqArea.rseqCs, BigInt(descriptor))
  hand.runTo(index, ip)
}

/** A task in its section is preempted; what it comes to. */
const preemptedIn = (abi: AbiDefinition, descriptor: Descriptor, ip = START): Hand => {
  const hand = registered(abi)
  describe(hand, descriptor)
  standIn(hand, ip)
  hand.preempt(0)
  return hand
}

const aborts = (hand: Hand, index = 0): void => {
  assert.strictEqual(hand.killedBy, undefined)
  assert.strictEqual(hand.ip(index), ABORT)
  assert.strictEqual(rseqCs(hand, index), 0)
}
const dies = (hand: Hand): void => assert.strictEqual(hand.killedBy, SIGSEGV)

const call = (hand: Hand, area: number, areaBytes: number, flags: number, signature = RSEQ_SIG): string | number =>
  hand.call(0, SYS_RSEQ, area, areaBytes, flags, signature)

const { PRIVATE_EXPEDITED_RSEQ, QUERY, REGISTER_PRIVATE_EXPEDITED_RSEQ } = membarrierCommand

const registrationCases: ReadonlyArray<Case> = [
  {
    id: "R-01", situation: "rseq(NULL, 0, 0, 0)", expected: "EINVAL", source: "LR",
    run: () => assert.strictEqual(call(new Hand({ abis: [of612] }), 0, 0, 0, 0), "EINVAL")
  },
  {
    id: "R-02", situation: "flags -1, which contain UNREGISTER; not registered", expected: "EINVAL", source: "LR test",
    run: () => assert.strictEqual(call(new Hand({ abis: [of612] }), AREA, 32, -1), "EINVAL")
  },
  {
    id: "R-03", situation: "address + 1, length 32", expected: "EINVAL", source: "LR test",
    run: () => assert.strictEqual(call(new Hand({ abis: [of612] }), AREA + 1, 32, 0), "EINVAL")
  },
  {
    id: "R-05", situation: "length 33 before 6.3", expected: "EINVAL", source: "K13, K14",
    run: () => assert.strictEqual(call(new Hand({ abis: [abis["mainline-6.1"]] }), AREA, 33, 0), "EINVAL")
  },
  {
    id: "R-EFAULT", situation: "an area beyond user space", expected: "EFAULT", source: "K13; LR test",
    run: () => assert.strictEqual(call(new Hand({ abis: [of612] }), -4096, 32, 0), "EFAULT")
  },
  {
    id: "R-EBUSY", situation: "registered, the same again", expected: "EBUSY", source: "K13",
    run: () => assert.strictEqual(call(registered(), AREA, 32, 0), "EBUSY")
  },
  {
    id: "R-09", situation: "registered, another address or another length", expected: "EINVAL", source: "K13",
    run: () => {
      assert.strictEqual(call(registered(), AREA + 32, 32, 0), "EINVAL")
      assert.strictEqual(call(registered(), AREA, 64, 0), "EINVAL")
    }
  },
  {
    id: "R-10", situation: "registered, another signature", expected: "EPERM", source: "K13",
    run: () => assert.strictEqual(call(registered(), AREA, 32, 0, 1), "EPERM")
  },
  {
    id: "R-11", situation: "unregister with a wrong signature", expected: "EPERM", source: "LR test",
    run: () => assert.strictEqual(call(registered(), AREA, 32, 1, 1), "EPERM")
  },
  {
    id: "R-12", situation: "unregister with a wrong length, or a wrong address", expected: "EINVAL", source: "K13",
    run: () => {
      assert.strictEqual(call(registered(), AREA, 64, 1), "EINVAL")
      assert.strictEqual(call(registered(), AREA + 32, 32, 1), "EINVAL")
    }
  },
  {
    id: "R-13", situation: "unregister", expected: "cpu_id_start 0, cpu_id -1, node_id 0, mm_cid 0; rseq_cs untouched; nothing written any more", source: "K15",
    run: () => {
      const hand = registered(of612, { tasks: [1] })
      hand.memory.write64(AREA + rseqArea.rseqCs, 77n)
      assert.strictEqual(call(hand, AREA, 32, 1), 0)
      hand.migrate(0, 0)
      assert.deepStrictEqual(ids(hand), [0, UNINITIALIZED, 0, 0])
      assert.strictEqual(rseqCs(hand), 77)
      assert.strictEqual(hand.ip(0), CODE + 4)
    }
  },
  {
    id: "R-13f", situation: "unregister, the area no longer writable", expected: "EFAULT, still registered", source: "K13",
    run: () => {
      const hand = registered()
      hand.seal(DATA, DATA + 0x1000)
      assert.strictEqual(call(hand, AREA, 32, 1), "EFAULT")
      assert.strictEqual(call(hand, AREA, 32, 0), "EBUSY")
    }
  },
  { id: "R-14", situation: "unregister on 6.19", expected: "cpu_id -1 and cpu_id_start -1", source: "K16", needs: "contract mainline-6.19" },
  {
    id: "R-15", situation: "flags UNREGISTER|2 before 5.5", expected: "0, unregistered", source: "K13, our reading, K21",
    run: () => {
      const hand = registered(abis["mainline-4.18"])
      assert.strictEqual(call(hand, AREA, 32, 3), 0)
      assert.strictEqual(call(hand, AREA, 32, 1), "EINVAL")
    }
  },
  {
    id: "R-16", situation: "the same since 5.5", expected: "EINVAL", source: "K21",
    run: () => assert.strictEqual(call(registered(abis["mainline-5.10"]), AREA, 32, 3), "EINVAL")
  },
  {
    id: "R-17", situation: "registering an area that is not mapped, before 6.14", expected: "SIGSEGV when the call returns", source: "K13, our reading",
    run: () => {
      const hand = new Hand({ abis: [of612] })
      assert.strictEqual(call(hand, NOWHERE, 32, 0), 0)
      hand.toUser(0)
      dies(hand)
    }
  },
  {
    id: "R-17b", situation: "registering an area that is not mapped, since 6.14", expected: "EFAULT", source: "K15",
    run: () => assert.strictEqual(call(new Hand({ abis: [abis["mainline-6.18"]] }), NOWHERE, 32, 0), "EFAULT")
  },
  {
    id: "R-52", situation: "since 6.3, feature size 28, aligned to 32: lengths 32, 28, 40", expected: "0, EINVAL, 0", source: "K15",
    run: () => {
      assert.strictEqual(call(new Hand({ abis: [of612] }), AREA, 32, 0), 0)
      assert.strictEqual(call(new Hand({ abis: [of612] }), AREA, 28, 0), "EINVAL")
      assert.strictEqual(call(new Hand({ abis: [of612] }), AREA, 40, 0), 0)
    }
  },
  { id: "R-53", situation: "7.1: length 33, aligned to 32 only", expected: "EINVAL (AT_RSEQ_ALIGN is 64)", source: "K17", needs: "contract mainline-7.1" },
  {
    id: "R-54", situation: "registering with rseq_cs set, since 6.14", expected: "cleared, 0", source: "K15",
    run: () => {
      const hand = new Hand({ abis: [abis["mainline-6.18"]] })
      hand.memory.write64(AREA + rseqArea.rseqCs, 77n)
      assert.strictEqual(call(hand, AREA, 32, 0), 0)
      assert.strictEqual(rseqCs(hand), 0)
      hand.toUser(0)
      assert.strictEqual(hand.killedBy, undefined)
    }
  },
  {
    id: "R-54b", situation: "registering with a bad rseq_cs set, before 6.14", expected: "0, and SIGSEGV when the call returns", source: "K14, our reading",
    run: () => {
      const hand = new Hand({ abis: [of612] })
      hand.memory.write64(AREA + rseqArea.rseqCs, BigInt(NOWHERE))
      assert.strictEqual(call(hand, AREA, 32, 0), 0)
      hand.toUser(0)
      dies(hand)
    }
  }
]

const ids = (hand: Hand, index = 0): ReadonlyArray<number | undefined> =>
  [rseqArea.cpuIdStart, rseqArea.cpuId, rseqArea.nodeId, rseqArea.mmCid].map((offset) => hand.memory.read32(areaOf(index) + offset))

const fixupCases: ReadonlyArray<Case> = [
  {
    id: "R-18", situation: "preempted at start_ip, its first instruction not executed", expected: "abort", source: "K13",
    run: () => aborts(preemptedIn(of612, {}, START))
  },
  {
    id: "R-18b", situation: "preempted before the last byte of the section", expected: "abort", source: "K13",
    run: () => aborts(preemptedIn(of612, {}, END - 1))
  },
  {
    id: "R-19", situation: "preempted at start_ip + post_commit_offset", expected: "no abort, rseq_cs 0", source: "K14",
    run: () => {
      const hand = preemptedIn(of612, {}, END)
      assert.strictEqual(hand.ip(0), END)
      assert.strictEqual(rseqCs(hand), 0)
      assert.strictEqual(hand.seen("Aborted").length, 0)
    }
  },
  {
    id: "R-20", situation: "preempted with rseq_cs set and the ip outside", expected: "rseq_cs 0, ip unchanged", source: "K14",
    run: () => {
      const hand = preemptedIn(of612, {}, START - 1)
      assert.strictEqual(hand.ip(0), START - 1)
      assert.strictEqual(rseqCs(hand), 0)
    }
  },
  {
    id: "R-21", situation: "the word before abort_ip is not the signature, ip in the section, preempted", expected: "SIGSEGV", source: "K13",
    run: () => dies(preemptedIn(of612, { abort: ABORT + 4 }))
  },
  {
    id: "R-22", situation: "the same, ip outside", expected: "SIGSEGV (the descriptor is validated first)", source: "K14, our reading",
    run: () => dies(preemptedIn(of612, { abort: ABORT + 4 }, OUTSIDE))
  },
  { id: "R-23", situation: "the same, ip outside, on 6.19", expected: "no signal, rseq_cs 0", source: "K16, our reading", needs: "contract mainline-6.19" },
  {
    id: "R-24", situation: "descriptor version 1, preempted", expected: "SIGSEGV, inside and outside", source: "K13, K14",
    run: () => {
      dies(preemptedIn(of612, { version: 1 }))
      dies(preemptedIn(of612, { version: 1 }, OUTSIDE))
    }
  },
  { id: "R-25", situation: "the same, ip in the section, on 6.19", expected: "version ignored, abort", source: "K16, our reading", needs: "contract mainline-6.19" },
  {
    id: "R-26", situation: "abort_ip inside the section, preempted", expected: "SIGSEGV", source: "K14",
    run: () => {
      const hand = registered()
      describe(hand, { abort: START + 4 })
      hand.load32(START, RSEQ_SIG)
      standIn(hand, START)
      hand.preempt(0)
      dies(hand)
    }
  },
  {
    id: "R-27", situation: "rseq_cs, start_ip, its end or abort_ip not below TASK_SIZE; a length that wraps", expected: "SIGSEGV on the next event", source: "K14, K16",
    run: () => {
      const hand = registered()
      hand.memory.write64(AREA + rseqArea.rseqCs, 0x7fff_ffff_f000n)
      hand.preempt(0)
      dies(hand)
      // An end, a start, an abort at TASK_SIZE; each would be sound otherwise.
      const top = 0x7fff_ffff_f000
      const behind = CODE + 0x300
      dies(preemptedIn(of612, { start: behind, lengthBytes: top - behind }, behind))
      assert.strictEqual(preemptedIn(of612, { start: behind, lengthBytes: top - behind - 1 }, behind).ip(0), ABORT)
      dies(preemptedIn(of612, { start: top, lengthBytes: 0 }, OUTSIDE))
      const high = registered()
      high.map(top - 0x1000, top)
      high.load32(top - 4, RSEQ_SIG)
      describe(high, { abort: top })
      standIn(high, START)
      high.preempt(0)
      dies(high)
      const wrapping = registered()
      describe(wrapping, { start: behind })
      wrapping.memory.write64(DESCRIPTOR + rseqDescriptor.postCommitOffset, 0xffff_ffff_ffff_ff00n)
      standIn(wrapping, behind)
      wrapping.preempt(0)
      dies(wrapping)
    }
  },
  {
    id: "R-28", situation: "the descriptor's page is unmapped, preempted", expected: "SIGSEGV", source: "K13",
    run: () => {
      const hand = registered()
      standIn(hand, OUTSIDE, 0, NOWHERE)
      hand.preempt(0)
      dies(hand)
    }
  },
  {
    id: "R-29", situation: "the same after storing 0 to rseq_cs", expected: "no signal", source: "LR",
    run: () => {
      const hand = registered()
      standIn(hand, OUTSIDE, 0, 0)
      hand.preempt(0)
      assert.strictEqual(hand.killedBy, undefined)
    }
  },
  {
    id: "R-30", situation: "signal in the section", expected: "the handler sees rseq_cs 0; the saved ip is abort_ip", source: "K13, K21",
    run: () => {
      const hand = registered()
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
      const hand = registered()
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
      describe(hand, { flags: 1 })
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
    id: "R-36", situation: "any flag bit set in the descriptor or the area, ip in the section, since 6.1", expected: "SIGSEGV; outside, none", source: "K14, K15",
    run: () => {
      for (const flags of [1, 2, 4, 8, 0x8000_0000]) {
        dies(preemptedIn(of612, { flags }))
        assert.strictEqual(preemptedIn(of612, { flags }, OUTSIDE).killedBy, undefined)
        const hand = registered()
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
      const hand = registered()
      standIn(hand, START)
      hand.migrate(0, 1)
      aborts(hand)
      assert.deepStrictEqual(ids(hand), [1, 1, 0, 0])
    }
  },
  {
    id: "R-40", situation: "aborted once; then NO_RESTART_ON_PREEMPT is set and only that happens, before 6.1", expected: "no abort: an event counts once", source: "K14",
    run: () => {
      const hand = registered(abis["mainline-4.18"])
      standIn(hand, START)
      hand.migrate(0, 1)
      aborts(hand)
      describe(hand, { flags: 1 })
      standIn(hand, START)
      hand.preempt(0)
      assert.strictEqual(hand.ip(0), START)
    }
  },
  { id: "R-46", situation: "debug kernel, syscall instruction inside a section", expected: "SIGSEGV at its return", source: "K14, K16", needs: "contract mainline-6.12-debug" },
  {
    id: "R-47", situation: "a call inside a section sleeps", expected: "abort on return", source: "K14",
    run: () => {
      const hand = registered()
      standIn(hand, START + 4)
      hand.kernel.standAt(0, hand.task(0))
      block(hand.kernel, hand.task(0), { on: "test", key: "", call: 0 })
      wake(hand.kernel, hand.id(0), "test", 0)
      hand.toUser(0)
      aborts(hand)
    }
  },
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

const lifeCases: ReadonlyArray<Case> = [
  { id: "R-41", situation: "fork: the child is preempted in the section right after", expected: "the child aborts, the parent is unaffected", source: "K21", needs: "call fork" },
  {
    id: "R-42", situation: "pthread-style clone", expected: "child unregistered, the parent's area is the parent's", source: "K21",
    run: () => {
      for (const abi of [of612, abis["mainline-4.18"]]) {
        const hand = registered(abi)
        assert.isAbove(Number(hand.call(0, SYS_CLONE, CLONE_THREAD_FLAGS, STACK_TOP - 0x8000, 0, 0, 0)), 0)
        const child = hand.kernel.state.tasks.at(-1)
        assert.deepStrictEqual([child?.contracts[abi.name], child?.cpu], [undefined, 1])
        hand.toUser(1)
        hand.toUser(0)
        assert.deepStrictEqual(ids(hand), [0, 0, 0, 0])
      }
    }
  },
  {
    id: "R-43", situation: "children: of fork; sharing memory only; threads; at 4.18 and since 5.5", expected: "registered as the parent and due; the second only before 5.5; never the third", source: "K21",
    run: () => {
      for (const [name, shares] of [["mainline-4.18", true], ["mainline-6.12", false]] as const) {
        for (const [sharesMemory, isThread, expected] of [[false, false, true], [true, false, shares], [true, true, false]] as const) {
          const hand = registered(abis[name], { tasks: [0] })
          const child = hand.child({ sharesMemory, isThread }).contracts[name]
          const what = `${name}, ${sharesMemory ? "shares memory" : "does not"}, ${isThread ? "thread" : "process"}`
          assert.strictEqual(child?.["area"], expected ? AREA : undefined, what)
          assert.strictEqual(child?.["isDue"], expected ? 1 : undefined, what)
        }
      }
    }
  },
  { id: "R-44", situation: "clone(CLONE_VM) without CLONE_THREAD, since 5.5", expected: "child unregistered", source: "K21", needs: "call vfork" },
  { id: "R-45", situation: "exec", expected: "unregistered", source: "K21", needs: "call execve" },
  {
    id: "R-cid", situation: "three tasks on two CPUs, switched about", expected: "running tasks have different mm_cids, all below the number of CPUs", source: "Linux kernel/sched/sched.h mm_cid",
    run: () => {
      const hand = registered(of612, { tasks: [0, 1] })
      assert.deepStrictEqual([ids(hand, 0)[3], ids(hand, 1)[3]], [0, 1])
      hand.preempt(0)
      assert.deepStrictEqual([ids(hand, 0)[3], ids(hand, 1)[3]], [0, 1])
      hand.kernel.standAt(0, hand.task(0))
      block(hand.kernel, hand.task(0), { on: "test", key: "", call: 0 })
      hand.preempt(1)
      assert.strictEqual(ids(hand, 1)[3], 0, "the lowest that is free")
      wake(hand.kernel, hand.id(0), "test", 0)
      hand.toUser(0)
      assert.deepStrictEqual([ids(hand, 0)[3], ids(hand, 1)[3]], [1, 0])
    }
  }
]

/** Two tasks on two CPUs, the process registered for the command. */
const barrierReady = (options: Partial<HandOptions> = {}): Hand => {
  const hand = registered(of612, { tasks: [0, 1], ...options })
  assert.strictEqual(hand.call(0, SYS_MEMBARRIER, REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0), 0)
  hand.toUser(0)
  return hand
}

const membarrierCases: ReadonlyArray<Case> = [
  {
    id: "R-query", situation: "membarrier QUERY", expected: "has the bits 128 and 256", source: "K19",
    run: () => assert.strictEqual(Number(registered().call(0, SYS_MEMBARRIER, QUERY, 0, 0)) & 384, 384)
  },
  {
    id: "R-55", situation: "membarrier 128 without 256", expected: "EPERM", source: "K19",
    run: () => assert.strictEqual(registered(of612, { tasks: [0, 1] }).call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, 0, 0), "EPERM")
  },
  {
    id: "R-55f", situation: "other flags than FLAG_CPU with 128; any flag with 256", expected: "EINVAL", source: "K19",
    run: () => {
      const hand = barrierReady()
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, 2, 0), "EINVAL")
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, REGISTER_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0), "EINVAL")
    }
  },
  {
    id: "R-56", situation: "membarrier 128 while another task of the process is inside a section", expected: "that section aborts; the caller's own does not", source: "K19",
    run: () => {
      const hand = barrierReady()
      standIn(hand, START + 4, 1)
      standIn(hand, START + 4, 0)
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, 0, 0), 0)
      assert.strictEqual(hand.toUser(1), 1)
      aborts(hand, 1)
      hand.toUser(0)
      assert.strictEqual(hand.ip(0), START + 6)
    }
  },
  {
    id: "R-56c", situation: "FLAG_CPU with the caller's own CPU, the caller inside a section", expected: "the caller's section aborts", source: "K19",
    run: () => {
      const hand = barrierReady()
      standIn(hand, START + 4)
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0), 0)
      hand.toUser(0)
      aborts(hand)
    }
  },
  { id: "R-57", situation: "membarrier 128, FLAG_CPU, a CPU that is offline", expected: "0", source: "K19", needs: "kind unplug" },
  {
    id: "R-57b", situation: "FLAG_CPU with a CPU that is not there; with one that runs nobody of the process", expected: "0, nothing aborted", source: "K19",
    run: () => {
      const hand = barrierReady()
      standIn(hand, START + 4, 1)
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 1023), 0)
      hand.toUser(1)
      assert.strictEqual(hand.ip(1), START + 4)
    }
  },
  {
    id: "R-56n", situation: "FLAG_CPU with CPU -1", expected: "as without the flag: all others", source: "K19, our reading",
    run: () => {
      const hand = barrierReady()
      standIn(hand, START + 4, 1)
      standIn(hand, START + 4, 0)
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, -1), 0)
      hand.toUser(1)
      aborts(hand, 1)
      hand.toUser(0)
      assert.strictEqual(hand.ip(0), START + 6)
    }
  },
  {
    id: "R-56l", situation: "membarrier 128, its interrupt arrives three instructions late", expected: "the caller does not return before; the section commits or aborts first", source: "K19",
    run: () => {
      const choose = ({ kind, options }: Question): Option => (kind === "arrive" ? 3 : options[0] ?? 0)
      const menu: Menu = { ...nothingOnMenu, kinds: new Set(["arrive"]), arriveIcountMax: 5 }
      const hand = barrierReady({ decider: { ...quietDecider, choose }, menu })
      standIn(hand, START + 4, 1)
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, 0, 0), "waits")
      assert.isFalse(hasTask(hand.kernel, cpuOf(hand.kernel.state, 0)), "the caller is stuck in the kernel")
      hand.runTo(1, START + 8)
      hand.toUser(1)
      assert.strictEqual(hand.ip(1), START + 8, "not yet")
      const before = hand.events.length
      hand.preempt(1)
      aborts(hand, 1)
      hand.toUser(0)
      assert.strictEqual(hand.answer(before), 0)
    }
  },
  {
    id: "R-58", situation: "a process of one task; a machine of one CPU", expected: "0 at once, nothing aborted", source: "K19",
    run: () => {
      const alone = registered()
      alone.call(0, SYS_MEMBARRIER, REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0)
      standIn(alone, START + 4)
      assert.strictEqual(alone.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0), 0)
      alone.toUser(0)
      assert.strictEqual(alone.ip(0), START + 6)
    }
  }
]

export const mainlineCases: ReadonlyArray<Case> = [...registrationCases, ...fixupCases, ...lifeCases, ...membarrierCases]
