/**
 * membarrier(2) where it can also restart sequences: every section of the process that runs when it is called has committed
 * or is aborted before it returns. Other commands are the general call's.
 *
 * Source: Linux kernel/sched/membarrier.c membarrier_private_expedited, ipi_rseq
 */
import { MEMBARRIER_CMD_FLAG_CPU, membarrierCommand, SYS_MEMBARRIER } from "../../../linux/membarrier.ts"
import type { Kernel } from "../../kernel.ts"
import { interruptCpu } from "../../scheduler.ts"
import { processOf, type Task } from "../../state.ts"
import { type CallResult, defineSyscall, failed, returned } from "../../syscall/definition.ts"
import { stuckUntilArrived } from "../../wait.ts"
import { keptOfProcess } from "../kept.ts"
import { membarrier as general } from "./general-membarrier.ts"
import type { Generation } from "./generation.ts"

const { GET_REGISTRATIONS, PRIVATE_EXPEDITED_RSEQ, QUERY, REGISTER_PRIVATE_EXPEDITED_RSEQ } = membarrierCommand

/** Kept of a process that may use the command. */
type Registered = { readonly isRegistered: number }

/** Where the caller waits for its interrupts to arrive. */
const ARRIVING = 0

/** How the interrupts of a contract are told from others'. */
export const interruptName = ({ name }: Generation): string => `${name} membarrier`

/** CPUs that run a task of the caller's process now. */
const running = (kernel: Kernel, { process }: Task): ReadonlyArray<number> =>
  kernel.state.cpus.filter(({ current, isOnline }) => isOnline && current !== undefined && kernel.current(current).process === process).map(({ id }) => id)

const withBits = (result: CallResult, bits: number): CallResult => (result._tag === "Returned" ? returned(result.value | bits) : result)

export const membarrierCall = (generation: Generation) => {
  const kept = keptOfProcess<Registered>(generation.name)

  const restart = (kernel: Kernel, task: Task, flags: number, cpu: number): CallResult => {
    const process = processOf(kernel.state, task.process)
    if (kept.of(process) === undefined) return failed("EPERM")
    const isOneCpu = kernel.state.cpus.filter(({ isOnline }) => isOnline).length === 1
    if (process.taskCount === 1 || isOneCpu) return returned()
    // A CPU that is not there, or runs somebody else, has nothing to restart. A negative one is all of them.
    const isTargeted = (flags & MEMBARRIER_CMD_FLAG_CPU) !== 0 && cpu >= 0
    const targets = running(kernel, task).filter((id) => (isTargeted ? id === cpu : id !== task.cpu))
    for (const target of targets) interruptCpu(kernel, kernel.current(task.id), target, interruptName(generation))
    return arrived(kernel, task)
  }
  const arrived = (kernel: Kernel, task: Task): CallResult => {
    const result = stuckUntilArrived(kernel, kernel.current(task.id), SYS_MEMBARRIER, ARRIVING)
    return result === "arrived" ? returned() : result
  }

  return defineSyscall({
    name: "membarrier",
    number: SYS_MEMBARRIER,
    parameters: { command: "i32", flags: "u32", cpu: "i32" },
    summary: "as membarrier(2), and restarts the sequences of the process that are under way",
    support: general.support,
    errors: ["EINVAL", "EPERM"],
    source: "membarrier(2); Linux kernel/sched/membarrier.c",
    perform: (kernel, task, { command, cpu, flags }) => {
      const isRegistered = kept.of(processOf(kernel.state, task.process)) !== undefined
      switch (command) {
        case QUERY:
          return withBits(general.perform(kernel, task, { command, flags, cpu }), PRIVATE_EXPEDITED_RSEQ | REGISTER_PRIVATE_EXPEDITED_RSEQ)
        case GET_REGISTRATIONS:
          return withBits(general.perform(kernel, task, { command, flags, cpu }), isRegistered ? REGISTER_PRIVATE_EXPEDITED_RSEQ : 0)
        case PRIVATE_EXPEDITED_RSEQ:
          return flags === 0 || flags === MEMBARRIER_CMD_FLAG_CPU ? restart(kernel, task, flags, cpu) : failed("EINVAL")
        case REGISTER_PRIVATE_EXPEDITED_RSEQ:
          if (flags !== 0) return failed("EINVAL")
          kept.set(kernel, processOf(kernel.state, task.process), { isRegistered: 1 })
          return returned()
        default:
          return general.perform(kernel, task, { command, flags, cpu })
      }
    },
    resume: (kernel, task) => arrived(kernel, task)
  })
}
