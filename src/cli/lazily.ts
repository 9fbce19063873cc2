import * as Effect from "effect/Effect"

/**
 * What a command does, loaded when it is done: `--help` and `--version` need neither an assembler nor a machine, and cost a
 * tenth of a second less without.
 */
export const lazily = <Flags, A, E, R>(load: () => Promise<{ readonly handle: (flags: Flags) => Effect.Effect<A, E, R> }>) =>
  (flags: Flags): Effect.Effect<A, E, R> => Effect.flatMap(Effect.promise(load), ({ handle }) => handle(flags))
