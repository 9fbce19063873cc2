/** Mapping, unmapping, protecting. */
import { MAP_TYPE, mapFlag, PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_SEM, PROT_WRITE } from "../../linux/mman.ts"
import type { Errno } from "../../linux/errno.ts"
import { alignDown } from "../../base/bits.ts"
import { PAGE_BYTES, TASK_SIZE } from "../../base/ids.ts"
import { countOf, coveredUntil, touches } from "../../base/ranges.ts"
import { effective, findGap, fits, isPageAligned, lock, map, MAP_COUNT_MAX, mappingsOf, MMAP_MIN_ADDRESS, pageUp, protect, unmap } from "../memory.ts"
import type { Kernel } from "../kernel.ts"
import { processOf, type Task } from "../state.ts"
import { defineSyscall, done, failed, returned, unsupported } from "./definition.ts"
import { isOpen, isReadable, isWritable } from "./file.ts"

const UNMODELLED = [["GROWSDOWN", mapFlag.GROWSDOWN], ["HUGETLB", mapFlag.HUGETLB], ["32BIT", mapFlag["32BIT"]]] as const

export const mmap = defineSyscall({
  name: "mmap",
  parameters: { hint: "address", sizeBytes: "size", protection: "u64", flags: "u64", fd: "i32", offset: "u64" },
  summary: "maps pages of zeros",
  support: { partial: "anonymous memory; no files, huge pages, growing stacks or 32-bit places" },
  errors: ["EINVAL", "EBADF", "ENOMEM", "EEXIST", "EOPNOTSUPP", "EACCES", "ENODEV"],
  mayRefuse: ["ENOMEM"],
  source: "mmap(2); Linux mm/mmap.c do_mmap, arch/x86/kernel/sys_x86_64.c",
  perform: (kernel, task, { fd, flags: allFlags, hint, offset, protection, sizeBytes }) => {
    const flags = Number(allFlags & 0xffff_ffffn)
    const has = (flag: number) => (flags & flag) !== 0
    if (offset % BigInt(PAGE_BYTES) !== 0n) return failed("EINVAL")
    if (!has(mapFlag.ANONYMOUS) && !isOpen(kernel, task, fd)) return failed("EBADF")
    const strange = UNMODELLED.find(([, flag]) => has(flag))
    if (strange !== undefined) return unsupported(`MAP_${strange[0]} is not modelled`)
    if (sizeBytes === 0) return failed("EINVAL")
    const length = pageUp(sizeBytes)
    if (length > TASK_SIZE) return failed("ENOMEM")
    const mappings = mappingsOf(kernel, task)
    if (countOf(mappings) > MAP_COUNT_MAX) return failed("ENOMEM")

    const isFixed = has(mapFlag.FIXED) || has(mapFlag.FIXED_NOREPLACE)
    const wanted = isFixed ? hint : hintAt(hint)
    const isFree = (start: number) => !touches(mappings, start, start + length)
    const start = isFixed || (wanted !== 0 && fits(wanted, length) && isFree(wanted)) ? wanted : findGap(mappings, length)
    if (start === undefined || !fits(start, length)) return failed("ENOMEM")
    if (!isPageAligned(start)) return failed("EINVAL")
    if (has(mapFlag.FIXED_NOREPLACE) && !isFree(start)) return failed("EEXIST")
    const type = flags & MAP_TYPE
    if (!has(mapFlag.ANONYMOUS)) return failed(pipeError(kernel, task, fd, type, flags, (protection & BigInt(PROT_WRITE)) !== 0n))
    if (type !== mapFlag.PRIVATE && type !== mapFlag.SHARED) return failed("EINVAL")
    const range = { start, end: start + length }
    if (!map(kernel, task, range, effective(Number(protection & 7n)), type === mapFlag.SHARED)) return done
    if (has(mapFlag.LOCKED)) lock(kernel, task, range, true)
    return returned(start)
  }
})

/** Flags that MAP_SHARED_VALIDATE knows. Source: Linux include/linux/mman.h LEGACY_MAP_MASK */
const VALIDATED = mapFlag.SHARED_VALIDATE | mapFlag.FIXED | mapFlag.ANONYMOUS | mapFlag.DENYWRITE | mapFlag.EXECUTABLE | mapFlag.UNINITIALIZED
  | mapFlag.GROWSDOWN | mapFlag.LOCKED | mapFlag.NORESERVE | mapFlag.POPULATE | mapFlag.NONBLOCK | mapFlag.STACK | mapFlag.HUGETLB | mapFlag["32BIT"]

/** Why a descriptor cannot be mapped: each is a pipe, open one way. */
const pipeError = (kernel: Kernel, task: Task, fd: number, type: number, flags: number, isWritten: boolean): Errno => {
  if (type !== mapFlag.PRIVATE && type !== mapFlag.SHARED && type !== mapFlag.SHARED_VALIDATE) return "EINVAL"
  if (type === mapFlag.SHARED_VALIDATE && (flags & ~VALIDATED) !== 0) return "EOPNOTSUPP"
  if (type !== mapFlag.PRIVATE && isWritten && !isWritable(kernel, task, fd)) return "EACCES"
  return isReadable(kernel, task, fd) ? "ENODEV" : "EACCES"
}

/** A hint is taken at its page; one too low at the lowest page there may be. Source: Linux mm/mmap.c round_hint_to_min */
const hintAt = (hint: number): number => {
  const page = alignDown(hint, PAGE_BYTES)
  return page !== 0 && page < MMAP_MIN_ADDRESS ? MMAP_MIN_ADDRESS : page
}

export const munmap = defineSyscall({
  name: "munmap",
  parameters: { start: "address", sizeBytes: "size" },
  summary: "takes mappings away",
  support: "full",
  errors: ["EINVAL", "ENOMEM"],
  source: "mmap(2); Linux mm/mmap.c do_vmi_munmap",
  perform: (kernel, task, { sizeBytes, start }) => {
    if (!isPageAligned(start) || !fits(start, sizeBytes) || sizeBytes === 0) return failed("EINVAL")
    return unmap(kernel, task, { start, end: start + pageUp(sizeBytes) }) ? returned() : failed("ENOMEM")
  }
})

export const mprotect = defineSyscall({
  name: "mprotect",
  parameters: { start: "address", sizeBytes: "size", protection: "u64" },
  summary: "what may be done with pages",
  support: { partial: "no growing mappings" },
  errors: ["EINVAL", "ENOMEM"],
  source: "mprotect(2); Linux mm/mprotect.c do_mprotect_pkey",
  perform: (kernel, task, { protection: wide, sizeBytes, start }) => {
    const grows = wide & BigInt(PROT_GROWSDOWN | PROT_GROWSUP)
    if (grows === BigInt(PROT_GROWSDOWN | PROT_GROWSUP)) return failed("EINVAL")
    if (grows !== 0n) return unsupported("PROT_GROWSDOWN and PROT_GROWSUP are not modelled")
    if (!isPageAligned(start)) return failed("EINVAL")
    if (sizeBytes === 0) return returned()
    const end = start + pageUp(sizeBytes)
    // Beyond 2^64 the end would be below the start.
    if (end >= 2 ** 64) return failed("ENOMEM")
    if ((wide & ~BigInt(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM)) !== 0n) return failed("EINVAL")
    const until = Math.min(end, coveredUntil(mappingsOf(kernel, task), start))
    // Up to the first hole it is done.
    const isDone = until === start || protect(kernel, task, { start, end: until }, effective(Number(wide)))
    return isDone && until === end ? returned() : failed("ENOMEM")
  }
})

export const brk = defineSyscall({
  name: "brk",
  parameters: { end: "address" },
  summary: "moves the end of the heap; returns where it is, moved or not",
  support: "full",
  errors: [],
  source: "brk(2); Linux mm/mmap.c SYSCALL_DEFINE1(brk)",
  perform: (kernel, task, { end }) => {
    const { breakEnd, breakStart, mappings } = processOf(kernel.state, task.process)
    if (end < breakStart) return returned(breakEnd)
    const now = pageUp(breakEnd)
    const wanted = pageUp(end)
    if (wanted > now) {
      // A page is left free between the heap and what follows.
      const isInTheWay = touches(mappings, now, wanted + PAGE_BYTES)
      if (wanted > TASK_SIZE || isInTheWay) return returned(breakEnd)
      if (!map(kernel, task, { start: now, end: wanted }, effective(PROT_WRITE), false)) return done
    } else if (wanted < now) {
      unmap(kernel, task, { start: wanted, end: now })
    }
    if (end !== breakEnd) kernel.emit({ _tag: "BreakSet", process: task.process, end })
    return returned(end)
  }
})

export const mremap = defineSyscall({
  name: "mremap",
  parameters: { start: "address", oldBytes: "size", newBytes: "size", flags: "u64", newStart: "address" },
  summary: "moves or resizes a mapping",
  support: { partial: "not modelled: ends the run" },
  errors: [],
  source: "mremap(2)",
  perform: () => unsupported("mremap is not modelled")
})
