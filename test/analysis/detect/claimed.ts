/** Canaries of the detectors that hold a program to what it claims of its data: races, cells of CPUs, whole values, invariants. */
import { childTask, rootTask, type TaskId } from "../../../src/base/ids.ts"
import { callNumber } from "../../../src/linux/call-number.ts"
import { futexCommand } from "../../../src/linux/futex.ts"
import { MEMBARRIER_CMD_FLAG_CPU, membarrierCommand } from "../../../src/linux/membarrier.ts"
import { SIGUSR1 } from "../../../src/linux/signal.ts"
import type { Event } from "../../../src/log/event.ts"
import { log, type Placed, task1, task2 } from "../entries.ts"
import type { Canary } from "./canaries.ts"

type Line = Placed | Event
const task3 = childTask(rootTask, 3)

const DATA = 0x404000
const WORD = 0x404100
const PAIR = 0x404200
const VERSION = 0x404280
const CELLS = 0x404300
const STRIDE = 64

const claimed = (claim: string, start: number, sizeBytes: number, more: { readonly strideBytes?: number; readonly option?: string; readonly other?: number; readonly value?: bigint } = {}): Event =>
  ({ _tag: "Claimed", claim, start, end: start + sizeBytes, strideBytes: 0, option: "", other: 0, value: 0n, ...more })
const shared = claimed("shared", DATA, 16)
const sync = claimed("sync", WORD, 8)

interface Touch {
  readonly at?: number
  readonly sizeBytes?: number
  readonly cpu?: number
  readonly isLocked?: boolean
  readonly before?: bigint
  readonly after?: bigint
  readonly ip?: number
}
/** Each task has a CPU of its own unless it is said otherwise. */
const cpuOf = (task: TaskId): number => (task === task1 ? 0 : task === task2 ? 1 : 2)
const touch = (task: TaskId, isWrite: 0 | 1, isRead: 0 | 1, { after, at = DATA, before = 0n, cpu = cpuOf(task), ip = 0x401024, isLocked = false, sizeBytes = 8 }: Touch): Placed => ({
  cpu, event: { _tag: "Accessed", task, ip, address: at, sizeBytes, isWrite, isRead, isLocked: isLocked ? 1 : 0, before, after: after ?? (isWrite === 1 ? before + 1n : before) }
})
const loads = (task: TaskId, more: Touch = {}): Placed => touch(task, 0, 1, more)
const stores = (task: TaskId, more: Touch = {}): Placed => touch(task, 1, 0, more)
const exchanges = (task: TaskId, more: Touch = {}): Placed => touch(task, 1, 1, { isLocked: true, ...more })

const created = (task: TaskId, child: TaskId, clearChildTid = 0): Event =>
  ({ _tag: "TaskCreated", task, child, process: rootTask, tid: 1, cpu: cpuOf(child), allowed: [0, 1, 2], clearChildTid })
const exited = (task: TaskId): Placed => ({ cpu: cpuOf(task), event: { _tag: "TaskExited", task, status: 0 } })
const switchedIn = (task: TaskId, cpu: number): Placed => ({ cpu, event: { _tag: "SwitchedIn", task, cpu } })
const preempted = (task: TaskId, cpu: number): Placed => ({ cpu, event: { _tag: "Preempted", task, ip: 0x401024 } })
const called = (task: TaskId, number: number, ...words: ReadonlyArray<number>): Placed =>
  ({ cpu: cpuOf(task), event: { _tag: "Called", task, number, arguments: words.map(BigInt) } })
const returned = (task: TaskId, number: number, result = 0): Placed => ({ cpu: cpuOf(task), event: { _tag: "Returned", task, number, result } })
const waitsForAll: Event = { _tag: "Blocked", task: rootTask, on: "tasks", key: "finally", value: 0, deadline: 0, call: 0, restart: "never", data: [] }
const wokenByAll: Event = { _tag: "Woken", task: rootTask, cpu: 0, cause: "tasks" }
const found = (task: TaskId, clearChildTid = 0): Event => ({ _tag: "Found", task, cpu: cpuOf(task), clearChildTid })
const wake = (task: TaskId): Placed => called(task, callNumber.futex, WORD, futexCommand.WAKE, 1)
const futexReturns = (task: TaskId): Placed => returned(task, callNumber.futex)
const barrier = (task: TaskId, command: number, ...more: ReadonlyArray<number>): ReadonlyArray<Placed> =>
  [called(task, callNumber.membarrier, command, ...more), returned(task, callNumber.membarrier)]
const sent = (task: TaskId, to: TaskId): Placed =>
  ({ task, cpu: cpuOf(task), event: { _tag: "SignalSent", task: to, signal: SIGUSR1, isShared: 0, code: 0, senderTid: 1, address: 0n, value: 0n } })
const taken = (task: TaskId): Event => ({ _tag: "SignalTaken", task, signal: SIGUSR1, isShared: 0 })
const interrupted = (sender: TaskId, task: TaskId): Event => ({ _tag: "Interrupted", sender, cpu: cpuOf(task), task, why: "" })
const operated = (task: TaskId, cpu: number): Event => ({ _tag: "Operated", task, cpu, operation: 0, op: "", result: 0 })
const aborted = (task: TaskId): Event =>
  ({ _tag: "Aborted", task, abi: "none", cause: "preempted", ip: 0x401024, start: 0x401020, postCommit: 0x401030, abort: 0x401040 })
const ended: Event = { _tag: "Ended", outcome: "Exited", status: 0 }

/** The first task stores, something comes between, the second loads. */
const between = (...lines: ReadonlyArray<Line>): ReturnType<typeof log> => log(shared, sync, stores(task1), ...lines, loads(task2))
const raced = (...lines: ReadonlyArray<Line>) => [between(...lines), [2, 3 + lines.length]] as const

export const dataRace: Canary = {
  fires: [
    ["a store and a load that nothing orders", ...raced()],
    ["a load and a later store", log(shared, loads(task1), stores(task2)), [1, 2]],
    ["two stores", log(shared, stores(task1), stores(task2)), [1, 2]],
    ["a plain store and a locked one", log(shared, stores(task1), exchanges(task2)), [1, 2]],
    ["a store to half of what is loaded", log(shared, stores(task1, { at: DATA + 4, sizeBytes: 4 }), loads(task2)), [1, 2]],
    ["an access that reaches into the next eight bytes", log(shared, stores(task1, { at: DATA + 8 }), loads(task2, { at: DATA + 4 })), [1, 2]],
    ["a race after one that is ordered", log(shared, stores(task1), switchedIn(task1, 0), preempted(task1, 0), switchedIn(task2, 0), loads(task2, { cpu: 0 }), stores(task3)), [1, 6]],
    ["what the creator does after the creation", log(shared, created(task1, task2), stores(task1), loads(task2)), [2, 3]],
    ["a word that orders, looked at too early", ...raced(loads(task2, { at: WORD }), stores(task1, { at: WORD }))],
    ["a word that orders, stored to by a third", ...raced(stores(task1, { at: WORD }), stores(task3, { at: WORD }), loads(task2, { at: WORD }))],
    ["a store after the one that orders", log(shared, sync, stores(task1, { at: WORD }), stores(task1), loads(task2, { at: WORD }), loads(task2)), [3, 5]],
    ["a switch on another CPU", ...raced(switchedIn(task1, 0), preempted(task1, 0), switchedIn(task2, 1))],
    ["a futex call on another word", ...raced(wake(task1), called(task2, callNumber.futex, WORD + 64, futexCommand.WAIT), futexReturns(task2))],
    ["the end of a task that nobody waits for", ...raced(exited(task1))],
    ["a barrier that is refused", ...raced(called(task2, callNumber.membarrier, membarrierCommand.PRIVATE_EXPEDITED), returned(task2, callNumber.membarrier, -1))],
    ["a registration for barriers", ...raced(...barrier(task2, membarrierCommand.REGISTER_PRIVATE_EXPEDITED))],
    ["a barrier for one CPU where the other task is on another", ...raced(
      switchedIn(task1, 0), preempted(task1, 0), ...barrier(task2, membarrierCommand.PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 2))],
    ["a signal from outside", ...raced(
      { ...sent(task1, task2), event: { _tag: "SignalSent", task: task2, signal: SIGUSR1, isShared: 0, code: 0, senderTid: 0, address: 0n, value: 0n } }, taken(task2))]
  ],
  silent: [
    ["two loads", log(shared, loads(task1), loads(task2))],
    ["two locked accesses", log(shared, exchanges(task1), exchanges(task2))],
    ["accesses of one task", log(shared, stores(task1), loads(task1, { cpu: 3 }))],
    ["accesses to neighbouring bytes", log(shared, stores(task1, { sizeBytes: 4 }), stores(task2, { at: DATA + 4, sizeBytes: 4 }))],
    ["data that nobody claims to be shared", log(claimed("percpu", DATA, 64, { strideBytes: STRIDE }), stores(task1), loads(task2, { cpu: 0 }))],
    ["a task created after the store", between(created(task1, task2))],
    ["a task waited for by its futex", log(
      shared, created(task2, task1, WORD), stores(task1), exited(task1), called(task2, callNumber.futex, WORD, futexCommand.WAIT), futexReturns(task2), loads(task2))],
    ["a task waited for by the word it clears", log(shared, sync, found(task1, WORD), stores(task1), exited(task1), loads(task2, { at: WORD, sizeBytes: 4 }), loads(task2))],
    ["a word to clear that was named later", log(shared, sync, { _tag: "ClearChildTidSet", task: task1, at: WORD }, stores(task1), exited(task1), loads(task2, { at: WORD }), loads(task2))],
    ["a robust futex whose owner died", log(
      shared, sync, stores(task1), { cpu: 0, event: { _tag: "OwnerDied", task: task1, at: WORD } }, exchanges(task2, { at: WORD, sizeBytes: 4 }), loads(task2))],
    ["a task that waits for all others", log(shared, waitsForAll, stores(task1), exited(task1), wokenByAll, loads(rootTask))],
    ["a futex wake and the wait it ends", between(wake(task1), futexReturns(task1), futexReturns(task2)).toSpliced(3, 0, ...log(called(task2, callNumber.futex, WORD, futexCommand.WAIT)))],
    ["a requeue from the word one waits on", between(
      called(task2, callNumber.futex, WORD, futexCommand.WAIT), called(task1, callNumber.futex, WORD + 64, futexCommand.CMP_REQUEUE, 0, 0, WORD), futexReturns(task2))],
    ["a word that orders: a store, and the load that sees it", between(stores(task1, { at: WORD }), loads(task2, { at: WORD }))],
    ["a word that orders: half of it", between(stores(task1, { at: WORD }), loads(task2, { at: WORD + 4, sizeBytes: 4 }))],
    ["a word that orders, passed on by a third", between(stores(task1, { at: WORD }), exchanges(task3, { at: WORD }), loads(task2, { at: WORD }))],
    ["a lock: exchanges of any watched word", log(
      shared, exchanges(task1, { at: CELLS }), stores(task1), exchanges(task1, { at: CELLS }), exchanges(task2, { at: CELLS }), loads(task2))],
    ["a CPU that changes tasks", log(shared, switchedIn(task1, 0), stores(task1), preempted(task1, 0), switchedIn(task2, 0), stores(task2, { cpu: 0 }))],
    ["a CPU that changes tasks, after one was moved", log(
      shared, switchedIn(task1, 0), preempted(task1, 0), switchedIn(task1, 1), stores(task1, { cpu: 1 }), { cpu: 1, event: { _tag: "Yielded", task: task1 } }, switchedIn(task2, 1), loads(task2))],
    ["a signal from one to the other", between(sent(task1, task2), taken(task2))],
    ["an interrupt that is waited for", between(interrupted(task2, task1))],
    ["an interrupt sent after the store", between(interrupted(task1, task2))],
    ["a barrier on all CPUs", between(...barrier(task2, membarrierCommand.PRIVATE_EXPEDITED))],
    ["a barrier on all CPUs, by who stored", between(found(task2), ...barrier(task1, membarrierCommand.GLOBAL))],
    ["a barrier for sequences, after the other left its CPU", between(
      switchedIn(task1, 0), preempted(task1, 0), ...barrier(task2, membarrierCommand.PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0))],
    ["a cpu_opv vector on the CPU where the other was", between(switchedIn(task1, 0), preempted(task1, 0), operated(task2, 0))]
  ]
}

const cells = claimed("percpu", CELLS, 4 * STRIDE, { strideBytes: STRIDE })
const others: ReadonlyArray<Line> = [found(task1), found(task2)]
const cell = (index: number): number => CELLS + index * STRIDE
const hasCid = (task: TaskId, cidPlusOne: number): Event =>
  ({ _tag: "ContractChanged", abi: "mainline-6.12", of: "task", task, cpu: 0, record: { area: 0x405000, cidPlusOne } })

export const cpuOwnership: Canary = {
  fires: [
    ["a store to the cell of another CPU", log(cells, ...others, stores(task1, { at: cell(1) })), [3]],
    ["a locked store where the claim does not allow it", log(cells, ...others, exchanges(task1, { at: cell(1) })), [3]],
    ["a plain store where only locked ones are allowed", log(claimed("percpu", CELLS, 128, { strideBytes: STRIDE, option: "locked" }), ...others, stores(task1, { at: cell(1) })), [3]],
    ["a store that reaches into the next cell", log(cells, ...others, stores(task1, { at: cell(1) - 4 })), [3]],
    ["a store to a cell of no CPU there is", log(cells, ...others, stores(task1, { at: cell(3) + 56 })), [3]],
    ["a store by mm_cid to the cell of the CPU", log(
      claimed("percpu", CELLS, 128, { strideBytes: STRIDE, option: "by=mm_cid" }), ...others, hasCid(task2, 1), stores(task2, { at: cell(1) })), [4]],
    ["a store again after another task was created", log(cells, created(rootTask, task1), stores(task1, { at: cell(1) }), created(task1, task2), stores(task1, { at: cell(1) })), [4]]
  ],
  silent: [
    ["stores to the own cell, wherever the task goes", log(cells, ...others, stores(task1), stores(task1, { at: cell(0) }), stores(task1, { at: cell(2) + 8, cpu: 2 }))],
    ["loads of all cells", log(cells, ...others, loads(task1, { at: cell(0) }), loads(task1, { at: cell(1) }))],
    ["a locked store where the claim allows it", log(claimed("percpu", CELLS, 128, { strideBytes: STRIDE, option: "locked" }), ...others, exchanges(task1, { at: cell(1) }))],
    ["stores by mm_cid to the own cell", log(claimed("percpu", CELLS, 128, { strideBytes: STRIDE, option: "by=mm_cid" }), ...others, hasCid(task2, 1), hasCid(task2, 0), stores(task2, { at: cell(0) }))],
    ["stores of a task whose mm_cid is not known", log(claimed("percpu", CELLS, 128, { strideBytes: STRIDE, option: "by=mm_cid" }), ...others, stores(task2, { at: cell(0) }))],
    ["a task that is alone yet", log(cells, found(task1), stores(task1, { at: cell(1) }))],
    ["a task that is alone again", log(cells, ...others, exited(task2), stores(task1, { at: cell(1) }))],
    ["a task that waits for the only other one", log(cells, created(rootTask, rootTask), created(rootTask, task1), waitsForAll, stores(task1, { at: cell(1) }))],
    ["memory beside the cells", log(cells, ...others, stores(task1, { at: CELLS - 8 }), stores(task1, { at: cell(4) }))]
  ]
}

const whole = claimed("whole", PAIR, 16)
const checked = claimed("whole", PAIR, 16, { other: VERSION })
const low = (value: bigint): Touch => ({ at: PAIR, before: value })
const high = (value: bigint): Touch => ({ at: PAIR + 8, before: value })
const version = (value: bigint): Touch => ({ at: VERSION, before: value, sizeBytes: 4 })
/** Both words rise by one. */
const update = (task: TaskId, value: bigint): ReadonlyArray<Placed> => [stores(task, low(value)), stores(task, high(value))]

export const tornRead: Canary = {
  fires: [
    ["two words with an update between them", log(whole, loads(task1, low(0n)), ...update(task2, 0n), loads(task1, high(1n))), [1, 2, 3, 4]],
    ["a store of 16 bytes between them", log(whole, loads(task1, low(0n)), stores(task2, { at: PAIR, sizeBytes: 16 }), loads(task1, high(1n))), [1, 2, 3]],
    ["a second reading", log(whole, loads(task1, low(0n)), loads(task1, high(0n)), loads(task1, low(0n)), ...update(task2, 0n), loads(task1, high(1n))), [3, 4, 5, 6]],
    ["a sequence found even and as before", log(
      checked, loads(task1, version(2n)), loads(task1, low(0n)), ...update(task2, 0n), loads(task1, high(1n)), loads(task1, version(2n))), [2, 3, 4, 5]],
    ["a sequence that is not looked at again", log(checked, loads(task1, version(2n)), loads(task1, low(0n)), ...update(task2, 0n), loads(task1, high(1n)), exited(task1)), [2, 3, 4, 5]],
    ["a sequence that the next reading does not look at either", log(
      checked, loads(task1, low(0n)), ...update(task2, 0n), loads(task1, high(1n)), loads(task1, low(1n))), [1, 2, 3, 4]]
  ],
  silent: [
    ["two words and an update before them", log(whole, ...update(task2, 0n), loads(task1, low(1n)), loads(task1, high(1n)))],
    ["two words and an update after them", log(whole, loads(task1, low(0n)), loads(task1, high(0n)), ...update(task2, 0n))],
    ["an update of the word that is loaded already", log(whole, loads(task1, low(0n)), stores(task2, low(0n)), loads(task1, high(0n)))],
    ["an update of the word that is still to be loaded", log(whole, loads(task1, low(0n)), stores(task2, high(0n)), loads(task1, high(1n)))],
    ["both words changed, the second first: they were there together", log(whole, loads(task1, low(0n)), stores(task2, high(0n)), stores(task2, low(0n)), loads(task1, high(1n)))],
    ["two words in the other order, as they were in the midst of the update", log(whole, loads(task1, high(0n)), ...update(task2, 0n), loads(task1, low(1n)))],
    ["an update that was taken back", log(
      whole, loads(task1, low(0n)), ...update(task2, 0n), stores(task2, { ...low(1n), after: 0n }), loads(task1, high(1n)))],
    ["a store of what is there", log(whole, loads(task1, low(5n)), stores(task2, { ...low(5n), after: 5n }), stores(task2, high(0n)), loads(task1, high(1n)))],
    ["one load of 16 bytes", log(whole, loads(task1, { at: PAIR, sizeBytes: 16 }), ...update(task2, 0n))],
    ["loads on both sides of a call", log(whole, loads(task1, low(0n)), ...update(task2, 0n), called(task1, callNumber.getpid), loads(task1, high(1n)))],
    ["a section that was aborted between them", log(whole, loads(task1, low(0n)), ...update(task2, 0n), aborted(task1), loads(task1, high(1n)))],
    ["the task's own update", log(whole, loads(task1, low(0n)), ...update(task1, 0n), loads(task1, high(1n)))],
    ["a sequence found changed, and a second reading", log(
      checked, loads(task1, version(2n)), loads(task1, low(0n)), ...update(task2, 0n), loads(task1, high(1n)), loads(task1, version(4n)),
      loads(task1, low(1n)), loads(task1, high(1n)), loads(task1, version(4n)), exited(task1))],
    ["a sequence that was odd: somebody writes", log(
      checked, loads(task1, version(3n)), loads(task1, low(0n)), ...update(task2, 0n), loads(task1, high(1n)), loads(task1, version(3n)))]
  ]
}

const never = claimed("never", DATA, 8)
const balanced = claimed("balanced", DATA, 4)
const small = (before: bigint, after: bigint): Touch => ({ before, after, sizeBytes: 4 })

export const brokenInvariant: Canary = {
  fires: [
    ["a word that does not stay 0", log(never, stores(task1)), [1]],
    ["a word that is 0 again", log(never, stores(task1), stores(task1, { before: 1n, after: 0n })), [1]],
    ["a word that is not 0 at the end", log(balanced, stores(task1, small(0n, 1n)), stores(task2, small(1n, 2n)), stores(task1, small(2n, 1n)), ended), [3, 4]],
    ["a word that never was", log(claimed("balanced", DATA, 4, { value: 7n }), ended), [1]],
    ["a byte of the word", log(balanced, stores(task1, { at: DATA + 2, sizeBytes: 1 }), ended), [1, 2]]
  ],
  silent: [
    ["a word that stays 0", log(never, loads(task1), stores(task1, { after: 0n }), ended)],
    ["a word that is 0 again at the end", log(balanced, stores(task1, small(0n, 1n)), stores(task2, small(1n, 0n)), ended)],
    ["a word whose bytes are 0 again one by one", log(balanced, stores(task1, small(0n, 0x101n)), stores(task1, { ...small(1n, 0n), sizeBytes: 1 }), stores(task1, { ...small(1n, 0n), at: DATA + 1, sizeBytes: 1 }), ended)],
    ["bytes beside a word that are no part of it", log(claimed("balanced", DATA, 4, { value: 0xffff_ffff_0000_0000n }), stores(task1, { at: DATA - 4, after: 5n }), ended)],
    ["bytes behind a word that are no part of it", log(balanced, stores(task1, { after: 1n << 32n }), ended)],
    ["a run that did not come to its end", log(balanced, stores(task1, small(0n, 1n)), { _tag: "Ended", outcome: "OutOfBudget", status: 0 })],
    ["words that claim nothing", log(shared, stores(task1), ended)]
  ]
}
