/**
 * rseqlab for programs. Values and promises here; the services they are made of, for programs over Effect, in `rseqlab/effect`.
 *
 * What this file exports is the published surface: nothing else is promised.
 */
export {
  assemble, type Decisions, loadProgram, observe, type ObservedResult, openRecording, record, type RecordedResult, replay, replayUnder, run,
  type RunOptions, type RunResult
} from "./simulate.ts"

// Searching: runs that fail, with how little, at which instruction, and why.
export {
  bisect, type BisectOptions, type BisectRange, type BisectResult, explain, type FoundFailure, fuzz, type FuzzOptions, type FuzzResult, minimize, type MinimizeResult
} from "./search.ts"

// Contracts, as values: several at once, and your own.
export { type AbiDefinition, defineAbi } from "../kernel/abi/definition.ts"
export { type AbiName, abis, combineAbis } from "../kernel/abi/table.ts"

// Strategies, as values.
export { defineStrategy, type StrategyDefinition, type StrategyOptions } from "../strategy/definition.ts"
export { strategies, type StrategyName } from "../strategy/table.ts"

// What can be asked, and what was answered.
export { type Decider, defaultMenu, type Deviation, type Kind, kindNames, kinds, type Menu, type Question, quietDecider, type Schedule, type Stretch } from "../log/choice.ts"
export { parseSchedule, type PlacedDeviation, printDeviation, printSchedule, type TypedSchedule, without } from "../log/schedule.ts"

// What happened.
export type { Entry, Event, EventOf, EventTag } from "../log/event.ts"
export type { Outcome } from "../log/outcome.ts"
export type { Recording } from "../log/recording-reader.ts"
export type { Program } from "../program/program.ts"
export type { ReplayResult } from "../run/replay.ts"
export { taskName } from "../base/ids.ts"
export { readingFor } from "../lab/showing.ts"
export { outcomeSentence } from "../lab/outcome-sentence.ts"
export { timeline, timelineText } from "../analysis/timeline/text.ts"
export { divergenceText } from "../analysis/timeline/divergence.ts"

// Errors that promises reject with. Each message says what to do.
export { SimulatorBroke } from "../lab/advance.ts"
export { BootRefused } from "../lab/boot-refused.ts"
export { ScheduleMalformed } from "../lab/decider.ts"
export { ContractRefused, type KernelOptions } from "../lab/kernel.ts"
export { OptionRefused } from "./options.ts"
export { ProgramRefused } from "../lab/program-store.ts"
export { RecordingDamaged } from "../lab/recording.ts"
export { EndsAlike, NoPassingEnd, NothingFails } from "../lab/search-recording.ts"
export { ReplayDiverged, ReplayRefused } from "../lab/replay-recording.ts"
export type { RunReport, UnknownCall } from "../lab/run-program.ts"
export { FORMAT_VERSION, KERNEL_VERSION, TOOL_VERSION } from "../log/version.ts"
