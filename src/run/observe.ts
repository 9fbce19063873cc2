/** What the engine can see and the kernel cannot: observations, made from marks and watches. They never touch the run. */
import type { AddressRange } from "../base/ids.ts"
import type { Mark, Pending } from "../base/mark.ts"
import type { Kernel } from "../kernel/kernel.ts"
import type { Task } from "../kernel/state.ts"
import type { Machine } from "../machine/machine.ts"

export interface Observer {
  readonly marks: ReadonlyArray<Mark>
  readonly watches: ReadonlyArray<AddressRange>
  /** The engine has run the task and come back. */
  readonly ran: (kernel: Kernel, machine: Machine, task: Task) => void
  /** A mark stopped it: what is about to happen. */
  readonly met: (kernel: Kernel, task: Task, pending: Pending) => void
}

export const nobody: Observer = { marks: [], watches: [], ran: () => {}, met: () => {} }
