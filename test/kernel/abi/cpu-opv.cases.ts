/** What cpu_opv owes. Sources: O0 the first form, O1 v11, O2 the v12 era, O3 2018, O4 to O6 its uapi, O7 the library, O8 its test, O9 percpu-op. */
import { assert } from "vitest"
import { known } from "../../../src/base/assert.ts"
import { type Decider, GO_ON, type Menu, nothingOnMenu, type Option, pauseOption, type Question, quietDecider } from "../../../src/log/choice.ts"
import { CPU_OP_BYTES, type CpuOpName, cpuOp, cpuOpNames, SYS_CPU_OPV } from "../../../src/linux/cpu-opv.ts"
import { RSEQ_SIG, rseqArea, rseqDescriptor, SYS_RSEQ } from "../../../src/linux/rseq.ts"
import { abis } from "../../../src/kernel/abi/table.ts"
import { setAffinity, unplug } from "../../../src/kernel/scheduler.ts"
import { cpuOf } from "../../../src/kernel/state.ts"
import { specOf } from "../../../src/run/start.ts"
import { assembleText } from "../../support/examples.ts"
import type { Case } from "./case.ts"
import { CODE, DATA, DATA_END, Hand, type HandOptions, NOWHERE, READ_ONLY } from "./hand.ts"
import { Subject } from "./subject.ts"

const opv = abis["opv-v12"]
const VECTOR = DATA
/** Two buffers of two pages each, and words. */
const A = DATA + 0x2000
const B = DATA + 0x4000
const WORD = DATA + 0x1000

interface Op {
  readonly op: CpuOpName | number
  readonly len?: number
  readonly a?: number
  readonly b?: number | bigint
  readonly expectA?: boolean
  readonly expectB?: boolean
  /** Of a shift. */
  readonly expectShift?: boolean
}

const put = (hand: Hand, ops: ReadonlyArray<Op>): void => {
  for (const [index, { a = WORD, b = 0, expectA = false, expectB = false, expectShift = false, len = 8, op }] of ops.entries()) {
    const at = VECTOR + index * CPU_OP_BYTES
    hand.memory.write32(at + cpuOp.op, (typeof op === "number" ? op : cpuOpNames.indexOf(op)) >>> 0)
    hand.memory.write32(at + cpuOp.length, len)
    hand.memory.write64(at + cpuOp.a, BigInt(a))
    hand.memory.write64(at + cpuOp.b, BigInt.asUintN(64, BigInt(b)))
    hand.memory.write64(at + cpuOp.expectFaultA, (expectA ? 1n : 0n) | (expectB ? 0x100n : 0n))
    if (expectShift) hand.memory.write8(at + cpuOp.shiftExpectFault, 1)
  }
}

const machine = (options: Partial<HandOptions> = {}): Hand => new Hand({ abis: [opv], ...options })

/** The vector on the CPU the task is on. */
const perform = (ops: ReadonlyArray<Op>, prepare: (hand: Hand) => void = () => {}): { readonly result: string | number; readonly hand: Hand } => {
  const hand = machine()
  prepare(hand)
  put(hand, ops)
  return { result: hand.call(0, SYS_CPU_OPV, VECTOR, ops.length, 0, 0), hand }
}
const gives = (expected: string | number, ops: ReadonlyArray<Op>, prepare?: (hand: Hand) => void): Hand => {
  const { hand, result } = perform(ops, prepare)
  assert.strictEqual(result, expected)
  return hand
}
const word = (hand: Hand, at = WORD): bigint => hand.memory.read64(at) ?? -1n

/** Answers pauses in turn, quiet afterwards. */
const pausing = (...answers: ReadonlyArray<Option>): { readonly decider: Decider; readonly menu: Menu; readonly questions: Array<ReadonlyArray<Option>> } => {
  const questions: Array<ReadonlyArray<Option>> = []
  const choose = ({ kind, options }: Question): Option => {
    const quiet = known(options[0], "a question has options")
    if (kind !== "pause") return quiet
    questions.push([...options])
    return answers[questions.length - 1] ?? GO_ON
  }
  return { questions, decider: { marks: [], interrupt: () => "nothing", choose }, menu: { ...nothingOnMenu, kinds: new Set(["pause"]) } }
}

/** The paused or pushed call goes on until it has answered. */
const finish = (hand: Hand, index = 0): string | number => {
  const before = hand.events.length
  for (let round = 0; round < 8 && hand.task(index).pausedCall !== undefined; round++) hand.toUser(hand.task(index).cpu)
  return hand.answer(before)
}

const validationCases: ReadonlyArray<Case> = [
  { id: "O-02", situation: "16 MB operations", expected: "0", source: "O8", run: () => void gives(0, Array.from({ length: 16 }, () => ({ op: "MB", len: 0x7fff_ffff }))) },
  {
    id: "O-03", situation: "17 operations; -1 operations", expected: "EINVAL, EINVAL", source: "O2",
    run: () => {
      assert.strictEqual(machine().call(0, SYS_CPU_OPV, VECTOR, 17, 0, 0), "EINVAL")
      assert.strictEqual(machine().call(0, SYS_CPU_OPV, VECTOR, -1, 0, 0), "EINVAL")
    }
  },
  { id: "O-05", situation: "operation -1, or 10", expected: "EINVAL", source: "O8", run: () => { gives("EINVAL", [{ op: -1 }]); gives("EINVAL", [{ op: 10 }]) } },
  {
    id: "O-06", situation: "a comparison or copy of 4097 bytes; of none", expected: "EINVAL; 0", source: "O2",
    run: () => {
      for (const op of ["COMPARE_EQ", "MEMCPY"] as const) {
        gives("EINVAL", [{ op, len: 4097, a: A, b: B }])
        gives(0, [{ op, len: 0, a: NOWHERE, b: NOWHERE }])
      }
      gives(1, [{ op: "COMPARE_NE", len: 0, a: NOWHERE, b: NOWHERE }])
      gives("EFAULT", [{ op: "MEMCPY", len: 0, a: 0x7fff_ffff_f001, b: A }])
    }
  },
  { id: "O-07", situation: "memcpy of 4096 bytes alone", expected: "0", source: "O1", run: () => void gives(0, [{ op: "MEMCPY", len: 4096, a: A, b: B }]) },
  {
    id: "O-09", situation: "memcpy of 4096 and 15 adds of 8", expected: "0", source: "O4",
    run: () => {
      const hand = gives(0, [{ op: "MEMCPY", len: 4096, a: A, b: B }, ...Array.from({ length: 15 }, () => ({ op: "ADD", b: 1 }) as const)])
      assert.strictEqual(word(hand), 15n)
    }
  },
  {
    id: "O-10", situation: "a sum of lengths of 4217", expected: "EINVAL", source: "O4",
    run: () => void gives("EINVAL", [{ op: "MEMCPY", len: 4096, a: A, b: B }, { op: "COMPARE_EQ", len: 121, a: A, b: B }])
  },
  {
    id: "O-11", situation: "add of 3 bytes; of 0, of 16; or, and, xor and shifts likewise", expected: "EINVAL", source: "O1",
    run: () => {
      for (const op of ["ADD", "OR", "AND", "XOR", "LSHIFT", "RSHIFT"] as const) for (const len of [0, 3, 16]) gives("EINVAL", [{ op, len }])
    }
  },
  {
    id: "O-13", situation: "shifts by one bit less than the word, and by all of it", expected: "0; EINVAL", source: "O1",
    run: () => {
      for (const op of ["LSHIFT", "RSHIFT"] as const) {
        for (const len of [1, 2, 4, 8]) {
          gives(0, [{ op, len, b: len * 8 - 1 }])
          gives("EINVAL", [{ op, len, b: len * 8 }])
        }
      }
    }
  },
  {
    id: "O-14", situation: "flags 1", expected: "EINVAL, before anything else is looked at", source: "O1, O2",
    run: () => assert.strictEqual(machine().call(0, SYS_CPU_OPV, NOWHERE, 99, -1, 1), "EINVAL")
  },
  { id: "O-15", situation: "cpu_opv(NULL, 0, -1, NR_FLAG) in 2018", expected: "10", source: "O3, O8", needs: "contract opv-2018" },
  {
    id: "O-16", situation: "CPU -1", expected: "EINVAL", source: "O8",
    run: () => assert.strictEqual(machine().call(0, SYS_CPU_OPV, VECTOR, 0, -1, 0), "EINVAL")
  },
  {
    id: "O-16b", situation: "two mistakes in one call", expected: "the first that is looked for: CPU and count, the vector, its operations, their sum, their operands", source: "O2",
    run: () => {
      assert.strictEqual(machine().call(0, SYS_CPU_OPV, NOWHERE, 1, -1, 0), "EINVAL", "CPU, then the vector")
      assert.strictEqual(machine().call(0, SYS_CPU_OPV, NOWHERE, 17, 0, 0), "EINVAL", "count, then the vector")
      gives("EINVAL", [{ op: "ADD", a: NOWHERE }, { op: "ADD", len: 3 }])
      gives("EINVAL", [{ op: "MEMCPY", len: 4096, a: NOWHERE, b: B }, { op: "MEMCPY", len: 121, a: A, b: B }])
      gives("EAGAIN", [{ op: "ADD", a: NOWHERE, expectA: true }, { op: "ADD", a: NOWHERE }])
      gives("EFAULT", [{ op: "ADD", a: NOWHERE }, { op: "ADD", a: NOWHERE, expectA: true }])
    }
  },
  {
    id: "O-17", situation: "a CPU that cannot be", expected: "EINVAL, after the vector was checked and pinned", source: "O1",
    run: () => {
      const hand = machine()
      put(hand, [{ op: "ADD" }])
      assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 1, 99, 0), "EINVAL")
      put(hand, [{ op: "ADD", a: NOWHERE }])
      assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 1, 99, 0), "EFAULT")
    }
  },
  {
    id: "O-23", situation: "the vector is not mapped; half of it is", expected: "EFAULT", source: "O1",
    run: () => {
      assert.strictEqual(machine().call(0, SYS_CPU_OPV, NOWHERE, 1, 0, 0), "EFAULT")
      assert.strictEqual(machine().call(0, SYS_CPU_OPV, DATA_END - CPU_OP_BYTES, 2, 0, 0), "EFAULT")
      assert.strictEqual(machine().call(0, SYS_CPU_OPV, NOWHERE, 0, 0, 0), 0)
    }
  },
  { id: "O-30", situation: "memcpy from NULL", expected: "EFAULT", source: "O8", run: () => void gives("EFAULT", [{ op: "MEMCPY", a: A, b: 0 }]) },
  { id: "O-31", situation: "the same with expect_fault_src", expected: "EAGAIN", source: "O8", run: () => void gives("EAGAIN", [{ op: "MEMCPY", a: A, b: 0, expectB: true }]) },
  {
    id: "O-32", situation: "memcpy to read-only memory, expect_fault_src set", expected: "EFAULT (the flag is the other operand's)", source: "O1, our reading",
    run: () => {
      gives("EFAULT", [{ op: "MEMCPY", a: READ_ONLY, b: A, expectB: true }])
      gives("EAGAIN", [{ op: "MEMCPY", a: READ_ONLY, b: A, expectA: true }])
      gives("EAGAIN", [{ op: "MEMCPY", a: NOWHERE, b: NOWHERE, expectA: true }])
      gives("EFAULT", [{ op: "MEMCPY", a: NOWHERE, b: NOWHERE, expectB: true }])
    }
  },
  {
    id: "O-33", situation: "expect_fault of comparisons, arithmetic and shifts", expected: "EAGAIN", source: "O2",
    run: () => {
      gives("EAGAIN", [{ op: "COMPARE_EQ", a: NOWHERE, b: A, expectA: true }])
      gives("EAGAIN", [{ op: "COMPARE_NE", a: A, b: NOWHERE, expectB: true }])
      gives("EAGAIN", [{ op: "ADD", a: NOWHERE, expectA: true }])
      gives("EAGAIN", [{ op: "XOR", a: READ_ONLY, expectA: true }])
      gives("EAGAIN", [{ op: "LSHIFT", a: NOWHERE, b: 3, expectShift: true }])
      gives("EFAULT", [{ op: "LSHIFT", a: NOWHERE, b: 3, expectA: true }])
    }
  },
  {
    id: "O-33b", situation: "a bad operand behind good operations", expected: "EFAULT, nothing performed", source: "O1",
    run: () => {
      const hand = gives("EFAULT", [{ op: "ADD", b: 1 }, { op: "ADD", a: NOWHERE }])
      assert.strictEqual(word(hand), 0n)
      assert.strictEqual(hand.seen("Operated").length, 0)
    }
  }
]

/** Every operation on every width, against its meaning on whole numbers. */
const meanings: Readonly<Record<string, (value: bigint, operand: bigint) => bigint>> = {
  ADD: (value, operand) => value + operand,
  OR: (value, operand) => value | operand,
  AND: (value, operand) => value & operand,
  XOR: (value, operand) => value ^ operand,
  LSHIFT: (value, operand) => value << operand,
  RSHIFT: (value, operand) => value >> operand
}

const executionCases: ReadonlyArray<Case> = [
  {
    id: "O-24", situation: "EQ of different bytes at index 0", expected: "1", source: "O8",
    run: () => void gives(1, [{ op: "COMPARE_EQ", a: A, b: B }], (hand) => hand.memory.write64(A, 1n))
  },
  {
    id: "O-25", situation: "EQ of equal, then of different bytes", expected: "2", source: "O8",
    run: () => void gives(2, [{ op: "COMPARE_EQ", a: A, b: B }, { op: "COMPARE_EQ", a: A + 8, b: B + 8 }], (hand) => hand.memory.write64(A + 8, 1n))
  },
  {
    id: "O-26", situation: "NE of equal bytes; of bytes that differ in the last of 4096", expected: "1; 0", source: "O8",
    run: () => {
      gives(1, [{ op: "COMPARE_NE", a: A, b: B }])
      gives(0, [{ op: "COMPARE_NE", len: 4096, a: A, b: B }], (hand) => hand.memory.write8(A + 4095, 1))
      gives(1, [{ op: "COMPARE_NE", len: 4095, a: A, b: B }], (hand) => hand.memory.write8(A + 4095, 1))
    }
  },
  {
    id: "O-29", situation: "memcpy, then an EQ that fails", expected: "2, and the memcpy took effect", source: "O7, O8",
    run: () => {
      const ops = [{ op: "MEMCPY", a: A, b: B }, { op: "COMPARE_EQ", a: A, b: A + 8 }, { op: "ADD", b: 1 }] as const
      const hand = gives(2, ops, (one) => one.memory.write64(B, 5n))
      assert.strictEqual(word(hand, A), 5n)
      assert.strictEqual(word(hand), 0n)
      assert.deepStrictEqual(hand.seen("Operated").map(({ op, operation, result }) => [operation, op, result]), [[0, "MEMCPY", 0], [1, "COMPARE_EQ", 2]])
    }
  },
  {
    id: "O-34", situation: "two adds to one word", expected: "both applied", source: "O8",
    run: () => assert.strictEqual(word(gives(0, [{ op: "ADD", b: 3 }, { op: "ADD", b: -1 }])), 2n)
  },
  {
    id: "O-35", situation: "every change of a word, at every width, unaligned too", expected: "its meaning, truncated to the width; the bytes around untouched", source: "O2",
    run: () => {
      const before = 0xf1e2_d3c4_b5a6_9788n
      for (const [op, meaning] of Object.entries(meanings)) {
        for (const len of [1, 2, 4, 8]) {
          for (const at of [WORD, WORD + 3]) {
            const operand = op.endsWith("SHIFT") ? 5n : 0x8f7e_6d5c_4b3a_29f8n
            const hand = gives(0, [{ op: op as CpuOpName, len, a: at, b: operand }], (one) => {
              one.memory.write64(at, before)
              one.memory.write64(at + len, 0x55n)
            })
            const value = BigInt.asUintN(len * 8, word(hand, at))
            assert.strictEqual(value, BigInt.asUintN(len * 8, meaning(BigInt.asUintN(len * 8, before), operand)), `${op} of ${len} bytes`)
            assert.strictEqual(word(hand, at + len), 0x55n)
          }
        }
      }
    }
  },
  { id: "O-36", situation: "reading a page never written, in v11 and in 2018", expected: "EFAULT; 0", source: "O1, O3", needs: "contract opv-v11" },
  {
    id: "O-36b", situation: "reading a page never written", expected: "0 (it is faulted in)", source: "O2",
    run: () => void gives(0, [{ op: "COMPARE_EQ", a: DATA_END - 8, b: DATA_END - 16 }])
  },
  {
    id: "O-39", situation: "memcpy over itself, 100 bytes, 8 further on", expected: "chunk by chunk: the second chunk is read after the first is written", source: "O1, O2",
    run: () => {
      const hand = gives(0, [{ op: "MEMCPY", len: 100, a: A + 8, b: A }], (one) => one.memory.writeBytes(A, Uint8Array.from({ length: 100 }, (_, index) => index)))
      for (const offset of [31, 32, 63]) assert.strictEqual(hand.memory.read8(A + 8 + offset), offset)
      assert.strictEqual(hand.memory.read8(A + 8 + 64), 56, "byte 64 had been overwritten with byte 56")
    }
  }
]

/** Worker 1 keeps itself to CPU 0 and asks for CPU 1; worker 2 waits behind it. */
const outsideTheMask = `
#: cpus 2
#: task worker cpu=0
#: task other cpu=0
        .text
        .globl  progress, target
worker: mov     $203, %eax
        xor     %edi, %edi
        mov     $8, %esi
        lea     mask(%rip), %rdx
        syscall
        mov     $335, %eax
        lea     operation(%rip), %rdi
        mov     $1, %esi
        mov     $1, %edx
        xor     %r10d, %r10d
        syscall
        jmp     leave
other:  incq    progress(%rip)
leave:  xor     %edi, %edi
        mov     $60, %eax
        syscall
        .data
        .balign 8
mask:   .quad   1
operation:
        .long   3, 8
        .quad   target, 1, 0
progress:
        .quad   0
target: .quad   0
`

const placementCases: ReadonlyArray<Case> = [
  {
    id: "O-04", situation: "no operation, another allowed CPU", expected: "0, and the task is there now", source: "O2, our reading",
    run: () => {
      const hand = machine()
      assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 0, 1, 0), "waits")
      assert.strictEqual(finish(hand), 0)
      assert.strictEqual(hand.task(0).cpu, 1)
      assert.strictEqual(hand.toUser(1), 0)
    }
  },
  { id: "O-18", situation: "a CPU online, not in the affinity mask, in v11", expected: "EAGAIN", source: "O1, our reading", needs: "contract opv-v11" },
  {
    id: "O-19", situation: "the same in the v12 era", expected: "does not return; a bounded run reports it", source: "O2, our reading",
    run: () => {
      const hand = machine({ maxIcount: 100_000 })
      setAffinity(hand.kernel, hand.id(0), [0])
      put(hand, [{ op: "ADD", b: 1 }])
      assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 1, 1, 0), "waits")
      for (let round = 0; round < 100 && hand.kernel.outcome === undefined; round++) hand.toUser(0)
      assert.deepStrictEqual(hand.kernel.outcome, { _tag: "OutOfBudget", limit: "icount" })
      assert.strictEqual(word(hand), 0n)
    }
  },
  {
    id: "O-19r", situation: "O-19 by a real program, another task waiting on its CPU", expected: "the other task runs to its end; the run ends at its limit", source: "O2, our reading",
    run: () => {
      const spec = specOf(assembleText(outsideTheMask, "outside-the-mask.s"), [opv])
      const subject = new Subject({ ...spec, limits: { ...spec.limits, maxIcount: 1_000_000 } })
      subject.again(quietDecider)
      assert.deepStrictEqual(subject.run.outcome, { _tag: "OutOfBudget", limit: "icount" })
      assert.strictEqual(subject.word("progress"), 1n)
      assert.strictEqual(subject.word("target"), 0n)
    }
  },
  {
    id: "O-19b", situation: "O-19, and another task widens the mask", expected: "0, on that CPU", source: "O2, our reading",
    run: () => {
      const hand = machine()
      setAffinity(hand.kernel, hand.id(0), [0])
      put(hand, [{ op: "ADD", b: 1 }])
      hand.call(0, SYS_CPU_OPV, VECTOR, 1, 1, 0)
      hand.toUser(0)
      setAffinity(hand.kernel, hand.id(0), [0, 1])
      assert.strictEqual(finish(hand), 0)
      assert.deepStrictEqual(hand.seen("Operated").map(({ cpu }) => cpu), [1])
    }
  },
  {
    id: "O-21", situation: "a CPU offline, but possible and allowed", expected: "executes elsewhere, 0", source: "O1 to O3",
    run: () => {
      const hand = machine()
      unplug(hand.kernel, 1)
      put(hand, [{ op: "ADD", b: 5 }])
      assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 1, 1, 0), 0)
      assert.strictEqual(word(hand), 5n)
      assert.deepStrictEqual(hand.seen("Operated").map(({ cpu }) => cpu), [0])
    }
  },
  {
    id: "O-37", situation: "a task on the target CPU is inside an rseq section while cpu_opv runs there", expected: "that section aborts", source: "our reading",
    run: () => {
      const hand = new Hand({ abis: [abis["mainline-6.12"], opv], tasks: [0, 1] })
      const [area, descriptor, start, abort] = [DATA + 0x800, DATA + 0x900, CODE + 0x100, CODE + 0x204]
      hand.call(1, SYS_RSEQ, area, 32, 0, RSEQ_SIG)
      hand.toUser(1)
      hand.memory.write64(descriptor + rseqDescriptor.startIp, BigInt(start))
      hand.memory.write64(descriptor + rseqDescriptor.postCommitOffset, 0x20n)
      hand.memory.write64(descriptor + rseqDescriptor.abortIp, BigInt(abort))
      hand.load32(abort - 4, RSEQ_SIG)
      hand.memory.write64(area + rseqArea.rseqCs, BigInt(descriptor))
      hand.runTo(1, start + 4)
      put(hand, [{ op: "ADD", b: 1 }])
      hand.call(0, SYS_CPU_OPV, VECTOR, 1, 1, 0)
      assert.deepStrictEqual(cpuOf(hand.kernel.state, 1).queue, [hand.id(0)], "it waits for the CPU")
      hand.lose(1)
      assert.strictEqual(finish(hand), 0)
      hand.regain(1)
      assert.strictEqual(hand.ip(1), abort)
    }
  },
  {
    id: "O-38", situation: "a vector seen from another task of the same CPU, whatever the decider does", expected: "all or nothing: between operations only other CPUs get the turn", source: "O1",
    run: () => {
      const { decider, menu, questions } = pausing(GO_ON, 1, 1)
      const hand = machine({ tasks: [0, 1, 0], decider, menu })
      put(hand, [{ op: "ADD", b: 1 }, { op: "ADD", b: 1 }, { op: "ADD", b: 1 }])
      assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 3, 0, 0), "waits")
      assert.strictEqual(word(hand), 1n)
      assert.strictEqual(finish(hand), 0)
      assert.strictEqual(word(hand), 3n)
      assert.deepStrictEqual(questions.slice(1), [[GO_ON, 1], [GO_ON, 1]])
      assert.strictEqual(hand.seen("SwitchedIn").length, 0)
    }
  },
  ...([
    ["O-38a", "its CPU is unplugged", (hand) => unplug(hand.kernel, 0)],
    ["O-38b", "its CPU is taken from its affinity mask", (hand) => setAffinity(hand.kernel, hand.id(0), [1])]
  ] satisfies ReadonlyArray<readonly [string, string, (hand: Hand) => void]>).flatMap(([id, what, take]): ReadonlyArray<Case> => [
    {
      id, situation: `${what} while a vector stands between two operations`, expected: "it waits for the vector, which is performed there to its end", source: "O1",
      run: () => {
        const { decider, menu } = pausing(GO_ON, 1)
        const hand = machine({ tasks: [0, 1], decider, menu })
        put(hand, [{ op: "ADD", b: 1 }, { op: "ADD", b: 1 }, { op: "ADD", b: 1 }])
        assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 3, 0, 0), "waits")
        assert.strictEqual(word(hand), 1n)
        take(hand)
        assert.strictEqual(word(hand), 3n)
        assert.deepStrictEqual(hand.seen("Operated").map(({ cpu }) => cpu), [0, 0, 0])
        hand.lose(1)
        assert.strictEqual(finish(hand), 0)
        assert.strictEqual(hand.task(0).cpu, 1)
      }
    },
    {
      id: `${id}'`, situation: `${what} so, and the rest of the vector stops at a comparison`, expected: "its index + 1, on whichever CPU the task answers", source: "O1",
      run: () => {
        const { decider, menu } = pausing(GO_ON, 1)
        const hand = machine({ tasks: [0, 1], decider, menu })
        put(hand, [{ op: "ADD", b: 1 }, { op: "COMPARE_EQ", a: WORD, b: A }, { op: "ADD", b: 1 }])
        hand.call(0, SYS_CPU_OPV, VECTOR, 3, 0, 0)
        take(hand)
        hand.lose(1)
        assert.strictEqual(finish(hand), 2)
        assert.strictEqual(word(hand), 1n)
      }
    }
  ]),
  { id: "O-40", situation: "2018: an operand's page unmapped or remapped by another CPU after pinning", expected: "pinned again or EFAULT, never partial", source: "O3", needs: "contract opv-2018" },
  { id: "O-41", situation: "2018: its internal retry after a remap", expected: "strict: success; as coded: EFAULT", source: "O3, our reading", needs: "contract opv-2018" },
  {
    id: "O-42", situation: "an operand's page unmapped between pinning and performing", expected: "EFAULT in the middle; earlier operations stay done; not EAGAIN even if expected", source: "O2, our reading",
    run: () => {
      const { decider, menu } = pausing(1)
      const hand = machine({ tasks: [0, 1], decider, menu })
      put(hand, [{ op: "ADD", b: 1 }, { op: "ADD", a: A, b: 1, expectA: true }])
      assert.strictEqual(hand.call(0, SYS_CPU_OPV, VECTOR, 2, 0, 0), "waits")
      hand.unmap(A, A + 0x1000)
      assert.strictEqual(finish(hand), "EFAULT")
      assert.strictEqual(word(hand), 1n)
    }
  },
  {
    id: "O-43", situation: "the task is moved away between its placement and the moment it can no longer lose the CPU", expected: "retried inside, 0", source: "O2",
    run: () => {
      const { decider, menu } = pausing(pauseOption({ is: "migrate", of: 0 }))
      const hand = machine({ decider, menu })
      put(hand, [{ op: "ADD", b: 1 }])
      hand.call(0, SYS_CPU_OPV, VECTOR, 1, 1, 0)
      assert.strictEqual(finish(hand), 0)
      assert.deepStrictEqual(hand.seen("Migrated").map(({ to }) => to), [1, 0, 1])
      assert.deepStrictEqual(hand.seen("Operated").map(({ cpu }) => cpu), [1])
      assert.strictEqual(word(hand), 1n)
    }
  },
  {
    id: "O-44", situation: "the vector's memory is changed after the call began", expected: "the vector that was copied is performed", source: "O1",
    run: () => {
      const hand = machine()
      put(hand, [{ op: "ADD", b: 1 }])
      hand.call(0, SYS_CPU_OPV, VECTOR, 1, 1, 0)
      put(hand, [{ op: "ADD", b: 100 }])
      assert.strictEqual(finish(hand), 0)
      assert.strictEqual(word(hand), 1n)
    }
  },
  { id: "O-46", situation: "2018 library, cmpnev_storeoffp_load: the head changes before the call", expected: "retries, 0", source: "O7", needs: "contract opv-2018" },
  { id: "O-47", situation: "2018 library, cmpnev_storeoffp_load: the node is unmapped between reading the head and the call", expected: "-1, EAGAIN", source: "O7", needs: "contract opv-2018" },
  { id: "O-49", situation: "percpu_addv under single-stepping", expected: "completes, one increment", source: "S2, O9", needs: "kind trap" },
  { id: "O-50", situation: "the uapi of late 2018: operation 3 is MEMCPY_RELEASE, 4 ADD, there are 6", expected: "as listed", source: "O6", needs: "contract opv-2019" },
  { id: "O-51", situation: "operations of late 2018 sent to a kernel of early 2018 (4 meant as ADD)", expected: "performs OR: reported as a mismatch", source: "O3, O6", needs: "contract opv-2018" }
]

export const cpuOpvCases: ReadonlyArray<Case> = [...validationCases, ...executionCases, ...placementCases]
