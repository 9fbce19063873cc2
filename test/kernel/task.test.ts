import { assert, describe, it } from "vitest"
import { taskName } from "../../src/base/ids.ts"
import { nothingOnMenu } from "../../src/log/choice.ts"
import { CODE, DATA, DATA_END, NOWHERE, READ_ONLY, STACK_TOP } from "./abi/hand.ts"
import { Guest } from "./guest.ts"

const [RAX, RSP] = [0, 4]
const WAIT_SHARED = 0
/** VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. */
const THREAD = 0x5_0f00
const SETTLS = 0x8_0000
const PARENT_SETTID = 0x10_0000
const CHILD_CLEARTID = 0x20_0000
const CHILD_SETTID = 0x100_0000
const STACK = STACK_TOP - 0x8000

describe("clone", () => {
  const clone = (flags = THREAD, options: ConstructorParameters<typeof Guest>[0] = {}): Guest => {
    const guest = new Guest(options)
    guest.registers(0).set(12, 0x1234n)
    guest.registers(0).setXmm(3, Uint8Array.from({ length: 16 }, () => 7))
    assert.strictEqual(guest.make(0, "clone", flags, STACK, DATA, DATA + 8, 0x7777_0000), 1001)
    return guest
  }
  const childOf = (guest: Guest) => {
    const child = guest.kernel.state.tasks[1]
    if (child === undefined) throw new Error("a child was made")
    return child
  }

  it("makes a task at the same place with the same registers, on its own stack, whose call returns 0", () => {
    const guest = clone()
    const child = childOf(guest)
    const registers = guest.kernel.registers(child)
    assert.strictEqual(taskName(child.id), "1.1")
    assert.strictEqual(registers.ip(), guest.ip(0))
    assert.strictEqual(registers.get(12), 0x1234n)
    assert.strictEqual(registers.xmm(3)[5], 7)
    assert.strictEqual(registers.number(RAX), 0)
    assert.strictEqual(registers.number(RSP), STACK)
    assert.strictEqual(registers.fsBase(), 0n, "no SETTLS")
    assert.strictEqual(guest.memory.read32(DATA), 0, "no PARENT_SETTID")
  })

  it("gives a child registers of its own, also where an earlier one was gone back over", () => {
    const guest = new Guest()
    const before = guest.kernel.position()
    assert.strictEqual(guest.make(0, "clone", THREAD, STACK, 0, 0, 0), 1001)
    const first = guest.kernel.blockOf(childOf(guest))
    guest.kernel.resumeAt(before)
    assert.strictEqual(guest.make(0, "clone", THREAD, STACK, 0, 0, 0), 1001)
    const second = guest.kernel.blockOf(childOf(guest))
    // This machine cannot go back, so it has made two.
    assert.notStrictEqual(second, first)
    assert.strictEqual(guest.kernel.registers(childOf(guest)), guest.machine.registers(second))
    assert.strictEqual(guest.kernel.blocks.length, guest.kernel.state.tasks.length)
  })

  it("names children by descent and numbers them in order", () => {
    const guest = clone()
    assert.strictEqual(guest.make(0, "clone", THREAD, STACK - 0x1000, 0, 0, 0), 1002)
    assert.deepStrictEqual(guest.kernel.state.tasks.map(({ id }) => taskName(id)), ["1", "1.1", "1.2"])
  })

  it("sets the thread pointer, and writes the tid where it is asked to", () => {
    const guest = clone(THREAD | SETTLS | PARENT_SETTID | CHILD_SETTID | CHILD_CLEARTID)
    assert.strictEqual(guest.kernel.registers(childOf(guest)).fsBase(), 0x7777_0000n)
    assert.strictEqual(guest.memory.read32(DATA), 1001)
    assert.strictEqual(guest.memory.read32(DATA + 8), 1001)
    assert.strictEqual(childOf(guest).clearChildTid, DATA + 8)
  })

  it("does not mind a tid word that is not there", () => {
    const guest = new Guest()
    assert.strictEqual(guest.make(0, "clone", THREAD | PARENT_SETTID | CHILD_SETTID, STACK, NOWHERE, NOWHERE, 0), 1001)
  })

  it("places the child on the emptiest CPU it may use, unless decided otherwise", () => {
    assert.strictEqual(childOf(clone()).cpu, 1)
    const menu = { ...nothingOnMenu, kinds: new Set(["place"] as const) }
    const asked: Array<ReadonlyArray<number>> = []
    const decider = { marks: [], interrupt: () => "nothing" as const, choose: ({ options }: { options: ReadonlyArray<number> }) => { asked.push(options); return 0 } }
    assert.strictEqual(childOf(clone(THREAD, { menu, decider })).cpu, 0)
    assert.deepStrictEqual(asked, [[1, 0]])
  })

  it("passes mask and affinity on, but no pending signal", () => {
    const guest = new Guest()
    guest.words(DATA, 0x200)
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    guest.words(DATA, 1)
    guest.make(0, "sched_setaffinity", 0, 8, DATA)
    guest.make(0, "tkill", 1000, 10)
    guest.make(0, "clone", THREAD, STACK, 0, 0, 0)
    const child = childOf(guest)
    assert.deepStrictEqual([child.blockedSignals, child.allowed, child.pending], [0x200n, [0], []])
  })

  it.each([
    ["without a thread", 17], ["with VM but no thread", 0x4111], ["without the process's files", 0x1_0900], ["into a namespace", THREAD + 0x2_0000 - 0x200]
  ])("%s is loud", (_what, flags) => {
    const guest = new Guest()
    guest.make(0, "clone", flags, STACK, 0, 0, 0)
    assert.strictEqual(guest.kernel.outcome?._tag, "Unsupported")
  })

  it("ends the run at the limit on tasks, and makes none", () => {
    const guest = new Guest()
    for (let count = 1; count < 64; count++) assert.strictEqual(guest.make(0, "clone", THREAD, STACK, 0, 0, 0), 1000 + count)
    guest.make(0, "clone", THREAD, STACK, 0, 0, 0)
    assert.deepStrictEqual(guest.kernel.outcome, { _tag: "OutOfBudget", limit: "tasks" })
    assert.lengthOf(guest.kernel.state.tasks, 64)
  })
})

describe("the end of a task", () => {
  it("clears its word and wakes one waiter there, who waits on a futex that is not private", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.words(DATA, 1001)
    guest.make(1, "set_tid_address", DATA)
    assert.strictEqual(guest.make(0, "futex", DATA, WAIT_SHARED, 1001, 0, 0, 0), "waits")
    guest.make(1, "exit", 0)
    assert.strictEqual(guest.memory.read32(DATA), 0)
    assert.strictEqual(guest.task(0).status, "runnable")
    assert.strictEqual(guest.kernel.outcome, undefined)
  })

  it("is the end of the run when it was the last; the status is 8 bits wide", () => {
    const guest = new Guest()
    guest.make(0, "exit", 0x1ff)
    assert.deepStrictEqual(guest.kernel.outcome, { _tag: "Exited", status: 0xff })
  })

  it("leaves a leader that can be named by its number as long as others live, and no other task", () => {
    const guest = new Guest({ tasks: [0, 1, 1] })
    guest.words(DATA, 1)
    guest.make(0, "set_robust_list", DATA, 24)
    const [leader, other] = [guest.task(0).tid, guest.task(2).tid]
    guest.make(0, "exit", 0)
    guest.make(2, "exit", 0)
    const asked = (tid: number) => [
      guest.make(1, "tkill", tid, 0), guest.make(1, "tgkill", leader, tid, 10), guest.make(1, "tkill", tid, 65), guest.make(1, "sched_setaffinity", tid, 8, DATA),
      guest.make(1, "sched_getaffinity", tid, 8, DATA + 8), guest.make(1, "prlimit64", tid, 3, 0, DATA + 64), guest.make(1, "get_robust_list", tid, DATA + 16, DATA + 24)
    ]
    assert.deepStrictEqual(asked(leader), [0, 0, "EINVAL", 0, 8, 0, 0])
    assert.deepStrictEqual([guest.word(DATA + 8), guest.word(DATA + 16)], [1n, 0n])
    assert.deepStrictEqual(asked(other), Array.from({ length: 7 }, () => "ESRCH"))
    assert.strictEqual(guest.kernel.outcome, undefined)
  })

  it("by exit_group is the end of all", () => {
    const guest = new Guest({ tasks: [0, 1, 1] })
    guest.words(DATA, 0)
    guest.make(0, "futex", DATA, 128, 0, 0, 0, 0)
    guest.make(1, "exit_group", 3)
    assert.deepStrictEqual(guest.kernel.outcome, { _tag: "Exited", status: 3 })
    assert.isTrue(guest.kernel.state.tasks.every(({ status }) => status === "exited"))
  })
})

describe("affinity", () => {
  it("is told as bytes written: the words through the highest CPU", () => {
    const guest = new Guest({ cpus: [0, 2, 70], tasks: [0] })
    assert.strictEqual(guest.make(0, "sched_getaffinity", 0, 128, DATA), 16)
    assert.deepStrictEqual([guest.word(DATA), guest.word(DATA + 8)], [0b101n, 1n << 6n])
    assert.strictEqual(guest.make(0, "sched_getaffinity", 0, 8, DATA), "EINVAL")
  })

  it("moves a task that may not stay, and overlooks CPUs that are not there", () => {
    const guest = new Guest({ cpus: [0, 2], tasks: [0] })
    guest.words(DATA, 0b1110)
    assert.strictEqual(guest.make(0, "sched_setaffinity", 0, 8, DATA), 0)
    assert.deepStrictEqual([guest.task(0).allowed, guest.task(0).cpu], [[2], 2])
    guest.toUser(2)
    guest.make(0, "getcpu", DATA, DATA + 8, 0)
    assert.deepStrictEqual([guest.memory.read32(DATA), guest.memory.read32(DATA + 8)], [2, 0])
  })

  it("of another task is set by its tid", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.words(DATA, 0b01)
    assert.strictEqual(guest.make(0, "sched_setaffinity", 1001, 8, DATA), 0)
    assert.deepStrictEqual(guest.task(1).allowed, [0])
    assert.strictEqual(guest.task(1).cpu, 0)
  })
})

describe("sched_yield", () => {
  it("gives the CPU to whoever waits, and does nothing where nobody does", () => {
    const guest = new Guest({ tasks: [0, 0] })
    guest.make(0, "sched_yield")
    assert.strictEqual(guest.toUser(0), 1)
    const alone = new Guest()
    alone.make(0, "sched_yield")
    assert.isEmpty(alone.seen("Yielded"))
  })
})

describe("getrandom", () => {
  it("fills what is there where memory ends early", () => {
    const guest = new Guest()
    assert.deepStrictEqual([20, 77, 7].map((size) => guest.make(0, "getrandom", READ_ONLY - 4096 - size, 100, 0)), ["EFAULT", "EFAULT", "EFAULT"])
    assert.deepStrictEqual([20, 77, 7].map((size) => guest.make(0, "getrandom", DATA_END - size, 1000, 0)), [20, 77, 7])
    assert.strictEqual(guest.make(0, "getrandom", DATA_END - 20, 2n ** 64n - 1n, 0), 20)
    assert.strictEqual(guest.make(0, "getrandom", DATA_END, 20, 0), "EFAULT")
  })

  const drawn = (guest: Guest, ...sizes: ReadonlyArray<number>): string =>
    sizes.map((size) => {
      guest.make(0, "getrandom", DATA, size, 0)
      return Buffer.from(guest.memory.readBytes(DATA, size) ?? []).toString("hex")
    }).join("")

  it("gives the same bytes to equal runs, and goes on where it stopped after going back", () => {
    const guest = new Guest()
    const first = drawn(guest, 16, 32)
    assert.strictEqual(drawn(new Guest(), 16, 32), first)
    const position = guest.kernel.position()
    const next = drawn(guest, 8)
    drawn(guest, 100)
    guest.kernel.resumeAt(position)
    assert.strictEqual(drawn(guest, 8), next)
  })

  it("gives each task a stream of its own", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.make(0, "getrandom", DATA, 32, 0)
    guest.make(1, "getrandom", DATA + 64, 32, 0)
    assert.notDeepEqual(guest.memory.readBytes(DATA, 32), guest.memory.readBytes(DATA + 64, 32))
  })
})

describe("the bases of fs and gs", () => {
  it("are set and told", () => {
    const guest = new Guest()
    assert.strictEqual(guest.make(0, "arch_prctl", 0x1002, 0x1111), 0)
    assert.strictEqual(guest.make(0, "arch_prctl", 0x1001, 0x2222), 0)
    guest.make(0, "arch_prctl", 0x1003, DATA)
    guest.make(0, "arch_prctl", 0x1004, DATA + 8)
    assert.deepStrictEqual([guest.word(DATA), guest.word(DATA + 8)], [0x1111n, 0x2222n])
  })
})

it.each(["fork", "vfork", "execve", "wait4", "sysinfo", "mremap"] as const)("%s is loud, and says where", (name) => {
  const guest = new Guest()
  guest.make(0, name)
  assert.deepInclude(guest.kernel.outcome, { _tag: "Unsupported", ip: CODE })
})

it("wakes nobody of a process that ends", () => {
  const guest = new Guest({ tasks: [0, 1] })
  guest.make(0, "futex", DATA, WAIT_SHARED, 0, 0, 0, 0)
  guest.make(1, "set_tid_address", DATA)
  guest.make(1, "exit_group", 0)
  assert.isEmpty(guest.seen("Woken"))
})
