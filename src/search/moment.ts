/**
 * The first moment of a run at which something holds. Exact, and without looking at every instruction: an answer can be another
 * only where something that was asked for it is. Words may change before the instruction after a write to them; events, tasks and
 * other tasks' registers where a stretch begins; clocks when they come to what they are held against; and where a register of the
 * running task was asked for, every instruction is looked at. What the next answer depends on is learnt from the last.
 */
import { assert } from "../base/assert.ts"
import { type Address, type CpuId, parseTask, type TaskId } from "../base/ids.ts"
import type { Mark } from "../base/mark.ts"
import type { Decider, Schedule, Stretch } from "../log/choice.ts"
import { recorded, tell } from "../log/telling.ts"
import type { Predicate, PredicateView } from "./predicate.ts"
import type { Trials } from "./trial.ts"

/** A boundary between two instructions. */
export interface Moment {
  /** Instructions of all tasks before it. */
  readonly now: number
  readonly task: TaskId
  readonly cpu: CpuId
  readonly count: number
  readonly ip: Address
  /** Entries written before it, observations left out. */
  readonly entryCount: number
}

export interface MomentFound {
  /** The first boundary at which it holds; `undefined`: it never does. */
  readonly holds: Moment | undefined
  /** The boundary before: what stands there makes it hold. `undefined`: there is none. */
  readonly before: Moment | undefined
  readonly lookedCount: number
}

const registerNames = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]

const EVERY_INSTRUCTION: Mark = { _tag: "EveryInstruction" }
/** More words than that are looked at at every instruction. */
const WORD_COUNT_MAX = 16

/** What a predicate can see of a run at a boundary, and what it has asked for. */
class RunView implements PredicateView {
  private readonly trials: Trials
  private readonly events: ReadonlyMap<string, number>
  private current: TaskId
  /** Words that were read, by address and size. */
  readonly words = new Map<string, Mark>()
  /** So many instructions of the running task cannot change the answer but through words. */
  changesAfter = Infinity

  constructor(trials: Trials, events: ReadonlyMap<string, number>, current: TaskId) {
    this.trials = trials
    this.events = events
    this.current = current
  }

  /** Looks from `task`; nothing has been asked yet. */
  lookFrom(task: TaskId): void {
    this.current = task
    this.words.clear()
    this.changesAfter = Infinity
  }

  read(address: bigint, sizeBytes: number): bigint | undefined {
    const { kernel } = this.trials.run
    if (address < 0n || address >= 2n ** 47n) return undefined
    const start = Number(address)
    this.words.set(`${start} ${sizeBytes}`, { _tag: "Accessed", start, end: start + sizeBytes, by: "write" })
    const bytes = kernel.memory(kernel.current(this.current)).readBytes(start, sizeBytes)
    if (bytes === undefined) return undefined
    let value = 0n
    for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0)
    return value
  }

  register(task: string, name: string, near?: bigint): bigint | undefined {
    const { kernel } = this.trials.run
    const id = parseTask(task)
    const found = id === undefined ? undefined : kernel.state.tasks.find((one) => one.id === id)
    if (found === undefined) return undefined
    const registers = kernel.registers(found)
    if (name === "cpu") return BigInt(found.cpu)
    const isRunning = found.id === this.current
    if (name === "count") return this.clock(BigInt(registers.count()), isRunning, near)
    if (isRunning) this.changesAfter = 1
    if (name === "rip") return BigInt(registers.ip())
    const index = registerNames.indexOf(name)
    return index === -1 ? undefined : registers.get(index)
  }

  eventCount(tag: string): bigint {
    return BigInt(this.events.get(tag) ?? 0)
  }

  now(near?: bigint): bigint {
    return this.clock(BigInt(this.trials.run.kernel.now), true, near)
  }

  taskCount(): bigint {
    return BigInt(this.trials.run.kernel.state.tasks.filter(({ status }) => status !== "exited").length)
  }

  /** Held against `near`, a clock says something else when it comes there, and once more right behind it. */
  private clock(value: bigint, isRunning: boolean, near: bigint | undefined): bigint {
    const after = near === undefined ? 1 : value < near ? Number(near - value) : value === near ? 1 : Infinity
    if (isRunning) this.changesAfter = Math.min(this.changesAfter, after)
    return value
  }
}

/** A run told again, and looked at from `fromNow` on: at every instruction, or where the answer may be another. */
class Looking {
  holds: Moment | undefined
  before: Moment | undefined
  lookedCount = 0
  /** Whether nothing lies between `before` and `holds`. */
  isExact = false
  private readonly trials: Trials
  private readonly predicate: Predicate
  private readonly fromNow: number
  private readonly isEvery: boolean
  private readonly events = new Map<string, number>()
  private readonly view: RunView
  /** The next look is one instruction on, if the stretch is. */
  private isStepping = false

  constructor(trials: Trials, predicate: Predicate, { fromNow, isEvery }: { readonly fromNow: number; readonly isEvery: boolean }) {
    this.trials = trials
    this.predicate = predicate
    this.fromNow = fromNow
    this.isEvery = isEvery
    this.view = new RunView(trials, this.events, trials.run.kernel.task)
  }

  perform(schedule: Schedule): void {
    const { events, trials } = this
    const inner = recorded(tell(schedule, () => {}))
    events.clear()
    let marks = inner.marks
    const looking: Decider = {
      ...inner,
      // Asked for anew after each answer.
      get marks() {
        return marks
      },
      interrupt: (stretch) => {
        if (this.isHere(stretch)) return "halt"
        marks = this.marksOf(inner.marks, marks, stretch)
        return inner.interrupt(stretch)
      }
    }
    trials.perform(looking, {
      log: { append: (_now, _cpu, _task, _count, { _tag }) => void events.set(_tag, (events.get(_tag) ?? 0) + 1) }
    })
  }

  private isHere(stretch: Stretch): boolean {
    const { kernel } = this.trials.run
    if (kernel.now < this.fromNow) return false
    const { count, cpu, ip } = { count: stretch.from, cpu: stretch.cpu, ip: kernel.registers(kernel.current(stretch.task)).ip() }
    const here: Moment = { now: kernel.now, task: stretch.task, cpu, count, ip, entryCount: kernel.entryCount }
    this.lookedCount++
    this.view.lookFrom(stretch.task)
    if (this.predicate(this.view)) {
      this.holds = here
      this.isExact = this.isEvery || (this.before !== undefined && this.isStepping && here.now === this.before.now + 1)
      return true
    }
    this.before = here
    return false
  }

  /** Where to come back before the stretch ends: the same list as long as it says the same. */
  private marksOf(inner: ReadonlyArray<Mark>, last: ReadonlyArray<Mark>, { from, pending, until }: Stretch): ReadonlyArray<Mark> {
    const { changesAfter, words } = this.view
    const { now } = this.trials.run.kernel
    const isWritten = pending?._tag === "Access" && pending.kind !== "read"
    const isNear = this.isEvery ? now + (until - from) >= this.fromNow : changesAfter <= until - from || words.size > WORD_COUNT_MAX
    this.isStepping = isNear || isWritten
    const wanted = this.isStepping ? [...inner, EVERY_INSTRUCTION] : [...inner, ...words.values()]
    return wanted.length === last.length && wanted.every((mark, index) => isSameMark(mark, last[index])) ? last : wanted
  }
}

const isSameMark = (one: Mark, other: Mark | undefined): boolean =>
  one === other || (one._tag === "Accessed" && other?._tag === "Accessed" && one.start === other.start && one.end === other.end)

/**
 * Runs `schedule` and stops at the first boundary at which `predicate` holds. Where that is the beginning of a stretch, a second
 * run looks at every instruction since the last look: for what made it hold, and to see that it did not hold before. `isEvery`
 * looks at every instruction from the first: what the short way is held against.
 */
export const firstMoment = (trials: Trials, schedule: Schedule, predicate: Predicate, isEvery = false): MomentFound => {
  const first = new Looking(trials, predicate, { fromNow: 0, isEvery })
  first.perform(schedule)
  const { before, holds, lookedCount } = first
  if (holds === undefined) return { holds, before: undefined, lookedCount }
  if (before === undefined || first.isExact) return { holds, before, lookedCount }
  const second = new Looking(trials, predicate, { fromNow: before.now, isEvery: true })
  second.perform(schedule)
  assert(second.holds?.now === holds.now && second.holds.task === holds.task, "between two looks nothing that was asked for changes")
  return { holds, before: second.before, lookedCount: lookedCount + second.lookedCount }
}
