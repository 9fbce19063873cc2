import type { Address, TaskId } from "../base/ids.ts"

/** How a run ended. Every run ends in one of these; none is an exception. */
export type Outcome =
  /** The last process exited: the guest's own status, 0–255. */
  | { readonly _tag: "Exited"; readonly status: number }
  /** A fatal signal ended it. */
  | { readonly _tag: "Killed"; readonly signal: number }
  /** Every task waits and nothing can wake one. */
  | { readonly _tag: "Deadlocked"; readonly tasks: ReadonlyArray<TaskId> }
  /** A limit of ours was reached. */
  | { readonly _tag: "OutOfBudget"; readonly limit: "icount" | "memory" | "tasks" | "output" }
  /** The guest wants something that is not modelled. `what` is a sentence; `ip` and `bytes` where it stands. */
  | { readonly _tag: "Unsupported"; readonly what: string; readonly ip: Address; readonly bytes: Uint8Array }
  /** The decider ended it, or somebody outside did. */
  | { readonly _tag: "Abandoned" }

export type OutcomeTag = Outcome["_tag"]
