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
import { membarrier as general } from "../../syscall/membarrier.ts"
import { stuckUntilArrived } from "../../wait.ts"
import type { Generation } from "./generation.ts"

const { PRIVATE_EXPEDITED_RSEQ, QUERY, REGISTER_PRIVATE_EXPEDITED_RSEQ } = membarrierCommand

/** Where the caller waits for its interrupts to arrive. */
const ARRIVING = 0

/** How the interrupts of a contract are told from others'. */
export const interruptName = ({ name }: Generation): string => `${name} membarrier`

/** CPUs that run a task of the caller's process now. */
const running = (kernel: Kernel, { process }: Task): ReadonlyArray<number> =>
  kernel.state.cpus.filter(({ current, isOnline }) => isOnline && current !== undefined && kernel.current(current).process === process).map(({ id }) => id)

export const membarrierCall = (generation: Generation) => {
  const restart = (kernel: Kernel, task: Task, flags: number, cpu: number): CallResult => {
    const process = processOf(kernel.state, task.process)
    if ((process.membarriers & REGISTER_PRIVATE_EXPEDITED_RSEQ) === 0) return failed("EPERM")
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
    parameters: { command: "i32", flags: "u32", cpu: "i32" },
    summary: "as membarrier(2), and restarts the sequences of the process that are under way",
    support: { partial: "memory is always in order, so only the RSEQ command interrupts other CPUs" },
    errors: ["EINVAL", "EPERM"],
    source: "membarrier(2); Linux kernel/sched/membarrier.c",
    perform: (kernel, task, values) => {
      const { command, cpu, flags } = values
      switch (command) {
        case QUERY: {
          const result = general.perform(kernel, task, values)
          return result._tag === "Returned" ? returned(result.value | PRIVATE_EXPEDITED_RSEQ | REGISTER_PRIVATE_EXPEDITED_RSEQ) : result
        }
        case PRIVATE_EXPEDITED_RSEQ:
          return flags === 0 || flags === MEMBARRIER_CMD_FLAG_CPU ? restart(kernel, task, flags, cpu) : failed("EINVAL")
        case REGISTER_PRIVATE_EXPEDITED_RSEQ: {
          if (flags !== 0) return failed("EINVAL")
          const isRegistered = (processOf(kernel.state, task.process).membarriers & command) !== 0
          if (!isRegistered) kernel.emit({ _tag: "MembarrierRegistered", process: task.process, command })
          return returned()
        }
        default:
          return general.perform(kernel, task, values)
      }
    },
    resume: (kernel, task) => arrived(kernel, task)
  })
}
