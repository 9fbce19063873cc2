/** Progress on standard error: one rewritten line on a terminal, a line every 10 s elsewhere. */
import * as Layer from "effect/Layer"
import { grouped } from "../base/bits.ts"
import { type Advance, Progress } from "../lab/progress.ts"
import type { Terminal } from "./terminal.ts"
import type { WallClock } from "./wall-clock.ts"

/** Short work shows nothing. */
const FIRST_MS = 1_000
const REWRITE_MS = 200
const LINE_MS = 10_000
const CLEAR_LINE = "\r\u001b[K"

const describe = ({ campaign, entryCount, now, work }: Readonly<Advance>, sinceMs: number): string => {
  const seconds = sinceMs / 1000
  if (campaign !== undefined) {
    const { failureCount, featureCount, runCount } = campaign
    const runRate = grouped(Math.round(runCount / seconds))
    return `${work}: ${grouped(Math.round(seconds))} s, ${grouped(runCount)} runs (${runRate}/s), ${grouped(failureCount)} failures, ${grouped(featureCount)} features`
  }
  const rate = grouped(Math.round(now / seconds / 1e6))
  return `${work}: ${grouped(Math.round(seconds))} s, ${grouped(now)} instructions (${rate} M/s), ${grouped(entryCount)} entries`
}

/** What is reported to one terminal. `work` comes from us or escaped. */
export class ProgressLine {
  private readonly terminal: Terminal
  private readonly clock: WallClock
  private begun: number | undefined
  private shown = 0
  private isShowing = false

  constructor(terminal: Terminal, clock: WallClock) {
    this.terminal = terminal
    this.clock = clock
  }

  report(advance: Readonly<Advance>): void {
    const { clock, terminal } = this
    const now = clock.milliseconds()
    const begun = (this.begun ??= now)
    const period = terminal.isStderrTty ? (this.isShowing ? REWRITE_MS : FIRST_MS) : LINE_MS
    if (now - Math.max(begun, this.shown) < period) return
    this.shown = now
    const line = describe(advance, now - begun)
    if (!terminal.isStderrTty) return terminal.writeStderr(`rseqlab: ${line}\n`)
    this.isShowing = true
    terminal.writeStderr(`${CLEAR_LINE}${line.slice(0, Math.max(terminal.columns - 1, 20))}`)
  }

  finish(): void {
    if (this.isShowing) this.terminal.writeStderr(CLEAR_LINE)
    this.isShowing = false
    this.begun = undefined
  }
}

export const progressLayer = (terminal: Terminal, clock: WallClock): Layer.Layer<Progress> =>
  Layer.sync(Progress, () => {
    const line = new ProgressLine(terminal, clock)
    return { report: (advance) => line.report(advance), finish: () => line.finish() }
  })
