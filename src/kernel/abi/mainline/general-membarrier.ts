/** The general call, as far as this contract builds on it. */
import { SYS_MEMBARRIER } from "../../../linux/membarrier.ts"
import { defineSyscall, failed, returned } from "../../syscall/definition.ts"

export const membarrier = defineSyscall({
  name: "membarrier",
  number: SYS_MEMBARRIER,
  parameters: { command: "i32", flags: "u32", cpu: "i32" },
  summary: "orders memory accesses of the process",
  support: { partial: "only asks what there is" },
  errors: ["EINVAL"],
  source: "membarrier(2)",
  perform: (_kernel, _task, { command, flags }) => (command === 0 && flags === 0 ? returned() : failed("EINVAL"))
})
