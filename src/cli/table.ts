import { doctor } from "./doctor.ts"
import { bisect } from "./bisect.ts"
import { explain } from "./explain.ts"
import { fuzz } from "./fuzz.ts"
import { minimize } from "./minimize.ts"
import { replay } from "./replay.ts"
import { run } from "./run.ts"
import { show } from "./show.ts"

/** Every command. A row is a file; its own name is its key. */
export const commands = [run, replay, show, fuzz, minimize, bisect, explain, doctor] as const
