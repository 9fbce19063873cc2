/** Delivering signals on the way back to user mode: frames, default actions. */
import type { TaskId } from "../base/ids.ts"
import type { Kernel } from "./kernel.ts"

/** Delivers what is pending and not blocked. `"gone"`: the task no longer runs here. */
export const deliverPending = (_kernel: Kernel, _task: TaskId): "none" | "delivered" | "gone" => "none"
