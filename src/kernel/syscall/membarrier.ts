import { membarrierCommand as command } from "../../linux/membarrier.ts"
import { landAll } from "../in-flight.ts"
import { processOf } from "../state.ts"
import { defineSyscall, failed, returned } from "./definition.ts"

/** Commands of 6.12 but those about restartable sequences, which a contract's own row has. */
export const MEMBARRIER_COMMANDS = command.GLOBAL | command.GLOBAL_EXPEDITED | command.REGISTER_GLOBAL_EXPEDITED
  | command.PRIVATE_EXPEDITED | command.REGISTER_PRIVATE_EXPEDITED | command.PRIVATE_EXPEDITED_SYNC_CORE
  | command.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | command.GET_REGISTRATIONS

/** Whoever registers for a private barrier of another kind is shown as registered for the plain one, which it may not ask for. */
const shown = (membarriers: number): number => {
  const privates = command.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | command.REGISTER_PRIVATE_EXPEDITED_RSEQ
  return (membarriers & privates) === 0 ? membarriers : membarriers | command.REGISTER_PRIVATE_EXPEDITED
}

/**
 * Memory is sequentially consistent, so the barriers themselves are there already: what is left is who may ask for them, and
 * writes of read-modify-writes that were split.
 */
export const membarrier = defineSyscall({
  name: "membarrier",
  parameters: { command: "i32", flags: "u32", cpu: "i32" },
  summary: "orders memory on all CPUs",
  support: { partial: "memory is always in order, so no CPU is interrupted and nobody waits; RSEQ commands come with a contract" },
  errors: ["EINVAL", "EPERM"],
  source: "membarrier(2); Linux kernel/sched/membarrier.c SYSCALL_DEFINE3(membarrier)",
  perform: (kernel, task, { command: asked, flags }) => {
    if (flags !== 0) return failed("EINVAL")
    const { membarriers } = processOf(kernel.state, task.process)
    switch (asked) {
      case command.QUERY:
        return returned(MEMBARRIER_COMMANDS)
      case command.GLOBAL:
      case command.GLOBAL_EXPEDITED:
        landAll(kernel)
        return returned()
      case command.PRIVATE_EXPEDITED:
      case command.PRIVATE_EXPEDITED_SYNC_CORE:
        // Each has its registration one bit above it.
        if ((membarriers & (asked << 1)) === 0) return failed("EPERM")
        landAll(kernel, task.process)
        return returned()
      case command.REGISTER_GLOBAL_EXPEDITED:
      case command.REGISTER_PRIVATE_EXPEDITED:
      case command.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
        if ((membarriers & asked) === 0) kernel.emit({ _tag: "MembarrierRegistered", process: task.process, command: asked })
        return returned()
      case command.GET_REGISTRATIONS:
        return returned(shown(membarriers))
      default:
        return failed("EINVAL")
    }
  }
})
