/**
 * The only code that makes a new kernel state. Fold a log through it and the state is back.
 *
 * It touches no register and no user byte: an entry moves those itself, and says so in the event.
 */
import { assert, known } from "../base/assert.ts"
import type { CpuId, TaskId } from "../base/ids.ts"
import { type AppliedTag, applied, type ContractRecord, type Event, type EventOf } from "../log/event.ts"
import { mappedParts, remapped } from "./mapping.ts"
import {
  type Contracts, type Cpu, cpuOf, type KernelState, type Process, processOf, type Restart, slotOf, type Task, taskOf, type Timer, type WaitKind
} from "./state.ts"
import { SS_DISABLE } from "../linux/signal.ts"
import { SI_KERNEL } from "../linux/siginfo.ts"

type Reducers = { readonly [Tag in AppliedTag]: (state: KernelState, event: EventOf<Tag>) => KernelState }

/** With one element replaced. */
const replaced = <T>(all: ReadonlyArray<T>, index: number, one: T): ReadonlyArray<T> => {
  const copy = all.slice()
  copy[index] = one
  return copy
}

// A change is a function that copies with `{ ...before, field }`: one shape known where it is written, so V8 copies it whole.
// Spreading a second object over the first costs several times as much.

const tasksWith = (state: KernelState, id: TaskId, change: (task: Task) => Task): ReadonlyArray<Task> => {
  const slot = slotOf(state, id)
  return replaced(state.tasks, slot, change(known(state.tasks[slot], "a slot holds a task")))
}

const cpusWith = (state: KernelState, id: CpuId, change: (cpu: Cpu) => Cpu): ReadonlyArray<Cpu> => {
  const cpu = cpuOf(state, id)
  return replaced(state.cpus, state.cpus.indexOf(cpu), change(cpu))
}

const withTask = (state: KernelState, id: TaskId, change: (task: Task) => Task): KernelState => ({ ...state, tasks: tasksWith(state, id, change) })

const processesWith = (state: KernelState, id: TaskId, change: (process: Process) => Process): ReadonlyArray<Process> => {
  const before = processOf(state, id)
  return replaced(state.processes, state.processes.indexOf(before), change(before))
}

const withProcess = (state: KernelState, id: TaskId, change: (process: Process) => Process): KernelState =>
  ({ ...state, processes: processesWith(state, id, change) })

const withCpu = (state: KernelState, id: CpuId, change: (cpu: Cpu) => Cpu): KernelState => ({ ...state, cpus: cpusWith(state, id, change) })

/** The task's CPU without it: neither running nor queued there. */
const taken = (state: KernelState, task: Task): KernelState => {
  const cpu = cpuOf(state, task.cpu)
  if (cpu.current === task.id) return withCpu(state, task.cpu, (was) => ({ ...was, current: undefined }))
  if (cpu.queue.includes(task.id)) return withCpu(state, task.cpu, (was) => ({ ...was, queue: was.queue.filter((id) => id !== task.id) }))
  return state
}

const queued = (state: KernelState, id: TaskId, to: CpuId): KernelState => {
  assert(!cpuOf(state, to).queue.includes(id), "a queued task is queued once")
  return withCpu(state, to, (was) => ({ ...was, queue: [...was.queue, id] }))
}

/** The running task at the tail of its CPU's queue. */
const requeued = (state: KernelState, id: TaskId): KernelState => {
  const { cpu } = taskOf(state, id)
  assert(!cpuOf(state, cpu).queue.includes(id), "a queued task is queued once")
  return {
    ...state,
    cpus: cpusWith(state, cpu, (was) => ({ ...was, current: undefined, queue: [...was.queue, id] })),
    tasks: tasksWith(state, id, (was) => ({ ...was, status: "runnable" }))
  }
}

/** What one contract keeps, replaced. Most runs have one contract, and a spread before a computed name is three times the work. */
const contractsWith = (contracts: Contracts, abi: string, record: ContractRecord | undefined): Contracts => {
  for (const name in contracts) if (name !== abi) return { ...contracts, [abi]: record }
  return { [abi]: record }
}

const idleTimer = (id: number, signal: number): Timer => ({
  id, clock: 0, code: SI_KERNEL, signal, value: 0n, tid: 0, deadline: 0, interval: 0, isRunning: false, overrunCount: 0
})

/** ITIMER_REAL is there once it is armed, the others once they are created. */
const withTimer = (state: KernelState, process: TaskId, id: number, change: Partial<Timer>, signal = 0): KernelState => {
  const { timers } = processOf(state, process)
  const met = timers.some((timer) => timer.id === id)
  return withProcess(state, process, (was) => ({
    ...was, timers: met ? timers.map((timer) => (timer.id === id ? { ...timer, ...change } : timer)) : [...timers, { ...idleTimer(id, signal), ...change }]
  }))
}

export const reducers: Reducers = {
  TaskCreated: (state, { allowed, child, clearChildTid, cpu, process, task, tid }) => {
    assert(!state.slots.has(child), "a task is created once")
    const created: Task = {
      id: child, process, tid, slot: state.tasks.length, status: "runnable", cpu, allowed, wait: undefined, pausedCall: undefined,
      childCount: 0, blockedSignals: state.slots.has(task) ? taskOf(state, task).blockedSignals : 0n, pending: [],
      // A new thread has no alternate stack and says so; execve leaves the flags 0. Source: Linux kernel/fork.c copy_process
      alternateStack: { start: 0, sizeBytes: 0, flags: state.slots.has(task) ? SS_DISABLE : 0 },
      savedMask: undefined, interrupted: undefined, restartBlock: undefined, trap: { number: 0, error: 0, address: 0n },
      randomWordCount: 0, clearChildTid, robustList: 0n, exitStatus: 0, contracts: {}
    }
    const slots = new Map(state.slots).set(child, state.tasks.length)
    const parent = state.slots.get(task)
    const tasks = state.tasks.map((other, slot) => (slot === parent ? { ...other, childCount: other.childCount + 1 } : other))
    tasks.push(created)
    const processes = state.processes.some(({ id }) => id === process)
      ? processesWith(state, process, (was) => ({ ...was, taskCount: was.taskCount + 1 }))
      : [...state.processes, {
        id: process, slot: state.processes.length, taskCount: 1, actions: {}, pending: [], mappings: undefined, locksMappings: false,
        breakStart: 0, breakEnd: 0, timers: [], lastTimer: 0, closedFiles: [], membarriers: 0, exiting: undefined, contracts: {}
      }]
    return queued({ ...state, slots, tasks, processes }, child, cpu)
  },
  SwitchedIn: (state, { cpu: id, task }) => {
    assert(cpuOf(state, id).current === undefined, "a CPU runs one task")
    return {
      ...state,
      cpus: cpusWith(state, id, (was) => ({ ...was, current: task, queue: was.queue.filter((waiting) => waiting !== task) })),
      tasks: tasksWith(state, task, (was) => ({ ...was, status: "running", cpu: id }))
    }
  },
  Preempted: (state, { task }) => requeued(state, task),
  Yielded: (state, { task }) => requeued(state, task),
  Blocked: (state, { call, data, deadline, key, on, restart, task, value }) => {
    const wait = { on: on as WaitKind, key, value, deadline, call, data, restart: restart as Restart, since: state.waitCount }
    return withTask({ ...taken(state, taskOf(state, task)), waitCount: state.waitCount + 1 }, task, (was) => ({ ...was, status: "blocked", wait }))
  },
  Woken: (state, { cpu, task }) => {
    assert(taskOf(state, task).status === "blocked", "only who is blocked is woken")
    return withTask(queued(state, task, cpu), task, (was) => ({ ...was, status: "runnable", wait: undefined, cpu }))
  },
  Migrated: (state, { task, to }) => {
    const before = taskOf(state, task)
    const off = taken(state, before)
    return withTask(before.status === "runnable" ? queued(off, task, to) : off, task, (was) => ({ ...was, cpu: to }))
  },
  AffinitySet: (state, { allowed, task }) => withTask(state, task, (was) => ({ ...was, allowed })),
  TaskExited: (state, { status, task }) => {
    const before = taskOf(state, task)
    return {
      ...taken(state, before),
      tasks: tasksWith(state, task, (was) => ({ ...was, status: "exited", exitStatus: status, wait: undefined, pausedCall: undefined })),
      processes: processesWith(state, before.process, (was) => ({ ...was, taskCount: was.taskCount - 1 })),
      interrupts: state.interrupts.length === 0 ? state.interrupts : state.interrupts.filter(({ sender }) => sender !== task)
    }
  },
  ProcessExiting: (state, { process, signal, status }) => withProcess(state, process, (was) => ({ ...was, exiting: { status, signal } })),
  SignalSent: (state, { address, code, isShared, senderTid, signal, task, value }) => {
    const sent = { signal, code, senderTid, address, value }
    const to = taskOf(state, task)
    return isShared === 1
      ? withProcess(state, to.process, (was) => ({ ...was, pending: [...was.pending, sent] }))
      : withTask(state, task, (was) => ({ ...was, pending: [...was.pending, sent] }))
  },
  SignalTaken: (state, { isShared, signal, task }) => {
    const to = taskOf(state, task)
    const first = (pending: Task["pending"]) => {
      const index = pending.findIndex((sent) => sent.signal === signal)
      assert(index >= 0, "a signal that is taken was pending")
      return pending.filter((_, at) => at !== index)
    }
    return isShared === 1
      ? withProcess(state, to.process, (was) => ({ ...was, pending: first(was.pending) }))
      : withTask(state, task, (was) => ({ ...was, pending: first(was.pending) }))
  },
  SignalDelivered: (state, { mask, task }) => withTask(state, task, (was) => ({ ...was, blockedSignals: mask, savedMask: undefined })),
  SignalReturned: (state, { mask, task }) => withTask(state, task, (was) => ({ ...was, blockedSignals: mask, restartBlock: undefined })),
  CallInterrupted: (state, { call, data, deadline, restart, task }) =>
    withTask(state, task, (was) => ({ ...was, interrupted: { call, restart: restart as Restart, deadline, data } })),
  CallSettled: (state, { isRestarted, task }) => {
    const { interrupted } = taskOf(state, task)
    return withTask(state, task, (was) => ({ ...was, interrupted: undefined, restartBlock: isRestarted === 1 ? interrupted : undefined }))
  },
  Trapped: (state, { address, error, task, trap }) => withTask(state, task, (was) => ({ ...was, trap: { number: trap, error, address } })),
  SignalMaskSwapped: (state, { mask, task }) => withTask(state, task, (was) => ({ ...was, blockedSignals: mask, savedMask: was.blockedSignals })),
  SignalMaskSet: (state, { mask, task }) => withTask(state, task, (was) => ({ ...was, blockedSignals: mask, savedMask: undefined })),
  SignalActionSet: (state, { flags, handler, mask, process, restorer, signal }) =>
    withProcess(state, process, (was) => ({ ...was, actions: { ...was.actions, [signal]: { handler, flags, restorer, mask } } })),
  AlternateStackSet: (state, { flags, sizeBytes, start, task }) =>
    withTask(state, task, (was) => ({ ...was, alternateStack: { start, sizeBytes, flags } })),
  ClearChildTidSet: (state, { at, task }) => withTask(state, task, (was) => ({ ...was, clearChildTid: at })),
  RobustListSet: (state, { head, task }) => withTask(state, task, (was) => ({ ...was, robustList: head })),
  Mapped: (state, { end, isShared, process, protection, start }) =>
    withProcess(state, process, (was) => {
      const mapped = { start, end, protection, isShared: isShared === 1, isLocked: was.locksMappings }
      return { ...was, mappings: remapped(was.mappings, { start, end }, [mapped]) }
    }),
  Unmapped: (state, { end, process, start }) =>
    withProcess(state, process, (was) => ({ ...was, mappings: remapped(was.mappings, { start, end }, []) })),
  Protected: (state, { end, process, protection, start }) =>
    withProcess(state, process, (was) => {
      const changed = mappedParts(was.mappings, { start, end }).map((part) => ({ ...part, protection }))
      return { ...was, mappings: remapped(was.mappings, { start, end }, changed) }
    }),
  Locked: (state, { end, isLocked, process, start }) =>
    withProcess(state, process, (was) => {
      const changed = mappedParts(was.mappings, { start, end }).map((part) => ({ ...part, isLocked: isLocked === 1 }))
      return { ...was, mappings: remapped(was.mappings, { start, end }, changed) }
    }),
  LocksMappings: (state, { isLocked, process }) => withProcess(state, process, (was) => ({ ...was, locksMappings: isLocked === 1 })),
  BreakSet: (state, { end, process }) => {
    const { breakStart } = processOf(state, process)
    return withProcess(state, process, (was) => ({ ...was, breakEnd: end, breakStart: breakStart === 0 ? end : breakStart }))
  },
  TimerCreated: (state, { clock, code, process, signal, tid, timer, value }) =>
    withProcess(state, process, (was) => ({
      ...was, lastTimer: timer, timers: [...was.timers, { ...idleTimer(timer, signal), clock, code, value, tid }]
    })),
  TimerArmed: (state, { deadline, interval, process, signal, timer }) =>
    withTimer(state, process, timer, { deadline, interval, isRunning: deadline > 0, overrunCount: 0 }, signal),
  TimerFired: (state, { process, timer }) => withTimer(state, process, timer, { isRunning: false }),
  TimerResumed: (state, { deadline, overrunCount, process, timer }) =>
    withTimer(state, process, timer, { deadline, isRunning: true, overrunCount }),
  TimerDeleted: (state, { process, timer }) =>
    withProcess(state, process, (was) => ({ ...was, timers: was.timers.filter(({ id }) => id !== timer) })),
  FileClosed: (state, { fd, process }) =>
    withProcess(state, process, (was) => ({ ...was, closedFiles: [...was.closedFiles, fd] })),
  RandomDrawn: (state, { task, words }) =>
    withTask(state, task, (was) => ({ ...was, randomWordCount: was.randomWordCount + words })),
  MembarrierRegistered: (state, { command, process }) =>
    withProcess(state, process, (was) => ({ ...was, membarriers: was.membarriers | command })),
  ClockJumped: (state, { nanoseconds }) => ({ ...state, idleNanoseconds: state.idleNanoseconds + nanoseconds }),
  KernelStepped: (state, { steps }) => ({ ...state, kernelSteps: state.kernelSteps + steps }),
  InterruptSent: (state, { at, cpu, sender, task, why }) => ({ ...state, interrupts: [...state.interrupts, { sender, cpu, task, at, why }] }),
  Interrupted: (state, { cpu, sender, task, why }) => {
    const index = state.interrupts.findIndex((sent) => sent.sender === sender && sent.cpu === cpu && sent.task === task && sent.why === why)
    return index < 0 ? state : { ...state, interrupts: state.interrupts.filter((_, at) => at !== index) }
  },
  CallPaused: (state, { at, call, data, task }) => withTask(state, task, (was) => ({ ...was, pausedCall: { call, at, data } })),
  CallResumed: (state, { task }) => withTask(state, task, (was) => ({ ...was, pausedCall: undefined })),
  ContractChanged: (state, { abi, cpu, of, record, task }) =>
    of === "task" ? withTask(state, task, (was) => ({ ...was, contracts: contractsWith(was.contracts, abi, record) }))
    : of === "process" ? withProcess(state, task, (was) => ({ ...was, contracts: contractsWith(was.contracts, abi, record) }))
    : withCpu(state, cpu, (was) => ({ ...was, contracts: contractsWith(was.contracts, abi, record) })),
  UnknownCalled: (state, { number }) =>
    ({ ...state, unknownCalls: new Map(state.unknownCalls).set(number, (state.unknownCalls.get(number) ?? 0) + 1) }),
  FileMissed: (state, { path }) => ({ ...state, missedFiles: [...state.missedFiles, path] }),
  Ended: (state) => state,
  CpuUnplugged: (state, { cpu }) => withCpu(state, cpu, (was) => ({ ...was, isOnline: false })),
  CpuPlugged: (state, { cpu }) => withCpu(state, cpu, (was) => ({ ...was, isOnline: true }))
}

/** The state after `event`. */
export const apply = (state: KernelState, event: EventOf<AppliedTag>): KernelState =>
  (reducers[event._tag] as (state: KernelState, event: EventOf<AppliedTag>) => KernelState)(state, event)

export const isApplied = (event: Event): event is EventOf<AppliedTag> => Object.hasOwn(applied, event._tag)
