import { rowNamed, table } from "../../base/table.ts"
import { abiMismatch } from "./abi-mismatch.ts"
import { badDescriptor } from "./bad-descriptor.ts"
import { brokenInvariant } from "./broken-invariant.ts"
import { callInsideSection } from "./call-inside-section.ts"
import { clobberedRegister } from "./clobbered-register.ts"
import { commitAfterPreemption } from "./commit-after-preemption.ts"
import { cpuOwnership } from "./cpu-ownership.ts"
import { danglingDescriptor } from "./dangling-descriptor.ts"
import { dataRace } from "./data-race.ts"
import { deadlock } from "./deadlock.ts"
import type { AnyDetector } from "./definition.ts"
import { foreignWrite } from "./foreign-write.ts"
import { guestFailure } from "./guest-failure.ts"
import { kernelWordStored } from "./kernel-word-stored.ts"
import { livelock } from "./livelock.ts"
import { refusalReported } from "./refusal-reported.ts"
import { staleCpuNumber } from "./stale-cpu-number.ts"
import { tornRead } from "./torn-read.ts"
import { twoCommits } from "./two-commits.ts"
import { unprotectedSection } from "./unprotected-section.ts"
import { unregisteredSection } from "./unregistered-section.ts"
import { wrongCpuCommit } from "./wrong-cpu-commit.ts"

export const detectors = table(
  guestFailure,
  deadlock,
  livelock,
  badDescriptor,
  unprotectedSection,
  commitAfterPreemption,
  callInsideSection,
  foreignWrite,
  twoCommits,
  clobberedRegister,
  wrongCpuCommit,
  staleCpuNumber,
  danglingDescriptor,
  unregisteredSection,
  abiMismatch,
  dataRace,
  cpuOwnership,
  tornRead,
  brokenInvariant,
  refusalReported,
  kernelWordStored
)
export type DetectorName = keyof typeof detectors

export const detectorNamed = (name: string): AnyDetector | undefined => rowNamed<AnyDetector>(detectors, name)
