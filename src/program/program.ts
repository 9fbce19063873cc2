import type { Address } from "../base/ids.ts"
import type { FaultName } from "../log/choice.ts"
import type { Watch } from "./watch.ts"

/** Bytes at an address. `memoryBytes` may exceed the bytes given: the rest is zero. */
export interface Segment {
  readonly start: Address
  readonly bytes: Uint8Array
  readonly memoryBytes: number
  /** PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4. */
  readonly protection: number
}

export interface ProgramSymbol {
  readonly name: string
  readonly at: Address
  readonly sizeBytes: number
  readonly kind: "function" | "object" | "other"
}

/** A critical section the program describes in `__rseq_cs`, for those who look; the kernel reads memory, never this. */
export interface DescribedSection {
  readonly descriptor: Address
  readonly start: Address
  readonly end: Address
  readonly abort: Address
}

/** A task the program asks for (`#: task NAME x2 cpu=0,1 arg=3 stack=4096`). */
export interface TaskRequest {
  readonly entry: Address
  readonly name: string
  /** Where it starts; it may go anywhere from there. `undefined`: the emptiest CPU. */
  readonly cpu: number | undefined
  readonly argument: bigint
  readonly stackBytes: number
}

/** What the program says of the experiment it is meant for; flags beat it, it beats the defaults. */
export interface Experiment {
  readonly cpus: ReadonlyArray<number> | undefined
  readonly abi: string | undefined
  readonly tasks: ReadonlyArray<TaskRequest>
  /** `#: watch head 8`, `#: percpu counters 64 x4` and their like. */
  readonly watches: ReadonlyArray<Watch>
  /** `#: finally check`: run by task 1 alone after all others ended; its exit status is the run's. */
  readonly finallyEntry: Address | undefined
  /** `#: repeat N`: the value of the absolute symbol `repeat`. Another value is another program: assemble again with it. */
  readonly repeat: number | undefined
  /** `#: faults refuse,wait`: what a correct program need not care about, and is asked all the same. */
  readonly faults: ReadonlyArray<FaultName>
}

/** Segments, symbols, entry: what will run. Plain data; knows no machine. */
export interface Program {
  /** The file's name without its folder; for people. */
  readonly name: string
  /** By address; no two touch one page. */
  readonly segments: ReadonlyArray<Segment>
  /** By address, then by name. */
  readonly symbols: ReadonlyArray<ProgramSymbol>
  /** By address of the descriptor, each once. */
  readonly sections: ReadonlyArray<DescribedSection>
  readonly entry: Address
  /** Where the program headers stand in memory, for AT_PHDR; an assembled program has none. */
  readonly headers: { readonly at: Address; readonly sizeBytes: number; readonly count: number } | undefined
  readonly experiment: Experiment
  /** First address after the highest segment, where brk begins. */
  readonly end: Address
  /** What it was assembled from, where that declares `#: repeat`: with another number it is another program. */
  readonly text: string | undefined
}

/** A program that says nothing of an experiment, as an ELF file. */
export const NO_EXPERIMENT: Experiment = {
  cpus: undefined, abi: undefined, tasks: [], watches: [], finallyEntry: undefined, repeat: undefined, faults: []
}
