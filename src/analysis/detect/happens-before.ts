/**
 * What is certain to have happened before what: vector clocks over the entries of a log. An edge is a release and an acquire of
 * one clock: of a word, of a CPU, of a signal, of the end of tasks. Which words order is said by entries: by claims, and by LOCKed accesses.
 *
 *     a task creates another                     the creator, before the child
 *     a word that orders is stored and loaded    the store, before whoever loads what it stored; a LOCKed access does both
 *     futex(2) on a word                         each call, before the next on that word returns
 *     a task ends                                before whoever then looks at its clear_child_tid word, or waits for all tasks
 *     a robust futex loses its owner             the owner, before whoever then looks at the word
 *     a CPU changes tasks                        what ran there, before what runs there next
 *     an interrupt is sent, waited for           either side's past, before the other's future
 *     membarrier(2)                              either side of it, in every task; of the RSEQ commands, on CPUs they name
 *     a signal is sent by a task                 the sender, before the handler
 *     a cpu_opv vector is performed on a CPU     as if the caller had run there
 *
 * Source: Flanagan & Freund, FastTrack, PLDI 2009; Linux Documentation/memory-barriers.txt, "Inter-CPU acquiring barrier effects";
 * membarrier(2)
 */
import type { Address, CpuId, TaskId } from "../../base/ids.ts"
import { callNumber } from "../../linux/call-number.ts"
import { FUTEX_CLOCK_REALTIME, FUTEX_PRIVATE_FLAG, futexCommand } from "../../linux/futex.ts"
import { MEMBARRIER_CMD_FLAG_CPU, membarrierCommand, SYS_MEMBARRIER } from "../../linux/membarrier.ts"
import type { Entry, EventOf } from "../../log/event.ts"

/** By task: how much of its past is certain to lie behind. Holes are 0. */
type Clock = Array<number>

const join = (into: Clock, from: Clock): void => {
  for (const [task, time] of from.entries()) if (time !== undefined && time > (into[task] ?? 0)) into[task] = time
}

/** Events that order; `observe` passes over others. */
export const orderingTags = [
  "TaskCreated", "TaskExited", "ClearChildTidSet", "SwitchedIn", "Preempted", "Yielded", "Blocked", "Woken", "Interrupted", "SignalSent", "SignalTaken",
  "Called", "Returned", "Operated", "Found", "OwnerDied"
] as const

/** Commands after which every task has passed a barrier. That of sequences interrupts whom it is about, and is told by that. */
const barriers: ReadonlySet<number> = new Set<number>([
  membarrierCommand.GLOBAL, membarrierCommand.GLOBAL_EXPEDITED, membarrierCommand.PRIVATE_EXPEDITED, membarrierCommand.PRIVATE_EXPEDITED_SYNC_CORE
])

/** Words that order are told apart by fours. */
const WORD_BYTES = 4
const wordOf = (address: Address): Address => address - (address % WORD_BYTES)

interface Call {
  readonly number: number
  readonly arguments: ReadonlyArray<number>
}

export class HappensBefore {
  private readonly tasks: Array<Clock> = []
  private readonly words = new Map<Address, Clock>()
  private readonly cpus = new Map<CpuId, Clock>()
  private readonly signals = new Map<number, Clock>()
  private readonly ended: Clock = []
  /** Where each task was last seen to run. */
  private readonly cpuOf = new Map<TaskId, CpuId>()
  private readonly clearedBy = new Map<TaskId, Address>()
  /** What each task's call under way is about. */
  private readonly calls = new Map<TaskId, Call>()

  /** Now, by the task's own clock: rises with each release. */
  timeOf(task: TaskId): number {
    return this.clockOf(task)[task] ?? 0
  }

  /** Whether what `other` did at `time` is certain to have happened before now, in `task`. */
  isBefore(other: TaskId, time: number, task: TaskId): boolean {
    return time <= (this.clockOf(task)[other] ?? 0)
  }

  /** A load of bytes that order. */
  acquireWords(task: TaskId, address: Address, sizeBytes: number): void {
    for (let word = wordOf(address); word < address + sizeBytes; word += WORD_BYTES) {
      const clock = this.words.get(word)
      if (clock !== undefined) join(this.clockOf(task), clock)
    }
  }

  /** A store to bytes that order. `isPlain`: what was there is not read, so whose it was is not passed on. */
  releaseWords(task: TaskId, address: Address, sizeBytes: number, isPlain: boolean): void {
    for (let word = wordOf(address); word < address + sizeBytes; word += WORD_BYTES) {
      if (isPlain) this.words.delete(word)
      this.release(task, clockIn(this.words, word))
    }
  }

  observe({ cpu, event, task: standing }: Entry): void {
    switch (event._tag) {
      case "TaskCreated":
        if (event.clearChildTid !== 0) this.clearedBy.set(event.child, event.clearChildTid)
        if (event.child !== event.task) this.release(event.task, this.clockOf(event.child))
        return
      case "Found":
        this.clockOf(event.task)
        this.cpuOf.set(event.task, event.cpu)
        if (event.clearChildTid !== 0) this.clearedBy.set(event.task, event.clearChildTid)
        return
      case "ClearChildTidSet":
        return void this.clearedBy.set(event.task, event.at)
      case "SwitchedIn":
        this.cpuOf.set(event.task, event.cpu)
        return join(this.clockOf(event.task), clockIn(this.cpus, event.cpu))
      case "Preempted":
      case "Yielded":
      case "Blocked":
        return this.leave(event.task, cpu)
      case "TaskExited": {
        const word = this.clearedBy.get(event.task)
        if (word !== undefined) this.release(event.task, clockIn(this.words, wordOf(word)))
        this.release(event.task, this.ended)
        return this.leave(event.task, cpu)
      }
      case "OwnerDied":
        return this.release(event.task, clockIn(this.words, wordOf(event.at)))
      case "Woken":
        if (event.cause === "tasks") join(this.clockOf(event.task), this.ended)
        return
      case "Interrupted":
        if (event.sender !== event.task) this.meet(event.sender, event.task)
        return
      case "SignalSent":
        if (event.senderTid !== 0) this.release(standing, clockIn(this.signals, event.signal))
        return
      case "SignalTaken":
        return join(this.clockOf(event.task), this.signals.get(event.signal) ?? [])
      case "Called": {
        const call = { number: event.number, arguments: event.arguments.map(Number) }
        this.calls.set(event.task, call)
        for (const word of futexWords(call)) this.release(event.task, clockIn(this.words, word))
        return
      }
      case "Returned":
        return this.returned(event)
      case "Operated":
        return this.meetCpu(event.task, clockIn(this.cpus, event.cpu))
      default:
    }
  }

  private returned({ number, result, task }: EventOf<"Returned">): void {
    const call = this.calls.get(task)
    if (call === undefined || call.number !== number) return
    for (const word of futexWords(call)) this.acquireWords(task, word, WORD_BYTES)
    if (number !== SYS_MEMBARRIER || result !== 0) return
    const [command = 0, flags = 0, cpu = 0] = call.arguments
    if (barriers.has(command)) {
      // Who is on no CPU has passed one on its way out, and passes one on its way in.
      for (const other of this.tasks.keys()) if (other !== task && this.tasks[other] !== undefined) this.meet(task, other as TaskId)
    } else if (command === membarrierCommand.PRIVATE_EXPEDITED_RSEQ) {
      for (const [each, clock] of this.cpus) if ((flags & MEMBARRIER_CMD_FLAG_CPU) === 0 || each === cpu) this.meetCpu(task, clock)
    }
  }

  private leave(task: TaskId, cpu: CpuId): void {
    this.release(task, clockIn(this.cpus, this.cpuOf.get(task) ?? cpu))
  }

  /** Each has the other's past behind it. */
  private meet(one: TaskId, other: TaskId): void {
    const both: Clock = []
    this.release(one, both)
    this.release(other, both)
    join(this.clockOf(one), both)
    join(this.clockOf(other), both)
  }

  private meetCpu(task: TaskId, clock: Clock): void {
    join(this.clockOf(task), clock)
    this.release(task, clock)
  }

  /** What the task did so far goes into `clock`; what it does from now on is of another time. */
  private release(task: TaskId, clock: Clock): void {
    const own = this.clockOf(task)
    join(clock, own)
    own[task] = (own[task] ?? 0) + 1
  }

  private clockOf(task: TaskId): Clock {
    const met = this.tasks[task]
    if (met !== undefined) return met
    const clock: Clock = []
    clock[task] = 1
    this.tasks[task] = clock
    return clock
  }
}

/** Words that a futex(2) call is about. */
const futexWords = ({ arguments: [word = 0, operation = 0, , , other = 0], number }: Call): ReadonlyArray<Address> => {
  if (number !== callNumber.futex) return []
  return twoWords.has(operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)) ? [wordOf(word), wordOf(other)] : [wordOf(word)]
}
const twoWords: ReadonlySet<number> = new Set<number>([futexCommand.REQUEUE, futexCommand.CMP_REQUEUE, futexCommand.WAKE_OP])

const clockIn = <K>(clocks: Map<K, Clock>, key: K): Clock => {
  const met = clocks.get(key)
  if (met !== undefined) return met
  const clock: Clock = []
  clocks.set(key, clock)
  return clock
}
