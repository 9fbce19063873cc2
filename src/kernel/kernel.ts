/**
 * The simulated kernel, as its own parts see it: what it knows, how it says what it did, how it asks.
 *
 * It is entered by `run/` (`enter.ts`, `leave.ts`) and comes back. It changes its state by emitting events only; registers
 * and user memory it reaches through the machine. It holds nothing that a fork could not copy: what is not in
 * `KernelState` is a number here and part of a snapshot.
 */
import { assert, known } from "../base/assert.ts"
import type { CpuId, TaskId } from "../base/ids.ts"
import { taskName } from "../base/ids.ts"
import { type Decider, type Deviation, kindIndex, kindNames, type Menu, type Option, type QuestionKind } from "../log/choice.ts"
import { type AppliedTag, type Event, type EventLog, type EventOf, noLog, type ObservedTag, type WatchedTag } from "../log/event.ts"
import { type Errno, errno } from "../linux/errno.ts"
import type { Outcome } from "../log/outcome.ts"
import type { QuietPolicy } from "../log/version.ts"
import type { BlockId, Machine, Registers, SpaceId, UserMemory } from "../machine/machine.ts"
import type { AbiDefinition } from "./abi/definition.ts"
import { apply } from "./apply.ts"
import { type KernelState, processOf, type Task, taskOf } from "./state.ts"

/** `turnWanted`: whichever CPU is next. */
export const NEXT_CPU = -1

/** Our own limits; the guest never sees them as errors. */
export interface Limits {
  readonly maxIcount: number
  readonly maxMemoryBytes: number
  readonly maxTasks: number
  readonly maxOutputBytes: number
}

export interface KernelOptions {
  readonly machine: Machine
  readonly cpus: ReadonlyArray<CpuId>
  readonly abis: ReadonlyArray<AbiDefinition>
  readonly menu: Menu
  readonly quiet: QuietPolicy
  readonly limits: Limits
  /** Names the streams of bytes the guest may ask for (AT_RANDOM, getrandom). */
  readonly seed: string
  /** The program describes its tasks, and fails where any of them does; left out: the process ends as Linux says. */
  readonly isDescribed?: boolean
}

/** Questions asked of one task at one count, by kind: what the n-th of a key is counted from. */
interface Asked {
  readonly count: number
  readonly byKind: ReadonlyArray<number>
}

/** Everything of the kernel that is not in its state or the machine: copied by a snapshot. */
export interface KernelPosition {
  readonly state: KernelState
  readonly now: number
  readonly outcome: Outcome | undefined
  readonly questionCount: number
  readonly digestLow: number
  readonly digestHigh: number
  readonly entryCount: number
  readonly outputBytes: number
  readonly asked: ReadonlyMap<TaskId, Asked>
  readonly blocks: ReadonlyArray<BlockId>
  readonly spaces: ReadonlyArray<SpaceId>
}

const MEMORY_SPENT: Outcome = { _tag: "OutOfBudget", limit: "memory" }

const NOT_ASKED: ReadonlyArray<number> = kindNames.map(() => 0)

const nameHashes: Array<number> = []

/** A task's name as 32 bits: ids depend on the process's past, names do not. */
const nameHash = (task: TaskId): number => {
  const met = nameHashes[task]
  if (met !== undefined) return met
  let hash = 0x811c9dc5
  for (const character of taskName(task)) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  nameHashes[task] = hash
  return hash
}

export class Kernel {
  readonly machine: Machine
  readonly abis: ReadonlyArray<AbiDefinition>
  readonly menu: Menu
  readonly quiet: QuietPolicy
  /** Whoever drives the run may have it end sooner. */
  limits: Limits
  readonly seed: string
  readonly isDescribed: boolean
  /** Replaced between runs that share a boot. */
  decider: Decider
  private logs: ReadonlyArray<EventLog> = []
  private readonly takenHearers = new Set<(deviation: Deviation) => void>()
  private readonly landedHearers = new Set<(task: Task) => void>()

  // ---- replaced by `emit`
  state: KernelState
  // ---- written by `run/` before it enters: where an entry stands
  cpu: CpuId
  task: TaskId
  count = 0
  // ---- counters; all in a KernelPosition
  /** All tasks' counts plus kernel steps. */
  now = 0
  outcome: Outcome | undefined
  questionCount = 0
  /** Entries so far, those of observers left out. */
  entryCount = 0
  /** A CPU that an entry gives the turn to (`NEXT_CPU`: whichever is next); `run/` takes it when the entry ends. */
  turnWanted: CpuId | undefined = undefined
  /** Register blocks by slot of their tasks, address spaces by slot of their processes. */
  blocks: ReadonlyArray<BlockId> = []
  private spaces: ReadonlyArray<SpaceId> = []
  /** Bytes the guest has written to stdout and stderr. */
  outputBytes = 0
  private workSteps = 0
  private digestLow = 0x9e3779b9 | 0
  private digestHigh = 0x85ebca6b | 0
  private readonly asked = new Map<TaskId, Asked>()
  private readonly question: { kind: QuestionKind; task: TaskId; count: number; ip: number; nth: number; options: ReadonlyArray<Option> }

  constructor(options: KernelOptions, initial: KernelState, root: TaskId, decider: Decider, log: EventLog) {
    this.machine = options.machine
    this.abis = options.abis
    this.menu = options.menu
    this.quiet = options.quiet
    this.limits = options.limits
    this.seed = options.seed
    this.isDescribed = options.isDescribed === true
    this.state = initial
    this.decider = decider
    this.hear(log)
    this.cpu = known(options.cpus[0], "there is a CPU")
    this.task = root
    this.question = { kind: "pick", task: root, count: 0, ip: 0, nth: 0, options: [] }
  }

  // ---- looking
  /** The task as it is now: values read before an `emit` are of the past. */
  current(task: TaskId): Task { return taskOf(this.state, task) }
  registers(task: Task): Registers { return this.machine.registers(this.blockOf(task)) }
  memory(task: Task): UserMemory { return this.machine.memory(this.spaceOf(task.process)) }
  /** Instructions the task has retired. */
  countOf(task: Task): number { return this.registers(task).count() }
  /** Virtual nanoseconds since boot. */
  get nanoseconds(): number { return this.now + this.state.idleNanoseconds }

  errno(name: Errno): number { return errno[name] }
  /** Entries written from here on stand with this task, on this CPU, at its present count. */
  standAt(cpu: CpuId, task: Task): void {
    this.cpu = cpu
    this.task = task.id
    this.count = this.countOf(task)
  }

  // ---- the machine's handles: they are no part of what happened, so no event and no state has them
  blockOf(task: Task): BlockId { return known(this.blocks[task.slot], "a task has a register block") }
  spaceOf(process: TaskId): SpaceId { return known(this.spaces[processOf(this.state, process).slot], "a process has an address space") }
  /** The block of the task that is created next. */
  newBlock(space: SpaceId): BlockId {
    const block = this.machine.newBlock(space)
    this.blocks = [...this.blocks, block]
    return block
  }
  /** The space of the process that is created next. */
  newSpace(): SpaceId {
    const space = this.machine.newSpace()
    this.spaces = [...this.spaces, space]
    return space
  }

  // ---- saying
  private append(now: number, count: number, event: Event): void {
    for (const log of this.logs) log.append(now, this.cpu, this.task, count, event)
  }
  /** The only way the state changes. */
  emit(event: EventOf<AppliedTag>): void {
    this.state = apply(this.state, event)
    this.entryCount++
    this.append(this.now, this.count, event)
  }
  /** Writes down what changes no state. */
  observe(event: EventOf<ObservedTag>): void {
    this.entryCount++
    this.append(this.now, this.count, event)
  }
  /** Writes down what an observer saw: no part of the run, so it is not counted. */
  notice(event: EventOf<WatchedTag>, count = this.count): void {
    // What was seen in the middle of a stretch lies so far back.
    this.append(this.now - (this.count - count), count, event)
  }
  /** Steps of a call that loops inside the kernel: they count in `now`, so that a limit ends them. */
  step(task: TaskId, steps: number): void {
    this.now += steps
    this.emit({ _tag: "KernelStepped", task, steps })
    if (this.now >= this.limits.maxIcount) this.end({ _tag: "OutOfBudget", limit: "icount" })
  }
  /** Work of the call that is being performed: so many bytes copied, pages changed, entries walked. */
  worked(amount: number, unit: keyof typeof amountsOfStep): void {
    this.workSteps += amount / amountsOfStep[unit]
  }
  /** The call is done: what it has worked counts in `now`, unless it is as little as any call may. What takes a turn ends it. */
  settleWork(task: TaskId): void {
    const steps = Math.floor(this.workSteps)
    this.workSteps = 0
    if (steps <= FREE_STEP_COUNT || this.outcome !== undefined) return
    this.step(task, steps)
    const { turnIcount } = this.quiet
    if (turnIcount > 0 && steps >= turnIcount) this.turnWanted ??= NEXT_CPU
  }
  /** True, and the run has ended, where the kernel wrote to user memory and there was no room: nobody has been told yet. */
  hasMemoryRunOut(): boolean {
    if (!this.machine.isExhausted()) return false
    this.end(MEMORY_SPENT)
    return true
  }
  /** Ends the run, once. Where memory has run out, whatever came of it is our limit's doing and no fault of the guest. */
  end(why: Outcome): void {
    if (this.outcome !== undefined) return
    const outcome = this.machine.isExhausted() ? MEMORY_SPENT : why
    this.outcome = outcome
    this.emit({ _tag: "Ended", outcome: outcome._tag, status: outcome._tag === "Exited" ? outcome.status : outcome._tag === "Killed" ? outcome.signal : 0 })
  }

  // ---- asking
  /**
   * One of the options, the quiet one (the first) unless the decider says otherwise. Asked only where the kind is on the
   * menu and there are two options or more.
   */
  choose(kind: QuestionKind, subject: Task, options: ReadonlyArray<Option>): Option {
    const quiet = known(options[0], "a question has a quiet option")
    if (options.length < 2 || !this.menu.kinds.has(kind)) return quiet
    const count = this.countOf(subject)
    const index = kindIndex[kind]
    const before = this.asked.get(subject.id)
    const byKind = before !== undefined && before.count === count ? before.byKind : NOT_ASKED
    const nth = byKind[index] ?? 0
    this.asked.set(subject.id, { count, byKind: byKind.with(index, nth + 1) })
    this.mix(nameHash(subject.id))
    this.mix(count | 0)
    this.mix((index << 24) ^ (nth << 12) ^ options.length)
    this.questionCount++

    const { question } = this
    question.kind = kind
    question.task = subject.id
    question.count = count
    question.ip = this.registers(subject).ip()
    question.nth = nth
    question.options = options
    const answer = this.decider.choose(question)
    assert(options.includes(answer), `a decider answers ${kind} with one of its options`)
    if (answer !== quiet) this.took({ task: subject.id, count, nth, kind, option: answer })
    return answer
  }

  /** An answer that was not quiet has taken effect. */
  took(deviation: Deviation): void {
    this.decider.taken?.(deviation)
    for (const hear of this.takenHearers) hear(deviation)
  }

  /** 64 bits over the keys of all questions asked so far, as 16 hex digits. */
  get questionDigest(): string {
    const part = (word: number) => (word >>> 0).toString(16).padStart(8, "0")
    return part(this.digestHigh) + part(this.digestLow)
  }

  private mix(word: number): void {
    this.digestLow = Math.imul(this.digestLow ^ word, 0x85ebca6b)
    this.digestLow ^= this.digestLow >>> 15
    this.digestHigh = Math.imul(this.digestHigh ^ this.digestLow, 0xc2b2ae35) + word | 0
    this.digestHigh ^= this.digestHigh >>> 13
  }

  // ---- being heard: until the function that comes back is called, or as long as the kernel is there
  /** Each event, in order, after those who came before. */
  hear(log: EventLog): () => void {
    if (log !== noLog) this.logs = [...this.logs, log]
    return () => void (this.logs = this.logs.filter((one) => one !== log))
  }
  /** Each answer that was not quiet, as it takes effect. */
  hearTaken(hear: (deviation: Deviation) => void): () => void {
    this.takenHearers.add(hear)
    return () => void this.takenHearers.delete(hear)
  }
  /** Each write that a task had in flight, when it is there. */
  hearLanded(hear: (task: Task) => void): () => void {
    this.landedHearers.add(hear)
    return () => void this.landedHearers.delete(hear)
  }
  landed(task: Task): void {
    for (const hear of this.landedHearers) hear(task)
  }

  // ---- going back
  position(): KernelPosition {
    const { asked, blocks, digestHigh, digestLow, entryCount, now, outcome, outputBytes, questionCount, spaces, state } = this
    return {
      asked: asked.size === 0 ? NOTHING_ASKED : new Map(asked), blocks, digestHigh, digestLow, entryCount, now, outcome, outputBytes, questionCount,
      spaces, state
    }
  }
  resumeAt(position: KernelPosition): void {
    this.state = position.state
    this.workSteps = 0
    this.now = position.now
    this.outcome = position.outcome
    this.questionCount = position.questionCount
    this.digestLow = position.digestLow
    this.digestHigh = position.digestHigh
    this.entryCount = position.entryCount
    this.outputBytes = position.outputBytes
    this.blocks = position.blocks
    this.spaces = position.spaces
    this.asked.clear()
    for (const [task, asked] of position.asked) this.asked.set(task, asked)
  }
}

/** What takes about as long as an instruction, where there is much of it. */
const amountsOfStep = { bytes: 64, pages: 64, entries: 4 } as const
/** A call that does less than this is as quick as any. */
const FREE_STEP_COUNT = 1_024

const NOTHING_ASKED: ReadonlyMap<TaskId, Asked> = new Map()
