/**
 * The loop. Records, replays, searches and debuggers all run through it: they differ in who answers and who listens.
 *
 * Same boot, same answers: same log, byte for byte. The turn is ours; the kernel is entered.
 */
import { assert, known } from "../base/assert.ts"
import type { Address, CpuId } from "../base/ids.ts"
import { isMarkedBy, type Mark, type Pending } from "../base/mark.ts"
import { enter, interrupt, tick } from "../kernel/enter.ts"
import { land } from "../kernel/in-flight.ts"
import { isNoticed } from "../kernel/interruption.ts"
import { type Kernel, type KernelPosition, NEXT_CPU } from "../kernel/kernel.ts"
import { returnToUser } from "../kernel/leave.ts"
import { preemptOptions } from "../kernel/scheduler.ts"
import { type Cpu, type KernelState, slotOf, type Task } from "../kernel/state.ts"
import { fireTimers, nextDeadline } from "../kernel/timer.ts"
import { type Decider, FIRST_WAITING, type Interruption } from "../log/choice.ts"
import type { Outcome } from "../log/outcome.ts"
import type { Machine, MachineSnapshot, Registers } from "../machine/machine.ts"
import type { Stop } from "../machine/stop.ts"
import type { Program } from "../program/program.ts"
import { nobody, type Observer } from "./observe.ts"
import { Order, type OrderPosition, VISIT_MAX } from "./order.ts"
import { MutableStretch } from "./stretch.ts"

/** A run at a boundary: cheap to take, restored in place, any number of times. */
export interface RunSnapshot {
  readonly machine: MachineSnapshot
  readonly kernel: KernelPosition
  readonly order: OrderPosition
}

/** A task that may run its next instruction, as long as the kernel's state is this one. */
interface Ready {
  readonly state: KernelState
  readonly task: Task
  readonly slot: number
  readonly registers: Registers
}

/** With turn ends off, a stretch ends here all the same, so that no engine run is without end. */
const STRETCH_ICOUNT_MAX = 1 << 20

/** The first multiple of `period` after `count`. The remainder of small numbers is an instruction, that of doubles a call into libm. */
const nextMultiple = (count: number, period: number): number => count - (count < 2 ** 31 ? (count | 0) % period : count % period) + period

const nobodyHears = (): void => {}

const isPlaceOf = (marks: ReadonlyArray<Mark>, ip: Address): boolean => marks.some((mark) => mark._tag === "Executed" && mark.at === ip)

export class Run {
  readonly program: Program
  readonly machine: Machine
  readonly kernel: Kernel
  private readonly order: Order
  /** Who listens; answers nothing. */
  private observer: Observer = nobody
  private readonly stretch: MutableStretch
  // What the engine was last told to come back for.
  private deciderMarks: ReadonlyArray<Mark> = []
  private observerMarks: ReadonlyArray<Mark> = []
  private watches = nobody.watches
  /** Ends what the observer hears. */
  private unheard = nobodyHears
  /** By CPU: who stood ready there last. */
  private readonly ready: Array<Ready | undefined> = []
  // The next deadline is a function of the kernel's state: looked for once a state.
  private deadlineState: KernelState | undefined
  private deadline: number | undefined

  constructor(program: Program, machine: Machine, kernel: Kernel, turn: CpuId) {
    this.program = program
    this.machine = machine
    this.kernel = kernel
    this.order = new Order(turn)
    this.stretch = new MutableStretch(kernel)
    kernel.hearLanded((task) => this.landed(task))
  }

  get outcome(): Outcome | undefined {
    return this.kernel.outcome
  }

  /** Listens to what the engine can see and the kernel cannot. A run with observers is the same run without. */
  observe(observer: Observer): void {
    this.unheard()
    this.observer = observer
    this.setWatches()
    this.unheard = observer === nobody ? nobodyHears : this.kernel.hear({ append: (_now, _cpu, _task, _count, event) => observer.heard(event) })
  }

  /** Runs on for about so many instructions, to the end of a stretch. Where it breathes is never visible in the run. */
  advance(breathIcount: number): Outcome | undefined {
    const until = this.kernel.now + breathIcount
    while (this.kernel.outcome === undefined && this.kernel.now < until) this.step()
    return this.kernel.outcome
  }

  /** One stretch, or whatever comes in its place. */
  step(): void {
    const { kernel, order } = this
    const cpu = order.next(kernel)
    if (cpu === undefined) return this.idle()
    if (order.comesBack(cpu.id) && cpu.current !== undefined) land(kernel, kernel.current(cpu.current))
    const ready = this.readyOn(cpu)
    if (ready === undefined) return
    const { registers, slot, task } = ready
    const from = registers.count()
    kernel.cpu = cpu.id
    kernel.task = task.id
    kernel.count = from
    if (kernel.now >= kernel.limits.maxIcount) return kernel.end({ _tag: "OutOfBudget", limit: "icount" })
    this.stretch.begin(task, cpu.id, order.isEndDue(slot, from) ? from : this.endOf(task, from))
    this.go(ready, from, order.pendingAt(slot, from, registers))
  }

  /** The stretch from `first` on: asks, runs as far as answered, and at each mark of the decider's asks again. */
  private go(ready: Ready, first: number, met: Pending | undefined): void {
    const { kernel, order, stretch } = this
    const { registers, slot, task } = ready
    const { until } = stretch
    let from = first
    let pending = met
    for (;;) {
      const { decider } = kernel
      const visit = order.visitAt(slot, from)
      stretch.standsAt(from, visit, pending)
      const answer = visit < VISIT_MAX ? decider.interrupt(stretch) : "nothing"
      if (answer === "halt") return kernel.end({ _tag: "Abandoned" })
      if (answer !== "nothing") {
        assert(from <= answer.at && answer.at <= until, "an interruption takes effect within its stretch")
        assert(answer.option === FIRST_WAITING || stretch.options(answer.kind, answer.at).includes(answer.option), "a decider takes one of the options there are")
      }
      this.observer.begins(kernel)
      this.setWatches()
      this.setMarks(decider.marks)

      const at = answer === "nothing" ? until : answer.at
      const nth = at === from ? visit : 0
      const isSplit = answer !== "nothing" && answer.kind === "split"
      if (at > from) {
        // What was met is passed, as long as it is still asked for: whoever has other marks by now is asked again.
        const stop = this.runTo(ready, from, at, pending !== undefined && isMarkedBy(decider.marks, pending), decider)
        from = kernel.count
        if (stop._tag === "Marked") {
          pending = stop.pending
          order.mark(slot, from, pending)
          continue
        }
        pending = undefined
        if (stop._tag !== "BudgetSpent") {
          order.end(slot, from)
          return this.stopped(task, stop)
        }
        // A place may be where the stretch ends by itself: whoever waits for it is asked before that.
        if ((answer === "nothing" || isSplit && at === until) && isPlaceOf(decider.marks, registers.ip())) {
          pending = { _tag: "Execution", ip: registers.ip() }
          order.endIsDue(slot, from)
          continue
        }
      }
      if (isSplit && at < until) {
        const stands = this.split(ready, answer, nth, pending)
        if (stands === "taken") return
        pending = stands
        continue
      }
      order.end(slot, from)
      return answer === "nothing" || isSplit ? this.stretchEnds(task, at) : this.obey(task, answer, nth)
    }
  }

  /** Lets the task run to count `at`, or until it stops for the kernel or for the decider. Marks of the observer's change nothing. */
  private runTo(ready: Ready, from: number, at: number, isPassing: boolean, { marks }: Decider): Stop {
    const { machine, observer, kernel } = this
    const { task } = ready
    let count = from
    const block = kernel.blockOf(task)
    let stop = machine.run(block, at - count, isPassing)
    for (;;) {
      count = this.ran(ready, count)
      if (stop._tag !== "Marked") return stop
      observer.met(kernel, task, stop.pending)
      if (isMarkedBy(marks, stop.pending)) return stop
      this.setMarks(marks)
      stop = machine.run(block, at - count, true)
    }
  }

  /** The engine has come back: time has passed, the observer may look. */
  private ran({ registers, task }: Ready, before: number): number {
    const { kernel } = this
    const count = registers.count()
    kernel.now += count - before
    kernel.count = count
    this.observer.ran(kernel, this.machine, task)
    return count
  }

  /** The task stopped by itself. */
  private stopped(task: Task, stop: Stop): void {
    const { kernel, order } = this
    if (stop._tag === "Paused") {
      order.pass(kernel)
      return
    }
    const from = kernel.cpu
    enter(kernel, task, stop)
    if (kernel.turnWanted !== undefined) this.heed(from)
  }

  /**
   * Who stands ready on a CPU with a task; `undefined` where the kernel has something else to do first. A function of the
   * kernel's state: asked again only when that is another.
   */
  private readyOn(cpu: Cpu): Ready | undefined {
    const { kernel } = this
    const met = this.ready[cpu.id]
    if (met !== undefined && met.state === kernel.state) return met
    const id = returnToUser(kernel, cpu.id)
    if (kernel.outcome !== undefined) return undefined
    if (kernel.turnWanted !== undefined) {
      this.heed(cpu.id)
      return undefined
    }
    if (id === undefined) return undefined
    const task = kernel.current(id)
    const ready = { state: kernel.state, task, slot: slotOf(kernel.state, id), registers: kernel.registers(task) }
    this.ready[cpu.id] = ready
    return ready
  }

  /** The slice, a timer, the turn: the stretch came to where it ends by itself. */
  private stretchEnds(task: Task, count: number): void {
    const { kernel, order } = this
    const { turnIcount } = kernel.quiet
    tick(kernel, task, count)
    if (turnIcount > 0 && count % turnIcount === 0) order.pass(kernel)
  }

  /** A deviation takes effect. */
  private obey(task: Task, answer: Interruption, nth: number): void {
    const { kernel, order } = this
    const option = answer.kind === "preempt" && answer.option === FIRST_WAITING ? known(preemptOptions(kernel, task.cpu)[0], "a kernel thread always may") : answer.option
    const { at, kind } = answer
    kernel.took({ task: task.id, count: at, nth, kind, option })
    if (isNoticed(kind)) interrupt(kernel, task, kind, option)
    else order.pass(kernel, option)
  }

  /**
   * The instruction behind the boundary is performed in two: its read, and then another CPU has the turn; its write lands when the
   * turn comes back. `undefined`: no such instruction stands there. What a mark of the decider's has met there: it is asked again.
   */
  private split(ready: Ready, { at, kind, option }: Interruption, nth: number, met: Pending | undefined): Pending | "taken" | undefined {
    const { kernel, machine, order } = this
    const { slot, task } = ready
    const block = kernel.blockOf(task)
    if (!machine.maySplit(block)) return undefined
    const pending = met === undefined ? machine.markAt(block) : undefined
    if (pending !== undefined) {
      this.observer.met(kernel, task, pending)
      if (isMarkedBy(kernel.decider.marks, pending)) {
        order.mark(slot, at, pending)
        return pending
      }
      this.setMarks(kernel.decider.marks)
    }
    kernel.took({ task: task.id, count: at, nth, kind, option })
    const stop = machine.split(block)
    order.end(slot, this.ran(ready, at))
    if (stop._tag === "BudgetSpent") order.split(kernel, task.cpu, option)
    else this.stopped(task, stop)
    return "taken"
  }

  /** A write that was in flight is there: the observer may look, whoever has entered the kernel. */
  private landed(task: Task): void {
    const { kernel } = this
    const { count, cpu, task: standing } = kernel
    kernel.standAt(task.cpu, task)
    kernel.count-- // the instruction has retired; its write happens now
    this.observer.ran(kernel, this.machine, task)
    kernel.cpu = cpu
    kernel.task = standing
    kernel.count = count
  }

  /** An entry gave the turn away: a yield, or a pause inside a call. */
  private heed(from: CpuId): void {
    const { kernel, order } = this
    const to = known(kernel.turnWanted, "the turn is wanted")
    kernel.turnWanted = undefined
    order.turn = from
    order.pass(kernel, to === NEXT_CPU ? undefined : to)
  }

  /** Nobody can run: the clock moves to the next timer, or nothing will ever happen again. */
  private idle(): void {
    const { kernel } = this
    const deadline = nextDeadline(kernel)
    if (deadline === undefined) {
      const tasks = kernel.state.tasks.filter(({ status, wait }) => status === "blocked" && wait?.on !== "tasks").map(({ id }) => id)
      return kernel.end({ _tag: "Deadlocked", tasks })
    }
    const nanoseconds = deadline - kernel.nanoseconds
    if (nanoseconds > 0) kernel.emit({ _tag: "ClockJumped", nanoseconds, cause: "idle" })
    fireTimers(kernel)
  }

  /** Where a stretch that begins at `from` ends by itself. */
  private endOf(task: Task, from: number): number {
    const { kernel } = this
    const { sliceIcount, turnIcount } = kernel.quiet
    const turn = turnIcount > 0 ? turnIcount : STRETCH_ICOUNT_MAX
    let until = nextMultiple(from, turn)
    if (sliceIcount > 0) until = Math.min(until, nextMultiple(from, sliceIcount))
    if (kernel.state !== this.deadlineState) {
      this.deadlineState = kernel.state
      this.deadline = nextDeadline(kernel)
    }
    if (this.deadline !== undefined) until = Math.min(until, from + Math.max(1, this.deadline - kernel.nanoseconds))
    if (kernel.state.interrupts.length > 0) {
      for (const sent of kernel.state.interrupts) {
        if (sent.task === task.id) until = Math.min(until, Math.max(from + 1, sent.at))
      }
    }
    return Math.min(until, from + kernel.limits.maxIcount - kernel.now)
  }

  private setWatches(): void {
    const { watches } = this.observer
    if (watches === this.watches) return
    this.watches = watches
    this.machine.setWatches(watches, this.observer.isOrdering)
  }

  private setMarks(marks: ReadonlyArray<Mark>): void {
    const wanted = this.observer.marks
    if (marks === this.deciderMarks && wanted === this.observerMarks) return
    this.deciderMarks = marks
    this.observerMarks = wanted
    this.machine.setMarks(wanted.length === 0 ? marks : [...marks, ...wanted])
  }

  // ---- going back
  snapshot(): RunSnapshot {
    return { machine: this.machine.snapshot(), kernel: this.kernel.position(), order: this.order.position() }
  }
  /** In place; the snapshot stays valid. Deciders, logs and observers are not part of it. */
  restore(snapshot: RunSnapshot): void {
    this.machine.restore(snapshot.machine)
    this.kernel.resumeAt(snapshot.kernel)
    this.order.resumeAt(snapshot.order)
  }
  release(snapshot: RunSnapshot): void {
    this.machine.release(snapshot.machine)
  }

  /** 16 hex digits over the machine; the kernel's half is checked by its events. */
  hash(): string {
    return this.machine.hash(this.kernel.blocks, { withCounts: true })
  }
}
