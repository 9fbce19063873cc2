/** What mainline owes the callers of membarrier(2). Source: K19 kernel/sched/membarrier.c. */
import { assert } from "vitest"
import { type Menu, nothingOnMenu, type Option, type Question, quietDecider } from "../../../src/log/choice.ts"
import { MEMBARRIER_CMD_FLAG_CPU, membarrierCommand, SYS_MEMBARRIER } from "../../../src/linux/membarrier.ts"
import { hasTask, unplug } from "../../../src/kernel/scheduler.ts"
import { cpuOf } from "../../../src/kernel/state.ts"
import type { Case } from "./case.ts"
import type { Hand, HandOptions } from "./hand.ts"
import { aborts, of612, registered, standIn, START } from "./mainline-setup.ts"

const { PRIVATE_EXPEDITED_RSEQ, QUERY, REGISTER_PRIVATE_EXPEDITED_RSEQ } = membarrierCommand

/** Two tasks on two CPUs, the process registered for the command. */
const barrierReady = (options: Partial<HandOptions> = {}): Hand => {
  const hand = registered(of612, { tasks: [0, 1], ...options })
  assert.strictEqual(hand.call(0, SYS_MEMBARRIER, REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0), 0)
  hand.toUser(0)
  return hand
}

export const membarrierCases: ReadonlyArray<Case> = [
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
  {
    id: "R-57", situation: "membarrier 128, FLAG_CPU, a CPU that is offline", expected: "0", source: "K19",
    run: () => {
      const hand = barrierReady()
      unplug(hand.kernel, 1)
      assert.strictEqual(hand.call(0, SYS_MEMBARRIER, PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 1), 0)
      assert.strictEqual(hand.seen("Interrupted").length, 0)
    }
  },
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
