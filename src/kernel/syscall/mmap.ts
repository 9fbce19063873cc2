/** Mapping, unmapping, protecting. */
import { advice, MAP_TYPE, mapFlag, PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_SEM, PROT_WRITE } from "../../linux/mman.ts"
import { alignDown } from "../../base/bits.ts"
import { TASK_SIZE } from "../../base/ids.ts"
import { PAGE_BYTES } from "../../machine/machine.ts"
import { mappedParts, mappedUntil } from "../mapping-list.ts"
import { effective, findGap, fits, isPageAligned, map, MAP_COUNT_MAX, mappingsOf, MMAP_MIN_ADDRESS, pageUp, protect, unmap } from "../memory.ts"
import { processOf } from "../state.ts"
import { defineSyscall, done, failed, returned, unsupported } from "./definition.ts"
import { isOpen } from "./file.ts"

const UNMODELLED = [["GROWSDOWN", mapFlag.GROWSDOWN], ["HUGETLB", mapFlag.HUGETLB], ["32BIT", mapFlag["32BIT"]]] as const

export const mmap = defineSyscall({
  name: "mmap",
  number: 9,
  parameters: { hint: "address", sizeBytes: "size", protection: "u64", flags: "u64", fd: "i32", offset: "u64" },
  summary: "maps pages of zeros",
  support: { partial: "anonymous memory; no files, huge pages, growing stacks or 32-bit places" },
  errors: ["EINVAL", "EBADF", "ENOMEM", "EEXIST", "ENODEV"],
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
    if (mappings.length > MAP_COUNT_MAX) return failed("ENOMEM")

    const isFixed = has(mapFlag.FIXED) || has(mapFlag.FIXED_NOREPLACE)
    const wanted = isFixed ? hint : hintAt(hint)
    const isFree = (start: number) => mappedParts(mappings, { start, end: start + length }).length === 0
    const start = isFixed || (wanted !== 0 && fits(wanted, length) && isFree(wanted)) ? wanted : findGap(mappings, length)
    if (start === undefined || !fits(start, length)) return failed("ENOMEM")
    if (!isPageAligned(start)) return failed("EINVAL")
    if (has(mapFlag.FIXED_NOREPLACE) && !isFree(start)) return failed("EEXIST")
    // The three descriptors are pipes, which cannot be mapped.
    if (!has(mapFlag.ANONYMOUS)) return failed("ENODEV")
    const type = flags & MAP_TYPE
    if (type !== mapFlag.PRIVATE && type !== mapFlag.SHARED) return failed("EINVAL")
    const range = { start, end: start + length }
    return map(kernel, task, range, effective(Number(protection & 7n)), type === mapFlag.SHARED) ? returned(start) : done
  }
})

/** A hint is taken at its page; one too low at the lowest page there may be. Source: Linux mm/mmap.c round_hint_to_min */
const hintAt = (hint: number): number => {
  const page = alignDown(hint, PAGE_BYTES)
  return page !== 0 && page < MMAP_MIN_ADDRESS ? MMAP_MIN_ADDRESS : page
}

export const munmap = defineSyscall({
  name: "munmap",
  number: 11,
  parameters: { start: "address", sizeBytes: "size" },
  summary: "takes mappings away",
  support: "full",
  errors: ["EINVAL"],
  source: "mmap(2); Linux mm/mmap.c do_vmi_munmap",
  perform: (kernel, task, { sizeBytes, start }) => {
    if (!isPageAligned(start) || !fits(start, sizeBytes) || sizeBytes === 0) return failed("EINVAL")
    unmap(kernel, task, { start, end: start + pageUp(sizeBytes) })
    return returned()
  }
})

export const mprotect = defineSyscall({
  name: "mprotect",
  number: 10,
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
    const until = Math.min(end, mappedUntil(mappingsOf(kernel, task), start))
    // Up to the first hole it is done.
    if (until > start) protect(kernel, task, { start, end: until }, effective(Number(wide)))
    return until === end ? returned() : failed("ENOMEM")
  }
})

export const brk = defineSyscall({
  name: "brk",
  number: 12,
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
      const isInTheWay = mappedParts(mappings, { start: now, end: wanted + PAGE_BYTES }).length > 0
      if (wanted > TASK_SIZE || isInTheWay) return returned(breakEnd)
      if (!map(kernel, task, { start: now, end: wanted }, effective(PROT_WRITE), false)) return done
    } else if (wanted < now) {
      unmap(kernel, task, { start: wanted, end: now })
    }
    if (end !== breakEnd) kernel.emit({ _tag: "BreakSet", process: task.process, end })
    return returned(end)
  }
})

/** Advice that changes nothing a program can see: there is no paging, no fork, no core dump, no sharing of equal pages. */
const harmless: ReadonlySet<number> = new Set([
  advice.NORMAL, advice.RANDOM, advice.SEQUENTIAL, advice.WILLNEED, advice.FREE, advice.DONTFORK, advice.DOFORK, advice.MERGEABLE,
  advice.UNMERGEABLE, advice.HUGEPAGE, advice.NOHUGEPAGE, advice.DONTDUMP, advice.DODUMP, advice.WIPEONFORK, advice.KEEPONFORK,
  advice.COLD, advice.PAGEOUT
])
const adviceNames = new Map<number, string>(Object.entries(advice).map(([name, value]) => [value, name]))

export const madvise = defineSyscall({
  name: "madvise",
  number: 28,
  parameters: { start: "address", sizeBytes: "size", advice: "i32" },
  summary: "what a range of memory will be used for; DONTNEED gives it up",
  support: { partial: "DONTNEED zeroes private mappings, but not the program's own; advice on paging, dumps and forks is accepted and changes nothing" },
  errors: ["EINVAL", "ENOMEM"],
  source: "madvise(2); Linux mm/madvise.c do_madvise",
  perform: (kernel, task, { advice: wanted, sizeBytes, start }) => {
    const name = adviceNames.get(wanted)
    if (name === undefined || !isPageAligned(start)) return failed("EINVAL")
    const end = start + pageUp(sizeBytes)
    if (end >= 2 ** 64) return failed("EINVAL")
    if (end === start) return returned()
    if (!harmless.has(wanted) && wanted !== advice.DONTNEED) return unsupported(`MADV_${name} is not modelled`)
    const { breakStart, mappings } = processOf(kernel.state, task.process)
    const parts = mappedParts(mappings, { start, end })
    if (wanted === advice.DONTNEED) {
      if (parts.some((part) => part.start < breakStart)) return unsupported("MADV_DONTNEED of the program's own segments is not modelled")
      for (const { end: until, isShared, protection, start: from } of parts) {
        // What is shared keeps its bytes: others may hold it.
        if (!isShared && !map(kernel, task, { start: from, end: until }, protection, false)) return done
      }
    }
    const mappedBytes = parts.reduce((sum, part) => sum + part.end - part.start, 0)
    return mappedBytes === end - start ? returned() : failed("ENOMEM")
  }
})

export const mremap = defineSyscall({
  name: "mremap",
  number: 25,
  parameters: { start: "address", oldBytes: "size", newBytes: "size", flags: "u64", newStart: "address" },
  summary: "moves or resizes a mapping",
  support: { partial: "not modelled: ends the run" },
  errors: [],
  source: "mremap(2)",
  perform: () => unsupported("mremap is not modelled")
})

// ---- locking: no page is ever taken away, so all memory is locked

const lockRange = <const Name extends string>(name: Name, number: number, summary: string) =>
  defineSyscall({
    name, number, summary,
    parameters: { start: "address", sizeBytes: "size" },
    support: { partial: "no page is ever taken away, locked or not" },
    errors: ["EINVAL", "ENOMEM"],
    source: "mlock(2); Linux mm/mlock.c do_mlock, apply_vma_lock_flags",
    perform: (kernel, task, { sizeBytes, start }) => {
      const from = alignDown(start, PAGE_BYTES)
      const end = from + pageUp(sizeBytes + (start - from))
      if (end >= 2 ** 64) return failed("EINVAL")
      return mappedUntil(mappingsOf(kernel, task), from) >= end ? returned() : failed("ENOMEM")
    }
  })

export const mlock = lockRange("mlock", 149, "keeps pages in memory")
export const munlock = lockRange("munlock", 150, "lets pages leave memory")

const MCL_ALL = 7
const MCL_ONFAULT = 4

export const mlockall = defineSyscall({
  name: "mlockall",
  number: 151,
  parameters: { flags: "i32" },
  summary: "keeps all pages in memory",
  support: { partial: "no page is ever taken away, locked or not" },
  errors: ["EINVAL"],
  source: "mlock(2); Linux mm/mlock.c SYSCALL_DEFINE1(mlockall)",
  perform: (_kernel, _task, { flags }) => (flags === 0 || (flags & ~MCL_ALL) !== 0 || flags === MCL_ONFAULT ? failed("EINVAL") : returned())
})

export const munlockall = defineSyscall({
  name: "munlockall",
  number: 152,
  parameters: {},
  summary: "lets all pages leave memory",
  support: { partial: "no page is ever taken away, locked or not" },
  errors: [],
  source: "mlock(2); Linux mm/mlock.c SYSCALL_DEFINE0(munlockall)",
  perform: () => returned()
})
