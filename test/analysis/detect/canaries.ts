/** Logs of a line or two on which a detector must fire, and others, as close as can be, on which it must not. */
import { CYCLE_COUNT_MIN } from "../../../src/analysis/detect/livelock.ts"
import type { DetectorName } from "../../../src/analysis/detect/table.ts"
import { rootTask, type TaskId } from "../../../src/base/ids.ts"
import { SI_KERNEL, SI_USER } from "../../../src/linux/siginfo.ts"
import { callNumber } from "../../../src/linux/call-number.ts"
import { SIGABRT, SIGSEGV } from "../../../src/linux/signal.ts"
import type { Entry, Event, EventOf } from "../../../src/log/event.ts"
import { log, type Placed, task1, task2 } from "../entries.ts"
import { brokenInvariant, cpuOwnership, dataRace, tornRead } from "./claimed.ts"

const ended = (outcome: string, status = 0): Event => ({ _tag: "Ended", outcome, status })
const blocked = (task: TaskId, on: string): Event =>
  ({ _tag: "Blocked", task, on, key: "0x404000", value: 0, deadline: 0, call: 202, restart: "", data: [] })
const aborted = (task: TaskId, start = 0x401020): Event =>
  ({ _tag: "Aborted", task, abi: "none", cause: "preempted", ip: start + 4, start, postCommit: start + 16, abort: start + 32 })
const woken = (task: TaskId): Event => ({ _tag: "Woken", task, cpu: 0, cause: "futex" })
const times = <T>(count: number, make: (index: number) => T): ReadonlyArray<T> => Array.from({ length: count }, (_, index) => make(index))
/** Aborts every ten instructions. */
const cycle = (count: number, from = 0): ReadonlyArray<Placed & { readonly event: Event }> => times(count, (index) => ({ event: aborted(task1), count: from + 10 * index }))

const entered = (task: TaskId, start = 0x401020): Event => ({ _tag: "SectionEntered", task, start, postCommit: start + 16 })
const committed = (task: TaskId, start = 0x401020): Event => ({ _tag: "Committed", task, postCommit: start + 16 })
const preempted = (task: TaskId, ip: number): Event => ({ _tag: "Preempted", task, ip })
const calls = (task: TaskId, number: number): Event => ({ _tag: "Called", task, number, arguments: [] })
const refused = (task: TaskId): Event => ({ _tag: "Refused", task, number: callNumber.mmap, errno: "ENOMEM" })
const exiting = (status: number, signal = 0): Event => ({ _tag: "ProcessExiting", process: rootTask, status, signal })
const called = (task: TaskId): Event => ({ _tag: "Called", task, number: 39, arguments: [] })
const keeps = (task: TaskId, events: number): Event => ({ _tag: "ContractChanged", abi: "mainline-6.12", of: "task", task, cpu: 0, record: { area: 0x404000, events } })
const sent = (task: TaskId, code = SI_KERNEL): Event =>
  ({ _tag: "SignalSent", task, signal: SIGSEGV, isShared: 0, code, senderTid: 0, address: 0n, value: 0n })
const accessed = (task: TaskId, isWrite: 0 | 1, before: bigint, after: bigint): EventOf<"Accessed"> =>
  ({ _tag: "Accessed", task, ip: 0x401024, address: 0x404040, sizeBytes: 8, isWrite, before, after, isRead: 1 - isWrite, isLocked: 0 })
const loads = (task: TaskId, value: bigint): Event => accessed(task, 0, value, value)
const stores = (task: TaskId, before: bigint, after: bigint): Event => accessed(task, 1, before, after)
const changes = (task: TaskId, before: bigint, after: bigint): Event => ({ ...accessed(task, 1, before, after), isRead: 1 })
const changeRead = (register: string): Event =>
  ({ _tag: "ChangeRead", task: task1, ip: 0x401050, start: 0x401020, register, before: 3n, after: 2n })
const misread = (task: TaskId): Event => ({ _tag: "CpuMisread", task, ip: 0x401010, address: 0x404000, value: 3 })
const misplaced = (task: TaskId): Event => ({ _tag: "StoreMisplaced", task, ip: 0x401028, start: 0x401020, address: 0x404040, number: 0 })
const migrated = (task: TaskId): Event => ({ _tag: "Migrated", task, from: 0, to: 1 })
const passed = (task: TaskId): Event => ({ _tag: "SectionPassed", task, start: 0x401020, postCommit: 0x401030 })
const unknown = (task: TaskId, number: number): Event => ({ _tag: "UnknownCalled", task, number })
const returned = (number: number, result: number): Event => ({ _tag: "Returned", task: task1, number, result })

const kernelWordStored = (task: TaskId): Event => ({ _tag: "KernelWordStored", task, ip: 0x401010, address: 0x404000, owner: task1 })

export interface Canary {
  /** Entries, and what the finding points at. */
  readonly fires: ReadonlyArray<readonly [claim: string, entries: ReadonlyArray<Entry>, evidence: ReadonlyArray<number>]>
  readonly silent: ReadonlyArray<readonly [claim: string, entries: ReadonlyArray<Entry>]>
}

export const canaries: Readonly<Record<DetectorName, Canary>> = {
  "data-race": dataRace,
  "cpu-ownership": cpuOwnership,
  "torn-read": tornRead,
  "broken-invariant": brokenInvariant,
  "kernel-word-stored": {
    fires: [
      ["a store to its own", log(kernelWordStored(task1)), [0]],
      ["a store of another task, and another one there", log(kernelWordStored(task2), kernelWordStored(task2)), [0]]
    ],
    silent: [["stores elsewhere", log(stores(task1, 1n, 2n))]]
  },
  "guest-failure": {
    fires: [
      ["a program that exits with status 1", log({ _tag: "ProcessExiting", process: rootTask, status: 1, signal: 0 }, ended("Exited", 1)), [0, 1]],
      ["a program that a fault ends", log(
        { _tag: "Faulted", task: task1, ip: 0x401000, fault: "PageFault", address: 0n },
        { _tag: "Faulted", task: task2, ip: 0x401000, fault: "PageFault", address: 0n },
        { _tag: "ProcessExiting", process: rootTask, status: 0, signal: SIGSEGV },
        ended("Killed", SIGSEGV)), [1, 2, 3]],
      ["a program that is refused a page, and uses it", log(
        calls(task1, callNumber.mmap), refused(task1), { _tag: "Faulted", task: task1, ip: 0x401000, fault: "PageFault", address: 0n }, exiting(0, SIGSEGV), ended("Killed", SIGSEGV)), [2, 3, 4]],
      ["a program that is refused a thread, goes on, and ends badly", log(
        calls(task1, callNumber.clone), refused(task1), calls(task1, callNumber.mmap), calls(task1, callNumber.exit_group), exiting(1), ended("Exited", 1)), [4, 5]],
      ["a program that another task ends than the one that was refused", log(
        calls(task1, callNumber.clone), refused(task1), calls(task2, callNumber.exit_group), { event: exiting(1), task: task2 }, ended("Exited", 1)), [3, 4]]
    ],
    silent: [
      ["a program that handles its fault and exits with status 0", log({ _tag: "Faulted", task: task1, ip: 1, fault: "PageFault", address: 0n }, ended("Exited"))],
      ["a run that a limit ended", log(ended("OutOfBudget"))]
    ]
  },
  "refusal-reported": {
    fires: [
      ["a program that is refused a thread, says so and exits with status 1", log(
        calls(task1, callNumber.clone), refused(task1), calls(task1, callNumber.munmap), calls(task1, callNumber.write), calls(task1, callNumber.exit_group), exiting(1), ended("Exited", 1)), [1, 5, 6]],
      ["a program that aborts over it", log(
        calls(task1, callNumber.mmap), refused(task1), calls(task1, callNumber.tgkill), exiting(0, SIGABRT), ended("Killed", SIGABRT)), [1, 3, 4]]
    ],
    silent: [["a program that is refused a call and ends well", log(calls(task1, callNumber.mmap), refused(task1), calls(task1, callNumber.exit_group), exiting(0), ended("Exited"))]]
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
      ["a section that aborts every ten instructions to the end of the budget", log(...cycle(CYCLE_COUNT_MIN), ended("OutOfBudget")), [0, CYCLE_COUNT_MIN - 1, CYCLE_COUNT_MIN]],
      ["one that does so while another task commits", log(
        ...cycle(CYCLE_COUNT_MIN).flatMap((abort) => [abort, { _tag: "Committed", task: task2, postCommit: 0x401034 } as const]), ended("OutOfBudget")
      ), [0, 2 * CYCLE_COUNT_MIN - 2, 2 * CYCLE_COUNT_MIN]],
      ["one that does so after aborts by chance", log(
        { event: aborted(task1), count: 3 }, ...cycle(CYCLE_COUNT_MIN, 100), ended("OutOfBudget")
      ), [1, CYCLE_COUNT_MIN, CYCLE_COUNT_MIN + 1]]
    ],
    silent: [
      ["a section that commits at last", log(...cycle(CYCLE_COUNT_MIN), { _tag: "Committed", task: task1, postCommit: 0x401034 }, ended("OutOfBudget"))],
      ["a run that ends by itself", log(...cycle(CYCLE_COUNT_MIN), ended("Exited"))],
      ["one abort too few", log(...cycle(CYCLE_COUNT_MIN - 1), ended("OutOfBudget"))],
      ["two sections that abort by turns", log(
        ...times(2 * CYCLE_COUNT_MIN, (index) => ({ event: aborted(task1, index % 2 === 0 ? 0x401020 : 0x401080), count: 10 * index })), ended("OutOfBudget"))],
      ["aborts by chance", log(...times(2 * CYCLE_COUNT_MIN, (index) => ({ event: aborted(task1), count: 10 * index + index % 3 })), ended("OutOfBudget"))]
    ]
  },
  "bad-descriptor": {
    fires: [["a fixup that gives up", log(keeps(task1, 1), sent(task1), ended("Killed", SIGSEGV)), [0, 1]]],
    silent: [
      ["a fixup that succeeds", log(keeps(task1, 0))],
      ["a signal's frame that finds no stack after a fixup", log(keeps(task1, 0), sent(task1))],
      ["a signal from outside", log(keeps(task1, 1), sent(task1, SI_USER))],
      ["a signal to another task", log(keeps(task1, 1), sent(task2))],
      ["a signal some time later", log(keeps(task1, 1), woken(task1), sent(task1))],
      ["a signal after a fixup that gave up and one that did not", log(keeps(task1, 1), keeps(task1, 0), sent(task1))]
    ]
  },
  "unprotected-section": {
    fires: [
      ["a section nobody armed", log({ _tag: "SectionUnarmed", task: task1, start: 0x401020 }), [0]],
      ["a section disarmed by a preemption", log(preempted(task1, 0x40101c), { _tag: "SectionUnarmed", task: task1, start: 0x401020 }), [0, 1]]
    ],
    silent: [["a section entered armed", log(preempted(task1, 0x40101c), entered(task1), committed(task1))]]
  },
  "commit-after-preemption": {
    fires: [["a section that commits after a preemption inside", log(entered(task1), preempted(task1, 0x401024), committed(task1)), [1, 2]]],
    silent: [
      ["a section that is aborted and begins again", log(entered(task1), preempted(task1, 0x401024), aborted(task1), entered(task1), committed(task1))],
      ["a preemption outside the section", log(entered(task1), preempted(task1, 0x401100), committed(task1))],
      ["a preemption at its end", log(entered(task1), preempted(task1, 0x401030), committed(task1))],
      ["a preemption of another task", log(entered(task1), preempted(task2, 0x401024), committed(task1))]
    ]
  },
  "call-inside-section": {
    fires: [["a call inside", log(entered(task1), { _tag: "SectionCalled", task: task1, ip: 0x401024, start: 0x401020 }, called(task1)), [1]]],
    silent: [["a call of one who has left the section by a branch", log(entered(task1), called(task1))]]
  },
  "foreign-write": {
    fires: [["a store over one that came after the load", log(
      entered(task1), loads(task1, 1n), stores(task2, 1n, 2n), stores(task1, 2n, 2n + 1n), committed(task1)), [1, 2, 3]]],
    silent: [
      ["a store over what was loaded", log(entered(task1), loads(task1, 1n), stores(task1, 1n, 2n), committed(task1))],
      ["a load after the other's store", log(entered(task1), loads(task1, 1n), stores(task2, 1n, 2n), loads(task1, 2n), stores(task1, 2n, 3n))],
      ["a store of the other that was taken back", log(entered(task1), loads(task1, 1n), stores(task2, 1n, 2n), stores(task2, 2n, 1n), stores(task1, 1n, 2n))],
      ["a section that was aborted in time", log(
        entered(task1), loads(task1, 1n), stores(task2, 1n, 2n), aborted(task1), entered(task1), loads(task1, 2n), stores(task1, 2n, 3n))],
      ["a section that stores without a load", log(entered(task1), stores(task2, 1n, 2n), stores(task1, 2n, 3n))],
      ["stores outside sections", log(loads(task1, 1n), stores(task2, 1n, 2n), stores(task1, 2n, 3n))]
    ]
  },
  "two-commits": {
    fires: [
      ["what an aborted section stored, loaded by another", log(entered(task1), stores(task1, 1n, 2n), aborted(task1), loads(task2, 2n)), [1, 2, 3]],
      ["loaded before the abort is known", log(entered(task1), stores(task1, 1n, 2n), preempted(task1, 0x401028), loads(task2, 2n), stores(task2, 2n, 3n), aborted(task1)), [1, 3, 5]],
      ["what it stored, counted on by another", log(entered(task1), stores(task1, 1n, 2n), aborted(task1), changes(task2, 2n, 3n)), [1, 2, 3]],
      ["what it stored, loaded when it begins again", log(entered(task1), stores(task1, 1n, 2n), aborted(task1), entered(task1), loads(task1, 2n)), [1, 2, 4]]
    ],
    silent: [
      ["a store that is committed", log(entered(task1), stores(task1, 1n, 2n), committed(task1), aborted(task1), loads(task2, 2n))],
      ["a slot that is written again before anybody looks", log(entered(task1), stores(task1, 1n, 2n), aborted(task1), entered(task1), stores(task1, 2n, 3n), committed(task1), loads(task2, 3n))],
      ["a look of the section itself", log(entered(task1), stores(task1, 1n, 2n), loads(task1, 2n), aborted(task1))],
      ["another value", log(entered(task1), stores(task1, 1n, 2n), aborted(task1), loads(task2, 5n))],
      ["a store of what was there", log(entered(task1), stores(task1, 1n, 1n), aborted(task1), loads(task2, 1n))],
      ["a store outside", log(stores(task1, 1n, 2n), aborted(task1), loads(task2, 2n))]
    ]
  },
  "clobbered-register": {
    fires: [["a register that is used as the section left it", log(entered(task1), aborted(task1), changeRead("r13"), changeRead("r13")), [1, 2]]],
    silent: [["an abort behind which all is written before it is used", log(entered(task1), aborted(task1), entered(task1), committed(task1))]]
  },
  "wrong-cpu-commit": {
    fires: [
      ["a store by the number of the CPU it was moved from", log(migrated(task2), migrated(task1), { cpu: 1, event: misplaced(task1) }, { cpu: 1, event: misplaced(task1) }), [1, 2]],
      ["one whose migration nobody saw", log(migrated(task2), { cpu: 1, event: misplaced(task1) }), [1]]
    ],
    silent: [["a section on the CPU it was moved to", log(migrated(task1), entered(task1), committed(task1))]]
  },
  "stale-cpu-number": {
    fires: [["a number that is not its CPU's, told once a task", log(misread(task1), misread(task1)), [0]]],
    silent: [["a task that is moved", log(migrated(task1), entered(task1), committed(task1))]]
  },
  "dangling-descriptor": {
    fires: [["a descriptor that is unmapped", log(
      { _tag: "Unmapped", process: rootTask, start: 0x404000, end: 0x405000 }, { _tag: "ReliedGone", task: task1, what: "descriptor", address: 0x404020 }), [0, 1]]],
    silent: [["memory nobody relies on", log({ _tag: "Unmapped", process: rootTask, start: 0x404000, end: 0x405000 })]]
  },
  "unregistered-section": {
    fires: [
      ["a section of one who never registered", log(passed(task1), passed(task1)), [0]],
      ["one whose registration was refused", log(returned(334, -22), passed(task1)), [0, 1]],
      ["one while another is asked for a call there is not", log(unknown(task2, 334), passed(task1)), [1]]
    ],
    silent: [
      ["one armed", log(returned(334, -22), entered(task1), committed(task1))]
    ]
  },
  "abi-mismatch": {
    fires: [["a section of one whose call the kernel does not know", log(unknown(task1, 334), returned(334, -38), passed(task1), passed(task1)), [0, 2]]],
    silent: [
      ["one who asks for another call there is not", log(unknown(task1, 999), entered(task1), committed(task1))],
      ["one who looks", log(unknown(task1, 334), returned(334, -38))]
    ]
  }
}
