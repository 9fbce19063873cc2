import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Does a piece of work during which nobody can be heard: it comes back when it is done. Whoever knows of signals sees to it that they end
 * the process at once where such a piece may take long; by default nobody does.
 */
export const Unheard = Context.Reference<<A>(work: () => A) => Effect.Effect<A>>("rseqlab/lab/Unheard", { defaultValue: () => Effect.sync })

export const unheard = <A>(work: () => A): Effect.Effect<A> => Effect.flatMap(Unheard, (does) => does(work))
