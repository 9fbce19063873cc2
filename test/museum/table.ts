/** The museum: small programs with one mistake each, and a twin without it. `.ifdef FIXED` in the source is the difference. */
import type { DetectorName } from "../../src/analysis/detect/table.ts"

/** Contract, CPUs and tasks are stated by the program; how to find the mistake is stated nowhere. */
export interface Exhibit {
  /** File under programs/, without `.s`. */
  readonly name: string
  /** The mistake. */
  readonly summary: string
  /** The detector that names the mistake, where there is one: the failure it leads to stands beside it. */
  readonly named?: DetectorName
}

export const museum: ReadonlyArray<Exhibit> = [
  { name: "no-cpu-recheck", summary: "the CPU is not compared inside the section", named: "wrong-cpu-commit" },
  { name: "cpu-read-twice", summary: "the cell is found by one reading of the CPU's number and checked by another", named: "wrong-cpu-commit" },
  { name: "wrong-cpu-slot", summary: "after an abort the cell of the old CPU is used", named: "wrong-cpu-commit" },
  { name: "cpus-counted", summary: "there are as many cells as CPUs, not as many as the highest number wants" },
  { name: "cpu-id-start-scratch", summary: "a word that belongs to the kernel is used as scratch", named: "stale-cpu-number" },
  { name: "compare-omitted", summary: "what was seen before the section is not compared inside it" },
  { name: "counter-outside", summary: "the counter is read before the section" },
  { name: "push-without-compare", summary: "the head of a list is read before the section and not compared inside it" },
  { name: "aba-pop", summary: "the successor is read before the section, which compares the head alone" },
  { name: "lock-not-rechecked", summary: "a lock is seen free before the section and taken in it without another look" },
  { name: "commit-not-last", summary: "a store that the commit announces comes after it", named: "two-commits" },
  { name: "commit-outside", summary: "the section ends one instruction too early" },
  { name: "store-after-commit", summary: "the commit is completed behind the section" },
  { name: "two-commits", summary: "two stores inside the section are to take effect together", named: "two-commits" },
  { name: "abort-inside", summary: "the abort handler lies inside its own section", named: "bad-descriptor" },
  { name: "wrong-signature", summary: "the word before the abort handler is not the one registered", named: "bad-descriptor" },
  { name: "descriptor-filled-late", summary: "a descriptor is named before it is complete", named: "bad-descriptor" },
  { name: "stale-descriptor", summary: "a descriptor is unmapped while the area still names it", named: "dangling-descriptor" },
  { name: "gap-before-section", summary: "instructions stand between arming and the section", named: "unprotected-section" },
  { name: "disarmed-early", summary: "the section takes its own protection away before it commits", named: "commit-after-preemption" },
  { name: "nested-call", summary: "a section calls a function with a section of its own" },
  { name: "syscall-inside", summary: "a section yields its CPU", named: "call-inside-section" },
  { name: "register-clobbered", summary: "the abort path relies on a register that the section changes", named: "clobbered-register" },
  { name: "stack-on-abort", summary: "the abort path leaves on the stack what the section pushed", named: "clobbered-register" },
  { name: "fallback-unprotected", summary: "after two aborts the update is done without any protection" },
  { name: "handler-shares-abort", summary: "a signal handler's section aborts into the code it interrupted" },
  { name: "unregistered-thread", summary: "a thread that never registered is taken for one on CPU 0", named: "unregistered-section" },
  { name: "area-misaligned", summary: "the registration is refused and nobody looks", named: "unregistered-section" },
  { name: "second-owner", summary: "a library uses its own area although another is registered", named: "unprotected-section" },
  { name: "contract-missing", summary: "the kernel keeps another contract than the program is for", named: "abi-mismatch" },
  { name: "turner-no-lower-bound", summary: "turner-v2: a handler below a sequence that was left armed" },
  { name: "turner-rdx-late", summary: "turner-v2: the pair is read after the data", named: "wrong-cpu-commit" },
  { name: "turner-rcx-scratch", summary: "turner-v2: the way out is overwritten inside the sequence" },
  { name: "turner-left-armed", summary: "turner-v2: a sequence is left without taking back what arms it" },
  { name: "cell-unprotected", summary: "the cell of a CPU is written without a section" },
  { name: "pair-unchecked", summary: "two words are read under a sequence that is not looked at again" },
  { name: "lock-in-two-steps", summary: "a lock is seen free by one instruction and taken by another" },
  { name: "lost-wake", summary: "the number waited on is read after the condition", named: "deadlock" },
  { name: "code-reused", summary: "other code is written to where the area still names a section" },
  { name: "mask-read-once", summary: "the cells added up are those of the CPUs that were allowed when a task asked" },
  { name: "freed-unfenced", summary: "a node is given up while sections may be reading it, without a membarrier" },
  { name: "eintr-taken-for-wake", summary: "a wait that a signal ends is taken for the wake" },
  { name: "published-early", summary: "a node is pushed before it is filled in" },
  { name: "unlocked-early", summary: "a lock is given back before the store it protects" },
  { name: "abort-locks-again", summary: "an abort handler leads to before the lock that is held" },
  { name: "opv-answer-ignored", summary: "opv-v12: a comparison that fails is taken for success" },
  { name: "area-unmapped", summary: "the memory of a registered area is given back" },
  { name: "cpu-number-cut", summary: "the number of a CPU is kept in a byte" },
  { name: "retry-behind-the-reading", summary: "the way back from an abort leads behind the reading of the CPU" },
  { name: "plain-increment", summary: "CPUs count in one cell without LOCK" },
  { name: "addv-no-recheck", summary: "the CPU is not compared before an addition that is the commit", named: "wrong-cpu-commit" }
]
