/** A program, and what the flags claim of its data besides its own lines. */
import * as Effect from "effect/Effect"
import { byName, opposedWatch, placeWatch, type Watch } from "../program/watch.ts"
import type { RunSpec } from "../run/start.ts"
import { CommandLineRefused } from "./experiment.ts"
import type { WatchFlags } from "./watch-flags.ts"

type Program = RunSpec["program"]

/** A recording of it carries both. */
export const withWatches = (program: Program, flags: WatchFlags): Effect.Effect<Program, CommandLineRefused> =>
  Effect.suspend(() => {
    const { balanced, never, percpu, shared, sync, watch, whole } = flags
    const requests = [...watch, ...shared, ...sync, ...whole, ...percpu, ...never, ...balanced]
    if (requests.length === 0) return Effect.succeed(program)
    const watches: Array<Watch> = [...program.experiment.watches]
    const named = byName(program.symbols)
    for (const request of requests) {
      const watched = placeWatch(request, named)
      const refused = "expected" in watched ? watched : opposedWatch([...watches, watched])
      if (refused !== undefined) return Effect.fail(new CommandLineRefused({ problem: `--${request.claim} ${request.name}: ${program.name}: expected ${refused.expected}` }))
      if (!("expected" in watched)) watches.push(watched)
    }
    return Effect.succeed({ ...program, experiment: { ...program.experiment, watches } })
  })
