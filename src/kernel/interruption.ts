/** What may befall a task from outside, of all that the kernel notices: what is on offer, and what it does. */
import { ALL_CPUS, type InterruptionKind, MAJOR, MINOR, type Option } from "../log/choice.ts"
import { SI_USER } from "../linux/siginfo.ts"
import type { Interruptor } from "./abi/definition.ts"
import type { Kernel } from "./kernel.ts"
import { migrate, migrateOptions, preempt, preemptOptions, setAffinity, sleepForPage, unplug } from "./scheduler.ts"
import { send } from "./signal.ts"
import type { Task } from "./state.ts"

interface InterruptionRow {
  /** What user mode is interrupted by, as contracts see it; left out: it goes on where it was. */
  readonly by?: Interruptor
  /** On offer to the task that runs. */
  readonly options: (kernel: Kernel, task: Task) => ReadonlyArray<Option>
  readonly obey: (kernel: Kernel, task: Task, option: Option) => void
}

const rows = <Noticed extends InterruptionKind>(table: Readonly<Record<Noticed, InterruptionRow>>): Readonly<Record<Noticed, InterruptionRow>> => table

const NOTHING: ReadonlyArray<Option> = []
const EVICTIONS: ReadonlyArray<Option> = [MINOR, MAJOR]

const onlineCpus = (kernel: Kernel): ReadonlyArray<Option> => kernel.state.cpus.filter(({ isOnline }) => isOnline).map(({ id }) => id)

/** How long a page is on its way, in virtual nanoseconds. */
const MAJOR_FAULT_NANOSECONDS = 100_000

/** The page the task is about to touch is fetched again; the instruction is executed when it is there. */
const evict = (kernel: Kernel, task: Task, option: Option): void => {
  kernel.observe({ _tag: "PageFaulted", task: task.id, ip: kernel.registers(task).ip(), isMajor: option === MAJOR ? 1 : 0 })
  if (option === MAJOR) sleepForPage(kernel, task, kernel.nanoseconds + MAJOR_FAULT_NANOSECONDS)
}

export const interruptions = rows({
  preempt: { by: "preempt", options: (kernel, { cpu }) => preemptOptions(kernel, cpu), obey: preempt },
  migrate: { by: "migrate", options: migrateOptions, obey: migrate },
  signal: {
    by: "signal",
    options: (kernel) => kernel.menu.signals,
    obey: (kernel, { id }, signal) => send(kernel, id, { signal, code: SI_USER, senderTid: 0, address: 0n }, false)
  },
  evict: { by: "fault", options: () => EVICTIONS, obey: evict },
  affinity: {
    options: (kernel) => (kernel.state.cpus.length < 2 ? NOTHING : [ALL_CPUS, ...onlineCpus(kernel)]),
    obey: (kernel, { id }, option) => setAffinity(kernel, id, option === ALL_CPUS ? kernel.state.cpus.map((cpu) => cpu.id) : [option])
  },
  unplug: {
    options: (kernel) => {
      const online = onlineCpus(kernel)
      return online.length < 2 ? NOTHING : online
    },
    obey: (kernel, _, cpu) => unplug(kernel, cpu)
  },
  plug: {
    options: (kernel) => kernel.state.cpus.filter(({ isOnline }) => !isOnline).map(({ id }) => id),
    obey: (kernel, _, cpu) => kernel.emit({ _tag: "CpuPlugged", cpu })
  }
})

/** The kinds the kernel notices; the others are the run's own. */
export type NoticedKind = keyof typeof interruptions

export const isNoticed = (kind: InterruptionKind): kind is NoticedKind => Object.hasOwn(interruptions, kind)
