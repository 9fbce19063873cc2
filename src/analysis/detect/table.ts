import { rowNamed, table } from "../../base/table.ts"
import { deadlock } from "./deadlock.ts"
import type { AnyDetector } from "./definition.ts"
import { guestFailure } from "./guest-failure.ts"
import { livelock } from "./livelock.ts"

export const detectors = table(
  guestFailure,
  deadlock,
  livelock
)
export type DetectorName = keyof typeof detectors

export const detectorNamed = (name: string): AnyDetector | undefined => rowNamed<AnyDetector>(detectors, name)
