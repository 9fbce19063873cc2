import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ExitName } from "./exit.ts"
import { exitCode } from "./exit.ts"

/** The code the process will end with: a command says it, `main` obeys. */
export class Ending extends Context.Service<Ending, { code: number }>()("rseqlab/cli/Ending") {}

export const endWithCode = (code: number): Effect.Effect<void, never, Ending> =>
  Ending.use((ending) => Effect.sync(() => {
    ending.code = code
  }))

export const endWith = (name: ExitName): Effect.Effect<void, never, Ending> => endWithCode(exitCode(name))
