/** A contract for tests: reacts to every moment, keeps records of tasks, processes and CPUs, and changes nothing else. */
import { CODE } from "./hand.ts"
import type { AbiDefinition } from "../../../src/kernel/abi/definition.ts"
import { keptOfCpu, keptOfProcess, keptOfTask } from "../../../src/kernel/abi/kept.ts"
import { none } from "../../../src/kernel/abi/none.ts"
import type { Kernel } from "../../../src/kernel/kernel.ts"
import { cpuOf, processOf, type Task } from "../../../src/kernel/state.ts"
import { defineSyscall, returned } from "../../../src/kernel/syscall/definition.ts"

export const moments = [
  "onUserInterrupted", "onRescheduleWanted", "onCpuTaken", "onScheduleOut", "onCpuSet", "onScheduleIn", "onSignal", "onUserReturn",
  "onCallEntered", "onCallReturned", "onInterrupt", "onFork", "onExit"
] as const
export type Moment = (typeof moments)[number]

/** How often each moment came, and which was the last. */
type OfTask = { readonly last: string; readonly momentCount: number }
type OfProcess = { readonly words: bigint }
type OfCpu = { readonly switchCount: number }

export interface Tally extends AbiDefinition {
  /** Moments in the order in which they came, with the contract's name. */
  readonly heard: Array<string>
}

/** `shared`: where contracts in force together write what they heard. */
export const tally = (name: string, number: number, shared: Array<string> = []): Tally => {
  const ofTask = keptOfTask<OfTask>(name)
  const ofProcess = keptOfProcess<OfProcess>(name)
  const ofCpu = keptOfCpu<OfCpu>(name)

  const hear = (kernel: Kernel, task: Task, moment: Moment): void => {
    shared.push(`${name} ${moment}`)
    ofTask.set(kernel, task, { last: moment, momentCount: (ofTask.of(kernel.current(task.id))?.momentCount ?? 0) + 1 })
    const process = processOf(kernel.state, task.process)
    ofProcess.set(kernel, process, { words: ((ofProcess.of(process)?.words ?? 1n) * 3n) & 0xffff_ffff_ffff_ffffn })
  }
  return {
    name, summary: "tells what it hears", source: "a test", heard: shared,
    calls: [defineSyscall({
      name: `ask_${name}`, number, parameters: {}, summary: "how often", support: "full", errors: [], source: "a test",
      perform: (_kernel, task) => returned(ofTask.of(task)?.momentCount ?? 0)
    })],
    idiom: none.idiom,
    armed: () => ({ start: CODE, end: CODE + 1 }),
    onUserInterrupted: (kernel, task) => hear(kernel, task, "onUserInterrupted"),
    onRescheduleWanted: (kernel, task) => { hear(kernel, task, "onRescheduleWanted"); return "granted" },
    onCpuTaken: (kernel, task) => hear(kernel, task, "onCpuTaken"),
    onScheduleOut: (kernel, task) => hear(kernel, task, "onScheduleOut"),
    onCpuSet: (kernel, task) => hear(kernel, task, "onCpuSet"),
    onScheduleIn: (kernel, task, id) => {
      hear(kernel, task, "onScheduleIn")
      const cpu = cpuOf(kernel.state, id)
      ofCpu.set(kernel, cpu, { switchCount: (ofCpu.of(cpu)?.switchCount ?? 0) + 1 })
    },
    onSignal: (kernel, task) => hear(kernel, task, "onSignal"),
    // Every return must not be a change: it would be called again for ever.
    onUserReturn: (kernel, task) => { if (ofTask.of(task)?.last !== "onUserReturn") hear(kernel, task, "onUserReturn") },
    onCallEntered: (kernel, task) => hear(kernel, task, "onCallEntered"),
    onCallReturned: (kernel, task) => hear(kernel, task, "onCallReturned"),
    onInterrupt: (kernel, task) => hear(kernel, task, "onInterrupt"),
    onFork: (kernel, parent) => hear(kernel, parent, "onFork"),
    onExit: (kernel, task) => hear(kernel, task, "onExit")
  }
}
