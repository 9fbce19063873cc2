import * as Effect from "effect/Effect"
import { loadRecording } from "../lab/recording.ts"
import { openSearch } from "../lab/search-recording.ts"
import { limitsFor } from "./experiment.ts"
import type { LimitFlags } from "./run-flags.ts"

/** A recording as a file, to be searched under the limits of flags. */
export const openTarget = (file: string, flags: LimitFlags) =>
  Effect.flatMap(loadRecording(file), (recording) => openSearch(recording, file, limitsFor(flags)))
