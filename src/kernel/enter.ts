/** Into the kernel: calls, faults, and what befalls a task from outside. Each entry is one point in the order of the run. */
import { unreachable } from "../base/assert.ts"
import type { TaskId } from "../base/ids.ts"
import { GO_ON, type Option } from "../log/choice.ts"
import { callNumber } from "../linux/call-number.ts"
import type { Errno } from "../linux/errno.ts"
import type { Stop } from "../machine/stop.ts"
import type { Interruptor } from "./abi/definition.ts"
import { breakpointTrap, meetsMemoryLimit, raise, raisedBy } from "./fault.ts"
import { interruptions, type NoticedKind } from "./interruption.ts"
import { type Kernel, NEXT_CPU } from "./kernel.ts"
import { arriveAll, sliceEnds } from "./scheduler.ts"
import type { Task } from "./state.ts"
import { type AnySyscall, type CallResult } from "./syscall/definition.ts"
import { syscallNumbered } from "./syscall/table.ts"
import { fireTimers } from "./timer.ts"
import { RAX } from "../x86/register.ts"

/** rdi, rsi, rdx, r10, r8, r9. */
const argumentRegisters = [7, 6, 2, 10, 8, 9] as const
const SYSCALL_BYTES = 2

/** The row that answers a call: a contract's before the general one. */
export const rowOf = (kernel: Kernel, number: number): AnySyscall | undefined => {
  for (const abi of kernel.abis) {
    for (const call of abi.calls) if (call.number === number) return call
  }
  return syscallNumbered(number)
}

const call = (kernel: Kernel, task: Task): void => {
  const registers = kernel.registers(task)
  // 32 bits count. A double says all there is to say of a small number, and costs a tenth of a bigint.
  const wide = registers.number(RAX)
  const number = wide <= 0xffff_ffff ? wide : Number(registers.get(RAX) & 0xffff_ffffn)
  for (const abi of kernel.abis) abi.onCallEntered?.(kernel, task, number)
  const row = rowOf(kernel, number)
  if (row === undefined) {
    kernel.observe({ _tag: "Called", task: task.id, number, arguments: argumentRegisters.map((register) => registers.get(register)) })
    kernel.emit({ _tag: "UnknownCalled", task: task.id, number })
    return settle(kernel, task, number, { _tag: "Failed", errno: "ENOSYS" })
  }
  const values: Record<string, number | bigint> = {}
  const words: Array<bigint> = []
  let index = 0
  for (const { name, read } of row.readers) {
    const word = registers.get(argumentRegisters[index++] ?? RAX)
    words.push(word)
    values[name] = read(word)
  }
  kernel.observe({ _tag: "Called", task: task.id, number, arguments: words })
  if (number === callNumber.sched_yield) kernel.turnWanted = NEXT_CPU
  const refusal = row.mayRefuse === undefined ? undefined : refusalOf(kernel, kernel.current(task.id), number, row.mayRefuse)
  if (refusal !== undefined) return settle(kernel, task, number, refusal)
  settle(kernel, task, number, row.perform(kernel, kernel.current(task.id), values as Readonly<Record<string, never>>))
}

/** An error instead of the call, if the decider says so. */
const refusalOf = (kernel: Kernel, task: Task, number: number, mayRefuse: ReadonlyArray<Errno>): CallResult | undefined => {
  if (!kernel.menu.kinds.has("refuse")) return undefined
  const answer = kernel.choose("refuse", task, [GO_ON, ...mayRefuse.map((name) => kernel.errno(name))])
  const name = mayRefuse.find((one) => kernel.errno(one) === answer)
  if (name === undefined) return undefined
  kernel.observe({ _tag: "Refused", task: task.id, number, errno: name })
  return { _tag: "Failed", errno: name }
}

/** What a call came to: into rax, or into the outcome. */
const settle = (kernel: Kernel, { id }: Task, number: number, result: CallResult): void => {
  if (kernel.hasMemoryRunOut()) return
  kernel.settleWork(id)
  if (kernel.outcome !== undefined) return
  const task = kernel.current(id)
  const registers = kernel.registers(task)
  switch (result._tag) {
    case "Blocked":
    case "Paused":
    case "Done":
      return
    case "Unsupported": {
      const ip = registers.ip() - SYSCALL_BYTES
      return kernel.end({ _tag: "Unsupported", what: result.what, ip, bytes: kernel.memory(task).readBytes(ip, SYSCALL_BYTES) ?? new Uint8Array() })
    }
    case "Returned":
    case "Failed": {
      const value = result._tag === "Returned" ? result.value : -kernel.errno(result.errno)
      if (value >= 0) registers.setNumber(RAX, value)
      else registers.set(RAX, BigInt.asUintN(64, BigInt(value)))
      kernel.observe({ _tag: "Returned", task: id, number, result: value })
      for (const abi of kernel.abis) abi.onCallReturned?.(kernel, kernel.current(id), number, registers, kernel.memory(task))
      return
    }
    default:
      return unreachable(result)
  }
}

/** The call that stands at a pause goes on. */
export const resumeCall = (kernel: Kernel, id: TaskId): void => {
  const task = kernel.current(id)
  const { pausedCall } = task
  if (pausedCall === undefined) return
  kernel.emit({ _tag: "CallResumed", task: id })
  const row = rowOf(kernel, pausedCall.call)
  if (row?.resume === undefined) return unreachable(pausedCall as never)
  settle(kernel, task, pausedCall.call, row.resume(kernel, kernel.current(id), pausedCall.at, pausedCall.data))
}

// ---- faults

const userInterrupted = (kernel: Kernel, id: TaskId, by: Interruptor): void => {
  for (const abi of kernel.abis) abi.onUserInterrupted?.(kernel, kernel.current(id), by)
}

/** Enters at a stop of the engine. `kernel.cpu`, `.task` and `.count` say where it stands. */
export const enter = (kernel: Kernel, task: Task, stop: Stop): void => {
  if (kernel.state.interrupts.length > 0) arriveAll(kernel, task.id)
  switch (stop._tag) {
    case "Call":
      return call(kernel, kernel.current(task.id))
    case "Breakpoint":
      userInterrupted(kernel, task.id, "breakpoint")
      return raise(kernel, task, breakpointTrap)
    case "Faulted": {
      if (meetsMemoryLimit(kernel, task, stop.fault)) return kernel.end({ _tag: "OutOfBudget", limit: "memory" })
      const ip = kernel.registers(task).ipExact()
      const raised = raisedBy(kernel, task, stop.fault)
      userInterrupted(kernel, task.id, "fault")
      kernel.observe({ _tag: "Faulted", task: task.id, ip: Number(ip), fault: stop.fault._tag, address: raised.sent.address })
      return raise(kernel, task, raised)
    }
    case "Unsupported":
      return kernel.end({ _tag: "Unsupported", what: `the instruction ${stop.text} is not modelled`, ip: stop.ip, bytes: stop.bytes })
    case "BudgetSpent":
    case "Paused":
    case "Marked":
      return
    default:
      return unreachable(stop)
  }
}

// ---- from outside

/** An interruption that the kernel notices. */
export const interrupt = (kernel: Kernel, { id }: Task, kind: NoticedKind, option: Option): void => {
  if (kernel.state.interrupts.length > 0) arriveAll(kernel, id)
  const { by, obey } = interruptions[kind]
  if (by !== undefined) userInterrupted(kernel, id, by)
  obey(kernel, kernel.current(id), option)
}

/** The stretch ended by itself: timers that are due, interrupts that arrive, the end of a slice. */
export const tick = (kernel: Kernel, task: Task, count: number): void => {
  const { sliceIcount } = kernel.quiet
  if (kernel.state.interrupts.some((sent) => sent.task === task.id && sent.at <= count)) {
    userInterrupted(kernel, task.id, "interrupt")
    arriveAll(kernel, task.id)
  }
  if (fireTimers(kernel)) userInterrupted(kernel, task.id, "timer")
  if (sliceIcount > 0 && count % sliceIcount === 0) {
    userInterrupted(kernel, task.id, "timer")
    sliceEnds(kernel, kernel.current(task.id))
  }
}
