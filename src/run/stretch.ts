/** The stretch that deciders see: one object a run, its options looked up only when asked for. */
import type { Count, CpuId, TaskId } from "../base/ids.ts"
import { interruptions, type NoticedKind } from "../kernel/interruption.ts"
import type { Kernel } from "../kernel/kernel.ts"
import { turnOptions } from "../kernel/scheduler.ts"
import type { KernelState, Task } from "../kernel/state.ts"
import type { InterruptionKind, Option, Stretch } from "../log/choice.ts"

const NOTHING: ReadonlyArray<Option> = []

interface Offered {
  readonly options: (kernel: Kernel, task: Task) => ReadonlyArray<Option>
  /** Whether the instruction the task stands before can be met so; left out: any can. */
  readonly mayMeet?: (kernel: Kernel, task: Task) => boolean
}

/** What the kernel does not notice: the run obeys it. */
const own: Readonly<Record<Exclude<InterruptionKind, NoticedKind>, Offered>> = {
  turn: { options: (kernel, { cpu }) => turnOptions(kernel, cpu) },
  split: { options: (kernel, { cpu }) => turnOptions(kernel, cpu), mayMeet: (kernel, task) => kernel.machine.maySplit(kernel.blockOf(task)) }
}

const offered: Readonly<Record<InterruptionKind, Offered>> = { ...own, ...interruptions }

export class MutableStretch implements Stretch {
  task: TaskId
  cpu = 0
  from = 0
  until = 0
  visit = 0
  pending: Stretch["pending"] = undefined
  private readonly kernel: Kernel
  private subject: Task | undefined
  // The options listed last: a function of the kernel's state, the task and the kind.
  private listed: ReadonlyArray<Option> = NOTHING
  private listedKind: InterruptionKind | undefined
  private listedState: KernelState | undefined
  private listedTask: TaskId | undefined

  constructor(kernel: Kernel) {
    this.kernel = kernel
    this.task = kernel.task
  }

  begin(task: Task, cpu: CpuId, until: number): void {
    this.subject = task
    this.task = task.id
    this.cpu = cpu
    this.until = until
  }

  /** As far as it has come. Where it ends by itself is the same from everywhere in it. */
  standsAt(from: number, visit: number, pending: Stretch["pending"]): void {
    this.from = from
    this.visit = visit
    this.pending = pending
  }

  readonly options = (kind: InterruptionKind, at?: Count): ReadonlyArray<Option> => {
    const { kernel, subject } = this
    const { state } = kernel
    // Whoever asks takes one of them, and is then held to it.
    if (kind !== this.listedKind || state !== this.listedState || this.task !== this.listedTask) {
      this.listed = this.list(kind)
      this.listedKind = kind
      this.listedState = state
      this.listedTask = this.task
    }
    if (at !== this.from || subject === undefined || this.listed.length === 0) return this.listed
    const { mayMeet } = offered[kind]
    return mayMeet === undefined || mayMeet(kernel, subject) ? this.listed : NOTHING
  }

  private list(kind: InterruptionKind): ReadonlyArray<Option> {
    const { kernel, subject } = this
    return subject === undefined || !kernel.menu.kinds.has(kind) ? NOTHING : offered[kind].options(kernel, subject)
  }
}
