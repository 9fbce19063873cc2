/** Logs of a line or two on which a detector must fire, and others, as close as can be, on which it must not. */
import { ABORT_COUNT_MAX } from "../../../src/analysis/detect/livelock.ts"
import type { DetectorName } from "../../../src/analysis/detect/table.ts"
import { rootTask, type TaskId } from "../../../src/base/ids.ts"
import { SIGSEGV } from "../../../src/linux/signal.ts"
import type { Entry, Event } from "../../../src/log/event.ts"
import { log, task1, task2 } from "../entries.ts"

const ended = (outcome: string, status = 0): Event => ({ _tag: "Ended", outcome, status })
const blocked = (task: TaskId, on: string): Event =>
  ({ _tag: "Blocked", task, on, key: "0x404000", value: 0, deadline: 0, call: 202, restart: "", data: [] })
const aborted = (task: TaskId, start = 0x401020): Event =>
  ({ _tag: "Aborted", task, abi: "none", cause: "preempted", ip: start + 4, start, postCommit: start + 16, abort: start + 32 })
const woken = (task: TaskId): Event => ({ _tag: "Woken", task, cpu: 0, cause: "futex" })
const times = <T>(count: number, make: (index: number) => T): ReadonlyArray<T> => Array.from({ length: count }, (_, index) => make(index))

export interface Canary {
  /** Entries, and what the finding points at. */
  readonly fires: ReadonlyArray<readonly [claim: string, entries: ReadonlyArray<Entry>, evidence: ReadonlyArray<number>]>
  readonly silent: ReadonlyArray<readonly [claim: string, entries: ReadonlyArray<Entry>]>
}

export const canaries: Readonly<Record<DetectorName, Canary>> = {
  "guest-failure": {
    fires: [
      ["a program that exits with status 1", log({ _tag: "ProcessExiting", process: rootTask, status: 1, signal: 0 }, ended("Exited", 1)), [0, 1]],
      ["a program that a fault ends", log(
        { _tag: "Faulted", task: task1, ip: 0x401000, fault: "PageFault", address: 0n },
        { _tag: "Faulted", task: task2, ip: 0x401000, fault: "PageFault", address: 0n },
        { _tag: "ProcessExiting", process: rootTask, status: 0, signal: SIGSEGV },
        ended("Killed", SIGSEGV)), [1, 2, 3]]
    ],
    silent: [
      ["a program that handles its fault and exits with status 0", log({ _tag: "Faulted", task: task1, ip: 1, fault: "PageFault", address: 0n }, ended("Exited"))],
      ["a run that a limit ended", log(ended("OutOfBudget"))]
    ]
  },
  deadlock: {
    fires: [
      ["two tasks that wait for each other while a third waits for them", log(
        blocked(rootTask, "tasks"), blocked(task1, "futex"), blocked(task2, "futex"), woken(task1), blocked(task1, "futex"), ended("Deadlocked")), [2, 4, 5]]
    ],
    silent: [["tasks that wait and are woken", log(blocked(task1, "futex"), woken(task1), ended("Exited"))]]
  },
  livelock: {
    fires: [
      ["a section that aborts for ever", log(...times(ABORT_COUNT_MAX, () => aborted(task1))), [0, ABORT_COUNT_MAX - 1]],
      ["a section that aborts for ever while another task commits", log(...times(2 * ABORT_COUNT_MAX, (index) =>
        index % 2 === 0 ? aborted(task1) : { _tag: "Committed", task: task2, postCommit: 0x401034 } as const)), [0, 2 * ABORT_COUNT_MAX - 2]]
    ],
    silent: [
      ["a section that commits at last", log(...times(ABORT_COUNT_MAX - 1, () => aborted(task1)), { _tag: "Committed", task: task1, postCommit: 0x401034 }, aborted(task1))],
      ["two sections that abort by turns", log(...times(2 * ABORT_COUNT_MAX, (index) => aborted(task1, index % 2 === 0 ? 0x401020 : 0x401080)))],
      ["aborts with calls between them", log(...times(2 * ABORT_COUNT_MAX, (index) =>
        index % 2 === 0 ? aborted(task1) : { _tag: "Returned", task: task1, number: 39, result: 1 } as const))]
    ]
  }
}
