import * as Command from "effect/cli/Command"
import * as written from "./flags.ts"
import { lazily } from "./lazily.ts"

export const doctor = Command.make("doctor", { json: written.toggle("json", "the findings as JSON on standard output") }, lazily(() => import("./doctor-handler.ts"))).pipe(
  Command.withDescription("Check versions, run the self-tests, and name optional tools"),
  Command.withExamples([{ command: "rseqlab doctor" }])
)
