/**
 * Runs taken to their end by a search, which does not wait for what goes round. A task that is aborted again and again, each time
 * as many instructions after the last and with no commit between, has been shown to by its first rounds: the rest of the budget
 * would be spent on more of them, at the price of an abort each.
 */
import { known } from "../base/assert.ts"
import type { Count, TaskId } from "../base/ids.ts"
import type { Event } from "../log/event.ts"
import type { Outcome } from "../log/outcome.ts"
import type { Run } from "../run/run.ts"
import type { RunSpec } from "../run/start.ts"

/** Who tries again so often, to the instruction, and gets through after all is not met in the field; who gives up does so sooner. */
export const ROUND_COUNT_MAX = 1_000

interface Round {
  readonly at: Count
  readonly icount: number
  readonly times: number
}

/** Told the events of a run, takes it to its end. */
export class Patience {
  private readonly rounds = new Map<TaskId, Round>()
  private isOver = false

  hear(task: TaskId, count: Count, event: Event): void {
    if (event._tag === "Aborted") {
      const before = this.rounds.get(task)
      const icount = count - (before?.at ?? count)
      const times = before?.icount === icount ? before.times + 1 : 1
      this.rounds.set(task, { at: count, icount, times })
      if (times > ROUND_COUNT_MAX) this.isOver = true
    } else if (event._tag === "Committed") this.rounds.delete(task)
  }

  /**
   * The run's budget ends where patience does: a run whose limit says so from the first is the same run. `stepped` hears of each
   * boundary.
   */
  runToEnd(run: Run, limits: RunSpec["limits"], stepped: () => void = () => {}): Outcome {
    const { kernel } = run
    this.rounds.clear()
    this.isOver = false
    kernel.limits = limits
    while (run.outcome === undefined) {
      if (this.isOver && kernel.limits === limits) kernel.limits = { ...limits, maxIcount: Math.min(limits.maxIcount, kernel.now) }
      stepped()
      run.step()
    }
    return known(run.outcome, "a run ends in an outcome")
  }
}
