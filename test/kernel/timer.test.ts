import { assert, describe, it } from "vitest"
import { nothingOnMenu } from "../../src/log/choice.ts"
import { SI_KERNEL, SI_TIMER } from "../../src/linux/siginfo.ts"
import { sigframe } from "../../src/linux/sigframe.ts"
import { bitOf, SA_NODEFER, SA_RESTORER, SA_SIGINFO, SIGALRM, SIGRTMIN } from "../../src/linux/signal.ts"
import { nextDeadline } from "../../src/kernel/timer.ts"
import { RSP } from "../../src/x86/register.ts"
import { DATA } from "./abi/hand.ts"
import { Guest, HANDLER } from "./guest.ts"

const SECOND = 1_000_000_000
const MONOTONIC = 1

const pass = (guest: Guest, nanoseconds: number): void => guest.kernel.emit({ _tag: "ClockJumped", nanoseconds, cause: "test" })
const at = (guest: Guest, address: number): number => Number(guest.word(address)) * SECOND + Number(guest.word(address + 8))
const siginfo = (guest: Guest) => guest.bytes(guest.registers(0).number(RSP) + sigframe.siginfo, 64)
const back = (guest: Guest): void => {
  guest.registers(0).setNumber(RSP, guest.registers(0).number(RSP) + 8)
  guest.make(0, "rt_sigreturn")
  guest.toUser(0)
}

describe("a clock", () => {
  it("shows a nanosecond for each instruction, and the time of day since 2026", () => {
    const guest = new Guest()
    guest.make(0, "clock_gettime", MONOTONIC, DATA)
    const before = at(guest, DATA)
    guest.make(0, "clock_gettime", MONOTONIC, DATA)
    assert.strictEqual(at(guest, DATA), before + 1)
    guest.make(0, "clock_gettime", 0, DATA)
    assert.strictEqual(guest.word(DATA), 1_767_225_600n)
    assert.strictEqual(guest.make(0, "time", 0), 1_767_225_600)
  })

  it("that is coarse moves by ticks of 4 ms", () => {
    const guest = new Guest()
    pass(guest, 9_999_999)
    guest.make(0, "clock_gettime", 6, DATA)
    assert.strictEqual(at(guest, DATA), 8_000_000)
    guest.make(0, "clock_getres", 6, DATA)
    assert.strictEqual(at(guest, DATA), 4_000_000)
  })

  it("may jump when it is read", () => {
    const menu = { ...nothingOnMenu, kinds: new Set(["clock"] as const), clockSteps: [5, 700] }
    const asked: Array<ReadonlyArray<number>> = []
    const decider = { marks: [], interrupt: () => "nothing" as const, choose: ({ options }: { options: ReadonlyArray<number> }) => { asked.push(options); return 700 } }
    const guest = new Guest({ menu, decider })
    guest.make(0, "clock_gettime", MONOTONIC, DATA)
    assert.strictEqual(at(guest, DATA), 701)
    assert.deepStrictEqual(asked, [[0, 5, 700]])
  })
})

describe("a sleep", () => {
  it("ends after its time, with 0", () => {
    const guest = new Guest()
    guest.words(DATA, 2, 5)
    guest.make(0, "nanosleep", DATA, 0)
    const start = guest.kernel.nanoseconds
    guest.wait()
    assert.deepStrictEqual([guest.rax(0), guest.kernel.nanoseconds], [0n, start + 2 * SECOND + 5])
  })

  it("until a time that has passed is none", () => {
    const guest = new Guest()
    guest.words(DATA, 1_767_225_000, 0)
    assert.strictEqual(guest.make(0, "clock_nanosleep", 0, 1, DATA, 0), 0)
    guest.words(DATA, 1_767_225_601, 0)
    assert.strictEqual(guest.make(0, "clock_nanosleep", 0, 1, DATA, 0), "waits")
    assert.strictEqual(nextDeadline(guest.kernel), SECOND)
  })

  it("by poll ends after its time, and at once where a descriptor is ready", () => {
    const guest = new Guest()
    assert.strictEqual(guest.make(0, "poll", 0, 0, 0), 0)
    assert.strictEqual(guest.make(0, "poll", 0, 0, 7), "waits")
    guest.wait()
    assert.strictEqual(guest.kernel.nanoseconds, 2 + 7_000_000)
    guest.words(DATA, 1n | (4n << 32n), 9n | (1n << 32n), 0xffff_ffffn)
    assert.strictEqual(guest.make(0, "poll", DATA, 3, -1), 2)
    assert.deepStrictEqual([guest.word(DATA) >> 48n, guest.word(DATA + 8) >> 48n, guest.word(DATA + 16) >> 48n], [4n, 32n, 0n])
  })

  it("of two that end together ends first for the task named first", () => {
    const guest = new Guest({ cpus: [0, 1], tasks: [0, 1] })
    guest.words(DATA, 0, 0, 0, 500_000_000)
    guest.make(1, "nanosleep", DATA + 16, 0)
    const end = guest.task(1).wait?.deadline ?? 0
    guest.words(DATA, 0, end - guest.kernel.nanoseconds - 1)
    guest.make(0, "nanosleep", DATA, 0)
    assert.strictEqual(guest.task(0).wait?.deadline, end)
    guest.wait()
    assert.deepStrictEqual(guest.seen("Woken").map(({ task }) => task), [guest.id(0), guest.id(1)])
  })
})

describe("an interval timer", () => {
  it("sends SIGALRM of the kernel's, once", () => {
    const guest = new Guest()
    guest.catch(SIGALRM)
    guest.words(DATA, 0, 0, 1, 500_000)
    guest.make(0, "setitimer", 0, DATA, 0)
    pass(guest, SECOND)
    guest.make(0, "getitimer", 0, DATA + 64)
    assert.strictEqual(Number(guest.word(DATA + 88)), 499_999)
    guest.wait()
    assert.strictEqual(guest.ip(0), HANDLER)
    assert.strictEqual(siginfo(guest).getInt32(8, true), SI_KERNEL)
    assert.strictEqual(nextDeadline(guest.kernel), undefined)
  })

  it("goes on only once its signal is taken, at a multiple of its interval", () => {
    const guest = new Guest()
    guest.catch(SIGALRM)
    guest.words(DATA, 1, 0, 1, 0)
    guest.make(0, "setitimer", 0, DATA, 0)
    const first = nextDeadline(guest.kernel) ?? 0
    guest.words(DATA, bitOf(SIGALRM))
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    guest.wait()
    assert.strictEqual(nextDeadline(guest.kernel), undefined)
    pass(guest, 5 * SECOND + 7)
    guest.make(0, "rt_sigprocmask", 1, DATA, 0, 8)
    guest.toUser(0)
    assert.strictEqual(nextDeadline(guest.kernel), first + 6 * SECOND)
  })

  it("by alarm tells whole seconds that were left, rounded, and 0 takes it away", () => {
    const guest = new Guest()
    assert.strictEqual(guest.make(0, "alarm", 10), 0)
    pass(guest, 2 * SECOND + 400_000_000)
    assert.strictEqual(guest.make(0, "alarm", 3), 8)
    pass(guest, 2 * SECOND + 900_000_000)
    assert.strictEqual(guest.make(0, "alarm", 0), 1)
    assert.strictEqual(nextDeadline(guest.kernel), undefined)
  })

  it("that nobody handles ends the process", () => {
    const guest = new Guest()
    guest.make(0, "alarm", 1)
    guest.make(0, "pause")
    guest.wait()
    assert.strictEqual(guest.killedBy, SIGALRM)
  })
})

describe("a timer of timer_create", () => {
  const SIGNAL = SIGRTMIN + 3
  const create = (guest: Guest, notify = 0, tid = 0): void => {
    guest.catch(SIGNAL, SA_RESTORER | SA_SIGINFO | SA_NODEFER)
    guest.words(DATA, 0xabcd_ef01_2345n, BigInt(SIGNAL) | (BigInt(notify) << 32n), tid)
    assert.strictEqual(guest.make(0, "timer_create", MONOTONIC, DATA, DATA + 128), 0)
    assert.strictEqual(guest.memory.read32(DATA + 128), 0)
  }
  const arm = (guest: Guest, interval: number, first: number, flags = 0): void => {
    guest.words(DATA, Math.floor(interval / SECOND), interval % SECOND, Math.floor(first / SECOND), first % SECOND)
    assert.strictEqual(guest.make(0, "timer_settime", 0, flags, DATA, 0), 0)
  }

  it("sends its signal with its value and its id", () => {
    const guest = new Guest()
    create(guest)
    arm(guest, 0, SECOND)
    guest.wait()
    const info = siginfo(guest)
    assert.deepStrictEqual([info.getInt32(0, true), info.getInt32(8, true), info.getInt32(16, true), info.getInt32(20, true)], [SIGNAL, SI_TIMER, 0, 0])
    assert.strictEqual(info.getBigUint64(24, true), 0xabcd_ef01_2345n)
  })

  it("counts as overrun what it missed while its signal was not taken", () => {
    const guest = new Guest()
    create(guest)
    guest.words(DATA, bitOf(SIGNAL))
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    arm(guest, 100, SECOND)
    guest.wait()
    pass(guest, 1_050)
    guest.words(DATA, bitOf(SIGNAL))
    guest.make(0, "rt_sigprocmask", 1, DATA, 0, 8)
    guest.toUser(0)
    assert.strictEqual(siginfo(guest).getInt32(20, true), 10)
    back(guest)
    assert.strictEqual(guest.make(0, "timer_getoverrun", 0), 10)
  })

  it("at an absolute time, told as what is left, and of what was there before", () => {
    const guest = new Guest()
    create(guest)
    arm(guest, 0, 5 * SECOND, 1)
    assert.strictEqual(nextDeadline(guest.kernel), 5 * SECOND)
    guest.make(0, "timer_gettime", 0, DATA + 64)
    assert.strictEqual(at(guest, DATA + 80), 5 * SECOND - guest.kernel.nanoseconds)
    guest.words(DATA, 0, 0, 0, 0)
    guest.make(0, "timer_settime", 0, 0, DATA, DATA + 64)
    assert.strictEqual(at(guest, DATA + 80), 5 * SECOND - guest.kernel.nanoseconds)
    assert.strictEqual(nextDeadline(guest.kernel), undefined)
    guest.make(0, "timer_gettime", 0, DATA + 64)
    assert.strictEqual(at(guest, DATA + 80), 0)
  })

  it("signals the task it was made for", () => {
    const guest = new Guest({ tasks: [0, 1] })
    create(guest, 4, 1001)
    arm(guest, 0, SECOND)
    guest.wait()
    assert.strictEqual(guest.ip(1), HANDLER)
    assert.notStrictEqual(guest.ip(0), HANDLER)
  })

  it("that tells nobody wakes nobody, and its time still passes", () => {
    const guest = new Guest()
    create(guest, 1)
    arm(guest, 10, SECOND)
    assert.strictEqual(nextDeadline(guest.kernel), undefined)
    pass(guest, SECOND)
    guest.make(0, "timer_gettime", 0, DATA + 64)
    assert.isAtMost(at(guest, DATA + 80), 10)
    assert.isAtLeast(at(guest, DATA + 80), 1)
  })

  it("whose signal is ignored goes off at most once a tick", () => {
    const guest = new Guest()
    create(guest)
    guest.words(DATA, 1, 0, 0, 0)
    guest.make(0, "rt_sigaction", SIGNAL, DATA, 0, 8)
    arm(guest, 1, SECOND)
    const first = nextDeadline(guest.kernel) ?? 0
    guest.wait()
    assert.isAtLeast(nextDeadline(guest.kernel) ?? 0, first + 4_000_000)
  })

  it("has an id that is not used again", () => {
    const guest = new Guest()
    create(guest)
    assert.strictEqual(guest.make(0, "timer_delete", 0), 0)
    guest.make(0, "timer_create", MONOTONIC, 0, DATA)
    assert.strictEqual(guest.memory.read32(DATA), 1)
  })
})

it("keeps nothing that its events do not say", () => {
  const guest = new Guest()
  guest.catch(SIGALRM)
  guest.words(DATA, 1, 0, 1, 0)
  guest.make(0, "setitimer", 0, DATA, 0)
  guest.make(0, "timer_create", MONOTONIC, 0, DATA + 64)
  guest.make(0, "pause")
  guest.wait()
  assert.deepStrictEqual(guest.fold(), guest.kernel.state)
})
