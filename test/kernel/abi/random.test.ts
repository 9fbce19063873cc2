/** Random lives of tasks under mainline, against what must hold after every step whatever happened. */
import { assert, describe, it } from "vitest"
import { known } from "../../../src/base/assert.ts"
import { stream } from "../../../src/base/prng.ts"
import { rseqArea, rseqDescriptor, RSEQ_SIG, SYS_RSEQ } from "../../../src/linux/rseq.ts"
import { SIGUSR1 } from "../../../src/linux/signal.ts"
import { abis } from "../../../src/kernel/abi/table.ts"
import { block } from "../../../src/kernel/wait.ts"
import { wake } from "../../../src/kernel/scheduler.ts"
import { cpuOf } from "../../../src/kernel/state.ts"
import { CODE, DATA, Hand } from "./hand.ts"

const CPUS = [0, 1, 2]
const TASK_COUNT = 5
const STEP_COUNT = 80
const START = CODE + 0x100
const END = CODE + 0x120
const ABORT = CODE + 0x204
const HANDLER = CODE + 0x10
const DESCRIPTOR = DATA + 0x1000

const areaOf = (index: number): number => DATA + 64 * index
const seeds = process.env["RSEQLAB_SEED"] === undefined ? Array.from({ length: 40 }, (_, index) => String(index)) : [process.env["RSEQLAB_SEED"]]

/** The task of the CPU, at its next instruction; `undefined`: nobody. */
const current = (hand: Hand, cpu: number): number | undefined => hand.toUser(cpu)

describe("mainline-6.12, whatever happens", () => {
  it.each(seeds)("keeps ids right, aborts what was interrupted and nothing else, seed %s", (seed) => {
    const draw = stream(seed, "test/mainline")
    const hand = new Hand({ abis: [abis["mainline-6.12"]], cpus: CPUS, tasks: Array.from({ length: TASK_COUNT }, (_, index) => index % CPUS.length) })
    const again = `again with RSEQLAB_SEED=${seed}`
    hand.memory.write64(DESCRIPTOR + rseqDescriptor.startIp, BigInt(START))
    hand.memory.write64(DESCRIPTOR + rseqDescriptor.postCommitOffset, BigInt(END - START))
    hand.memory.write64(DESCRIPTOR + rseqDescriptor.abortIp, BigInt(ABORT))
    hand.load32(ABORT - 4, RSEQ_SIG)
    hand.handle(SIGUSR1, HANDLER)
    const registered = new Set<number>()

    for (let step = 0; step < STEP_COUNT; step++) {
      const cpu = known(CPUS[draw.below(CPUS.length)], "a CPU")
      const index = current(hand, cpu)
      const blocked = hand.tasks.findIndex((_, other) => hand.task(other).status === "blocked")
      if (blocked >= 0 && draw.below(3) === 0) wake(hand.kernel, hand.id(blocked), "poll", 0)
      if (index === undefined) continue
      if (!registered.has(index)) {
        assert.strictEqual(hand.call(index, SYS_RSEQ, areaOf(index), 32, 0, RSEQ_SIG), 0)
        registered.add(index)
        hand.toUser(cpu)
      }
      // The task runs: into the section, armed or not, or elsewhere.
      const isArmed = draw.below(3) > 0
      hand.memory.write64(areaOf(index) + rseqArea.rseqCs, isArmed ? BigInt(DESCRIPTOR) : 0n)
      const at = START - 8 + draw.below(END - START + 16)
      hand.emptyStack(index)
      hand.runTo(index, at)
      const wouldAbort = isArmed && START <= at && at < END
      const before = hand.seen("Aborted").length

      const act = draw.below(5)
      if (act === 0) hand.lose(index)
      else if (act === 1) hand.migrate(index, known(CPUS[(CPUS.indexOf(cpu) + 1 + draw.below(2)) % CPUS.length], "another"))
      else if (act === 2) hand.signal(index, SIGUSR1)
      else if (act === 3) {
        hand.kernel.standAt(cpu, hand.task(index))
        block(hand.kernel, hand.task(index), { on: "poll", key: "", call: 0 })
      }
      // act 4: nothing at all befalls it.
      if (act !== 4 && hand.task(index).status !== "blocked") hand.regain(index)
      hand.toUser(hand.task(index).cpu)

      const isBack = hand.task(index).status === "running"
      if (isBack) {
        const aborted = hand.seen("Aborted").slice(before).filter(({ task }) => task === hand.id(index))
        assert.strictEqual(aborted.length, wouldAbort && act !== 4 ? 1 : 0, `${again}: step ${step}, act ${act}`)
        const expected = act === 4 ? at : act === 2 ? HANDLER : wouldAbort ? ABORT : at
        assert.strictEqual(hand.ip(index), expected, `${again}: step ${step}, act ${act}`)
      }
      for (const each of CPUS) current(hand, each)
      const running = hand.tasks.keys().filter((other) => registered.has(other) && hand.task(other).status === "running").toArray()
      const cids = running.map((other) => hand.memory.read32(areaOf(other) + rseqArea.mmCid))
      assert.strictEqual(new Set(cids).size, cids.length, `${again}: step ${step}: an mm_cid twice`)
      assert.isTrue(cids.every((cid) => (cid ?? CPUS.length) < CPUS.length), `${again}: step ${step}: an mm_cid too large`)
      for (const other of running) {
        assert.strictEqual(hand.memory.read32(areaOf(other) + rseqArea.cpuId), hand.task(other).cpu, `${again}: step ${step}`)
        assert.strictEqual(hand.memory.read32(areaOf(other) + rseqArea.cpuIdStart), hand.task(other).cpu, `${again}: step ${step}`)
        assert.strictEqual(cpuOf(hand.kernel.state, hand.task(other).cpu).current, hand.id(other))
      }
    }
    assert.deepStrictEqual(hand.fold().tasks, hand.kernel.state.tasks, again)
  })
})
