/** From a program and its experiment to a run that stands before its first instruction. */
import type { CpuId } from "../base/ids.ts"
import type { AbiDefinition } from "../kernel/abi/definition.ts"
import { boot, type BootFailure } from "../kernel/boot.ts"
import type { Limits } from "../kernel/kernel.ts"
import { type Decider, defaultMenu, kindsWith, type Menu } from "../log/choice.ts"
import { type EventLog, noLog } from "../log/event.ts"
import { type QuietPolicy, quietPolicy } from "../log/version.ts"
import { createMachine } from "../machine/create.ts"
import type { Machine } from "../machine/machine.ts"
import type { Program } from "../program/program.ts"
import { Run } from "./run.ts"

/** Everything a run depends on, decisions apart. Equal specs and equal decisions make equal runs. */
export interface RunSpec {
  readonly program: Program
  readonly cpus: ReadonlyArray<CpuId>
  readonly abis: ReadonlyArray<AbiDefinition>
  readonly menu: Menu
  readonly quiet: QuietPolicy
  readonly limits: Limits
  /** Streams of bytes the guest may ask for are drawn from it; strategies use it too, under other names. */
  readonly seed: string
  readonly argv: ReadonlyArray<string>
  readonly env: ReadonlyArray<string>
}

export const defaultLimits: Limits = { maxIcount: 1_000_000_000, maxMemoryBytes: 256 * 1024 * 1024, maxTasks: 1024, maxOutputBytes: 16 * 1024 * 1024 }

/** What a program runs under where nobody says otherwise. */
export const specOf = (program: Program, abis: ReadonlyArray<AbiDefinition>): RunSpec => ({
  program, abis, cpus: program.experiment.cpus ?? [0, 1], menu: { ...defaultMenu, kinds: kindsWith(program.experiment.faults) }, quiet: quietPolicy, limits: defaultLimits, seed: "1",
  argv: [program.name], env: []
})

/** A run that could not begin, and why. */
export type NotStarted = BootFailure

/** Boots. The decider is asked from the first instruction on, the log told from the first event on. */
export const start = (spec: RunSpec, decider: Decider, log: EventLog = noLog): Run | BootFailure =>
  startOn(createMachine({ maxMemoryBytes: spec.limits.maxMemoryBytes }), spec, decider, log)

/** Boots on a machine that may have been used: where it keeps things is no part of a run. */
export const startOn = (machine: Machine, spec: RunSpec, decider: Decider, log: EventLog): Run | BootFailure => {
  const kernel = boot(spec.program, { ...spec, machine }, decider, log)
  if ("_tag" in kernel) return kernel
  return new Run(spec.program, machine, kernel, kernel.cpu)
}
