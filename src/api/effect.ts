/**
 * rseqlab for programs over Effect: an experiment is a program over these services, and another contract, decider or log is
 * another layer.
 */
import { usePackaged } from "../host/packaged.ts"

usePackaged()

export { Decider, type Deciding, type Dropped, ScheduleMalformed } from "../lab/decider.ts"
export { EntryBuffer, EventLog, type RecordingChoice, type Writing } from "../lab/event-log.ts"
export { ContractRefused, Kernel, type KernelOptions } from "../lab/kernel.ts"
export { Listener, OutputBuffer, outputTo } from "../lab/listener.ts"
export { ProgramMissing, ProgramRefused, ProgramStore, ProgramUnreadable } from "../lab/program-store.ts"
export { type Advance, Progress } from "../lab/progress.ts"
export { loadRecording, RecordingDamaged } from "../lab/recording.ts"
export { RecordingExists, RecordingMissing, type RecordingSink, RecordingStore, RecordingUnreadable, RecordingUnwritable } from "../lab/recording-store.ts"
export { ReplayDiverged, replayLeniently, type ReplayOptions, replayRecording, ReplayRefused } from "../lab/replay-recording.ts"
export { runProgram, type RunFailure, type RunReport } from "../lab/run-program.ts"
export { type Tried, tryStrategy } from "../lab/try-strategy.ts"

// From Node: programs and recordings as files.
export { programFiles } from "../host/program-files.ts"
export { recordingFiles } from "../host/recording-files.ts"
