/** What contracts keep, as typed rows of the kernel state: one flat record per contract and task, process or CPU. */
import type { ContractRecord } from "../../log/event.ts"
import { type Cpu, cpuOf, type Process, processOf, type Task } from "../state.ts"
import type { Kept } from "./definition.ts"

const isSame = (a: ContractRecord | undefined, b: ContractRecord | undefined): boolean => {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  // Most differ, and soon; those that do not have as many names.
  for (const name in b) if (a[name] !== b[name]) return false
  return Object.keys(a).length === Object.keys(b).length
}

/** The record that contract `abi` keeps of a task. */
export const keptOfTask = <R extends ContractRecord>(abi: string): Kept<Task, R> => ({
  of: ({ contracts }) => contracts[abi] as R | undefined,
  set: (kernel, { id }, record) => {
    if (isSame(kernel.current(id).contracts[abi], record)) return
    kernel.emit({ _tag: "ContractChanged", abi, of: "task", task: id, cpu: kernel.cpu, record })
  }
})

/** The record that contract `abi` keeps of a process. */
export const keptOfProcess = <R extends ContractRecord>(abi: string): Kept<Process, R> => ({
  of: ({ contracts }) => contracts[abi] as R | undefined,
  set: (kernel, { id }, record) => {
    if (isSame(processOf(kernel.state, id).contracts[abi], record)) return
    kernel.emit({ _tag: "ContractChanged", abi, of: "process", task: id, cpu: kernel.cpu, record })
  }
})

/** The record that contract `abi` keeps of a CPU. */
export const keptOfCpu = <R extends ContractRecord>(abi: string): Kept<Cpu, R> => ({
  of: ({ contracts }) => contracts[abi] as R | undefined,
  set: (kernel, { id }, record) => {
    if (isSame(cpuOf(kernel.state, id).contracts[abi], record)) return
    kernel.emit({ _tag: "ContractChanged", abi, of: "cpu", task: kernel.task, cpu: id, record })
  }
})
