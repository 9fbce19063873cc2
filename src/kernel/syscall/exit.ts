/** Ends of a task and of a process. */
import { exitProcess, exitTask } from "../exit.ts"
import { defineSyscall, done } from "./definition.ts"

const STATUS_MASK = 0xff

export const exit = defineSyscall({
  name: "exit",
  parameters: { status: "i32" },
  summary: "ends the calling task",
  support: "full",
  errors: [],
  source: "_exit(2); Linux kernel/exit.c SYSCALL_DEFINE1(exit)",
  perform: (kernel, task, { status }) => {
    exitTask(kernel, task.id, status & STATUS_MASK)
    return done
  }
})

export const exitGroup = defineSyscall({
  name: "exit_group",
  parameters: { status: "i32" },
  summary: "ends the calling process",
  support: "full",
  errors: [],
  source: "exit_group(2); Linux kernel/exit.c SYSCALL_DEFINE1(exit_group)",
  perform: (kernel, task, { status }) => {
    exitProcess(kernel, task.process, status & STATUS_MASK, 0)
    return done
  }
})
