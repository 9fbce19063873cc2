/** Calls that are known and not modelled: what a program wants of them cannot be pretended, so they end the run. */
import { defineSyscall, unsupported } from "./definition.ts"

const missing = <const Name extends string>(name: Name, number: number, summary: string, what: string) =>
  defineSyscall({
    name, number, summary, parameters: {}, support: { partial: "not modelled: ends the run" }, errors: [], source: `${name}(2)`,
    perform: () => unsupported(what)
  })

export const fork = missing("fork", 57, "a new process", "fork makes a process, which is not modelled")
export const vfork = missing("vfork", 58, "a new process that borrows its parent's memory", "vfork makes a process, which is not modelled")
export const execve = missing("execve", 59, "another program in this process", "execve is not modelled")
export const wait4 = missing("wait4", 61, "waits for a child process", "wait4 waits for processes, which are not modelled")
export const sysinfo = missing("sysinfo", 99, "memory and load of the machine", "sysinfo is not modelled")
