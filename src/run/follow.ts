/**
 * What a task does with its registers, followed instruction by instruction: which of them hold what it has worked out from
 * the number of its CPU, and which a section had changed before it was aborted. Slow, so only for whoever asks.
 */
import { contains, type Address, type AddressRange, PAGE_BYTES, type TaskId } from "../base/ids.ts"
import type { Pending } from "../base/mark.ts"
import type { Kernel } from "../kernel/kernel.ts"
import type { Task } from "../kernel/state.ts"
import type { Event } from "../log/event.ts"
import type { Registers } from "../machine/machine.ts"
import { decode, INSTRUCTION_BYTES_MAX } from "../x86/decode.ts"
import { type Flow, flowOf, type MemoryAccess, type RegisterSet } from "../x86/flow.ts"
import { FS_SLOT, GENERAL_REGISTER_COUNT, generalRegisters, GS_SLOT, RAX } from "../x86/register.ts"

/** So many instructions of a run are followed, and no more: what runs for long is not slowed down for ever. */
const FOLLOWED_ICOUNT_MAX = 1 << 20

const WORD_BYTES = 4

/** An instruction about to be executed: which it is, and what its accesses will touch. */
interface Standing {
  readonly ip: Address
  readonly count: number
  readonly lengthBytes: number
  readonly flow: Flow
  readonly addresses: ReadonlyArray<Address>
  /** By access: the number of the CPU that it will load. */
  readonly numbers: ReadonlyArray<number | undefined>
}

/** What an aborted section has made of a register. */
interface Change {
  readonly start: Address
  readonly before: bigint
  readonly after: bigint
}

/** A task in one of its contexts: itself, or a handler of its. */
interface Followed {
  /** By register: the number of the CPU it was worked out from. */
  numbers: Array<number | undefined>
  standing: Standing | undefined
  /** The section it entered last, and the registers it entered with; `undefined`: those it has at its next instruction. */
  entered: { readonly start: Address; readonly registers: ReadonlyArray<bigint> | undefined } | undefined
  isAborted: boolean
  /** By register: what is still there of sections that were aborted, and nobody has used. */
  readonly changes: Map<number, Change>
  /** A described section that it runs through, known to no contract. */
  passing: AddressRange | undefined
}

const fresh = (): Followed => ({
  numbers: Array.from({ length: GENERAL_REGISTER_COUNT }, () => undefined), standing: undefined, entered: undefined, isAborted: false, changes: new Map(), passing: undefined
})

const registersOf = (registers: Registers): ReadonlyArray<bigint> =>
  Array.from({ length: GENERAL_REGISTER_COUNT }, (_, number) => registers.get(number))

const isIn = (set: RegisterSet, register: number): boolean => (set >> register & 1) === 1

/** The one number that registers of a set were worked out from; `undefined`: none, or several. */
const numberOf = (numbers: ReadonlyArray<number | undefined>, set: RegisterSet): number | undefined => {
  let found: number | undefined
  for (let register = 0; register < GENERAL_REGISTER_COUNT; register++) {
    const number = isIn(set, register) ? numbers[register] : undefined
    if (number === undefined) continue
    if (found !== undefined && found !== number) return undefined
    found = number
  }
  return found
}

const slotsOf = (registers: Registers) => (slot: number): bigint =>
  slot < GENERAL_REGISTER_COUNT ? registers.get(slot) : slot === FS_SLOT ? registers.fsBase() : slot === GS_SLOT ? registers.gsBase() : 0n

/** Beyond what a double holds nothing is mapped. */
const addressOf = ({ address }: MemoryAccess, slots: (slot: number) => bigint): Address => Number(BigInt.asUintN(64, address(slots)))

interface Decoded {
  readonly bytes: Uint8Array
  readonly flow: Flow
  readonly lengthBytes: number
}

export class Follower {
  private readonly contexts = new Map<TaskId, [Followed, ...Array<Followed>]>()
  private readonly decoded = new Map<Address, Decoded>()
  private readonly starts: ReadonlyMap<Address, AddressRange>
  private followedIcount = 0
  /** Ranges whose mapping has changed and nobody has looked since. */
  private changed: Array<AddressRange & { readonly isReplaced: boolean }> = []

  constructor(sections: ReadonlyArray<AddressRange>) {
    this.starts = new Map(sections.map((section) => [section.start, section]))
  }

  /** Whether it goes on following. */
  get isSpent(): boolean {
    return this.followedIcount >= FOLLOWED_ICOUNT_MAX
  }

  restart(): void {
    this.contexts.clear()
    this.changed = []
    this.followedIcount = 0
  }

  private of(task: TaskId): Followed {
    const known = this.contexts.get(task)
    if (known !== undefined) return known[0]
    const first = fresh()
    this.contexts.set(task, [first])
    return first
  }

  /** A stretch begins: whoever has lost what its contract relies on is found out. */
  begins(kernel: Kernel): void {
    if (this.changed.length === 0) return
    const { changed } = this
    this.changed = []
    for (const task of kernel.state.tasks) {
      if (task.status === "exited") continue
      const memory = kernel.memory(task)
      for (const { end, start, what } of kernel.abis.flatMap(({ relied }) => relied?.(kernel.state, task, memory) ?? [])) {
        const isGone = changed.some((range) => range.start < end && start < range.end && (range.isReplaced || !memory.allows(start, end - start, "read")))
        if (isGone) kernel.notice({ _tag: "ReliedGone", task: task.id, what, address: start })
      }
    }
  }

  /** The instruction at `ip` as marks would have met it: its accesses, stores first; its call; or that it is executed. */
  about(kernel: Kernel, task: Task, ip: Address): ReadonlyArray<Pending> {
    this.followedIcount++
    const followed = this.of(task.id)
    const registers = kernel.registers(task)
    this.retire(followed, registers.count(), ip, kernel, task)
    followed.standing = this.standingAt(kernel, task, registers, ip)
    const { addresses, flow } = followed.standing ?? { addresses: [], flow: undefined }
    if (flow === undefined) return [{ _tag: "Execution", ip }]
    if (flow.isCall) return [{ _tag: "Call", ip }]
    const accesses = flow.accesses.map(({ kind, sizeBytes }, index): Pending =>
      ({ _tag: "Access", ip, address: addresses[index] ?? 0, sizeBytes, kind, isLocked: flow.isLocked }))
    return accesses.length === 0 ? [{ _tag: "Execution", ip }] : accesses.toSorted((a, b) => Number(isRead(a)) - Number(isRead(b)))
  }

  /** Observes the instruction that `about` was asked of. `section`: the one it stands in, where one is armed. */
  look(kernel: Kernel, task: Task, section: () => AddressRange | undefined): void {
    const followed = this.of(task.id)
    const { standing } = followed
    const registers = kernel.registers(task)
    if (followed.entered !== undefined && followed.entered.registers === undefined) {
      followed.entered = { start: followed.entered.start, registers: registersOf(registers) }
    }
    if (followed.isAborted) {
      followed.isAborted = false
      addChange(followed.changes, followed.entered, registers)
      followed.entered = undefined
    }
    if (standing === undefined) return
    const { addresses, flow, ip, numbers } = standing
    for (const [index, value] of numbers.entries()) {
      if (value !== undefined && value !== task.cpu) kernel.notice({ _tag: "CpuMisread", task: task.id, ip, address: addresses[index] ?? 0, value })
    }
    for (const [number, { after, before, start }] of followed.changes) {
      if (!isIn(flow.reads, number)) continue
      followed.changes.delete(number)
      kernel.notice({ _tag: "ChangeRead", task: task.id, ip, start, register: generalRegisters[number]?.name ?? "", before, after })
    }
    for (const [index, { by, kind }] of flow.accesses.entries()) {
      const number = kind === "read" ? undefined : numberOf(followed.numbers, by)
      const start = number === undefined || number === task.cpu ? undefined : section()?.start
      const address = addresses[index]
      if (number === undefined || start === undefined || address === undefined) continue
      kernel.notice({ _tag: "StoreMisplaced", task: task.id, ip, start, address, number })
    }
    if (this.starts.has(ip) && isUnknown(kernel, task)) followed.passing = this.starts.get(ip)
  }

  heard(event: Event): void {
    switch (event._tag) {
      case "SectionEntered":
        this.of(event.task).entered = { start: event.start, registers: undefined }
        return
      case "Committed":
      case "SectionLeft":
        this.of(event.task).entered = undefined
        return
      case "Aborted": {
        // Who is aborted at the first instruction has changed nothing; nobody has seen it enter.
        const { ip, start, task } = event
        const followed = this.of(task)
        if (ip === start || (start !== 0 && followed.entered?.start !== start)) followed.entered = undefined
        followed.isAborted = true
        return
      }
      case "SignalDelivered": {
        const contexts = this.contexts.get(event.task)
        if (contexts === undefined) return
        contexts[0].standing = undefined
        contexts.unshift(fresh())
        return
      }
      case "SignalReturned": {
        const contexts = this.contexts.get(event.task)
        const [, interrupted, ...others] = contexts ?? []
        if (interrupted !== undefined) this.contexts.set(event.task, [interrupted, ...others])
        return
      }
      case "Unmapped":
      case "Protected":
        this.changed.push({ start: event.start, end: event.end, isReplaced: false })
        return
      case "Mapped":
        this.changed.push({ start: event.start, end: event.end, isReplaced: true })
        return
      default:
    }
  }

  /** The instruction it stood at has happened if it counts. */
  private retire(followed: Followed, count: number, ip: Address, kernel: Kernel, task: Task): void {
    const { changes, numbers, passing, standing } = followed
    if (standing === undefined || standing.count + 1 !== count) return
    const { flow: { isCall, writes }, ip: from, lengthBytes } = standing
    const after = [...numbers]
    for (const { from: sources, isWhole, loaded, register } of writes) {
      const number = loaded === undefined ? numberOf(numbers, isWhole ? sources : sources | 1 << register) : standing.numbers[loaded]
      after[register] = number
      if (isWhole) changes.delete(register)
    }
    if (isCall) {
      after[RAX] = undefined
      changes.delete(RAX)
    }
    followed.numbers = after
    if (passing === undefined) return
    if (ip === passing.end && from + lengthBytes === ip) kernel.notice({ _tag: "SectionPassed", task: task.id, start: passing.start, postCommit: passing.end })
    if (!contains(passing, ip)) followed.passing = undefined
  }

  private standingAt(kernel: Kernel, task: Task, registers: Registers, ip: Address): Standing | undefined {
    const decoded = this.decodedAt(kernel, task, ip)
    if (decoded === undefined) return undefined
    const { flow, lengthBytes } = decoded
    const slots = slotsOf(registers)
    const addresses = flow.accesses.map((access) => addressOf(access, slots))
    const words = addresses.length === 0 ? [] : kernel.abis.flatMap(({ cpuWords }) => cpuWords?.(kernel.state, task) ?? [])
    const numbers = flow.accesses.map(({ kind, sizeBytes }, index) => {
      const address = addresses[index] ?? 0
      const word = kind === "write" ? undefined : words.find((at) => address <= at && at + WORD_BYTES <= address + sizeBytes)
      return word === undefined ? undefined : kernel.memory(task).read32(word)
    })
    return { ip, count: registers.count(), lengthBytes, flow, addresses, numbers }
  }

  private decodedAt(kernel: Kernel, task: Task, ip: Address): Decoded | undefined {
    const memory = kernel.memory(task)
    const met = this.decoded.get(ip)
    if (met !== undefined && memory.holds(ip, met.bytes)) return met
    const bytes = memory.readBytes(ip, INSTRUCTION_BYTES_MAX) ?? beforePageEnd(memory, ip)
    if (bytes === undefined) return undefined
    const instruction = decode(bytes, ip)
    if (instruction === "truncated") return undefined
    const { lengthBytes } = instruction
    const decoded = { bytes: bytes.slice(0, lengthBytes), flow: flowOf(instruction), lengthBytes }
    this.decoded.set(ip, decoded)
    return decoded
  }
}

/** As many bytes as the page of `ip` still has. */
const beforePageEnd = (memory: ReturnType<Kernel["memory"]>, ip: Address): Uint8Array | undefined =>
  memory.readBytes(ip, Math.min(INSTRUCTION_BYTES_MAX, PAGE_BYTES - ip % PAGE_BYTES))

const isRead = (pending: Pending): boolean => pending._tag === "Access" && pending.kind === "read"

const addChange = (changes: Map<number, Change>, entered: Followed["entered"], registers: Registers): void => {
  if (entered?.registers === undefined) return
  for (const [number, before] of entered.registers.entries()) {
    const after = registers.get(number)
    if (after !== before) changes.set(number, { start: entered.start, before, after })
  }
}

/** Registered with no contract. */
const isUnknown = (kernel: Kernel, task: Task): boolean =>
  kernel.abis.every(({ armingWord }) => armingWord?.(kernel.state, task) === undefined)
