/** What memory will be used for. */
import { advice } from "../../linux/mman.ts"
import { mappedParts } from "../mapping.ts"
import { isPageAligned, lock, map, pageUp } from "../memory.ts"
import { processOf } from "../state.ts"
import { defineSyscall, done, failed, returned, unsupported } from "./definition.ts"

/** Advice that changes nothing a program can see: there is no paging, no fork, no core dump, no sharing of equal pages. */
const harmless: ReadonlySet<number> = new Set([
  advice.NORMAL, advice.RANDOM, advice.SEQUENTIAL, advice.WILLNEED, advice.FREE, advice.DONTFORK, advice.DOFORK, advice.MERGEABLE,
  advice.UNMERGEABLE, advice.HUGEPAGE, advice.NOHUGEPAGE, advice.DONTDUMP, advice.DODUMP, advice.WIPEONFORK, advice.KEEPONFORK,
  advice.COLD, advice.PAGEOUT
])
/** What must not be taken away. Source: Linux mm/madvise.c madvise_dontneed_free_valid_vma, can_madv_lru_vma */
const needsUnlocked: ReadonlySet<number> = new Set([advice.DONTNEED, advice.FREE, advice.COLD, advice.PAGEOUT])
/** Source: Linux mm/madvise.c madvise_free_single_vma, madvise_vma_behavior */
const needsPrivate: ReadonlySet<number> = new Set([advice.FREE, advice.WIPEONFORK])
const adviceNames = new Map<number, string>(Object.entries(advice).map(([name, value]) => [value, name]))

export const madvise = defineSyscall({
  name: "madvise",
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
    const givesUp = wanted === advice.DONTNEED || wanted === advice.DONTNEED_LOCKED
    if (!harmless.has(wanted) && !givesUp) return unsupported(`MADV_${name} is not modelled`)
    const { breakStart, mappings } = processOf(kernel.state, task.process)
    const parts = mappedParts(mappings, { start, end })
    // Holes are passed over and told at the end; what the advice is not for ends it there.
    for (const part of parts) {
      if ((part.isLocked && needsUnlocked.has(wanted)) || (part.isShared && needsPrivate.has(wanted))) return failed("EINVAL")
      if (!givesUp) continue
      if (part.start < breakStart) return unsupported(`MADV_${name} of the program's own segments is not modelled`)
      // What is shared keeps its bytes: others may hold it.
      if (part.isShared) continue
      if (!map(kernel, task, { start: part.start, end: part.end }, part.protection, false)) return done
      if (part.isLocked) lock(kernel, task, part, true)
    }
    const mappedBytes = parts.reduce((sum, part) => sum + part.end - part.start, 0)
    return mappedBytes === end - start ? returned() : failed("ENOMEM")
  }
})
