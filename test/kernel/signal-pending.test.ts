/** What is pending, who takes it, and the waits it ends. */
import { assert, describe, it } from "vitest"
import { INTERRUPTED, nothingOnMenu, SPURIOUS } from "../../src/log/choice.ts"
import { SI_KERNEL, SI_TKILL, SI_USER } from "../../src/linux/siginfo.ts"
import { sigcontext, sigcontextRegisters, sigframe } from "../../src/linux/sigframe.ts"
import { bitOf, SA_NODEFER, SA_ONSTACK, SA_RESTART, SA_RESTORER, SA_SIGINFO, SIGALRM, SIGRTMIN, SIGSEGV } from "../../src/linux/signal.ts"
import { force, PENDING_COUNT_MAX } from "../../src/kernel/signal.ts"
import { DATA } from "./abi/hand.ts"
import { Guest, HANDLER } from "./guest.ts"

const USR1 = 10
const USR2 = 12
const [RAX, RSP, RDI] = [0, 4, 7]
const CALL_BYTES = 2

const savedRegister = (guest: Guest, frame: number, register: number): bigint =>
  guest.word(frame + sigframe.registers + 8 * sigcontextRegisters.indexOf(register as 0))

describe("what is pending", () => {
  const delivered = (guest: Guest) => guest.seen("SignalDelivered").map(({ signal }) => signal)
  const blockAll = (guest: Guest): void => {
    guest.words(DATA, 2n ** 64n - 1n)
    guest.make(0, "rt_sigprocmask", 2, DATA, 0, 8)
  }
  const unblockAll = (guest: Guest): void => {
    guest.words(DATA, 0)
    guest.make(0, "rt_sigprocmask", 2, DATA, 0, 8)
    guest.toUser(0)
  }

  it("is delivered by number, own before shared, and what an instruction raised first", () => {
    const guest = new Guest()
    for (const signal of [1, USR1, USR2, SIGSEGV, 40]) guest.catch(signal, SA_RESTORER | SA_NODEFER)
    blockAll(guest)
    guest.make(0, "kill", 1000, 1)
    guest.make(0, "tkill", 1000, 40)
    guest.make(0, "tkill", 1000, USR2)
    guest.make(0, "tkill", 1000, USR1)
    guest.make(0, "tkill", 1000, SIGSEGV)
    unblockAll(guest)
    assert.deepStrictEqual(delivered(guest), [SIGSEGV, USR1, USR2, 40, 1])
    assert.strictEqual(guest.registers(0).number(RDI), 1, "the last delivered runs first")
  })

  it("puts what an instruction raised before a lower number that somebody sent", () => {
    const guest = new Guest()
    for (const signal of [4, SIGSEGV]) guest.catch(signal, SA_RESTORER | SA_NODEFER)
    guest.make(0, "tkill", 1000, 4)
    force(guest.kernel, guest.task(0), { signal: SIGSEGV, code: SI_KERNEL, senderTid: 0, address: 0n })
    guest.toUser(0)
    assert.deepStrictEqual(delivered(guest), [SIGSEGV, 4])
  })

  it("holds a standard signal once, a realtime signal as often as it was sent, in order", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER | SA_NODEFER)
    guest.catch(SIGRTMIN + 1, SA_RESTORER | SA_NODEFER | SA_SIGINFO)
    blockAll(guest)
    for (let time = 0; time < 3; time++) {
      guest.make(0, "tkill", 1000, USR1)
      guest.make(0, "tkill", 1000, SIGRTMIN + 1)
    }
    unblockAll(guest)
    assert.deepStrictEqual(delivered(guest), [USR1, 33, 33, 33])
  })

  it("is full at RLIMIT_SIGPENDING", () => {
    const guest = new Guest()
    blockAll(guest)
    for (let time = 0; time < PENDING_COUNT_MAX; time++) assert.strictEqual(guest.make(0, "tkill", 1000, SIGRTMIN), 0)
    assert.strictEqual(guest.make(0, "tkill", 1000, SIGRTMIN), "EAGAIN")
    assert.strictEqual(guest.make(0, "tgkill", 1000, 1000, SIGRTMIN), "EAGAIN")
    assert.strictEqual(guest.make(0, "tkill", 1000, USR1), 0)
  })

  it("is told by rt_sigpending, if blocked", () => {
    const guest = new Guest()
    blockAll(guest)
    guest.make(0, "kill", 1000, USR1)
    guest.make(0, "tkill", 1000, USR2)
    guest.make(0, "rt_sigpending", DATA, 8)
    assert.strictEqual(guest.word(DATA), bitOf(USR1) | bitOf(USR2))
  })

  it("is kept though ignored while it is blocked, and dropped once ignored by rt_sigaction", () => {
    const guest = new Guest()
    blockAll(guest)
    guest.make(0, "kill", 1000, 17)
    assert.lengthOf(guest.seen("SignalSent"), 1)
    guest.words(DATA + 64, 1, 0, 0, 0)
    guest.make(0, "rt_sigaction", 17, DATA + 64, 0, 8)
    guest.make(0, "rt_sigpending", DATA, 8)
    assert.strictEqual(guest.word(DATA), 0n)
  })

  it("is not what is ignored and not blocked", () => {
    const guest = new Guest()
    guest.make(0, "kill", 1000, 17)
    assert.isEmpty(guest.seen("SignalSent"))
  })

  it("loses SIGCONT to SIGTSTP and SIGTSTP to SIGCONT", () => {
    const guest = new Guest()
    blockAll(guest)
    guest.make(0, "kill", 1000, 20)
    guest.make(0, "kill", 1000, 18)
    guest.make(0, "rt_sigpending", DATA, 8)
    assert.strictEqual(guest.word(DATA), bitOf(18))
    guest.make(0, "kill", 1000, 20)
    guest.make(0, "rt_sigpending", DATA, 8)
    assert.strictEqual(guest.word(DATA), bitOf(20))
  })
})

describe("a wait that a signal ends", () => {
  /** What rax and ip will be once the handler has returned, or are where none ran. */
  const after = (guest: Guest): { rax: bigint; ip: number } => {
    if (guest.ip(0) !== HANDLER) return { rax: guest.rax(0), ip: guest.ip(0) }
    const frame = guest.registers(0).number(RSP)
    return {
      rax: BigInt.asIntN(64, savedRegister(guest, frame, RAX)), ip: Number(guest.word(frame + sigframe.registers + sigcontext.ip))
    }
  }
  const FUTEX = 202
  const RESTART = 219
  const waitIn = (guest: Guest, timeout: number): number => {
    guest.words(DATA, 0, 0, 1000, 0)
    const ip = guest.ip(0)
    assert.strictEqual(guest.make(0, "futex", DATA, 128, 0, timeout === 0 ? 0 : DATA + 16, 0, 0), "waits")
    return ip
  }
  const signalWaiter = (guest: Guest): void => {
    guest.make(1, "tgkill", 1000, 1000, USR1)
    guest.toUser(0)
  }

  it.each([
    ["a handler: EINTR", SA_RESTORER, 0, -4n, CALL_BYTES],
    ["a handler with SA_RESTART: again", SA_RESTORER | SA_RESTART, 0, BigInt(FUTEX), 0],
    ["a handler, and has a timeout: EINTR even with SA_RESTART", SA_RESTORER | SA_RESTART, 1, -4n, CALL_BYTES]
  ] as const)("meets %s", (_what, flags, timeout, rax, offset) => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.catch(USR1, flags)
    const ip = waitIn(guest, timeout)
    signalWaiter(guest)
    assert.deepStrictEqual(after(guest), { rax, ip: ip + offset })
  })

  it.each([["without a timeout is made again", 0, FUTEX], ["with one goes on with what is left of it", 1, RESTART]] as const)(
    "and whose signal somebody else takes, %s", (_what, timeout, rax) => {
      const guest = new Guest({ tasks: [0, 1] })
      guest.catch(USR1)
      const ip = waitIn(guest, timeout)
      guest.make(1, "kill", 1000, USR1)
      assert.strictEqual(guest.task(0).status, "runnable", "the main task was chosen")
      guest.toUser(1)
      assert.strictEqual(guest.ip(1), HANDLER, "and the other was faster")
      guest.toUser(0)
      assert.deepStrictEqual(after(guest), { rax: BigInt(rax), ip })
      if (timeout === 0) return
      const { deadline } = guest.task(0).restartBlock ?? { deadline: 0 }
      guest.make(0, "restart_syscall")
      assert.strictEqual(guest.task(0).wait?.deadline, deadline, "until the same moment")
    })

  it("in pause and sigsuspend fails even with SA_RESTART, and sigsuspend's mask is back", () => {
    for (const call of ["pause", "rt_sigsuspend"] as const) {
      const guest = new Guest({ tasks: [0, 1] })
      guest.catch(USR1, SA_RESTORER | SA_RESTART)
      guest.words(DATA, bitOf(USR1))
      guest.make(0, "rt_sigprocmask", 2, DATA, 0, 8)
      guest.words(DATA, 0)
      if (call === "pause") guest.make(0, "rt_sigprocmask", 2, DATA, 0, 8)
      const ip = guest.ip(0)
      assert.strictEqual(guest.make(0, call, DATA, 8), "waits")
      signalWaiter(guest)
      assert.deepStrictEqual(after(guest), { rax: -4n, ip: ip + CALL_BYTES })
      const saved = guest.word(guest.registers(0).number(RSP) + sigframe.mask)
      assert.strictEqual(saved, call === "pause" ? 0n : bitOf(USR1), "the frame holds the mask from before")
    }
  })

  it("does not end by a signal that is blocked or ignored", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.words(DATA + 64, bitOf(USR1))
    guest.make(0, "rt_sigprocmask", 0, DATA + 64, 0, 8)
    waitIn(guest, 0)
    guest.make(1, "tgkill", 1000, 1000, USR1)
    guest.make(1, "tgkill", 1000, 1000, 17)
    assert.strictEqual(guest.task(0).status, "blocked")
  })

  it("tells what is left of a sleep", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.catch(USR1)
    guest.words(DATA, 5, 0)
    assert.strictEqual(guest.make(0, "nanosleep", DATA, DATA + 64), "waits")
    guest.kernel.emit({ _tag: "ClockJumped", nanoseconds: 2_000_000_000, cause: "test" })
    const left = guest.task(0).wait?.deadline ?? 0
    signalWaiter(guest)
    assert.strictEqual(guest.word(DATA + 64) * 1_000_000_000n + guest.word(DATA + 72), BigInt(left - guest.kernel.nanoseconds))
    assert.strictEqual(guest.word(DATA + 64), 2n)
    assert.strictEqual(after(guest).rax, -4n)
  })

  it("gives rt_sigtimedwait the signal and its siginfo, blocked as it is", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.words(DATA, bitOf(USR1))
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    assert.strictEqual(guest.make(0, "rt_sigtimedwait", DATA, DATA + 64, 0, 8), "waits")
    guest.make(1, "tgkill", 1000, 1000, USR1)
    assert.strictEqual(guest.rax(0), BigInt(USR1))
    assert.strictEqual(guest.bytes(DATA + 64, 16).getInt32(8, true), SI_TKILL)
    assert.isEmpty(guest.task(0).pending)
  })

  it("may be decided to end at once: spurious, or by a signal", () => {
    const menu = { ...nothingOnMenu, kinds: new Set(["wait"] as const), signals: [USR1] }
    for (const [option, result] of [[SPURIOUS, 0], [INTERRUPTED, "EINTR"]] as const) {
      const decider = { marks: [], interrupt: () => "nothing" as const, choose: () => option }
      const guest = new Guest({ menu, decider })
      guest.catch(USR1)
      guest.words(DATA, 0)
      assert.strictEqual(guest.make(0, "futex", DATA, 128, 0, 0, 0, 0), result)
      guest.toUser(0)
      assert.strictEqual(guest.ip(0) === HANDLER, option === INTERRUPTED)
    }
  })

  it("is not offered a signal nobody would notice", () => {
    const asked: Array<ReadonlyArray<number>> = []
    const menu = { ...nothingOnMenu, kinds: new Set(["wait"] as const), signals: [USR1] }
    const decider = { marks: [], interrupt: () => "nothing" as const, choose: ({ options }: { options: ReadonlyArray<number> }) => { asked.push(options); return options[0] ?? 0 } }
    const guest = new Guest({ menu, decider })
    guest.words(DATA, 0)
    guest.make(0, "futex", DATA, 128, 0, 0, 0, 0)
    assert.deepStrictEqual(asked, [[-1, SPURIOUS]])
  })
})

describe("who takes a signal sent to a process", () => {
  it("is the main task, or the first other that does not block it", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.catch(USR1)
    guest.make(1, "kill", 1000, USR1)
    guest.toUser(0)
    assert.strictEqual(guest.ip(0), HANDLER)
    guest.words(DATA, bitOf(SIGALRM))
    guest.catch(SIGALRM)
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    guest.make(0, "kill", 1000, SIGALRM)
    guest.toUser(1)
    assert.strictEqual(guest.ip(1), HANDLER)
    assert.strictEqual(guest.bytes(guest.registers(1).number(RSP) + sigframe.siginfo, 16).getInt32(8, true), SI_USER)
  })
})

it("keeps nothing that its events do not say", () => {
  const guest = new Guest({ tasks: [0, 1] })
  guest.catch(USR1, SA_RESTORER | SA_ONSTACK)
  guest.words(DATA, DATA + 0x4000, 0x8000_0000, 0x4000)
  guest.make(0, "sigaltstack", DATA, 0)
  guest.words(DATA, 0)
  guest.make(0, "rt_sigsuspend", DATA, 8)
  guest.make(1, "tgkill", 1000, 1000, USR1)
  guest.toUser(0)
  assert.deepStrictEqual(guest.fold(), guest.kernel.state)
})
