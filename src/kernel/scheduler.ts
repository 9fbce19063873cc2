/**
 * Who has a CPU: switching, waiting, waking, moving. Each function says in its events what it did and lets the contracts
 * react at their moments, always in the same order: out of the CPU, set to another, in.
 */
import { assert, known } from "../base/assert.ts"
import type { CpuId, TaskId } from "../base/ids.ts"
import { FIRST_WAITING, IDLE, KERNEL_THREAD, type Option } from "../log/choice.ts"
import { land } from "./in-flight.ts"
import type { Kernel } from "./kernel.ts"
import { type Cpu, cpuOf, type Task, type WaitKind } from "./state.ts"

// ---- what is on offer

const NO_OPTIONS: ReadonlyArray<Option> = []

/** Whether a CPU has somebody who may run: a current task that is not stuck in the kernel, or one that waits. */
export const hasTask = (kernel: Kernel, cpu: Cpu): boolean =>
  cpu.current === undefined ? cpu.queue.length > 0 : !isStuck(kernel, cpu.current)

/** A sender of interrupts waits inside the kernel, on its CPU, until all have arrived. */
export const isStuck = (kernel: Kernel, task: TaskId): boolean => {
  // Asked twice a turn, nearly always in vain.
  for (const { sender } of kernel.state.interrupts) if (sender === task) return true
  return false
}

/** CPUs other than `cpu` that could have the turn, ascending. */
export const turnOptions = (kernel: Kernel, cpu: CpuId): ReadonlyArray<Option> => {
  const { cpus } = kernel.state
  if (cpus.length === 2) { // the commonest machine: no list to build
    const other = known(cpus[cpus[0]?.id === cpu ? 1 : 0], "there are two")
    return hasTask(kernel, other) ? singleton(other.id) : NO_OPTIONS
  }
  return cpus.filter((other) => other.id !== cpu && hasTask(kernel, other)).map(({ id }) => id)
}

const singletons = new Map<Option, ReadonlyArray<Option>>()
const singleton = (option: Option): ReadonlyArray<Option> => {
  const met = singletons.get(option)
  if (met !== undefined) return met
  const made = [option]
  singletons.set(option, made)
  return made
}

export const preemptOptions = (kernel: Kernel, cpu: CpuId): ReadonlyArray<Option> => {
  const { queue } = cpuOf(kernel.state, cpu)
  return queue.length === 0 ? singleton(KERNEL_THREAD) : [...queue, KERNEL_THREAD]
}

export const migrateOptions = (kernel: Kernel, task: Task): ReadonlyArray<Option> =>
  task.allowed.length < 2 && task.allowed[0] === task.cpu ? NO_OPTIONS
    : task.allowed.filter((id) => id !== task.cpu && cpuOf(kernel.state, id).isOnline)

// ---- out and in

export const leaveCpu = (kernel: Kernel, task: TaskId): void => {
  for (const abi of kernel.abis) abi.onScheduleOut?.(kernel, kernel.current(task))
  arriveAll(kernel, task)
}

const enterCpu = (kernel: Kernel, task: TaskId, cpu: CpuId): void => {
  if (kernel.current(task).cpu !== cpu) setCpu(kernel, task, cpu)
  kernel.emit({ _tag: "SwitchedIn", task, cpu })
  for (const abi of kernel.abis) abi.onScheduleIn?.(kernel, kernel.current(task), cpu)
}

/** The task will next run on `cpu`; it is not running. */
const setCpu = (kernel: Kernel, task: TaskId, cpu: CpuId): void => {
  kernel.emit({ _tag: "Migrated", task, from: kernel.current(task).cpu, to: cpu })
  for (const abi of kernel.abis) abi.onCpuSet?.(kernel, kernel.current(task), cpu)
}

/** Somebody else gets the CPU that `leaving` left, or nobody. */
export const pickNext = (kernel: Kernel, cpu: CpuId, leaving: TaskId): void => {
  const { queue } = cpuOf(kernel.state, cpu)
  const quiet = queue[0] ?? IDLE
  let answer: Option = quiet
  if (kernel.menu.kinds.has("pick")) {
    let options: Array<Option> | undefined
    for (const waiting of queue) if (waiting !== quiet && waiting !== leaving) (options ??= [quiet]).push(waiting)
    for (const { allowed, cpu: home, id, status } of kernel.state.tasks) {
      if (status === "runnable" && home !== cpu && id !== leaving && allowed.includes(cpu)) (options ??= [quiet]).push(id)
    }
    if (options !== undefined) answer = kernel.choose("pick", kernel.current(leaving), options)
  }
  if (answer !== IDLE) enterCpu(kernel, answer as TaskId, cpu)
}

/** An idle CPU with tasks in its queue takes the first: no choice, an idle CPU is nobody's subject. */
export const takeHead = (kernel: Kernel, cpu: CpuId): void => {
  enterCpu(kernel, known(cpuOf(kernel.state, cpu).queue[0], "a CPU with the turn has a task"), cpu)
}

const mayReschedule = (kernel: Kernel, task: Task): boolean =>
  kernel.abis.every((abi) => abi.onRescheduleWanted?.(kernel, task, kernel.registers(task), kernel.memory(task)) !== "refused")

/** The running task loses its CPU to `next` (a waiting task, a kernel thread, or whoever is first). */
export const preempt = (kernel: Kernel, task: Task, next: Option): void => {
  if (!mayReschedule(kernel, task)) return
  const { cpu } = task
  const chosen = next === FIRST_WAITING ? (cpuOf(kernel.state, cpu).queue[0] ?? KERNEL_THREAD) : next
  kernel.emit({ _tag: "Preempted", task: task.id, ip: kernel.registers(task).ip() })
  leaveCpu(kernel, task.id)
  enterCpu(kernel, chosen === KERNEL_THREAD ? task.id : (chosen as TaskId), cpu)
}

/** The running task loses its CPU and joins the queue of another. */
export const migrate = (kernel: Kernel, task: Task, to: CpuId): void => {
  land(kernel, task)
  kernel.emit({ _tag: "Preempted", task: task.id, ip: kernel.registers(task).ip() })
  leaveCpu(kernel, task.id)
  setCpu(kernel, task.id, to)
  pickNext(kernel, task.cpu, task.id)
}

/** The running task goes to the tail of its queue. */
export const yieldCpu = (kernel: Kernel, task: Task): void => {
  kernel.emit({ _tag: "Yielded", task: task.id })
  leaveCpu(kernel, task.id)
  pickNext(kernel, task.cpu, task.id)
}

/** The end of a slice: only if others wait. */
export const sliceEnds = (kernel: Kernel, task: Task): void => {
  const [next] = cpuOf(kernel.state, task.cpu).queue
  if (next !== undefined) preempt(kernel, task, next)
}

// ---- waking

/** Online CPUs the task may use, its last one (or else the emptiest) first. */
const placeOptions = (kernel: Kernel, task: Task): ReadonlyArray<CpuId> => {
  const usable = onlineOf(kernel, task.allowed)
  const quiet = usable.includes(task.cpu) ? task.cpu : emptiest(kernel, usable)
  return usable.length < 2 || usable[0] === quiet ? usable : [quiet, ...usable.filter((id) => id !== quiet)]
}

/** Those of the CPUs that are online; nearly always all. */
const onlineOf = (kernel: Kernel, among: ReadonlyArray<CpuId>): ReadonlyArray<CpuId> => {
  for (const id of among) if (!cpuOf(kernel.state, id).isOnline) return among.filter((one) => cpuOf(kernel.state, one).isOnline)
  return among
}

/** The CPU with the fewest tasks, the lowest number among equals. */
export const emptiest = (kernel: Kernel, among: ReadonlyArray<CpuId>): CpuId => {
  const load = (id: CpuId) => {
    const cpu = cpuOf(kernel.state, id)
    return cpu.queue.length + (cpu.current === undefined ? 0 : 1)
  }
  return known([...among].sort((a, b) => load(a) - load(b) || a - b)[0], "a task may use some CPU")
}

/** Who may use no CPU that is online may use all of them from now on, as on Linux. */
const freeIfStranded = (kernel: Kernel, id: TaskId): void => {
  if (kernel.current(id).allowed.some((cpu) => cpuOf(kernel.state, cpu).isOnline)) return
  kernel.emit({ _tag: "AffinitySet", task: id, allowed: kernel.state.cpus.map((cpu) => cpu.id) })
}

/** The blocked task is runnable again; its call says `result` (negative: minus an errno), if it stood in one. */
export const wake = (kernel: Kernel, id: TaskId, cause: string, result: number | undefined): void => {
  freeIfStranded(kernel, id)
  const task = kernel.current(id)
  assert(task.status === "blocked", "only who is blocked is woken")
  const cpu = kernel.choose("place", task, placeOptions(kernel, task))
  if (cpu !== task.cpu) setCpu(kernel, id, cpu)
  kernel.emit({ _tag: "Woken", task: id, cpu, cause })
  if (result !== undefined) kernel.registers(task).set(0, BigInt.asUintN(64, BigInt(result)))
}

/** Blocked tasks that wait so, longest first. */
export const waiting = (kernel: Kernel, on: WaitKind, key: string): ReadonlyArray<Task> =>
  kernel.state.tasks
    .filter(({ wait }) => wait !== undefined && wait.on === on && wait.key === key)
    .sort((a, b) => known(a.wait, "it waits").since - known(b.wait, "it waits").since)

// ---- moving

/** The caller, inside its call, goes on on another CPU: as a migration thread would push it. Whoever waits here gets the CPU. */
export const pushTo = (kernel: Kernel, task: Task, to: CpuId): void => {
  kernel.emit({ _tag: "Preempted", task: task.id, ip: kernel.registers(task).ip() })
  leaveCpu(kernel, task.id)
  setCpu(kernel, task.id, to)
  pickNext(kernel, task.cpu, task.id)
}

/** New affinity. A task that may not stay where it is moves: at once if it does not run, by losing its CPU if it does. */
export const setAffinity = (kernel: Kernel, id: TaskId, allowed: ReadonlyArray<CpuId>): void => {
  kernel.emit({ _tag: "AffinitySet", task: id, allowed })
  const task = kernel.current(id)
  if (allowed.includes(task.cpu)) return
  const to = emptiest(kernel, allowed.filter((cpu) => cpuOf(kernel.state, cpu).isOnline))
  if (task.status === "running") {
    takeCpu(kernel, id)
    migrate(kernel, kernel.current(id), to)
  } else if (task.status === "runnable") setCpu(kernel, id, to)
}

/** Contracts let go of the task's CPU: their calls come to where it can be lost. */
const takeCpu = (kernel: Kernel, id: TaskId): void => {
  for (const abi of kernel.abis) abi.onCpuTaken?.(kernel, kernel.current(id))
}

/** A CPU goes offline: whoever runs or waits there moves. Who sleeps learns of it when it is woken. */
export const unplug = (kernel: Kernel, cpu: CpuId): void => {
  const { current, queue } = cpuOf(kernel.state, cpu)
  if (current !== undefined) takeCpu(kernel, current)
  kernel.emit({ _tag: "CpuUnplugged", cpu })
  for (const id of current === undefined ? queue : [...queue, current]) {
    freeIfStranded(kernel, id)
    const task = kernel.current(id)
    const to = emptiest(kernel, task.allowed.filter((one) => cpuOf(kernel.state, one).isOnline))
    if (task.status === "running") migrate(kernel, task, to)
    else setCpu(kernel, id, to)
  }
}

/** The running task waits for a page until `deadline`; its registers stay as they are. */
export const sleepForPage = (kernel: Kernel, task: Task, deadline: number): void => {
  kernel.emit({ _tag: "Blocked", task: task.id, on: "page" satisfies WaitKind, key: "", value: 0, deadline, call: 0, restart: "never", data: [] })
  leaveCpu(kernel, task.id)
  pickNext(kernel, task.cpu, task.id)
}

// ---- interrupts between CPUs

/**
 * Sends an interrupt to the task that runs on `cpu` in user mode. Quiet: it arrives at once, before that task's next
 * instruction. The sender must return `stuckUntilArrived` if any is still under way.
 */
export const interruptCpu = (kernel: Kernel, sender: Task, cpu: CpuId, why: string): void => {
  const target = cpuOf(kernel.state, cpu).current
  if (target === undefined) return
  const task = kernel.current(target)
  const bound = kernel.menu.arriveIcountMax
  const delay = kernel.menu.kinds.has("arrive") && bound > 0 && target !== sender.id
    ? kernel.choose("arrive", task, Array.from({ length: bound + 1 }, (_, icount) => icount))
    : 0
  const at = kernel.countOf(task) + delay
  kernel.emit({ _tag: "InterruptSent", sender: sender.id, cpu, task: target, at, why })
  if (delay === 0) arrive(kernel, { sender: sender.id, cpu, task: target, at, why })
}

const arrive = (kernel: Kernel, { cpu, sender, task, why }: { sender: TaskId; cpu: CpuId; task: TaskId; at: number; why: string }): void => {
  land(kernel, kernel.current(task))
  kernel.emit({ _tag: "Interrupted", sender, cpu, task, why })
  for (const abi of kernel.abis) abi.onInterrupt?.(kernel, kernel.current(task), why)
}

/** Interrupts for a task arrive once it has retired enough, at the latest when it enters the kernel or leaves its CPU. */
export const arriveAll = (kernel: Kernel, task: TaskId): void => {
  while (kernel.state.interrupts.length > 0) {
    const due = kernel.state.interrupts.find((sent) => sent.task === task)
    if (due === undefined) return
    arrive(kernel, due)
  }
}
