/**
 * The state before the first instruction: memory laid out, tasks created, registers set. What a loader and `execve` do.
 *
 * Two kinds of program. One that asks for tasks (`#: task`): task 1 starts them, waits until all have ended, then runs the
 * `#: finally` routine alone. Any other: task 1 enters at the program's entry with argv, envp and the aux vector on its stack.
 */
import { alignDown, alignUp, hex } from "../base/bits.ts"
import { bytesOfLatin1, viewOf } from "../base/bytes.ts"
import { type Address, childTask, type CpuId, PAGE_BYTES, rootTask, TASK_SIZE, type TaskId } from "../base/ids.ts"
import { stream } from "../base/prng.ts"
import { known } from "../base/assert.ts"
import { type Decider, quietDecider } from "../log/choice.ts"
import type { EventLog } from "../log/event.ts"
import { misfitOf } from "../program/limits.ts"
import type { Program, TaskRequest } from "../program/program.ts"
import { type Machine, READ, type SpaceId, WRITE } from "../machine/machine.ts"
import { Kernel, type KernelOptions } from "./kernel.ts"
import { emptiest, leaveCpu, pickNext, takeHead } from "./scheduler.ts"
import type { KernelState, WaitKind } from "./state.ts"
import { RDI, RSI, RSP } from "../x86/register.ts"

/** The guest's tids begin here; the first task's is its process's pid. */
export const FIRST_TID = 1000

const STACK_TOP = 0x7fff_ff00_0000
const STACK_BYTES = 0x80_0000
/** Stacks and thread areas of `#: task`s: one slot each, from here upward; the slot below is task 1's, and those below it are for whoever finds no room above. */
const TASK_SLOTS = 0x7fe0_0000_0000
const TASK_SLOT_BYTES = 0x1000_0000
/** The last is cut short, and holds the largest stack all the same. */
const UPPER_SLOT_COUNT = Math.ceil((TASK_SIZE - TASK_SLOTS) / TASK_SLOT_BYTES)
const FIRST_TASK_SLOT = TASK_SLOTS - TASK_SLOT_BYTES

const slotOfTask = (index: number): Address =>
  index < UPPER_SLOT_COUNT ? TASK_SLOTS + index * TASK_SLOT_BYTES : FIRST_TASK_SLOT - (index - UPPER_SLOT_COUNT + 1) * TASK_SLOT_BYTES
const TASK_STACK_BYTES_MIN = PAGE_BYTES

const AT = {
  NULL: 0, PHDR: 3, PHENT: 4, PHNUM: 5, PAGESZ: 6, BASE: 7, FLAGS: 8, ENTRY: 9, UID: 11, EUID: 12, GID: 13, EGID: 14,
  PLATFORM: 15, HWCAP: 16, CLKTCK: 17, SECURE: 23, RANDOM: 25, HWCAP2: 26, EXECFN: 31, MINSIGSTKSZ: 51
} as const

/**
 * The most a signal frame takes: the frame, its padding, and the FXSAVE image with its own. Told since 5.14; an older C library passes over it.
 *
 * Source: Linux arch/x86/kernel/signal.c init_sigframe_size, where no task is of 32 bits
 */
const SIGNAL_FRAME_BYTES_MAX = alignUp(440 + 15 + 512 + 63, 16)

export interface BootOptions extends KernelOptions {
  readonly argv: ReadonlyArray<string>
  /** `NAME=value`; empty unless the user names variables. */
  readonly env: ReadonlyArray<string>
}

/** A run that could not begin, as one sentence. */
export interface BootFailure {
  readonly _tag: "BootFailed"
  readonly reason: string
}
const bootFailed = (reason: string): BootFailure => ({ _tag: "BootFailed", reason })

export const emptyState = (cpus: ReadonlyArray<CpuId>): KernelState => ({
  tasks: [], slots: new Map(), processes: [],
  cpus: [...cpus].sort((a, b) => a - b).map((id) => ({ id, current: undefined, queue: [], isOnline: true, contracts: {} })),
  interrupts: [], idleNanoseconds: 0, kernelSteps: 0, waitCount: 0, unknownCalls: new Map(), missedFiles: []
})

/** Loads the program and creates its tasks. No question is asked before the first instruction. */
export const boot = (program: Program, options: BootOptions, decider: Decider, log: EventLog): Kernel | BootFailure => {
  const expected = misfitOf(program)
  if (expected !== undefined) return bootFailed(`it is no program: expected ${expected}`)
  const { cpus, machine } = options
  const first = known([...cpus].sort((a, b) => a - b)[0], "there is a CPU")
  // Who is asked from the first instruction on is not asked before it: so a fork of any boot is a boot.
  const kernel = new Kernel({ ...options, isDescribed: program.experiment.tasks.length > 0 }, emptyState(cpus), rootTask, quietDecider, log)
  const space = kernel.newSpace()
  kernel.newBlock(space)
  kernel.emit({
    _tag: "TaskCreated", task: rootTask, child: rootTask, process: rootTask, tid: FIRST_TID, cpu: first,
    allowed: kernel.state.cpus.map(({ id }) => id), clearChildTid: 0
  })
  const load = new Loading(kernel, machine, space)
  for (const segment of program.segments) {
    const start = alignDown(segment.start, PAGE_BYTES)
    const end = alignUp(segment.start + segment.memoryBytes, PAGE_BYTES)
    if (!load.map(start, end, segment.protection) || !machine.load(space, segment.start, segment.bytes)) {
      return bootFailed(`the segment at ${hex(segment.start)} does not fit into the memory limit of ${options.limits.maxMemoryBytes} bytes`)
    }
  }
  kernel.emit({ _tag: "BreakSet", process: rootTask, end: alignUp(program.end, PAGE_BYTES) })
  takeHead(kernel, first)
  const { experiment } = program
  const failure = experiment.tasks.length > 0 ? startTasks(kernel, load, program) : enterProgram(kernel, load, program, options)
  kernel.decider = decider
  return failure ?? kernel
}

class Loading {
  private readonly kernel: Kernel
  private readonly machine: Machine
  readonly space: SpaceId

  constructor(kernel: Kernel, machine: Machine, space: SpaceId) {
    this.kernel = kernel
    this.machine = machine
    this.space = space
  }

  map(start: Address, end: Address, protection: number): boolean {
    if (!this.machine.map(this.space, { start, end }, protection, false)) return false
    this.kernel.emit({ _tag: "Mapped", process: rootTask, start, end, protection, isShared: 0 })
    return true
  }
}

/** Task 1 of a program that describes its tasks: it creates them, waits, and may have a last word. */
const startTasks = (kernel: Kernel, load: Loading, { experiment }: Program): BootFailure | undefined => {
  const root = kernel.current(rootTask)
  for (const [index, request] of experiment.tasks.entries()) {
    if (index + 1 >= kernel.limits.maxTasks) {
      return bootFailed(`the program asks for ${experiment.tasks.length} tasks, ${experiment.tasks.length + 1} with the one that starts them; the limit is ${kernel.limits.maxTasks} (--max-tasks)`)
    }
    const cpu = request.cpu ?? emptiest(kernel, root.allowed)
    if (!root.allowed.includes(cpu)) return bootFailed(`task ${request.name} starts on CPU ${cpu}, which is not there; --cpus ${root.allowed.join(",")} are`)
    const child = childTask(rootTask, index + 1)
    kernel.newBlock(load.space)
    kernel.emit({
      _tag: "TaskCreated", task: rootTask, child, process: rootTask, tid: FIRST_TID + 1 + index, cpu,
      allowed: root.allowed, clearChildTid: 0
    })
    for (const abi of kernel.abis) abi.onFork?.(kernel, kernel.current(rootTask), kernel.current(child), { sharesMemory: true, isThread: true })
    const refused = prepareTask(kernel, load, child, request, index)
    if (refused !== undefined) return refused
  }
  const registers = kernel.registers(root)
  const slot = FIRST_TASK_SLOT
  if (experiment.finallyEntry !== undefined) {
    if (!load.map(slot, slot + STACK_BYTES, READ | WRITE)) return bootFailed("the stack of task 1 does not fit into the memory limit")
    registers.setNumber(RSP, slot + STACK_BYTES - 64)
    registers.setIp(experiment.finallyEntry)
  }
  kernel.emit({ _tag: "Blocked", task: rootTask, on: "tasks" satisfies WaitKind, key: experiment.finallyEntry === undefined ? "end" : "finally", value: 0, deadline: 0, call: 0, restart: "never", data: [] })
  leaveCpu(kernel, rootTask)
  pickNext(kernel, root.cpu, rootTask)
  return undefined
}

/** Registers and memory of a described task: `rdi` its argument, `rsi` its ordinal from 0, its own stack and thread area. */
const prepareTask = (kernel: Kernel, load: Loading, id: TaskId, request: TaskRequest, index: number): BootFailure | undefined => {
  const slot = slotOfTask(index)
  const stackBytes = alignUp(Math.max(request.stackBytes, TASK_STACK_BYTES_MIN), PAGE_BYTES)
  const stackEnd = slot + PAGE_BYTES + stackBytes
  // A page below the stack stays unmapped, and one between it and the thread area.
  const area = stackEnd + PAGE_BYTES
  if (stackBytes > TASK_SLOT_BYTES / 2 || !load.map(slot + PAGE_BYTES, stackEnd, READ | WRITE) || !load.map(area, area + 2 * PAGE_BYTES, READ | WRITE)) {
    return bootFailed(`the stack of task ${request.name} (${request.stackBytes} bytes) does not fit into the memory limit`)
  }
  const registers = kernel.registers(kernel.current(id))
  registers.setIp(request.entry)
  registers.setNumber(RSP, stackEnd)
  registers.set(RDI, BigInt.asUintN(64, request.argument))
  registers.setNumber(RSI, index)
  registers.setFsBase(BigInt(area + PAGE_BYTES))
  return undefined
}

/** Task 1 at the program's entry, its stack as `execve` leaves it. */
const enterProgram = (kernel: Kernel, load: Loading, program: Program, options: BootOptions): BootFailure | undefined => {
  if (!load.map(STACK_TOP - STACK_BYTES, STACK_TOP, READ | WRITE)) return bootFailed("the stack does not fit into the memory limit")
  const registers = kernel.registers(kernel.current(rootTask))
  const memory = kernel.machine.memory(load.space)
  let at = STACK_TOP - 16
  const put = (bytes: Uint8Array): Address => {
    at -= bytes.length
    memory.writeBytes(at, bytes)
    return at
  }
  const text = (value: string): Address => put(bytesOfLatin1(`${value}\0`))
  const strings = [...options.argv, ...options.env].reduce((sum, value) => sum + value.length + 1, 0)
  if (strings > STACK_BYTES / 4) return bootFailed(`the arguments are ${strings} bytes long; at most ${STACK_BYTES / 4} fit`)
  const name = text(options.argv[0] ?? program.name)
  const env = options.env.map(text)
  const argv = options.argv.map(text)
  const platform = text("x86_64")
  const chance = stream(options.seed, "guest/1/at-random")
  const random = put(Uint8Array.from({ length: 16 }, () => chance.below(256)))
  const auxv: Array<readonly [number, number | bigint]> = [
    [AT.PAGESZ, PAGE_BYTES], [AT.CLKTCK, 100], [AT.HWCAP, 0], [AT.HWCAP2, 0], [AT.BASE, 0], [AT.FLAGS, 0], [AT.ENTRY, program.entry],
    [AT.UID, 0], [AT.EUID, 0], [AT.GID, 0], [AT.EGID, 0], [AT.SECURE, 0], [AT.RANDOM, random], [AT.EXECFN, name],
    [AT.PLATFORM, platform], [AT.MINSIGSTKSZ, SIGNAL_FRAME_BYTES_MAX]
  ]
  if (program.headers !== undefined) {
    auxv.push([AT.PHDR, program.headers.at], [AT.PHENT, program.headers.sizeBytes], [AT.PHNUM, program.headers.count])
  }
  for (const abi of options.abis) auxv.push(...(abi.auxv ?? []))
  const words: Array<number | bigint> = [argv.length, ...argv, 0, ...env, 0, ...auxv.flat(), AT.NULL, 0]
  const sp = alignDown(at - words.length * 8, 16)
  const bytes = new Uint8Array(words.length * 8)
  const view = viewOf(bytes)
  for (const [index, word] of words.entries()) view.setBigUint64(index * 8, BigInt(word), true)
  memory.writeBytes(sp, bytes)
  registers.setNumber(RSP, sp)
  registers.setIp(program.entry)
  return undefined
}
