import { rowNamed, table } from "../../base/table.ts"
import { badDescriptor } from "./bad-descriptor.ts"
import { callInsideSection } from "./call-inside-section.ts"
import { commitAfterPreemption } from "./commit-after-preemption.ts"
import { deadlock } from "./deadlock.ts"
import type { AnyDetector } from "./definition.ts"
import { foreignWrite } from "./foreign-write.ts"
import { guestFailure } from "./guest-failure.ts"
import { livelock } from "./livelock.ts"
import { unprotectedSection } from "./unprotected-section.ts"

export const detectors = table(
  guestFailure,
  deadlock,
  livelock,
  badDescriptor,
  unprotectedSection,
  commitAfterPreemption,
  callInsideSection,
  foreignWrite
)
export type DetectorName = keyof typeof detectors

export const detectorNamed = (name: string): AnyDetector | undefined => rowNamed<AnyDetector>(detectors, name)
