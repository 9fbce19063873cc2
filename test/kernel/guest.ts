/** A kernel by hand whose mappings are known to it, with calls by name: what the tests of the general calls start from. */
import { known } from "../../src/base/assert.ts"
import { viewOf } from "../../src/base/bytes.ts"
import { rootTask } from "../../src/base/ids.ts"
import { nextDeadline, fireTimers } from "../../src/kernel/timer.ts"
import { cpuOf } from "../../src/kernel/state.ts"
import { syscalls, type SyscallName } from "../../src/kernel/syscall/table.ts"
import { SA_RESTORER, SA_SIGINFO } from "../../src/linux/signal.ts"
import { CODE, CODE_END, DATA, DATA_END, Hand, type HandOptions, READ_ONLY, STACK_TOP } from "./abi/hand.ts"

/** A handler that returns at once, and where it returns to: rt_sigreturn. */
export const HANDLER = CODE + 0x100
export const RESTORER = CODE + 0x110
/** Where the heap begins. */
export const HEAP = 0x70_0000

export class Guest extends Hand {
  constructor(options: Partial<HandOptions> = {}) {
    super({ abis: [], ...options })
    const ranges = [[DATA, DATA_END, 3], [STACK_TOP - 0x1_0000, STACK_TOP, 3], [CODE, CODE_END, 5], [READ_ONLY, READ_ONLY + 0x1000, 1]] as const
    for (const [start, end, protection] of ranges) this.kernel.emit({ _tag: "Mapped", process: rootTask, start, end, protection, isShared: 0 })
    this.kernel.emit({ _tag: "BreakSet", process: rootTask, end: HEAP })
    this.load(HANDLER, Uint8Array.of(0xc3))
    this.load(RESTORER, Uint8Array.of(0xb8, 15, 0, 0, 0, 0x0f, 5))
  }

  /** What task `index` gets for a call: `E…`, a number, or `waits`. */
  make(index: number, name: SyscallName, ...values: ReadonlyArray<number | bigint>): string | number {
    return this.call(index, syscalls[name].number, ...(values as ReadonlyArray<number>))
  }

  words(at: number, ...values: ReadonlyArray<number | bigint>): void {
    for (const [index, value] of values.entries()) this.memory.write64(at + 8 * index, BigInt.asUintN(64, BigInt(value)))
  }
  word(at: number): bigint { return known(this.memory.read64(at), "the test reads what is there") }
  bytes(at: number, lengthBytes: number): DataView { return viewOf(known(this.memory.readBytes(at, lengthBytes), "the test reads what is there")) }

  /** A handler, through the call. */
  catch(signal: number, flags: bigint = SA_RESTORER | SA_SIGINFO, handler = HANDLER, mask = 0n): void {
    this.words(DATA_END - 32, handler, flags, RESTORER, mask)
    this.make(0, "rt_sigaction", signal, DATA_END - 32, 0, 8)
  }

  /** Time passes until something happens; then all CPUs go back to user mode. */
  wait(): void {
    const deadline = known(nextDeadline(this.kernel), "something will happen")
    const nanoseconds = deadline - this.kernel.nanoseconds
    if (nanoseconds > 0) this.kernel.emit({ _tag: "ClockJumped", nanoseconds, cause: "idle" })
    fireTimers(this.kernel)
    for (const { id } of this.kernel.state.cpus) if (this.kernel.outcome === undefined && cpuOf(this.kernel.state, id).isOnline) this.toUser(id)
  }

  rax(index: number): bigint { return BigInt.asIntN(64, this.registers(index).get(0)) }
}
