/**
 * Mainline rseq up to 6.18. The scheduler and the sender of signals only note that something happened; the note is acted
 * upon on the way back to user mode, and before a signal's frame is written.
 *
 * Source: Linux kernel/rseq.c __rseq_handle_notify_resume; include/linux/sched.h (4.18) rseq_preempt, rseq_migrate,
 * rseq_signal_deliver, rseq_fork
 */
import { AT_RSEQ_ALIGN, AT_RSEQ_FEATURE_SIZE, RSEQ_DESCRIPTOR_BYTES, RSEQ_ORIGINAL_BYTES, rseqEvent, rseqArea } from "../../../linux/rseq.ts"
import type { Registers, UserMemory } from "../../../machine/machine.ts"
import type { Kernel } from "../../kernel.ts"
import { forceSegv } from "../../signal.ts"
import type { Task } from "../../state.ts"
import type { AnySyscall } from "../../syscall/definition.ts"
import type { AbiDefinition, ReliedRange } from "../definition.ts"
import { keptOfTask } from "../kept.ts"
import { causeOf, fixUp, sectionOf } from "./fixup.ts"
import type { Generation } from "./generation.ts"
import { idiomOf } from "./idiom.ts"
import { interruptName, membarrierCall } from "./membarrier.ts"
import { hasIds, type Registration, rseqCall, writeIds } from "./registration.ts"

const { MIGRATE, PREEMPT, SIGNAL } = rseqEvent

/** No signal is being delivered. */
const NO_SIGNAL = 0

export const mainline = <Name extends string>(generation: Generation<Name>): AbiDefinition<Name> => {
  const { name } = generation
  const kept = keptOfTask<Registration>(name)
  const interrupted = interruptName(generation)
  const calls: Array<AnySyscall> = [rseqCall(generation, kept)]
  if (generation.hasRseqMembarrier) calls.push(membarrierCall(generation))

  const note = (kernel: Kernel, task: Task, event: number): void => {
    const registration = kept.of(task)
    if (registration === undefined) return
    kept.set(kernel, task, { ...registration, events: registration.events | event, isDue: 1 })
  }

  /** Whether another running task of the process has this mm_cid. */
  const isTaken = (kernel: Kernel, { id, process }: Task, cidPlusOne: number): boolean =>
    kernel.state.cpus.some(({ current }) => {
      if (current === undefined || current === id) return false
      const other = kernel.current(current)
      return other.process === process && kept.of(other)?.cidPlusOne === cidPlusOne
    })
  /** The lowest that is free: below the number of such tasks, and of CPUs. */
  const freeCidPlusOne = (kernel: Kernel, task: Task): number => {
    let free = 1
    while (isTaken(kernel, task, free)) free++
    return free
  }

  /** Fixup and ids. `left`: whether the task is still due afterwards. */
  const work = (
    kernel: Kernel, task: Task, registration: Registration, left: number, delivering: number, registers: Registers, memory: UserMemory
  ): void => {
    const ip = registers.ip()
    const cidPlusOne = hasIds(generation) ? registration.cidPlusOne || freeCidPlusOne(kernel, task) : 0
    const fixup = fixUp(generation, registration, ip, registration.events, memory)
    if (fixup._tag === "Aborts") {
      const { abort, end, start } = fixup.section
      registers.setIp(abort)
      kernel.observe({ _tag: "Aborted", task: task.id, abi: name, cause: causeOf(fixup.events), ip, start, postCommit: end, abort })
    }
    const lives = fixup._tag !== "Dies" && writeIds(generation, memory, registration.area, task.cpu, task.cpu, cidPlusOne - 1)
    const events = fixup._tag === "GoesOn" ? fixup.events : fixup._tag === "Aborts" ? 0 : registration.events
    kept.set(kernel, task, { ...registration, events, isDue: left, cidPlusOne })
    if (!lives) forceSegv(kernel, task, delivering)
  }

  return {
    name,
    summary: generation.summary,
    source: generation.source,
    calls,
    shadows: generation.hasRseqMembarrier ? ["membarrier"] : [],
    idiom: idiomOf(generation),
    auxv: hasIds(generation)
      ? [[AT_RSEQ_FEATURE_SIZE, BigInt(generation.featureBytes)], [AT_RSEQ_ALIGN, BigInt(RSEQ_ORIGINAL_BYTES)]]
      : [],
    lastStatusCounts: generation.lastStatusCounts,
    armed: (_state, task, registers, memory) => {
      const registration = kept.of(task)
      if (registration === undefined) return undefined
      const section = sectionOf(registration, memory)
      if (section === "none" || section === "bad") return undefined
      const { end, start } = section
      const ip = registers.ip()
      if (ip < start || end <= ip) return undefined
      const flags = section.flags | (memory.read32(registration.area + rseqArea.flags) ?? 0)
      return flags === 0 ? { start, end } : { start, end, asks: `flags=${flags}` }
    },
    armingWord: (_state, task) => {
      const registration = kept.of(task)
      return registration === undefined ? undefined : { start: registration.area + rseqArea.rseqCs, end: registration.area + rseqArea.rseqCs + 8 }
    },
    cpuWords: (_state, task) => {
      const registration = kept.of(task)
      return registration === undefined ? [] : [registration.area + rseqArea.cpuIdStart, registration.area + rseqArea.cpuId]
    },
    kernelWords: (_state, task) => {
      const registration = kept.of(task)
      if (registration === undefined) return []
      const { area } = registration
      const cpu = { start: area + rseqArea.cpuIdStart, end: area + rseqArea.rseqCs }
      return hasIds(generation) ? [cpu, { start: area + rseqArea.nodeId, end: area + generation.featureBytes }] : [cpu]
    },
    relied: (_state, task, memory) => {
      const registration = kept.of(task)
      if (registration === undefined) return []
      const { area, areaBytes } = registration
      const at = memory.readAddress(area + rseqArea.rseqCs) ?? 0
      const ranges: ReadonlyArray<ReliedRange> = [{ what: "area", start: area, end: area + areaBytes }]
      return at === 0 ? ranges : [...ranges, { what: "descriptor", start: at, end: at + RSEQ_DESCRIPTOR_BYTES }]
    },
    onScheduleOut: (kernel, task) => {
      const registration = kept.of(task)
      if (registration === undefined) return
      kept.set(kernel, task, { ...registration, events: registration.events | PREEMPT, isDue: 1, cidPlusOne: 0 })
    },
    onCpuSet: (kernel, task) => note(kernel, task, MIGRATE),
    onSignal: (kernel, task, registers, memory, signal) => {
      const registration = kept.of(task)
      if (registration === undefined) return
      work(kernel, task, { ...registration, events: registration.events | SIGNAL }, registration.isDue, signal, registers, memory)
    },
    onUserReturn: (kernel, task, registers, memory) => {
      const registration = kept.of(task)
      if (registration === undefined || registration.isDue === 0) return
      work(kernel, task, registration, 0, NO_SIGNAL, registers, memory)
    },
    onInterrupt: (kernel, task, why) => {
      if (why === interrupted) note(kernel, task, PREEMPT)
    },
    onFork: (kernel, parent, child, { isThread, sharesMemory }) => {
      const registration = kept.of(parent)
      if (registration === undefined || isThread || (sharesMemory && generation.unregisteredChildren === "sharing memory")) return
      // A new task is placed on a CPU like one that migrates.
      kept.set(kernel, child, { ...registration, events: registration.events | MIGRATE, isDue: 1, cidPlusOne: 0 })
    },
    onExit: (kernel, task) => kept.set(kernel, task, undefined)
  }
}
