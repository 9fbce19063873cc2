/**
 * What the engine can see and the kernel cannot: observations, made from marks and watches. They never touch the run.
 *
 * Sections: the store to the word that arms one brings the engine back, and so does each end of every section the program
 * describes; whether a section is armed there is asked of the contracts.
 */
import { type Address, type AddressRange, TASK_SIZE, type TaskId } from "../base/ids.ts"
import { isMarkedBy, type Mark, type Pending } from "../base/mark.ts"
import type { Kernel } from "../kernel/kernel.ts"
import { type KernelState, type Task, taskOf } from "../kernel/state.ts"
import { callNumber } from "../linux/call-number.ts"
import type { Event } from "../log/event.ts"
import type { Watching } from "../log/header.ts"
import { OBSERVER_VERSION } from "../log/version.ts"
import type { BlockId, Machine } from "../machine/machine.ts"
import type { Program } from "../program/program.ts"
import { type Watch, type WatchName, watchesOf } from "../program/watch.ts"
import { RAX, RDI } from "../x86/register.ts"
import { Follower } from "./follow.ts"
import { Sections } from "./sections.ts"

export interface Observer {
  /** What makes one that sees the same: `watcherOf` of the program and of this. `undefined`: it cannot be made again. */
  readonly asked?: Watching | undefined
  /** Both replaced, never changed. */
  readonly marks: ReadonlyArray<Mark>
  readonly watches: ReadonlyArray<AddressRange>
  /** Whether LOCKed accesses are observed wherever they are. Never changes. */
  readonly isOrdering: boolean
  /** A stretch is about to begin: whatever has been registered meanwhile may be marked. */
  readonly begins: (kernel: Kernel) => void
  /** The engine has run the task and come back. */
  readonly ran: (kernel: Kernel, machine: Machine, task: Task) => void
  /** A mark stopped it: what is about to happen. */
  readonly met: (kernel: Kernel, task: Task, pending: Pending) => void
  /** Something was written down. */
  readonly heard: (event: Event) => void
}

export const nobody: Observer = { marks: [], watches: [], isOrdering: false, begins: () => {}, ran: () => {}, met: () => {}, heard: () => {} }

export interface ObserverOptions {
  /** Accesses to these are observed. */
  readonly watches: ReadonlyArray<AddressRange>
  /** What is claimed of some of them: said once, where the observer begins. */
  readonly claims?: ReadonlyArray<Watch>
  /** Sections to come back for; others are found when they are armed. */
  readonly sections: ReadonlyArray<AddressRange>
  /** Those of them that the program describes: whoever runs one is to have armed it. By default all. */
  readonly described?: ReadonlyArray<AddressRange>
  /** Addresses whose execution is observed. */
  readonly reached: ReadonlyArray<Address>
  /** Follows registers through every instruction, for the observations that need it: many times as slow. */
  readonly isFollowing?: boolean
  /** As `Observer.asked`. */
  readonly asked?: Watching
}

const EVERY_INSTRUCTION: ReadonlyArray<Mark> = [{ _tag: "EveryInstruction" }]

/** Who watches all that a program describes, and `more`. `undefined`: there is nothing to watch. */
export const watcherOf = (program: Program, { sections = program.sections, watches: more = [], ...others }: Partial<ObserverOptions> = {}): Watcher | undefined => {
  const watches = watchesOf(program)
  const claims = watches.filter(({ claim }) => claim !== "watch")
  const sequences = claims.filter(({ other }) => other !== 0).map(({ other: start }) => ({ start, end: start + 1 }))
  const besides = more.filter((range) => !watches.some((watch) => watch === range))
  const all = [...watches, ...sequences, ...besides]
  const isNothing = all.length === 0 && sections.length === 0 && others.isFollowing !== true
  const { isFollowing = false, reached = [] } = others
  const asked: Watching = { version: OBSERVER_VERSION, isFollowing, watches: besides, sections, reached }
  return isNothing ? undefined : new Watcher({ ...others, reached, watches: all, claims, sections, described: program.sections, asked })
}

/** Section edges, watched accesses, marked addresses. */
export class Watcher implements Observer {
  readonly asked: Watching | undefined
  marks: ReadonlyArray<Mark>
  /** What it wants to meet without following. */
  private own: ReadonlyArray<Mark>
  watches: ReadonlyArray<AddressRange>
  private readonly declared: ReadonlyArray<AddressRange>
  private readonly claims: ReadonlyArray<Watch>
  /** Where something is claimed to be shared, whatever orders is looked for. */
  readonly isOrdering: boolean
  /** Words that were seen to order: accessed with LOCK, given to futex(2), cleared by tasks at their end. */
  private ordering: Array<AddressRange> = []
  private hasBegun = false
  private readonly reached: ReadonlySet<Address>
  private readonly sections: Sections
  private readonly words = new Map<Address, AddressRange>()
  /** Words that only the kernel is to write, once their task is registered. */
  private readonly kernelWords = new Map<Address, AddressRange>()
  /** Who may have armed a section a moment ago: looked at before its next instruction. */
  private readonly arming = new Set<TaskId>()
  /** Registrations are part of the state: looked for once a state. */
  private lastState: KernelState | undefined
  private readonly follower: Follower | undefined

  constructor({ asked, claims = [], isFollowing = false, reached, sections, described = sections, watches }: ObserverOptions) {
    this.asked = asked
    this.follower = isFollowing ? new Follower(described) : undefined
    this.watches = watches
    this.declared = watches
    this.claims = claims
    this.isOrdering = claims.some(({ claim }) => claim === "shared")
    this.reached = new Set(reached)
    this.sections = new Sections(sections, described)
    this.own = this.ownMarks()
    this.marks = this.follower === undefined ? this.own : EVERY_INSTRUCTION
  }

  /** Forgets what it saw of a run: another begins, from a fork of the same boot. */
  restart(): void {
    this.sections.restart()
    this.ordering = []
    this.watches = this.declared
    this.hasBegun = false
    this.lastState = undefined
    const isOther = this.arming.size > 0 || this.follower?.isSpent === true
    this.arming.clear()
    this.follower?.restart()
    if (isOther) this.refresh()
  }

  /** The marks are others than before. */
  private refresh(): void {
    this.own = this.ownMarks()
    this.marks = this.follower === undefined || this.follower.isSpent ? this.own : EVERY_INSTRUCTION
  }

  private ownMarks(): ReadonlyArray<Mark> {
    const executed = [...this.sections.edges, ...this.reached].map((at): Mark => ({ _tag: "Executed", at }))
    const stored = [...this.words.values(), ...this.kernelWords.values()].map(({ end, start }): Mark => ({ _tag: "Accessed", start, end, by: "write" }))
    const marks: ReadonlyArray<Mark> = [...executed, ...stored, { _tag: "Called" }]
    return this.arming.size > 0 ? [...marks, { _tag: "EveryInstruction" }] : marks
  }

  met(kernel: Kernel, task: Task, pending: Pending): void {
    if (this.follower === undefined || this.follower.isSpent) return this.meet(kernel, task, pending)
    const marked = this.follower.about(kernel, task, pending.ip).find((one) => isMarkedBy(this.own, one))
    if (marked !== undefined) this.meet(kernel, task, marked)
    const now = taskOf(kernel.state, task.id)
    this.follower.look(kernel, now, () => (isArmed(kernel, now) ? this.sections.of(task.id) : undefined))
    if (this.follower.isSpent) this.refresh()
  }

  private meet(kernel: Kernel, task: Task, pending: Pending): void {
    const now = taskOf(kernel.state, task.id)
    if (this.arming.size > 0) {
      // Every instruction is met for somebody else, as that and not by what it stores: that is looked at behind it.
      if (!this.arming.delete(task.id)) this.arming.add(task.id)
      if (this.arming.size === 0) this.refresh()
    }
    if (this.reached.has(pending.ip)) kernel.notice({ _tag: "Reached", task: task.id, ip: pending.ip })
    const edgeCount = this.sections.edges.size
    this.sections.comesTo(kernel, now, pending.ip)
    const inside = this.sections.of(task.id)
    if (pending._tag === "Call" && this.isOrdering) this.meetFutex(kernel, task)
    if (pending._tag === "Call" && inside !== undefined && isArmed(kernel, now)) {
      kernel.notice({ _tag: "SectionCalled", task: task.id, ip: pending.ip, start: inside.start })
    }
    this.sections.look(kernel, now, pending.ip)
    if (this.sections.edges.size !== edgeCount) this.refresh()
    if (pending._tag !== "Access" || pending.kind === "read") return
    this.meetStore(kernel, task, pending)
    if (this.isArmingWord(pending.address)) {
      const wasArming = this.arming.size > 0
      this.arming.add(task.id)
      if (!wasArming) this.refresh()
    }
  }

  private meetStore(kernel: Kernel, task: Task, { address, ip, sizeBytes }: Extract<Pending, { readonly _tag: "Access" }>): void {
    const isMet = ({ end, start }: AddressRange): boolean => start < address + sizeBytes && address < end
    if (![...this.kernelWords.values()].some(isMet)) return
    // Whoever has left or unregistered owns its memory again.
    const owner = kernel.state.tasks.find((one) => one.status !== "exited" && kernelWordsOf(kernel, one).some(isMet))
    if (owner !== undefined) kernel.notice({ _tag: "KernelWordStored", task: task.id, ip, address, owner: owner.id })
  }

  private isArmingWord(at: Address): boolean {
    for (const { end, start } of this.words.values()) if (start <= at && at < end) return true
    return false
  }

  ran(kernel: Kernel, machine: Machine, _task: Task): void {
    if (this.watches.length === 0) return
    for (const access of machine.drainWatches()) {
      const task = taskOfBlock(kernel, access.block)
      if (task === undefined) continue
      this.sections.hasBeenAt(kernel, task, access.ip, access.count)
      if (access.isLocked && this.isOrdering) this.orders(kernel, access.address, access.address + access.sizeBytes, access.count)
      kernel.notice({
        _tag: "Accessed", task, ip: access.ip, address: access.address, sizeBytes: access.sizeBytes,
        isWrite: access.isWrite ? 1 : 0, before: access.before, after: access.after,
        isRead: access.isRead ? 1 : 0, isLocked: access.isLocked ? 1 : 0
      }, access.count)
    }
  }

  /** The words of registrations are marked from the next instruction on. */
  begins(kernel: Kernel): void {
    this.follower?.begins(kernel)
    if (kernel.state === this.lastState) return
    this.lastState = kernel.state
    if (this.claims.length > 0) this.sayClaims(kernel)
    let isChanged = false
    for (const task of kernel.state.tasks) {
      for (const abi of kernel.abis) {
        const word = task.status === "exited" ? undefined : abi.armingWord?.(kernel.state, task)
        if (word === undefined || this.words.has(word.start)) continue
        this.words.set(word.start, word)
        isChanged = true
      }
      for (const word of task.status === "exited" ? [] : kernelWordsOf(kernel, task)) {
        if (this.kernelWords.has(word.start)) continue
        this.kernelWords.set(word.start, word)
        isChanged = true
      }
    }
    if (isChanged) this.refresh()
  }

  /** What the program claims and who lives, once; then whatever word a task is to clear at its end: its joiner may look there. */
  private sayClaims(kernel: Kernel): void {
    if (!this.hasBegun) {
      this.hasBegun = true
      const memory = kernel.memory(kernel.current(kernel.task))
      for (const { claim, end, option, other, start, strideBytes } of this.claims) {
        kernel.notice({ _tag: "Claimed", claim, start, end, strideBytes, option, other, value: memory.read64(start) ?? 0n })
      }
      for (const { clearChildTid, cpu, id, status, wait } of kernel.state.tasks) {
        if (status !== "exited" && wait?.on !== "tasks") kernel.notice({ _tag: "Found", task: id, cpu, clearChildTid })
      }
    }
    for (const { clearChildTid: start } of kernel.state.tasks) if (start !== 0) this.orders(kernel, start, start + INT_BYTES)
  }

  private meetFutex(kernel: Kernel, task: Task): void {
    const registers = kernel.registers(task)
    const start = registers.number(RDI)
    if (registers.number(RAX) === callNumber.futex && start < TASK_SIZE) this.orders(kernel, start, start + INT_BYTES)
  }

  /** Watched from now on, and said once: from now on plain accesses to it order, too. What is claimed to be data stays data. */
  private orders(kernel: Kernel, start: Address, end: Address, count = kernel.count): void {
    const isMet = (range: AddressRange): boolean => range.start < end && start < range.end
    if (this.ordering.some(isMet) || this.claims.some((claim) => decided.has(claim.claim) && isMet(claim))) return
    this.ordering.push({ start, end })
    this.watches = [...this.watches, { start, end }]
    kernel.notice({ _tag: "Claimed", claim: "sync", start, end, strideBytes: 0, option: "", other: 0, value: 0n }, count)
  }

  heard(event: Event): void {
    this.follower?.heard(event)
    if (event._tag === "Aborted" || event._tag === "SignalDelivered" || event._tag === "TaskExited") this.sections.forget(event.task)
    if (event._tag === "TaskExited" && this.arming.delete(event.task) && this.arming.size === 0) this.refresh()
  }
}

/** Of the word that futex(2) is about, and of that which a task clears at its end. */
const INT_BYTES = 4

/** Claims that say whether a word orders. */
const decided: ReadonlySet<WatchName> = new Set<WatchName>(["shared", "whole", "sync"])

const isArmed = (kernel: Kernel, task: Task): boolean =>
  kernel.abis.some(({ armed }) => armed(kernel.state, task, kernel.registers(task), kernel.memory(task)) !== undefined)

const kernelWordsOf = (kernel: Kernel, task: Task): ReadonlyArray<AddressRange> =>
  kernel.abis.flatMap(({ kernelWords }) => kernelWords?.(kernel.state, task) ?? [])

const taskOfBlock = (kernel: Kernel, block: BlockId): TaskId | undefined => kernel.state.tasks[kernel.blocks.indexOf(block)]?.id
