/** Who has the turn, and where each task stands in it. The kernel notices none of this. */
import { known } from "../base/assert.ts"
import type { Count, CpuId } from "../base/ids.ts"
import type { Pending } from "../base/mark.ts"
import type { Kernel } from "../kernel/kernel.ts"
import { hasTask } from "../kernel/scheduler.ts"
import type { Registers } from "../machine/machine.ts"
import { type Cpu, cpuOf } from "../kernel/state.ts"

/** After so many stretches at one count nothing is offered until the task retires an instruction. */
export const VISIT_MAX = 64

/** A count that no task has. */
const NO_COUNT = -1

/** Everything of the order: copied by a snapshot. */
export interface OrderPosition {
  readonly turn: CpuId
  readonly visitCounts: ReadonlyArray<Count>
  readonly visits: ReadonlyArray<number>
  readonly pendings: ReadonlyArray<Pending | undefined>
  readonly pendingCounts: ReadonlyArray<Count>
  readonly splitOn: ReadonlyArray<CpuId>
  readonly endsDue: ReadonlyArray<Count>
}

export class Order {
  /** The CPU that has the turn. */
  turn: CpuId
  // By slot: stretches of the task that have ended at its last such count.
  private visitCounts: Array<Count> = []
  private visits: Array<number> = []
  // By slot: what a mark found it about to do, and at which count.
  private pendings: Array<Pending | undefined> = []
  private pendingCounts: Array<Count> = []
  // By slot: the count at which a stretch of the task has yet to end by itself.
  private endsDue: Array<Count> = []
  /** CPUs whose task may have a write in flight. */
  private splitOn: Array<CpuId> = []

  constructor(turn: CpuId) {
    this.turn = turn
  }

  /** The CPU with the turn, or the next one upward that has a task; `undefined`: the machine is idle. */
  next(kernel: Kernel): Cpu | undefined {
    const cpu = cpuOf(kernel.state, this.turn)
    if (hasTask(kernel, cpu)) return cpu
    return this.pass(kernel)
  }

  /** The turn goes to `to`, or to the next CPU upward, round, that has a task; it may be the same. */
  pass(kernel: Kernel, to?: CpuId): Cpu | undefined {
    const { cpus } = kernel.state
    if (to !== undefined && to >= 0) {
      this.turn = to
      return cpuOf(kernel.state, to)
    }
    const from = cpus.findIndex(({ id }) => id === this.turn)
    for (let step = 1; step <= cpus.length; step++) {
      const cpu = known(cpus[(from + step) % cpus.length], "CPUs go round")
      if (hasTask(kernel, cpu)) {
        this.turn = cpu.id
        return cpu
      }
    }
    return undefined
  }

  /** Stretches of the task that have ended at `count`. */
  visitAt(slot: number, count: Count): number {
    return this.visitCounts[slot] === count ? (this.visits[slot] ?? 0) : 0
  }

  /** A stretch of the task has ended at `count`. */
  end(slot: number, count: Count): void {
    this.visits[slot] = this.visitAt(slot, count) + 1
    this.visitCounts[slot] = count
  }

  /** The stretch has come to where it ends by itself, and somebody is asked before it does. */
  endIsDue(slot: number, count: Count): void {
    this.endsDue[slot] = count
  }
  isEndDue(slot: number, count: Count): boolean {
    return this.endsDue[slot] === count && this.visitAt(slot, count) === 0
  }

  /** The engine came back before an instruction: still the same stretch. */
  mark(slot: number, count: Count, pending: Pending): void {
    this.pendings[slot] = pending
    this.pendingCounts[slot] = count
  }

  /** What the task is about to do, if a mark has stopped it there and it has not moved since. */
  pendingAt(slot: number, count: Count, registers: Registers): Pending | undefined {
    const pending = this.pendings[slot]
    return pending !== undefined && this.pendingCounts[slot] === count && pending.ip === registers.ip() ? pending : undefined
  }

  /** The task of the CPU has read and not written; another CPU has the turn. */
  split(kernel: Kernel, cpu: CpuId, to: CpuId): void {
    this.splitOn.push(cpu)
    this.pass(kernel, to)
  }

  /** The turn has come back to the CPU: whether that was so. */
  comesBack(cpu: CpuId): boolean {
    if (!this.splitOn.includes(cpu)) return false
    this.splitOn = this.splitOn.filter((one) => one !== cpu)
    return true
  }

  position(): OrderPosition {
    const { endsDue, pendingCounts, pendings, splitOn, turn, visitCounts, visits } = this
    return {
      turn, visitCounts: visitCounts.slice(), visits: visits.slice(), pendings: pendings.slice(), pendingCounts: pendingCounts.slice(),
      splitOn: splitOn.slice(), endsDue: endsDue.slice()
    }
  }
  resumeAt(position: OrderPosition): void {
    this.turn = position.turn
    copyInto(this.visitCounts, position.visitCounts, NO_COUNT)
    copyInto(this.visits, position.visits, 0)
    copyInto(this.pendings, position.pendings, undefined)
    copyInto(this.pendingCounts, position.pendingCounts, NO_COUNT)
    if (this.splitOn.length + position.splitOn.length > 0) this.splitOn = position.splitOn.slice()
    copyInto(this.endsDue, position.endsDue, NO_COUNT)
  }
}

/** In place: going back is done a hundred thousand times a second. What `to` has beyond is `none`: an array that shrinks is made anew. */
const copyInto = <T>(to: Array<T>, from: ReadonlyArray<T>, none: T): void => {
  for (let index = 0; index < from.length; index++) to[index] = from[index] as T
  for (let index = from.length; index < to.length; index++) to[index] = none
}
