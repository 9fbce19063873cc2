/**
 * The shelf behind the curtain: mistakes that only what `--faults` asks can show. A row also says which kind of choice shows it,
 * and what signals may be sent, if any.
 */
import type { Kind } from "../../src/log/choice.ts"
import type { Exhibit } from "./table.ts"

export interface FaultExhibit extends Exhibit {
  readonly shownBy: Kind
  readonly signals: ReadonlyArray<number>
}

const SIGURG = 23

export const faultShelf: ReadonlyArray<FaultExhibit> = [
  { name: "wait-not-repeated", summary: "a wait is over, and nobody looks what for", shownBy: "wait", signals: [] },
  { name: "signal-ends-wait", summary: "a wait that a signal ends is taken for a failure", shownBy: "wait", signals: [SIGURG] },
  { name: "refusal-unheeded", summary: "a page is used that was refused", shownBy: "refuse", signals: [] }
]
