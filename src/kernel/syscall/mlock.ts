/** Locking memory. No page is ever taken away, so what is left of it is who may give locked memory up, and what cannot be there. */
import type { CallName } from "../../linux/call-number.ts"
import { u64 } from "../../base/bits.ts"
import { PAGE_BYTES, TASK_SIZE } from "../../base/ids.ts"
import { coveredUntil } from "../../base/ranges.ts"
import { mappedParts } from "../mapping.ts"
import { lock, mappingsOf } from "../memory.ts"
import { processOf } from "../state.ts"
import { defineSyscall, failed, returned } from "./definition.ts"

const PAGE = BigInt(PAGE_BYTES)

const lockRange = <const Name extends CallName>(name: Name, locks: boolean, summary: string) =>
  defineSyscall({
    name, summary,
    parameters: { start: "u64", sizeBytes: "u64" },
    support: { partial: "no page is ever taken away, locked or not" },
    errors: ["EINVAL", "ENOMEM"],
    source: "mlock(2); Linux mm/mlock.c do_mlock, apply_vma_lock_flags; mm/gup.c __mm_populate",
    perform: (kernel, task, { sizeBytes, start }) => {
      // All in 64 bits: the longest ranges come round to short ones.
      const first = start & ~(PAGE - 1n)
      const lengthBytes = u64(sizeBytes + (start - first) + PAGE - 1n) & ~(PAGE - 1n)
      if (first + lengthBytes >= 2n ** 64n) return failed("EINVAL")
      const from = Number(first)
      const end = Number(first + lengthBytes)
      const mappings = mappingsOf(kernel, task)
      const until = Math.min(end, coveredUntil(mappings, from))
      // Up to the first hole it is done.
      if (until > from && !lock(kernel, task, { start: from, end: until }, locks)) return failed("ENOMEM")
      // Locked memory is brought in, and what nobody may use cannot be.
      const isUseless = locks && mappedParts(mappings, { start: from, end }).some(({ protection }) => protection === 0)
      return until < end || isUseless ? failed("ENOMEM") : returned()
    }
  })

export const mlock = lockRange("mlock", true, "keeps pages in memory")
export const munlock = lockRange("munlock", false, "lets pages leave memory")

const MCL_CURRENT = 1
const MCL_FUTURE = 2
const MCL_ONFAULT = 4
const MCL_ALL = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT
const EVERYTHING = { start: 0, end: TASK_SIZE }

export const mlockall = defineSyscall({
  name: "mlockall",
  parameters: { flags: "i32" },
  summary: "keeps all pages in memory",
  support: { partial: "no page is ever taken away, locked or not" },
  errors: ["EINVAL"],
  source: "mlock(2); Linux mm/mlock.c SYSCALL_DEFINE1(mlockall), apply_mlockall_flags",
  perform: (kernel, task, { flags }) => {
    if (flags === 0 || (flags & ~MCL_ALL) !== 0 || flags === MCL_ONFAULT) return failed("EINVAL")
    const locksMappings = (flags & MCL_FUTURE) !== 0
    if (processOf(kernel.state, task.process).locksMappings !== locksMappings) {
      kernel.emit({ _tag: "LocksMappings", process: task.process, isLocked: locksMappings ? 1 : 0 })
    }
    if ((flags & MCL_CURRENT) !== 0) lock(kernel, task, EVERYTHING, true)
    return returned()
  }
})

export const munlockall = defineSyscall({
  name: "munlockall",
  parameters: {},
  summary: "lets all pages leave memory",
  support: { partial: "no page is ever taken away, locked or not" },
  errors: [],
  source: "mlock(2); Linux mm/mlock.c SYSCALL_DEFINE0(munlockall)",
  perform: (kernel, task) => {
    if (processOf(kernel.state, task.process).locksMappings) kernel.emit({ _tag: "LocksMappings", process: task.process, isLocked: 0 })
    lock(kernel, task, EVERYTHING, false)
    return returned()
  }
})
