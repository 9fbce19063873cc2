/** Signals: sending and forcing. */
import type { TaskId } from "../base/ids.ts"
import type { Kernel } from "./kernel.ts"
import type { PendingSignal, Task } from "./state.ts"

/** Makes a signal pending for a task, or for any task of its process. Ignored signals are dropped; a blocked, interruptible wait ends. */
export const send = (_kernel: Kernel, _to: TaskId, _sent: PendingSignal, _isShared: boolean): void => {}

/** A signal the task cannot escape: a fault, or a contract's verdict. Blocked or ignored, its default action is taken. */
export const force = (_kernel: Kernel, _task: Task, _sent: PendingSignal): void => {}
