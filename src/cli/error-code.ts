/** Which code each failure of the user's ends with. */
import { exitCode, type ExitName } from "./exit.ts"

const exitOfTag = {
  ProgramMissing: "usage",
  ProgramUnreadable: "usage",
  ProgramRefused: "usage",
  RecordingMissing: "usage",
  RecordingUnreadable: "usage",
  RecordingExists: "usage",
  RecordingUnwritable: "usage",
  RecordingDamaged: "unsupported",
  ReplayRefused: "unsupported",
  ReplayDiverged: "diverged",
  ContractRefused: "usage",
  ScheduleMalformed: "usage",
  CommandLineRefused: "usage",
  BootRefused: "limit",
  SimulatorBroke: "bug",
  WorkerDied: "bug",
  NothingFails: "usage",
  NoPassingEnd: "no-passing-end",
  EndsAlike: "usage",
  ScriptAborted: "usage",
  ScriptRefused: "usage",
  PredicateRefused: "usage"
} as const satisfies Record<string, ExitName>
type Tag = keyof typeof exitOfTag | "ShowHelp"

export interface UserError {
  readonly _tag: Tag
  readonly message: string
  readonly errors?: ReadonlyArray<unknown>
  readonly cause?: unknown
}

/** Whether somebody outside can put it right. */
export const isUserError = (error: unknown): error is UserError =>
  error instanceof Error && "_tag" in error && typeof error._tag === "string" && (Object.hasOwn(exitOfTag, error._tag) || error._tag === "ShowHelp")

export const codeOfError = (error: UserError): number =>
  error._tag === "ShowHelp" ? exitCode((error.errors ?? []).length > 0 ? "usage" : "passed") : exitCode(exitOfTag[error._tag])
