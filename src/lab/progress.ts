import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/** How far long work has come. Told at every breath, so it is one object, changed in place. */
export interface Advance {
  /** What is being done, as a present participle: `running percpu-counter`. */
  work: string
  /** Instructions so far, kernel steps included. */
  now: number
  /** Kernel entries written down so far. */
  entryCount: number
  /** Of many runs: how many there have been, how many of them failed, and how many features they showed. */
  readonly campaign?: { runCount: number; failureCount: number; featureCount: number }
}

/** Tells a person that something is going on. */
export class Progress extends Context.Service<Progress, {
  /** Quick: whether anything is shown, and how often, is the layer's affair. */
  readonly report: (advance: Readonly<Advance>) => void
  /** The work is done: what was shown gives way to the result. */
  readonly finish: () => void
}>()("rseqlab/lab/Progress") {
  static readonly layerNone: Layer.Layer<Progress> = Layer.succeed(Progress, { report: () => {}, finish: () => {} })
}
