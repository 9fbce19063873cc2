/**
 * A process's mappings: the machine's pages and the kernel's list of them, changed together.
 *
 * Source: Linux mm/mmap.c, arch/x86/kernel/sys_x86_64.c arch_get_unmapped_area_topdown
 */
import { type Address, type AddressRange, PAGE_BYTES, TASK_SIZE } from "../base/ids.ts"
import { countOf, roomBelow } from "../base/ranges.ts"
import { READ } from "../machine/machine.ts"
import { landAll } from "./in-flight.ts"
import type { Kernel } from "./kernel.ts"
import { mappedParts, type Mappings, splitCount } from "./mapping.ts"
import { type Process, processOf, type Task } from "./state.ts"

/** Mappings are placed below here, top down: where Linux begins without randomization. */
export const MMAP_BASE: Address = 0x7fff_f7ff_f000
/** Nothing is placed lower unless it is asked for. Source: Linux security/min_addr.c */
export const MMAP_MIN_ADDRESS: Address = 0x1_0000

/** `sysctl_max_map_count`. */
export const MAP_COUNT_MAX = 65_530

/** What the processor makes of a protection: whatever may be used may be read. */
export const effective = (protection: number): number => {
  const bits = protection & 7
  return bits === 0 ? 0 : bits | READ
}

export const mappingsOf = (kernel: Kernel, task: Task): Mappings => processOf(kernel.state, task.process).mappings

/** The highest gap below `MMAP_BASE` that is large enough; `undefined` if there is none. */
export const findGap = (mappings: Mappings, sizeBytes: number): Address | undefined => {
  const start = roomBelow(mappings, MMAP_BASE, sizeBytes) - sizeBytes
  return start >= MMAP_MIN_ADDRESS ? start : undefined
}

/** Maps zeroed pages. False: our own limit is reached, and the run has ended. */
export const map = (kernel: Kernel, { process }: Task, range: AddressRange, protection: number, isShared: boolean): boolean => {
  const space = kernel.spaceOf(process)
  landAll(kernel, process)
  kernel.worked((range.end - range.start) / PAGE_BYTES, "pages")
  if (!kernel.machine.map(space, range, protection, isShared)) {
    kernel.end({ _tag: "OutOfBudget", limit: "memory" })
    return false
  }
  kernel.emit({ _tag: "Mapped", process, ...range, protection, isShared: isShared ? 1 : 0 })
  return true
}

/** False: one mapping would become two, and there are as many as there may be. */
export const unmap = (kernel: Kernel, task: Task, range: AddressRange): boolean => {
  const process: Process = processOf(kernel.state, task.process)
  const parts = mappedParts(process.mappings, range)
  if (parts.length === 1 && splitCount(process.mappings, range) === 2 && countOf(process.mappings) >= MAP_COUNT_MAX) return false
  landAll(kernel, process.id)
  for (const { end, start } of parts) {
    kernel.worked((end - start) / PAGE_BYTES, "pages")
    kernel.worked(1, "entries")
    kernel.machine.unmap(kernel.spaceOf(process.id), { start, end })
    kernel.emit({ _tag: "Unmapped", process: process.id, start, end })
  }
  return true
}

/** Whether the part, which is to be something else than it is, may become a mapping of its own. */
const maySplit = (kernel: Kernel, task: Task, part: AddressRange): boolean => {
  const mappings = mappingsOf(kernel, task)
  const more = splitCount(mappings, part)
  return more === 0 || countOf(mappings) + more <= MAP_COUNT_MAX
}

/** False: there are as many mappings as there may be. What comes before that is done. Source: Linux mm/vma.c split_vma */
export const protect = (kernel: Kernel, task: Task, range: AddressRange, protection: number): boolean => {
  const { id, mappings } = processOf(kernel.state, task.process)
  const space = kernel.spaceOf(id)
  landAll(kernel, id)
  for (const part of mappedParts(mappings, range)) {
    kernel.worked(1, "entries")
    if (part.protection === protection) continue
    if (!maySplit(kernel, task, part)) return false
    kernel.worked((part.end - part.start) / PAGE_BYTES, "pages")
    kernel.machine.protect(space, { start: part.start, end: part.end }, protection)
    kernel.emit({ _tag: "Protected", process: id, start: part.start, end: part.end, protection })
  }
  return true
}

/** Locks what is mapped of the range, or unlocks it. False: there are as many mappings as there may be. */
export const lock = (kernel: Kernel, task: Task, range: AddressRange, isLocked: boolean): boolean => {
  for (const part of mappedParts(mappingsOf(kernel, task), range)) {
    kernel.worked(1, "entries")
    if (part.isLocked === isLocked) continue
    if (!maySplit(kernel, task, part)) return false
    kernel.emit({ _tag: "Locked", process: task.process, start: part.start, end: part.end, isLocked: isLocked ? 1 : 0 })
  }
  return true
}

export const pageUp = (at: number): number => Math.ceil(at / PAGE_BYTES) * PAGE_BYTES
export const isPageAligned = (at: number): boolean => at % PAGE_BYTES === 0

/** Lies below the end of user space. */
export const fits = (start: Address, sizeBytes: number): boolean => sizeBytes <= TASK_SIZE && start <= TASK_SIZE - sizeBytes
