/** Faults that somebody reported in public, rebuilt in our own words: what must be found, and what is not asked of them yet. */
import { readFileSync } from "node:fs"
import type { DetectorName } from "../../src/analysis/detect/table.ts"

export interface Case {
  /** File in this folder, without `.s`; `FIXED` selects the twin. */
  readonly name: string
  /** Where it was reported. */
  readonly source: string
  /** What fails. */
  readonly found: DetectorName
  /** A detector that names the mistake beside it. */
  readonly named?: DetectorName
  /** What the run ends in, in words, where there is more to say than a status that is not 0. */
  readonly ends?: string
  /** What the sentence says of the cause. */
  readonly says?: string
  /** Contracts to run under; by default what the program asks for. */
  readonly abi?: string
  /** Contracts in the order of their age, and the first under which the recording fails. */
  readonly contracts?: { readonly names: ReadonlyArray<string>; readonly first: string }
  /** Why its sentence is not held against what was reported. */
  readonly sentenceLater?: string
}

const LATER = "what the sentence says of causes beside the deviation is another piece of work"

export const cases: ReadonlyArray<Case> = [
  {
    name: "02-mm-cid-by-area-size", source: "Linux ee3e3ac05c26, glibc bug 31965", found: "guest-failure", abi: "mainline-6.1",
    contracts: { names: ["mainline-6.1", "mainline-6.12"], first: "mainline-6.1" }, sentenceLater: "a detector of reads of fields that the kernel never wrote is another piece of work"
  },
  {
    name: "04-no-restart-flag", source: "LKML 2022, Desnoyers: kill the process when unknown flags are met", found: "bad-descriptor", ends: "is killed by SIGSEGV",
    says: "was armed with flags=1", contracts: { names: ["mainline-5.10", "mainline-6.1"], first: "mainline-6.1" }
  },
  { name: "06-fence-not-registered", source: "musl 9a40e842dfa5, tcmalloc #188", found: "guest-failure", sentenceLater: LATER },
  { name: "09-commit-on-another-cpu", source: "LKML 2017, rationale of cpu_opv", found: "guest-failure", named: "wrong-cpu-commit" },
  { name: "12-waiters-flag-not-kept", source: "musl 0db393d3a77b", found: "deadlock" },
  { name: "16-barrier-without-generation", source: "cloudius-systems/osv #857, zephyr #117756", found: "deadlock" },
  { name: "17-index-past-the-end", source: "QuantumLeaps/lock-free-ring-buffer #1", found: "guest-failure" },
  { name: "18-read-after-the-claim", source: "ssbl/concurrent-deque #2, JCTools #71", found: "guest-failure" },
  { name: "20-tail-left-behind", source: "crossbeam #238", found: "guest-failure", ends: "is killed by SIGSEGV", sentenceLater: LATER },
  { name: "23-handler-in-the-middle-of-nesting", source: "lttng-ust, nesting counters", found: "guest-failure", sentenceLater: LATER }
]

/** Reported like the others, and asked of nobody yet. */
export const later: ReadonlyArray<{ readonly name: string; readonly why: string }> = [
  { name: "11-glibc-cond-25847", why: "a lost wake of glibc's condition variable wants a search of another depth" },
  { name: "22-peterson-without-a-fence", why: "it wants a store buffer, which no CPU here has" },
  { name: "28-bounded-and-kept", why: "limits have tests of their own" }
]

const textOf = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8")

export const caseText = (name: string, isFixed = false): string => [...(isFixed ? [".set FIXED, 1"] : []), textOf("prelude.s"), textOf(`${name}.s`)].join("\n")
