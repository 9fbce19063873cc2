import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Does a piece of work during which nobody can be heard: it comes back when it is done. Whoever knows of signals sees to it that they end
 * the process at once where such a piece may take long; by default nobody does.
 */
export const Unheard = Context.Reference<<A>(work: () => A) => A>("rseqlab/lab/Unheard", { defaultValue: () => (work) => work() })

export const unheard = <A>(work: () => A): Effect.Effect<A> => Effect.map(Unheard, (does) => does(work))
