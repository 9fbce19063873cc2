/**
 * What the kernel knows: an immutable value, replaced by applying events and by nothing else (`apply.ts`).
 *
 * No register, no ip and no user byte is in here: those are the machine's. So a fork copies a reference.
 */
import { known } from "../base/assert.ts"
import type { Address, CpuId, TaskId } from "../base/ids.ts"
import { errno } from "../linux/errno.ts"
import type { ContractRecord } from "../log/event.ts"
import type { Mappings } from "./mapping.ts"

/**
 * What a signal does to a wait and its call. `never`: nothing, unless it kills. `fails`: EINTR. The others restart the call
 * where no handler runs, and where one does: `unless-handled` fails (ERESTARTNOHAND), `if-asked` restarts under SA_RESTART
 * (ERESTARTSYS), `continues` fails, and restarts through restart_syscall with what is left (ERESTART_RESTARTBLOCK).
 */
export type Restart = "never" | "fails" | "unless-handled" | "if-asked" | "continues"

/**
 * What a task may wait for, by the word that its waker looks for, and what its call says when the deadline passes: a negative
 * errno, a value, or `silent` where it stands in no call. `never`: such a wait has no deadline.
 */
export const waitKinds = {
  futex: { atDeadline: -errno.ETIMEDOUT },
  sleep: { atDeadline: 0 },
  poll: { atDeadline: 0 },
  signal: { atDeadline: -errno.EAGAIN },
  "any-signal": { atDeadline: "never" },
  page: { atDeadline: "silent" },
  tasks: { atDeadline: "never" }
} as const satisfies Readonly<Record<string, { readonly atDeadline: number | "silent" | "never" }>>

export type WaitKind = keyof typeof waitKinds

/** The deadline of such a wait, in virtual nanoseconds; 0: for ever. */
export type DeadlineOf<On extends WaitKind> = (typeof waitKinds)[On]["atDeadline"] extends "never" ? 0 : number

/** What a blocked task waits for. */
export interface Wait {
  readonly on: WaitKind
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
  readonly restart: Restart
  /** What the call needs to say how it ended, or to go on. */
  readonly data: ReadonlyArray<bigint>
}

/** A call whose wait a signal ended: settled when the task returns to user mode. */
export interface InterruptedCall {
  readonly call: number
  readonly restart: Restart
  readonly deadline: number
  readonly data: ReadonlyArray<bigint>
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
  /** `si_value` of a timer's signal; absent: 0. For such a signal `senderTid` is the timer's id. */
  readonly value?: bigint
}

/** The exception last met in user mode, as a signal frame shows it. */
export interface Trap {
  readonly number: number
  readonly error: number
  /** cr2: what the last page fault wanted. */
  readonly address: bigint
}

/** `sizeBytes` 0: there is none. */
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
  /** Its place among the tasks, and that of its register block among those of the kernel: tasks stay where they are. */
  readonly slot: number
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
  readonly alternateStack: AlternateStack
  /** The mask to go back to once a call that waits with another one (`rt_sigsuspend`) is over. */
  readonly savedMask: bigint | undefined
  readonly interrupted: InterruptedCall | undefined
  /** For `restart_syscall`: what to go on with. */
  readonly restartBlock: InterruptedCall | undefined
  readonly trap: Trap
  // ---- chance
  /** Words of its stream it has been given. */
  readonly randomWordCount: number
  // ---- its end
  readonly clearChildTid: Address
  /** Its head; 0: there is none. */
  readonly robustList: bigint
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

export interface Timer {
  /** 0: ITIMER_REAL. Of `timer_create`: its id plus 1. */
  readonly id: number
  readonly clock: number
  /** `si_code` of what it sends: SI_KERNEL for ITIMER_REAL, SI_TIMER. */
  readonly code: number
  /** 0: it notifies nobody. */
  readonly signal: number
  readonly value: bigint
  /** The task it signals; 0: any of the process. */
  readonly tid: number
  /** When it fires, or fired last. */
  readonly deadline: number
  readonly interval: number
  /** False: disarmed, or its signal has not been taken yet. */
  readonly isRunning: boolean
  /** Times it would have fired between its last signal and its being taken. */
  readonly overrunCount: number
}

export interface Process {
  readonly id: TaskId
  /** The place of its address space among those of the kernel. */
  readonly slot: number
  /** Living tasks. */
  readonly taskCount: number
  /** By signal number. */
  readonly actions: Readonly<Record<number, SignalAction>>
  readonly pending: ReadonlyArray<PendingSignal>
  readonly mappings: Mappings
  /** What is mapped from now on is locked: mlockall(2) with MCL_FUTURE. */
  readonly locksMappings: boolean
  readonly breakStart: Address
  readonly breakEnd: Address
  readonly timers: ReadonlyArray<Timer>
  /** The id of the timer created last; ids are not used again. */
  readonly lastTimer: number
  /** Descriptors of 0, 1 and 2 that have been closed. */
  readonly closedFiles: ReadonlyArray<number>
  /** What it has registered for, as membarrier(2) commands. */
  readonly membarriers: number
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
  /** In order of creation. Most programs are one. */
  readonly processes: ReadonlyArray<Process>
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
  /** Files of Linux's own that were asked for and are not there: the first so many. */
  readonly missedFiles: ReadonlyArray<string>
}

export const slotOf = (state: KernelState, task: TaskId): number =>
  // Tasks are mostly interned in the order in which they are created.
  state.tasks[task]?.id === task ? task : known(state.slots.get(task), "a task that is named exists")
export const taskOf = (state: KernelState, task: TaskId): Task => known(state.tasks[slotOf(state, task)], "a slot holds a task")
export const processOf = (state: KernelState, process: TaskId): Process => {
  const [first] = state.processes
  return first?.id === process ? first : known(state.processes.find(({ id }) => id === process), "a process that is named exists")
}
export const cpuOf = (state: KernelState, cpu: CpuId): Cpu => {
  // Most machines have CPUs 0 to n - 1.
  const direct = state.cpus[cpu]
  return direct !== undefined && direct.id === cpu ? direct : known(state.cpus.find(({ id }) => id === cpu), "a CPU that is named exists")
}
