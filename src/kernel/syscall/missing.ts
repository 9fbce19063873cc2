/** Calls that are known and not modelled: what a program wants of them cannot be pretended, so they end the run. */
import type { CallName } from "../../linux/call-number.ts"
import { defineSyscall, unsupported } from "./definition.ts"

const missing = <const Name extends CallName>(name: Name, summary: string, what: string) =>
  defineSyscall({
    name, summary, parameters: {}, support: { partial: "not modelled: ends the run" }, errors: [], source: `${name}(2)`,
    perform: () => unsupported(what)
  })

export const fork = missing("fork", "a new process", "fork makes a process, which is not modelled")
export const vfork = missing("vfork", "a new process that borrows its parent's memory", "vfork makes a process, which is not modelled")
export const execve = missing("execve", "another program in this process", "execve is not modelled")
export const wait4 = missing("wait4", "waits for a child process", "wait4 waits for processes, which are not modelled")
export const sysinfo = missing("sysinfo", "memory and load of the machine", "sysinfo is not modelled")
