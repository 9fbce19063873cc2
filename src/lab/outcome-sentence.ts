/** How a run ended, in words. Holds text of the guest's choosing nowhere but in `Unsupported.what`, which the kernel writes. */
import { grouped, hex } from "../base/bits.ts"
import { taskName } from "../base/ids.ts"
import { signalName } from "../linux/signal.ts"
import type { Outcome } from "../log/outcome.ts"
import type { Limits } from "../kernel/kernel.ts"

const bytesText = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")

const limitFlags: Readonly<Record<(Outcome & { _tag: "OutOfBudget" })["limit"], (limits: Limits) => string>> = {
  icount: ({ maxIcount }) => `more than ${grouped(maxIcount)} instructions; --max-icount N allows more`,
  memory: ({ maxMemoryBytes }) => `more than ${grouped(maxMemoryBytes)} bytes of memory; --max-memory SIZE allows more`,
  tasks: ({ maxTasks }) => `more than ${grouped(maxTasks)} tasks; --max-tasks N allows more`,
  output: ({ maxOutputBytes }) => `more than ${grouped(maxOutputBytes)} bytes of output`
}

/** `exit status 1`, `killed by SIGSEGV`, … */
export const outcomeSentence = (outcome: Outcome, limits: Limits): string => {
  switch (outcome._tag) {
    case "Exited":
      return `exit status ${outcome.status}`
    case "Killed":
      return `killed by SIG${signalName(outcome.signal)}`
    case "Deadlocked":
      return `deadlock: ${outcome.tasks.map(taskName).join(", ")} wait and nothing can wake them`
    case "OutOfBudget":
      return `limit reached: ${limitFlags[outcome.limit](limits)}`
    case "Unsupported":
      return `not supported: ${outcome.what} at ${hex(outcome.ip)}${outcome.bytes.length === 0 ? "" : ` (bytes ${bytesText(outcome.bytes)})`}`
    case "Abandoned":
      return "interrupted"
  }
}
