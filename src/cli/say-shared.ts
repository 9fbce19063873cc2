import * as Effect from "effect/Effect"
import { plural } from "../analysis/report/reporter/default.ts"
import { placesOf } from "../analysis/timeline/reading.ts"
import type { AddressRange } from "../base/ids.ts"
import type { RunSpec } from "../run/start.ts"
import { escapeLines, say } from "./say.ts"

const NAME_COUNT_MAX = 6

/** What tasks share and nobody has spoken of. `isShown`: where nobody speaks at all, it is also what is shown. */
export const sayShared = (program: RunSpec["program"], shared: ReadonlyArray<AddressRange>, isShown: boolean) => {
  const place = placesOf(program)
  const named = shared.slice(0, NAME_COUNT_MAX).map(({ start }) => escapeLines(place(start)))
  const rest = shared.length > named.length ? ` and ${plural(shared.length - named.length, "more place")}` : ""
  const names = `${named.join(", ")}${rest}`
  return shared.length === 0 ? Effect.void
    : say(isShown && program.experiment.watches.length === 0 ? `watching what tasks share in a quiet run: ${names} (--watch NAME: that instead)`
    : `deviating ${program.experiment.watches.length === 0 ? "" : "also "}around what tasks share in a quiet run: ${names}`)
}
