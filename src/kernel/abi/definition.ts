/**
 * One contract between user code and the kernel about interrupted sequences. A moment left out is a moment at which it
 * does nothing. Rows keep the order of the moments, so that two of them can be laid side by side.
 */
import type { Address, AddressRange, CpuId } from "../../base/ids.ts"
import type { CallName } from "../../linux/call-number.ts"
import type { ContractRecord } from "../../log/event.ts"
import type { Registers, UserMemory } from "../../machine/machine.ts"
import type { Kernel } from "../kernel.ts"
import type { KernelState, Task } from "../state.ts"
import type { AnySyscall } from "../syscall/definition.ts"
import type { Idiom } from "./idiom.ts"

/** Why user mode was left without the task's asking. */
export type Interruptor = "timer" | "preempt" | "migrate" | "signal" | "interrupt" | "fault" | "breakpoint"

/** Memory a contract relies on, by what it holds. */
export interface ReliedRange extends AddressRange {
  readonly what: "area" | "descriptor"
}

/** A section that is armed. An event in it aborts, unless the section asks for something else. */
export interface ArmedSection extends AddressRange {
  /** What it asks for beside, as it is told: `flags=1`. */
  readonly asks?: string
}

export interface AbiDefinition<Name extends string = string> {
  readonly name: Name
  readonly summary: string
  readonly source: string
  /** Found by number before the general table. */
  readonly calls: ReadonlyArray<AnySyscall>
  /** Which of them answer in place of a call of the general table. */
  readonly shadows?: ReadonlyArray<CallName>
  /** How user code registers and adds to a counter, and what its calls are refused for: what the laws over the table run. */
  readonly idiom: Idiom
  /** Entries of the aux vector it brings: AT_RSEQ_FEATURE_SIZE and its like. */
  readonly auxv?: ReadonlyArray<readonly [type: number, value: bigint]>
  /** A process that nobody ended ends with the status of its last task, as since 6.0; left out: of its leader. */
  readonly lastStatusCounts?: boolean
  /** The section that `task` stands in, armed: it is fixed up if the task is interrupted now, unless it `asks` for less. Asked by observers; changes nothing. */
  readonly armed: (state: KernelState, task: Task, registers: Registers, memory: UserMemory) => ArmedSection | undefined
  /** The word of user memory whose store arms a section, once the task is registered. Asked by observers. */
  readonly armingWord?: (state: KernelState, task: Task) => AddressRange | undefined
  /** Words of 4 bytes in user memory that tell a registered task the number of its CPU. Asked by observers. */
  readonly cpuWords?: (state: KernelState, task: Task) => ReadonlyArray<Address>
  /** User memory that the kernel alone writes for a registered task. Asked by observers. */
  readonly kernelWords?: (state: KernelState, task: Task) => ReadonlyArray<AddressRange>
  /** User memory that the contract will look at for a registered task, uninvited. Asked by observers. */
  readonly relied?: (state: KernelState, task: Task, memory: UserMemory) => ReadonlyArray<ReliedRange>
  /** User mode was left by an interrupt or exception, not by a call. */
  readonly onUserInterrupted?: (kernel: Kernel, task: Task, by: Interruptor) => void
  /** `"refused"`: the task keeps its CPU. */
  readonly onRescheduleWanted?: (kernel: Kernel, task: Task, registers: Registers, memory: UserMemory) => "granted" | "refused"
  /** Whoever takes the CPU of the running task away (it goes offline, or is no longer allowed) waits until the task can lose it: now. */
  readonly onCpuTaken?: (kernel: Kernel, task: Task) => void
  /** Context switch away, for any reason. Scheduler context: no user memory; the saved ip only where the row says so. */
  readonly onScheduleOut?: (kernel: Kernel, task: Task) => void
  /** The task will next run on another CPU. Never running at that moment. */
  readonly onCpuSet?: (kernel: Kernel, task: Task, cpu: CpuId) => void
  /** The task starts running on `cpu`, still in kernel mode. */
  readonly onScheduleIn?: (kernel: Kernel, task: Task, cpu: CpuId) => void
  /** A handler is about to be entered, before the signal frame is written. */
  readonly onSignal?: (kernel: Kernel, task: Task, registers: Registers, memory: UserMemory, signal: number) => void
  /** Last stop before user mode. What is due must be kept: where the kernel's state has not changed since, it is not asked again. */
  readonly onUserReturn?: (kernel: Kernel, task: Task, registers: Registers, memory: UserMemory) => void
  readonly onCallEntered?: (kernel: Kernel, task: Task, number: number) => void
  readonly onCallReturned?: (kernel: Kernel, task: Task, number: number, registers: Registers, memory: UserMemory) => void
  /** An interrupt that one of its calls sent (`interruptCpu`) has arrived on the task's CPU. */
  readonly onInterrupt?: (kernel: Kernel, task: Task, why: string) => void
  /** `child` was created by `parent`. `sharesMemory`: CLONE_VM; `isThread`: CLONE_THREAD. */
  readonly onFork?: (kernel: Kernel, parent: Task, child: Task, how: { readonly sharesMemory: boolean; readonly isThread: boolean }) => void
  readonly onExit?: (kernel: Kernel, task: Task) => void
}

export const defineAbi = <const Name extends string>(definition: AbiDefinition<Name>): AbiDefinition<Name> => definition

/**
 * What a contract keeps of a task, a process or a CPU, typed. Replaced by the event `ContractChanged`, never changed in
 * place; made by `kept.ts`. A holder is a value of its moment: look at `kernel.current(id)` after an `emit`.
 */
export interface Kept<Holder, R extends ContractRecord> {
  readonly of: (holder: Holder) => R | undefined
  /** Emits only if the record is another one than the holder has now. `undefined`: forgotten. */
  readonly set: (kernel: Kernel, holder: Holder, record: R | undefined) => void
}
