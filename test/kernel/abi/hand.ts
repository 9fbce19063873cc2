/**
 * A kernel entered by hand: tasks of one process whose registers and memory a test sets, and which "run" by being given
 * another ip. Calls, interruptions and the return to user mode are the kernel's own.
 */
import { known } from "../../../src/base/assert.ts"
import { childTask, type CpuId, rootTask, type TaskId } from "../../../src/base/ids.ts"
import { errnoName } from "../../../src/linux/errno.ts"
import { SA_NODEFER, SA_RESTORER } from "../../../src/linux/signal.ts"
import { type Decider, FIRST_WAITING, type Menu, nothingOnMenu, type Option, quietDecider } from "../../../src/log/choice.ts"
import type { Event, EventTag } from "../../../src/log/event.ts"
import { READ, type Registers, type SpaceId, type UserMemory } from "../../../src/machine/machine.ts"
import { CALL } from "../../../src/machine/stop.ts"
import type { AbiDefinition } from "../../../src/kernel/abi/definition.ts"
import { apply, isApplied } from "../../../src/kernel/apply.ts"
import { enter, interrupt } from "../../../src/kernel/enter.ts"
import type { NoticedKind } from "../../../src/kernel/interruption.ts"
import { Kernel } from "../../../src/kernel/kernel.ts"
import { quietPolicy } from "../../../src/log/version.ts"
import { returnToUser } from "../../../src/kernel/leave.ts"
import { takeHead } from "../../../src/kernel/scheduler.ts"
import { cpuOf, type KernelState, type Task } from "../../../src/kernel/state.ts"
import { type PaperMachine, paperMachine, READ_EXECUTE, READ_WRITE } from "./paper-machine.ts"

/** Pages that are there: data to read and write, code to read, and one that may only be read. */
export const DATA = 0x10_0000
export const DATA_END = 0x11_0000
export const CODE = 0x40_0000
export const CODE_END = 0x40_4000
export const READ_ONLY = 0x50_0000
/** Nothing is mapped here. */
export const NOWHERE = 0x60_0000
export const STACK_TOP = 0x21_0000
const STACK_BYTES = 0x1000
/** Stacks that there is room for, task by task downward. */
const STACK_COUNT = 16

const [RAX, RSP] = [0, 4]
const argumentRegisters = [7, 6, 2, 10, 8, 9] as const
const SYSCALL_BYTES = 2

export interface HandOptions {
  readonly abis: ReadonlyArray<AbiDefinition>
  readonly cpus?: ReadonlyArray<CpuId>
  /** The CPU each task starts on; task 1 first. */
  readonly tasks?: ReadonlyArray<CpuId>
  readonly decider?: Decider
  readonly menu?: Menu
  readonly maxIcount?: number
}

export class Hand {
  readonly kernel: Kernel
  readonly machine: PaperMachine = paperMachine()
  readonly events: Array<Event> = []
  /** Before the first of `events`. */
  private readonly initial: KernelState
  readonly tasks: ReadonlyArray<TaskId>
  readonly memory: UserMemory
  private readonly space: SpaceId

  constructor({ abis, cpus = [0, 1], decider = quietDecider, maxIcount = 1e9, menu = nothingOnMenu, tasks = [0] }: HandOptions) {
    const { machine } = this
    const initial: KernelState = {
      ...emptyState,
      cpus: cpus.map((id) => ({ id, current: undefined, queue: [], isOnline: true, contracts: {} }))
    }
    const limits = { maxIcount, maxMemoryBytes: 2 ** 26, maxTasks: 64, maxOutputBytes: 2 ** 20 }
    const options = { machine, cpus, abis, menu, quiet: quietPolicy, limits, seed: "hand" }
    this.kernel = new Kernel(options, initial, rootTask, decider, { append: (_now, _cpu, _task, _count, event) => { this.events.push(event) } })
    const space = this.kernel.newSpace()
    this.space = space
    machine.map(space, { start: DATA, end: DATA_END }, READ_WRITE, false)
    machine.map(space, { start: STACK_TOP - STACK_COUNT * STACK_BYTES, end: STACK_TOP }, READ_WRITE, false)
    machine.map(space, { start: CODE, end: CODE_END }, READ_EXECUTE, false)
    machine.map(space, { start: READ_ONLY, end: READ_ONLY + 0x1000 }, READ, false)
    this.memory = machine.memory(space)
    this.tasks = tasks.map((cpu, index) => this.add(index === 0 ? rootTask : childTask(rootTask, index), cpu, space, cpus))
    for (const { id, queue } of this.kernel.state.cpus) if (queue.length > 0) takeHead(this.kernel, id)
    this.events.length = 0
    this.initial = this.kernel.state
  }

  private add(child: TaskId, cpu: CpuId, space: SpaceId, allowed: ReadonlyArray<CpuId>): TaskId {
    const { kernel, machine } = this
    const block = kernel.newBlock(space)
    const index = kernel.state.tasks.length
    kernel.emit({ _tag: "TaskCreated", task: rootTask, child, process: rootTask, tid: 1000 + index, cpu, allowed, clearChildTid: 0 })
    machine.registers(block).setNumber(RSP, STACK_TOP - STACK_BYTES * index)
    machine.registers(block).setIp(CODE)
    return child
  }

  /** A child of task 1, of whatever kind, as its contracts leave it. */
  child(how: { readonly sharesMemory: boolean; readonly isThread: boolean }): Task {
    const { kernel } = this
    const parent = kernel.current(rootTask)
    const id = this.add(childTask(rootTask, parent.childCount + 1), parent.cpu, this.space, parent.allowed)
    for (const abi of kernel.abis) abi.onFork?.(kernel, kernel.current(rootTask), kernel.current(id), how)
    return kernel.current(id)
  }

  /** Task by place: 0 is task 1. */
  id(index: number): TaskId { return known(this.tasks[index], "the test made that task") }
  task(index: number): Task { return this.kernel.current(this.id(index)) }
  registers(index: number): Registers { return this.kernel.registers(this.task(index)) }
  ip(index: number): number { return this.registers(index).ip() }

  /** The task "runs" to here: one instruction retires. */
  runTo(index: number, ip: number): void {
    const registers = this.registers(index)
    registers.setIp(ip)
    registers.setCount(registers.count() + 1)
    this.kernel.now++
  }

  /** A call by the task, which must have its CPU; its result as `E…` or a number, or what it does instead of answering. */
  call(index: number, number: number, ...values: ReadonlyArray<number>): string | number {
    const before = this.events.length
    const task = this.task(index)
    const registers = this.kernel.registers(task)
    registers.setNumber(RAX, number)
    for (const [place, value] of values.entries()) registers.set(known(argumentRegisters[place], "six arguments"), BigInt.asUintN(64, BigInt(value)))
    this.runTo(index, registers.ip() + SYSCALL_BYTES)
    this.kernel.standAt(task.cpu, task)
    enter(this.kernel, task, CALL)
    return this.answer(before)
  }

  /** What the last call since `before` came to. */
  answer(before: number): string | number {
    const returned = this.events.slice(before).findLast((event) => event._tag === "Returned")
    if (this.kernel.outcome !== undefined) return this.kernel.outcome._tag
    if (returned === undefined) return "waits"
    return returned.result < 0 ? known(errnoName(-returned.result), "an errno") : returned.result
  }

  /** Whatever is due before the next instruction of the CPU; the task that would execute it. */
  toUser(cpu: CpuId): number | undefined {
    this.kernel.turnWanted = undefined
    const id = returnToUser(this.kernel, cpu)
    return id === undefined ? undefined : this.tasks.indexOf(id)
  }

  private befall(index: number, kind: NoticedKind, option: Option): void {
    const task = this.task(index)
    this.kernel.standAt(task.cpu, task)
    interrupt(this.kernel, task, kind, option)
  }
  /** Preempted in favor of who waits, or of a kernel thread, and back in user mode with the CPU. */
  preempt(index: number): void {
    this.lose(index)
    this.regain(index)
  }
  /** Loses its CPU to whoever waits. */
  lose(index: number): void { this.befall(index, "preempt", FIRST_WAITING) }
  /** Gets its CPU back and returns to user mode; whoever has it meanwhile is preempted. */
  regain(index: number): void {
    const { cpu } = this.task(index)
    const { current } = cpuOf(this.kernel.state, cpu)
    if (current !== undefined && current !== this.id(index)) {
      this.toUser(cpu)
      this.befall(this.tasks.indexOf(current), "preempt", this.id(index))
    }
    this.toUser(cpu)
  }
  /** Loses its CPU, joins another and returns to user mode there. */
  migrate(index: number, to: CpuId): void {
    this.befall(index, "migrate", to)
    this.regain(index)
  }
  /** A signal from outside, delivered before the next instruction. */
  signal(index: number, signal: number): void {
    this.befall(index, "signal", signal)
    this.toUser(this.task(index).cpu)
  }
  /** A handler for the process, which its own signal may interrupt. */
  handle(signal: number, handler: number): void {
    const flags = SA_RESTORER | SA_NODEFER
    this.kernel.emit({ _tag: "SignalActionSet", process: rootTask, signal, handler: BigInt(handler), flags, restorer: BigInt(CODE_END - 16), mask: 0n })
  }
  /** The task's stack is empty again. */
  emptyStack(index: number): void { this.registers(index).setNumber(RSP, STACK_TOP - STACK_BYTES * index) }

  /** Bytes wherever a page is, whatever its protection. */
  load(at: number, bytes: Uint8Array): void { this.machine.load(this.space, at, bytes) }
  map(start: number, end: number): void { this.machine.map(this.space, { start, end }, READ_WRITE, false) }
  unmap(start: number, end: number): void { this.machine.unmap(this.space, { start, end }) }
  /** From here on it may only be read. */
  seal(start: number, end: number): void { this.machine.protect(this.space, { start, end }, READ) }
  load32(at: number, value: number): void { this.load(at, Uint8Array.from([0, 8, 16, 24], (shift) => (value >>> shift) & 0xff)) }

  /** What the events come to, applied again. */
  fold(): KernelState {
    return this.events.filter(isApplied).reduce(apply, this.initial)
  }
  /** Events with that tag so far. */
  seen<Tag extends EventTag>(tag: Tag): ReadonlyArray<Extract<Event, { readonly _tag: Tag }>> {
    return this.events.filter((event): event is Extract<Event, { readonly _tag: Tag }> => event._tag === tag)
  }
  /** The signal that killed the process; `undefined` while it lives. */
  get killedBy(): number | undefined { return this.kernel.outcome?._tag === "Killed" ? this.kernel.outcome.signal : undefined }
}

const emptyState: KernelState = {
  tasks: [], slots: new Map(), processes: [], cpus: [], interrupts: [],
  idleNanoseconds: 0, kernelSteps: 0, waitCount: 0, unknownCalls: new Map(), missedFiles: []
}
