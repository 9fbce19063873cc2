/**
 * Which section each task is in, and how that ends. Whether one is armed is asked of the contracts; a task that was inside
 * and is not any more has committed where it retired the last instruction, was aborted where the kernel says so, and has
 * left it by a branch otherwise.
 */
import { type Address, type AddressRange, contains, type Count, type TaskId } from "../base/ids.ts"
import type { Kernel } from "../kernel/kernel.ts"
import type { Task } from "../kernel/state.ts"
import type { UserMemory } from "../machine/machine.ts"
import { decode, INSTRUCTION_BYTES_MAX } from "../x86/decode.ts"

/** Of a longer section the last instruction is not looked for: whoever comes to its end is taken to have committed. */
const SECTION_BYTES_MAX = 4096

/** The last instruction of a section, as its bytes were. */
interface Last {
  readonly bytes: Uint8Array
  /** `undefined`: no row of instructions from its start comes to its end. */
  readonly ip: Address | undefined
  readonly isRepeated: boolean
}

interface Inside {
  readonly range: AddressRange
  /** Where a task is that is still in it: from 0 on where the contract knows no lower bound. */
  readonly extent: AddressRange
  /** The task's count before the last instruction, where it was seen there. */
  lastAt: Count | undefined
}

const keyOf = ({ end, start }: AddressRange): string => `${start}-${end}`

/** The instruction that ends where the section does, if the ones from its start lead there. */
const lastOf = (bytes: Uint8Array, { end, start }: AddressRange): Last => {
  for (let at = start; at < end;) {
    const instruction = decode(bytes.subarray(at - start, at - start + INSTRUCTION_BYTES_MAX), at)
    if (instruction === "truncated") break
    const next = at + instruction.lengthBytes
    if (next === end) return { bytes, ip: at, isRepeated: instruction.form.row.name.startsWith("rep") }
    at = next
  }
  return { bytes, ip: undefined, isRepeated: false }
}

export class Sections {
  /** Where the engine must come back: starts, last instructions and ends. */
  readonly edges = new Set<Address>()
  private readonly starts: ReadonlySet<Address>
  private readonly inside = new Map<TaskId, Inside>()
  private readonly lasts = new Map<string, Last>()

  /** Known ones, and those of them that the program describes; others are found when they are armed. */
  constructor(known: ReadonlyArray<AddressRange>, described: ReadonlyArray<AddressRange>) {
    this.starts = new Set(described.map(({ start }) => start))
    for (const { end, start } of known) this.edges.add(start).add(end)
  }

  /** Another run begins, from a fork of the same boot. */
  restart(): void {
    this.inside.clear()
  }

  of(task: TaskId): AddressRange | undefined { return this.inside.get(task)?.range }

  /** It is in none any more, and somebody else says why. */
  forget(task: TaskId): void {
    this.inside.delete(task)
  }

  /** The task has come to `ip`, whose instruction has yet to be executed. */
  comesTo(kernel: Kernel, task: Task, ip: Address): void {
    const met = this.inside.get(task.id)
    if (met === undefined) return
    const { extent, lastAt, range } = met
    if (contains(extent, ip)) {
      if (ip === this.lasts.get(keyOf(range))?.ip) met.lastAt = kernel.countOf(task)
      return
    }
    this.inside.delete(task.id)
    if (ip === range.end && this.hasRetiredLast(range, lastAt, kernel.countOf(task))) {
      kernel.notice({ _tag: "Committed", task: task.id, postCommit: range.end })
    } else {
      kernel.notice({ _tag: "SectionLeft", task: task.id, ip, start: range.start })
    }
  }

  /** It has executed an instruction at `ip` when it had retired `count`: outside means that it has left. */
  hasBeenAt(kernel: Kernel, task: TaskId, ip: Address, count: Count): void {
    const met = this.inside.get(task)
    if (met === undefined || contains(met.extent, ip)) return
    this.inside.delete(task)
    kernel.notice({ _tag: "SectionLeft", task, ip, start: met.range.start }, count)
  }

  /** Whether a section is armed at `ip` that was not a moment ago. */
  look(kernel: Kernel, task: Task, ip: Address): void {
    for (const abi of kernel.abis) {
      const memory = kernel.memory(task)
      const armed = abi.armed(kernel.state, task, kernel.registers(task), memory)
      if (armed === undefined) continue
      const before = this.of(task.id)
      // A contract without a lower bound: the section is what comes after the arming store.
      const range = armed.start === 0 ? { start: before?.start ?? ip, end: armed.end } : armed
      if (before?.end === range.end && ip !== range.start) return
      const last = this.lastOf(memory, range)
      this.inside.set(task.id, { range, extent: armed, lastAt: ip === last.ip ? kernel.countOf(task) : undefined })
      this.edges.add(range.end)
      if (last.ip !== undefined) this.edges.add(last.ip)
      kernel.notice({ _tag: "SectionEntered", task: task.id, start: range.start, postCommit: range.end })
      return
    }
    if (this.starts.has(ip) && isDisarmed(kernel, task)) kernel.notice({ _tag: "SectionUnarmed", task: task.id, start: ip })
  }

  private hasRetiredLast(range: AddressRange, lastAt: Count | undefined, count: Count): boolean {
    const last = this.lasts.get(keyOf(range))
    if (last?.ip === undefined) return true
    return lastAt !== undefined && (last.isRepeated || count === lastAt + 1)
  }

  /** Code may be written anew: what is known of a section is known of its bytes. */
  private lastOf(memory: UserMemory, range: AddressRange): Last {
    const known = this.lasts.get(keyOf(range))
    if (known !== undefined && known.bytes.length > 0 && memory.holds(range.start, known.bytes)) return known
    const sizeBytes = range.end - range.start
    const bytes = sizeBytes > 0 && sizeBytes <= SECTION_BYTES_MAX ? memory.readBytes(range.start, sizeBytes) : undefined
    const found = lastOf(bytes ?? NO_BYTES, range)
    this.lasts.set(keyOf(range), found)
    return found
  }
}

const NO_BYTES = new Uint8Array(0)

/** Registered, and its arming word is empty: what it names otherwise may be unsound, but is for the kernel to judge. */
const isDisarmed = (kernel: Kernel, task: Task): boolean =>
  kernel.abis.some(({ armingWord }) => {
    const word = armingWord?.(kernel.state, task)
    return word !== undefined && kernel.memory(task).read64(word.start) === 0n
  })
