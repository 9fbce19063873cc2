/** What a search came to, as data that every reporter reads. Texts are as they came: each format escapes for itself. */
import type { Severity } from "../detect/definition.ts"

/** A moment of the failing run. */
export interface ReportedStep {
  readonly entry: number
  readonly task: string
  readonly text: string
  /** One of the deviations without which the run passes, or an entry of the evidence. */
  readonly isEssential: boolean
}

/** How many of something the experiment had, and the smallest in which the failure shows has. */
export interface ReportedChange {
  readonly name: string
  readonly before: number
  readonly after: number
}

/** A broken rule that was seen beside the one that is told. */
export interface ReportedSight {
  readonly detector: string
  readonly severity: Severity
  readonly message: string
  readonly evidence: ReadonlyArray<number>
}

export interface ReportedFailure {
  readonly detector: string
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  /** Entries that show it. */
  readonly evidence: ReadonlyArray<number>
  /** -1: no run of the seed, but a schedule the corpus had. */
  readonly run: number
  readonly strategy: string
  readonly deviationCount: number
  /** `as found`: nobody has tried to take deviations away. */
  readonly proof: "minimum" | "no subset fails" | "1-minimal" | "as found"
  /** Which searches for a schedule of fewer deviations have come to nothing, for people. */
  readonly fewer: string | undefined
  /** CPUs, tasks, repetitions, arguments: what it is recorded with. */
  readonly experiment: ReadonlyArray<ReportedChange>
  readonly schedule: string
  /** The same by place. */
  readonly placed: string
  /** Of the recording, without its folder and ending: the same bug has the same. */
  readonly name: string
  /** Where the recording is; `undefined`: it could not be saved. */
  readonly saved: string | undefined
  /** What the program wrote last, by lines: an assertion's text, say. */
  readonly said: ReadonlyArray<string>
  /** What the run asked for and the simulated machine does not have: a failure after that may be none of the program's. */
  readonly lacking: ReadonlyArray<string>
  /** What other detectors say of the run. */
  readonly seen: ReadonlyArray<ReportedSight>
  /** The explanation; `undefined`: no deviation is needed. */
  readonly why: string | undefined
  readonly steps: ReadonlyArray<ReportedStep>
  /** What to type next: a word, and the command. Quoted for a shell. */
  readonly commands: ReadonlyArray<readonly [what: string, command: string]>
}

/** What a detector finds that ends no campaign. */
export interface ReportedWarning {
  readonly detector: string
  readonly severity: Severity
  readonly message: string
  /** Of the watched runs. */
  readonly runCount: number
  readonly saved: string | undefined
}

export interface ReportedWarnings {
  /** 0: a run takes too many instructions to be watched. */
  readonly watchedRunCount: number
  readonly warnings: ReadonlyArray<ReportedWarning>
}

export interface SearchReport {
  readonly program: string
  readonly seed: string
  readonly abis: ReadonlyArray<string>
  readonly cpus: ReadonlyArray<number>
  readonly toolVersion: string
  /** First run and the one after the last. */
  readonly from: number
  readonly until: number
  readonly runCountMax: number | undefined
  readonly strategies: Readonly<Record<string, number>>
  readonly unendedCount: number
  readonly unsupported: Readonly<Record<string, number>>
  /** What the quiet run asked for and the simulated machine does not have. */
  readonly lacking: ReadonlyArray<string>
  /** What is worth knowing and no failure, and in how many runs. */
  readonly noted: Readonly<Record<string, number>>
  /** What was seen in runs that did not fail; `undefined`: nobody looked. */
  readonly warned: ReportedWarnings | undefined
  readonly ended: "tried" | "found" | "time" | "interrupted"
  readonly milliseconds: number
  readonly failures: ReadonlyArray<ReportedFailure>
  /** Failing runs, those that show what another has shown included. */
  readonly failingRunCount: number
}
