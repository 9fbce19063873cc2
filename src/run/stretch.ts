/** The stretch that deciders see: one object a run, its options looked up only when asked for. */
import type { CpuId, TaskId } from "../base/ids.ts"
import { interruptions, type NoticedKind } from "../kernel/interruption.ts"
import type { Kernel } from "../kernel/kernel.ts"
import { turnOptions } from "../kernel/scheduler.ts"
import type { Task } from "../kernel/state.ts"
import type { InterruptionKind, Option, Stretch } from "../log/choice.ts"

const NOTHING: ReadonlyArray<Option> = []

interface Offered {
  readonly options: (kernel: Kernel, task: Task) => ReadonlyArray<Option>
}

/** What the kernel does not notice: the run obeys it. */
const own: Readonly<Record<Exclude<InterruptionKind, NoticedKind>, Offered>> = {
  turn: { options: (kernel, { cpu }) => turnOptions(kernel, cpu) }
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

  constructor(kernel: Kernel) {
    this.kernel = kernel
    this.task = kernel.task
  }

  begin(task: Task, cpu: CpuId, from: number, until: number, visit: number, pending: Stretch["pending"]): void {
    this.subject = task
    this.task = task.id
    this.cpu = cpu
    this.from = from
    this.until = until
    this.visit = visit
    this.pending = pending
  }

  readonly options = (kind: InterruptionKind): ReadonlyArray<Option> => {
    const { kernel, subject } = this
    return subject === undefined || !kernel.menu.kinds.has(kind) ? NOTHING : offered[kind].options(kernel, subject)
  }
}
