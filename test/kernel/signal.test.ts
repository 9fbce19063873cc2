/** Frames, actions and stacks: what a handler finds, and what comes of one that cannot run. */
import { assert, describe, it } from "vitest"
import { SI_KERNEL, SI_TKILL } from "../../src/linux/siginfo.ts"
import { fxsave, sigcontext, sigcontextRegisters, sigframe } from "../../src/linux/sigframe.ts"
import { bitOf, SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_RESTORER, SA_SIGINFO, SIGSEGV, SIGTRAP } from "../../src/linux/signal.ts"
import { force, forceSegv } from "../../src/kernel/signal.ts"
import { enter } from "../../src/kernel/enter.ts"
import { BREAKPOINT, type Fault } from "../../src/machine/stop.ts"
import { defineAbi } from "../../src/kernel/abi/definition.ts"
import { none } from "../../src/kernel/abi/none.ts"
import { CODE, DATA, NOWHERE, READ_ONLY, STACK_TOP } from "./abi/hand.ts"
import { Guest, HANDLER, RESTORER } from "./guest.ts"

const USR1 = 10
const USR2 = 12
const TERM = 15
const [RAX, RSP, RSI, RDI, RDX] = [0, 4, 6, 7, 2]

/** rsp of task 0 as the guest begins. */
const STACK = STACK_TOP

const fault = (guest: Guest, what: Fault): void => {
  const task = guest.task(0)
  guest.kernel.standAt(task.cpu, task)
  enter(guest.kernel, task, { _tag: "Faulted", fault: what })
  guest.toUser(0)
}
const savedRegister = (guest: Guest, frame: number, register: number): bigint =>
  guest.word(frame + sigframe.registers + 8 * sigcontextRegisters.indexOf(register as 0))

describe("a signal frame", () => {
  const frameOf = (guest: Guest) => guest.registers(0).number(RSP)

  it("stands below the red zone, and rsp is 8 below a multiple of 16, as after a call", () => {
    for (let offset = 0; offset < 64; offset++) {
      const guest = new Guest()
      guest.catch(USR1)
      guest.registers(0).setNumber(RSP, STACK - offset)
      guest.signal(0, USR1)
      const frame = frameOf(guest)
      assert.strictEqual(frame % 16, 8)
      const image = Number(guest.word(frame + sigframe.fpstate))
      assert.strictEqual(image % 64, 0)
      assert.isAtLeast(image, frame + 440)
      assert.isAtMost(image + 512, STACK - offset - 128)
    }
  })

  it("passes the signal, the siginfo and the ucontext", () => {
    const guest = new Guest()
    guest.catch(USR1)
    guest.registers(0).set(RAX, 77n)
    guest.signal(0, USR1)
    const registers = guest.registers(0)
    const frame = frameOf(guest)
    assert.strictEqual(registers.ip(), HANDLER)
    assert.strictEqual(registers.number(RDI), USR1)
    assert.strictEqual(registers.number(RSI), frame + 312)
    assert.strictEqual(registers.number(RDX), frame + 8)
    assert.strictEqual(registers.number(RAX), 0)
    assert.strictEqual(guest.word(frame), BigInt(RESTORER))
  })

  it("holds every register, the flags, the mask and the last trap where Linux puts them", () => {
    const guest = new Guest()
    guest.catch(USR1)
    guest.words(DATA, bitOf(USR2))
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    const registers = guest.registers(0)
    for (let register = 0; register < 16; register++) if (register !== RSP) registers.set(register, 0x1111n * BigInt(register + 1))
    registers.setEflags(0x202 | 0x400 | 0x41)
    const ip = registers.ipExact()
    guest.signal(0, USR1)
    const frame = frameOf(guest)
    for (let register = 0; register < 16; register++) {
      assert.strictEqual(savedRegister(guest, frame, register), register === RSP ? BigInt(STACK) : 0x1111n * BigInt(register + 1), `register ${register}`)
    }
    const at = (offset: number) => guest.word(frame + sigframe.registers + offset)
    assert.strictEqual(at(sigcontext.ip), ip)
    assert.strictEqual(at(sigcontext.flags), 0x643n)
    assert.strictEqual(at(sigcontext.selectors), 0x2b_0000_0000_0033n)
    assert.strictEqual(at(sigcontext.oldMask), bitOf(USR2))
    assert.strictEqual(guest.word(frame + sigframe.mask), bitOf(USR2))
    assert.strictEqual(guest.word(frame + sigframe.ucFlags), 6n)
    assert.strictEqual(guest.word(frame + sigframe.ucLink), 0n)
    assert.strictEqual(registers.eflags() & 0x400, 0, "a handler begins with DF clear")
  })

  it("leaves alone the reserved words, and a siginfo that nobody asked for", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER)
    for (let at = STACK - 0x800; at < STACK; at += 8) guest.memory.write64(at, 0x5555_5555_5555_5555n)
    guest.signal(0, USR1)
    const frame = frameOf(guest)
    for (let at = frame + sigframe.registersEnd; at < frame + sigframe.mask; at += 8) assert.strictEqual(guest.word(at), 0x5555_5555_5555_5555n)
    for (let at = frame + sigframe.siginfo; at < frame + 440; at += 8) assert.strictEqual(guest.word(at), 0x5555_5555_5555_5555n)
    assert.strictEqual(guest.word(frame + sigframe.stackFlags) >> 32n, 0x5555_5555n)
  })

  it("carries the vector registers, and a handler begins with none", () => {
    const guest = new Guest()
    guest.catch(USR1)
    const registers = guest.registers(0)
    const vector = Uint8Array.from({ length: 16 }, (_, index) => index + 1)
    registers.setXmm(7, vector)
    guest.signal(0, USR1)
    const image = Number(guest.word(frameOf(guest) + sigframe.fpstate))
    assert.deepStrictEqual(guest.memory.readBytes(image + fxsave.xmm + 7 * 16, 16), vector)
    assert.strictEqual(guest.bytes(image, 32).getUint16(0, true), 0x37f)
    assert.strictEqual(guest.bytes(image, 32).getUint32(24, true), 0x1f80)
    assert.deepStrictEqual(registers.xmm(7), new Uint8Array(16))
    guest.registers(0).setNumber(RSP, frameOf(guest) + 8)
    guest.make(0, "rt_sigreturn")
    assert.deepStrictEqual(registers.xmm(7), vector)
  })

  it("tells who sent it", () => {
    const guest = new Guest({ tasks: [0, 1] })
    guest.catch(USR1)
    guest.make(1, "tgkill", 1000, 1000, USR1)
    guest.toUser(0)
    const info = guest.bytes(frameOf(guest) + sigframe.siginfo, 128)
    assert.deepStrictEqual([info.getInt32(0, true), info.getInt32(4, true), info.getInt32(8, true), info.getInt32(16, true)], [USR1, 0, SI_TKILL, 1000])
  })

  it.each([
    ["a write to nothing", { _tag: "PageFault", address: 0x60_0008n, access: "write", isPresent: false }, 11, 1, 0x60_0008n, 14n, 6n],
    ["a read of nothing", { _tag: "PageFault", address: 0x60_0008n, access: "read", isPresent: false }, 11, 1, 0x60_0008n, 14n, 4n],
    ["a write to what may only be read", { _tag: "PageFault", address: BigInt(READ_ONLY), access: "write", isPresent: true }, 11, 2, BigInt(READ_ONLY), 14n, 7n],
    ["a jump into data", { _tag: "PageFault", address: BigInt(DATA), access: "execute", isPresent: true }, 11, 2, BigInt(DATA), 14n, 0x15n],
    ["a non-canonical address", { _tag: "GeneralProtection" }, 11, SI_KERNEL, 0n, 13n, 0n],
    ["a non-canonical address of the stack", { _tag: "StackFault" }, 7, SI_KERNEL, 0n, 12n, 0n],
    ["a division by zero", { _tag: "DivideError" }, 8, 1, "ip", 0n, 0n],
    ["an invalid opcode", { _tag: "InvalidOpcode" }, 4, 2, "ip", 6n, 0n]
  ] as const)("tells of %s", (_what, stop, signal, code, address, trap, error) => {
    const guest = new Guest()
    guest.catch(signal)
    const ip = guest.registers(0).ipExact()
    fault(guest, stop)
    const frame = frameOf(guest)
    const info = guest.bytes(frame + sigframe.siginfo, 128)
    assert.deepStrictEqual([info.getInt32(0, true), info.getInt32(8, true)], [signal, code])
    assert.strictEqual(info.getBigUint64(16, true), address === "ip" ? ip : address)
    assert.strictEqual(guest.word(frame + sigframe.registers + sigcontext.trap), trap)
    assert.strictEqual(guest.word(frame + sigframe.registers + sigcontext.error), error)
    assert.strictEqual(guest.word(frame + sigframe.registers + sigcontext.cr2), stop._tag === "PageFault" ? stop.address : 0n)
  })

  it("is left by rt_sigreturn with everything as it was", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER, HANDLER, bitOf(USR2))
    const registers = guest.registers(0)
    for (let register = 0; register < 16; register++) if (register !== RSP) registers.set(register, 0x1111n * BigInt(register + 1))
    registers.setEflags(0xad7)
    const ip = registers.ip()
    guest.signal(0, USR1)
    assert.strictEqual(guest.task(0).blockedSignals, bitOf(USR1) | bitOf(USR2))
    registers.setNumber(RSP, registers.number(RSP) + 8)
    guest.make(0, "rt_sigreturn")
    for (let register = 0; register < 16; register++) {
      assert.strictEqual(registers.get(register), register === RSP ? BigInt(STACK) : 0x1111n * BigInt(register + 1), `register ${register}`)
    }
    assert.strictEqual(registers.ip(), ip)
    assert.strictEqual(registers.eflags() & 0xcd5, 0xad7 & 0xcd5)
    assert.strictEqual(guest.task(0).blockedSignals, 0n)
  })

  it("may be changed by its handler: ip, a register, the mask", () => {
    const guest = new Guest()
    guest.catch(USR1)
    guest.signal(0, USR1)
    const frame = frameOf(guest)
    guest.memory.write64(frame + sigframe.registers + sigcontext.ip, BigInt(CODE + 0x40))
    guest.memory.write64(frame + sigframe.registers + 8 * sigcontextRegisters.indexOf(3), 99n)
    guest.memory.write64(frame + sigframe.mask, bitOf(USR2) | bitOf(9))
    guest.registers(0).setNumber(RSP, frame + 8)
    guest.make(0, "rt_sigreturn")
    assert.strictEqual(guest.ip(0), CODE + 0x40)
    assert.strictEqual(guest.registers(0).get(3), 99n)
    assert.strictEqual(guest.task(0).blockedSignals, bitOf(USR2), "SIGKILL cannot be blocked")
  })
})

describe("a frame that cannot be", () => {
  it.each([
    ["is on a stack that is not there", (guest: Guest) => guest.registers(0).setNumber(RSP, NOWHERE + 0x800)],
    ["is on a stack that may only be read", (guest: Guest) => guest.registers(0).setNumber(RSP, READ_ONLY + 0x1000)],
    ["would lie below address 0", (guest: Guest) => guest.registers(0).setNumber(RSP, 64)],
    ["would lie beyond user space", (guest: Guest) => guest.registers(0).set(RSP, 2n ** 64n - 64n)]
  ] as const)("kills a process that %s", (_why, spoil) => {
    const guest = new Guest()
    guest.catch(USR1)
    spoil(guest)
    guest.signal(0, USR1)
    assert.strictEqual(guest.killedBy, SIGSEGV)
  })

  it("kills a process whose action has no restorer", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_SIGINFO)
    guest.signal(0, USR1)
    assert.strictEqual(guest.killedBy, SIGSEGV)
  })

  it("runs the handler of SIGSEGV instead, where that has a stack of its own", () => {
    const guest = new Guest()
    guest.catch(USR1)
    guest.catch(SIGSEGV, SA_RESTORER | SA_ONSTACK)
    guest.words(DATA, DATA + 0x4000, 0, 0x4000)
    guest.make(0, "sigaltstack", DATA, 0)
    guest.registers(0).setNumber(RSP, NOWHERE + 0x800)
    guest.signal(0, USR1)
    assert.strictEqual(guest.killedBy, undefined)
    assert.strictEqual(guest.ip(0), HANDLER)
    assert.strictEqual(guest.registers(0).number(RDI), SIGSEGV)
  })

  it("kills a process whose alternate stack is full", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER | SA_ONSTACK | SA_NODEFER)
    guest.words(DATA, DATA + 0x4000, 0, 2500)
    guest.make(0, "sigaltstack", DATA, 0)
    guest.signal(0, USR1)
    assert.strictEqual(guest.killedBy, undefined)
    guest.signal(0, USR1)
    guest.signal(0, USR1)
    assert.strictEqual(guest.killedBy, SIGSEGV)
  })

  it("is never tried twice for SIGSEGV itself", () => {
    const guest = new Guest()
    guest.catch(SIGSEGV)
    guest.registers(0).setNumber(RSP, NOWHERE + 0x800)
    fault(guest, { _tag: "GeneralProtection" })
    assert.strictEqual(guest.killedBy, SIGSEGV)
    assert.isEmpty(guest.seen("SignalDelivered"))
  })

  it("leads to SIGSEGV where rt_sigreturn finds it", () => {
    const guest = new Guest()
    guest.registers(0).setNumber(RSP, NOWHERE)
    guest.make(0, "rt_sigreturn")
    guest.toUser(0)
    assert.strictEqual(guest.killedBy, SIGSEGV)
  })
})

describe("a contract that fails at each delivery", () => {
  const broken = defineAbi({
    name: "broken", summary: "a descriptor nobody can read", source: "workloads, M6", calls: [], idiom: none.idiom, armed: () => undefined,
    onSignal: (kernel, task, _registers, _memory, signal) => forceSegv(kernel, task, signal)
  })

  it("ends in SIGSEGV within bounded steps, and its handler runs at most once", () => {
    const guest = new Guest({ abis: [broken] })
    guest.catch(USR1)
    guest.catch(SIGSEGV)
    guest.signal(0, USR1)
    if (guest.killedBy === undefined) {
      guest.registers(0).setNumber(RSP, guest.registers(0).number(RSP) + 8)
      guest.make(0, "rt_sigreturn")
      guest.toUser(0)
    }
    assert.strictEqual(guest.killedBy, SIGSEGV)
    assert.isAtMost(guest.seen("SignalDelivered").filter(({ signal }) => signal === SIGSEGV).length, 1)
  })
})

describe("an action", () => {
  it("is told again with unknown flags cleared and SIGKILL out of its mask", () => {
    const guest = new Guest()
    guest.words(DATA, HANDLER, 0x400n | SA_RESTORER, RESTORER, 2n ** 64n - 1n)
    guest.make(0, "rt_sigaction", USR1, DATA, 0, 8)
    guest.make(0, "rt_sigaction", USR1, 0, DATA + 64, 8)
    assert.deepStrictEqual([0, 8, 16, 24].map((offset) => guest.word(DATA + 64 + offset)),
      [BigInt(HANDLER), SA_RESTORER, BigInt(RESTORER), (2n ** 64n - 1n) & ~bitOf(9) & ~bitOf(19)])
  })

  it("with SA_RESETHAND is the default the second time", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER | SA_RESETHAND | SA_NODEFER)
    guest.signal(0, USR1)
    assert.strictEqual(guest.killedBy, undefined)
    guest.signal(0, USR1)
    assert.strictEqual(guest.killedBy, USR1)
  })

  it("blocks its own signal unless SA_NODEFER is set", () => {
    for (const [flags, mask] of [[SA_RESTORER, bitOf(USR1)], [SA_RESTORER | SA_NODEFER, 0n]] as const) {
      const guest = new Guest()
      guest.catch(USR1, flags)
      guest.signal(0, USR1)
      assert.strictEqual(guest.task(0).blockedSignals, mask)
    }
  })

  it("runs with its mask blocked, besides what was blocked before", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER, HANDLER, bitOf(USR2))
    guest.words(DATA, bitOf(40))
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    guest.signal(0, USR1)
    assert.strictEqual(guest.task(0).blockedSignals, bitOf(USR1) | bitOf(USR2) | bitOf(40))
  })

  it("by default ends the whole process, with the signal", () => {
    const guest = new Guest({ tasks: [0, 1] })
    assert.strictEqual(guest.make(0, "kill", 1000, TERM), "Killed")
    assert.deepStrictEqual(guest.kernel.outcome, { _tag: "Killed", signal: TERM })
    assert.deepStrictEqual(guest.kernel.state.tasks.map(({ status }) => status), ["exited", "exited"])
  })

  it("by default stops the process, which ends the run loudly", () => {
    const guest = new Guest()
    guest.make(0, "kill", 1000, 19)
    guest.toUser(0)
    assert.strictEqual(guest.kernel.outcome?._tag, "Unsupported")
  })
})

describe("a forced signal", () => {
  const sent = { signal: SIGTRAP, code: SI_KERNEL, senderTid: 0, address: 0n }

  it("kills where it is blocked, whatever the handler", () => {
    const guest = new Guest()
    guest.catch(SIGTRAP)
    guest.words(DATA, bitOf(SIGTRAP))
    guest.make(0, "rt_sigprocmask", 0, DATA, 0, 8)
    force(guest.kernel, guest.task(0), sent)
    guest.toUser(0)
    assert.strictEqual(guest.killedBy, SIGTRAP)
  })

  it("kills where it is ignored", () => {
    const guest = new Guest()
    guest.words(DATA, 1, 0, 0, 0)
    guest.make(0, "rt_sigaction", SIGTRAP, DATA, 0, 8)
    force(guest.kernel, guest.task(0), sent)
    guest.toUser(0)
    assert.strictEqual(guest.killedBy, SIGTRAP)
  })

  it("of an int3 runs a handler after it", () => {
    const guest = new Guest()
    guest.catch(SIGTRAP)
    const task = guest.task(0)
    guest.kernel.standAt(task.cpu, task)
    enter(guest.kernel, task, BREAKPOINT)
    guest.toUser(0)
    assert.strictEqual(guest.ip(0), HANDLER)
    assert.strictEqual(guest.word(guest.registers(0).number(RSP) + sigframe.registers + sigcontext.trap), 3n)
  })
})

describe("an alternate stack", () => {
  const give = (guest: Guest, flags = 0): void => {
    guest.words(DATA, DATA + 0x4000, flags, 0x4000)
    guest.make(0, "sigaltstack", DATA, 0)
  }

  it("is where a handler with SA_ONSTACK runs, and cannot be changed meanwhile", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER | SA_ONSTACK)
    give(guest)
    guest.signal(0, USR1)
    const rsp = guest.registers(0).number(RSP)
    assert.isTrue(rsp > DATA + 0x4000 && rsp < DATA + 0x8000)
    assert.strictEqual(guest.make(0, "sigaltstack", DATA, 0), "EPERM")
    guest.make(0, "sigaltstack", 0, DATA + 64)
    assert.deepStrictEqual([guest.word(DATA + 64), guest.word(DATA + 72) & 0xffff_ffffn, guest.word(DATA + 80)], [BigInt(DATA + 0x4000), 1n, 0x4000n])
  })

  it("that disarms itself is gone in the handler and back after it", () => {
    const guest = new Guest()
    guest.catch(USR1, SA_RESTORER | SA_ONSTACK)
    give(guest, 0x8000_0000)
    guest.signal(0, USR1)
    assert.deepStrictEqual(guest.task(0).alternateStack, { start: 0, sizeBytes: 0, flags: 2 })
    guest.registers(0).setNumber(RSP, guest.registers(0).number(RSP) + 8)
    guest.make(0, "rt_sigreturn")
    assert.deepStrictEqual(guest.task(0).alternateStack, { start: DATA + 0x4000, sizeBytes: 0x4000, flags: 0x8000_0000 })
  })

  it("is not what a new thread has", () => {
    const guest = new Guest({ tasks: [0, 1] })
    give(guest)
    guest.make(1, "sigaltstack", 0, DATA + 64)
    assert.strictEqual(guest.word(DATA + 72) & 0xffff_ffffn, 2n)
  })
})
