/** The list of robust futexes a task holds. */
import { ROBUST_LIST_HEAD_BYTES } from "../../linux/futex.ts"
import { defineSyscall, failed, returned } from "./definition.ts"
import { targetOf } from "./scheduling.ts"

export const setRobustList = defineSyscall({
  name: "set_robust_list",
  parameters: { head: "u64", headBytes: "size" },
  summary: "the robust mutexes the calling task holds; who waits for them is told when it ends",
  support: "full",
  errors: ["EINVAL"],
  source: "set_robust_list(2); Linux kernel/futex/syscalls.c SYSCALL_DEFINE2(set_robust_list)",
  perform: (kernel, task, { head, headBytes }) => {
    if (headBytes !== ROBUST_LIST_HEAD_BYTES) return failed("EINVAL")
    if (head !== task.robustList) kernel.emit({ _tag: "RobustListSet", task: task.id, head })
    return returned()
  }
})

export const getRobustList = defineSyscall({
  name: "get_robust_list",
  parameters: { tid: "i32", head: "address", headBytes: "address" },
  summary: "where a task's list of robust mutexes is",
  support: "full",
  errors: ["ESRCH", "EFAULT"],
  source: "set_robust_list(2); Linux kernel/futex/syscalls.c SYSCALL_DEFINE3(get_robust_list)",
  perform: (kernel, task, { head, headBytes, tid }) => {
    const target = targetOf(kernel, task, tid)
    if (target === undefined) return failed("ESRCH")
    const memory = kernel.memory(task)
    return memory.write64(headBytes, BigInt(ROBUST_LIST_HEAD_BYTES)) && memory.write64(head, target.status === "exited" ? 0n : target.robustList) ? returned() : failed("EFAULT")
  }
})
