/**
 * Runs in batches, each a function of the target and its numbers alone. What a batch came to is plain data: it may come from
 * another thread, where tasks have other ids.
 */
import { type Finding, findingKey } from "../analysis/detect/definition.ts"
import { type Outcome } from "../log/outcome.ts"
import { printSchedule } from "../log/schedule.ts"
import type { Novel, Parent } from "./breed.ts"
import { Coverage } from "./coverage.ts"
import { failureOf, isFertile } from "./trial.ts"
import { deciders } from "./fuzz.ts"
import type { Target } from "./target.ts"

/** A run that shows something, as text and numbers. */
export interface PlainHit {
  readonly run: number
  readonly strategy: string
  readonly schedule: string
  readonly finding: Finding
}

export interface BatchResult {
  readonly from: number
  /** First run that was not made. */
  readonly until: number
  /** Runs by strategy. */
  readonly strategies: Readonly<Record<string, number>>
  /** Runs that used their instructions up. */
  readonly unendedCount: number
  /** What a run met that is not supported, and how often. */
  readonly unsupported: Readonly<Record<string, number>>
  /** What is worth knowing and no failure, and in how many runs. */
  readonly noted: Readonly<Record<string, number>>
  /** Runs that fail; of those alike only some are told. */
  readonly failingCount: number
  readonly hits: ReadonlyArray<PlainHit>
  /** Whose features no run before had shown in this thread. */
  readonly novel: ReadonlyArray<Novel>
}

/** Runs of one generation. */
export interface BatchOptions {
  readonly from: number
  readonly until: number
  /** The first failure ends the batch. */
  readonly stopsAtHit: boolean
  /** Whom this generation is bred from. A later batch has at least the parents of an earlier one, in the same order. */
  readonly parents: ReadonlyArray<Parent>
}

/** A failure whose kind has been told so often is no longer told: the count of failures goes on. */
const TOLD_COUNT_MAX = 8

/** Lets the first hits of a kind pass. */
export class Telling {
  private readonly counts = new Map<string, number>()

  isTold(finding: Finding): boolean {
    const key = findingKey(finding)
    const count = (this.counts.get(key) ?? 0) + 1
    this.counts.set(key, count)
    return count <= TOLD_COUNT_MAX
  }
}

const unsupportedText = (outcome: Outcome & { readonly _tag: "Unsupported" }): string => `${outcome.what} at 0x${outcome.ip.toString(16)}`

/** Makes batches of one target. What one batch has seen is not novel in later ones; before an earlier one it is forgotten. */
export class Batches {
  private readonly deciderOf: ReturnType<typeof deciders>
  private readonly target: Target
  private coverage: Coverage
  /** The first run after the last batch. */
  private next = 0

  constructor(target: Target) {
    this.target = target
    this.deciderOf = deciders(target)
    this.coverage = new Coverage(target)
  }

  run({ from, parents, stopsAtHit, until }: BatchOptions): BatchResult {
    const strategies: Record<string, number> = {}
    const unsupported: Record<string, number> = {}
    const noted: Record<string, number> = {}
    const hits: Array<PlainHit> = []
    const novel: Array<Novel> = []
    const telling = new Telling()
    let unendedCount = 0
    let failingCount = 0
    // A batch that is made again: what later runs have shown is news of this one all the same.
    if (from < this.next) this.coverage = new Coverage(this.target)
    let run = from
    while (run < until) {
      const { decider, strategy } = this.deciderOf(run, parents)
      const trial = this.coverage.perform(decider)
      strategies[strategy] = (strategies[strategy] ?? 0) + 1
      if (trial.outcome._tag === "OutOfBudget") unendedCount++
      if (trial.outcome._tag === "Unsupported") {
        const what = unsupportedText(trial.outcome)
        unsupported[what] = (unsupported[what] ?? 0) + 1
      }
      const finding = failureOf(trial)
      for (const { message, severity } of trial.findings) if (severity === "note") noted[message] = (noted[message] ?? 0) + 1
      if (finding !== undefined) {
        failingCount++
        if (telling.isTold(finding)) hits.push({ run, strategy, schedule: printSchedule(trial.schedule), finding })
      } else if (isFertile(trial)) {
        const features = this.coverage.news()
        if (features.length > 0) novel.push({ run, schedule: printSchedule(trial.schedule), features })
      }
      run++
      if (finding !== undefined && stopsAtHit) break
    }
    this.next = run
    return { from, until: run, strategies, unendedCount, unsupported, noted, failingCount, hits, novel }
  }
}
