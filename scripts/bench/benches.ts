/** Every bench, in the order of the table. */
import { fork, mark } from "./fork.ts"
import { growth } from "./growth.ts"
import { interpreter } from "./interpreter.ts"
import { loop, recordingCost, replaying, shortRuns } from "./loop.ts"
import { recording } from "./recording.ts"
import { schedules } from "./schedules.ts"
import { search } from "./search.ts"
import { startUp } from "./start-up.ts"
import type { Bench } from "./table.ts"
import { turn } from "./turn.ts"
import { workers } from "./workers.ts"

export const benches: ReadonlyArray<Bench> = [interpreter, turn, fork, mark, loop, recordingCost, recording, replaying, shortRuns, schedules, search, workers, startUp, growth]
