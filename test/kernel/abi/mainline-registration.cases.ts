/**
 * What mainline owes whoever registers an area, and its children. Sources: K13 kernel/rseq.c of v11, K14 of 2022 (4.18 to
 * 6.2), K15 of 6.14 to 6.18, K16 of 6.19, K17 the second ABI of 2026, K21 include/linux/sched.h; LR librseq and its tests.
 */
import { assert } from "vitest"
import { rseqArea } from "../../../src/linux/rseq.ts"
import { abis } from "../../../src/kernel/abi/table.ts"
import { wake } from "../../../src/kernel/scheduler.ts"
import { block } from "../../../src/kernel/wait.ts"
import type { Case } from "./case.ts"
import { CODE, DATA, Hand, NOWHERE, STACK_TOP } from "./hand.ts"
import { AREA, call, dies, ids, of612, registered, rseqCs, UNINITIALIZED } from "./mainline-setup.ts"

const SYS_CLONE = 56
/** VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. */
const CLONE_THREAD_FLAGS = 0x5_0f00

export const registrationCases: ReadonlyArray<Case> = [
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
    id: "R-order", situation: "two mistakes in one call", expected: "the first that is looked for: EINVAL before EPERM before EFAULT", source: "K13, K15",
    run: () => {
      const [unmapped, foreign] = [NOWHERE, -4096]
      assert.strictEqual(call(registered(), AREA, 64, 1, 1), "EINVAL", "unregister: length, then signature")
      assert.strictEqual(call(registered(), AREA, 32, 3, 1), "EINVAL", "unregister: flags, then signature")
      assert.strictEqual(call(registered(), AREA + 32, 32, 0, 1), "EINVAL", "registered: address, then signature")
      assert.strictEqual(call(registered(), AREA, 32, 2), "EINVAL", "flags, then that it is registered")
      assert.strictEqual(call(new Hand({ abis: [of612] }), foreign + 1, 32, 0), "EINVAL", "alignment, then the range")
      assert.strictEqual(call(new Hand({ abis: [of612] }), foreign, 28, 0), "EINVAL", "length, then the range")
      assert.strictEqual(call(new Hand({ abis: [of612] }), unmapped, 32, 1), "EINVAL", "unregister what is not registered")
    }
  },
  {
    id: "R-auxv", situation: "the aux vector", expected: "AT_RSEQ_FEATURE_SIZE 28 and AT_RSEQ_ALIGN 32 since 6.3; neither before", source: "K15",
    run: () => {
      assert.deepStrictEqual(of612.auxv, [[27, 28n], [28, 32n]])
      assert.deepStrictEqual(abis["mainline-6.1"].auxv, [])
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
    run: () => { for (const name of ["mainline-5.5", "mainline-5.10"] as const) assert.strictEqual(call(registered(abis[name]), AREA, 32, 3), "EINVAL", name) }
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
    run: () => { for (const name of ["mainline-6.14", "mainline-6.18"] as const) assert.strictEqual(call(new Hand({ abis: [abis[name]] }), NOWHERE, 32, 0), "EFAULT", name) }
  },
  {
    id: "R-52", situation: "since 6.3, feature size 28, aligned to 32: lengths 32, 28, 40", expected: "0, EINVAL, 0", source: "K15",
    run: () => {
      for (const abi of [abis["mainline-6.3"], of612]) {
        assert.deepStrictEqual([32, 28, 40].map((areaBytes) => call(new Hand({ abis: [abi] }), AREA, areaBytes, 0)), [0, "EINVAL", 0], abi.name)
      }
    }
  },
  { id: "R-53", situation: "7.1: length 33, aligned to 32 only", expected: "EINVAL (AT_RSEQ_ALIGN is 64)", source: "K17", needs: "contract mainline-7.1" },
  {
    id: "R-54", situation: "registering with rseq_cs set, since 6.14", expected: "cleared, 0", source: "K15",
    run: () => {
      for (const name of ["mainline-6.14", "mainline-6.18"] as const) {
        const hand = new Hand({ abis: [abis[name]] })
        hand.memory.write64(AREA + rseqArea.rseqCs, 77n)
        assert.strictEqual(call(hand, AREA, 32, 0), 0)
        assert.strictEqual(rseqCs(hand), 0)
        hand.toUser(0)
        assert.strictEqual(hand.killedBy, undefined, name)
      }
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

export const lifeCases: ReadonlyArray<Case> = [
  { id: "R-41", situation: "fork: the child is preempted in the section right after", expected: "the child the parent is unaffected", source: "K21", needs: "call fork" },
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
      for (const [name, shares] of [["mainline-4.18", true], ["mainline-5.5", false], ["mainline-6.12", false]] as const) {
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
      block(hand.kernel, hand.task(0), { on: "poll", key: "", call: 0 })
      hand.preempt(1)
      assert.strictEqual(ids(hand, 1)[3], 0, "the lowest that is free")
      wake(hand.kernel, hand.id(0), "poll", 0)
      hand.toUser(0)
      assert.deepStrictEqual([ids(hand, 0)[3], ids(hand, 1)[3]], [1, 0])
    }
  }
]
