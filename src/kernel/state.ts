/**
 * What the kernel knows: an immutable value, replaced by applying events and by nothing else (`apply.ts`).
 *
 * No register, no ip and no user byte is in here: those are the machine's. So a fork copies a reference.
 */
import { known } from "../base/assert.ts"
import type { Address, CpuId, TaskId } from "../base/ids.ts"
import type { ContractRecord } from "../log/event.ts"
import type { BlockId, SpaceId } from "../machine/machine.ts"

/** What a blocked task waits for. */
export interface Wait {
  /** `futex`, `sleep`, `signal`, `tasks`, `interrupts` …: the waker looks for it. */
  readonly on: string
  /** Which one, by a spelling of the waker's. */
  readonly key: string
  /** For the waker: a bitset, a clock … */
  readonly value: number
  /** Virtual nanoseconds at which it gives up; 0: never. */
  readonly deadline: number
  /** The call it waits in, so that a signal can restart it. */
  readonly call: number
  /** Order of going to sleep: the longest waiting has the smallest. */
  readonly since: number
}

/** A call that stands at one of its declared pauses, as data. */
export interface PausedCall {
  readonly call: number
  readonly at: number
  readonly data: ReadonlyArray<bigint>
}

/** A signal that has been sent and not yet taken. */
export interface PendingSignal {
  readonly signal: number
  /** `si_code`. */
  readonly code: number
  readonly senderTid: number
  readonly address: bigint
}

export interface AlternateStack {
  readonly start: Address
  readonly sizeBytes: number
  readonly flags: number
}

/** What a contract keeps, by the contract's name. */
export type Contracts = Readonly<Record<string, ContractRecord | undefined>>

export interface Task {
  // ---- fixed when it is created
  readonly id: TaskId
  /** Its process, named by the leader. */
  readonly process: TaskId
  /** What the guest calls it. */
  readonly tid: number
  readonly block: BlockId
  // ---- scheduling
  readonly status: "running" | "runnable" | "blocked" | "exited"
  /** The CPU it has, waits for, or had last. */
  readonly cpu: CpuId
  /** CPUs it may use, ascending. */
  readonly allowed: ReadonlyArray<CpuId>
  readonly wait: Wait | undefined
  readonly pausedCall: PausedCall | undefined
  /** Tasks it has created: the next one's ordinal. */
  readonly childCount: number
  // ---- signals
  readonly blockedSignals: bigint
  readonly pending: ReadonlyArray<PendingSignal>
  readonly alternateStack: AlternateStack | undefined
  // ---- its end
  readonly clearChildTid: Address
  readonly exitStatus: number
  readonly contracts: Contracts
}

/** How a process handles a signal. `handler` 0 is SIG_DFL, 1 SIG_IGN. */
export interface SignalAction {
  readonly handler: bigint
  readonly flags: bigint
  readonly restorer: bigint
  readonly mask: bigint
}

export interface Mapping {
  readonly start: Address
  readonly end: Address
  readonly protection: number
  readonly isShared: boolean
}

export interface Timer {
  readonly id: number
  readonly deadline: number
  readonly interval: number
  readonly signal: number
}

export interface Process {
  readonly id: TaskId
  readonly space: SpaceId
  /** Living tasks. */
  readonly taskCount: number
  /** By signal number. */
  readonly actions: Readonly<Record<number, SignalAction>>
  readonly pending: ReadonlyArray<PendingSignal>
  /** Ascending, disjoint. */
  readonly mappings: ReadonlyArray<Mapping>
  readonly breakStart: Address
  readonly breakEnd: Address
  readonly timers: ReadonlyArray<Timer>
  /** Set once all its tasks are to end. */
  readonly exiting: { readonly status: number; readonly signal: number } | undefined
  readonly contracts: Contracts
}

export interface Cpu {
  readonly id: CpuId
  readonly current: TaskId | undefined
  /** Runnable tasks, head first. */
  readonly queue: ReadonlyArray<TaskId>
  readonly isOnline: boolean
  readonly contracts: Contracts
}

/** An interrupt between CPUs that has not arrived. */
export interface PendingInterrupt {
  readonly sender: TaskId
  readonly cpu: CpuId
  readonly task: TaskId
  /** It arrives when `task` has retired so many instructions, or leaves that CPU. */
  readonly at: number
  readonly why: string
}

export interface KernelState {
  /** In order of creation; a task keeps its slot after its end. */
  readonly tasks: ReadonlyArray<Task>
  readonly slots: ReadonlyMap<TaskId, number>
  readonly processes: ReadonlyMap<TaskId, Process>
  /** Ascending by number. */
  readonly cpus: ReadonlyArray<Cpu>
  readonly interrupts: ReadonlyArray<PendingInterrupt>
  /** Virtual nanoseconds that passed without instructions. */
  readonly idleNanoseconds: number
  /** Steps of calls that loop inside the kernel; they count in `now`. */
  readonly kernelSteps: number
  /** Waits begun so far. */
  readonly waitCount: number
  /** Calls that are not there: number → how often. */
  readonly unknownCalls: ReadonlyMap<number, number>
}

export const slotOf = (state: KernelState, task: TaskId): number => known(state.slots.get(task), "a task that is named exists")
export const taskOf = (state: KernelState, task: TaskId): Task => known(state.tasks[slotOf(state, task)], "a slot holds a task")
export const processOf = (state: KernelState, process: TaskId): Process => known(state.processes.get(process), "a process that is named exists")
export const cpuOf = (state: KernelState, cpu: CpuId): Cpu => known(state.cpus.find(({ id }) => id === cpu), "a CPU that is named exists")
