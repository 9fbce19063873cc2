import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Program } from "../program/program.ts"
import { PROGRAM_BYTES_MAX, ProgramMissing, programOf, type ProgramOptions, type ProgramRefused, ProgramStore, ProgramUnreadable } from "../lab/program-store.ts"
import { nearestFile, readWhole } from "./files.ts"

/** Programs as files. */
export const programFiles: Layer.Layer<ProgramStore> = Layer.succeed(ProgramStore, {
  load: (file: string, options?: ProgramOptions) => Effect.suspend((): Effect.Effect<Program, ProgramMissing | ProgramUnreadable | ProgramRefused> => {
    const found = readWhole(file, PROGRAM_BYTES_MAX)
    switch (found._tag) {
      case "Read":
        return programOf(found.bytes, file, options)
      case "Missing":
        return Effect.fail(new ProgramMissing({ file, nearest: nearestFile(file) }))
      case "Unreadable":
        return Effect.fail(new ProgramUnreadable({ file, why: found.why }))
    }
  })
})
