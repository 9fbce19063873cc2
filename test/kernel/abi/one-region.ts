/**
 * A contract for tests that the table does not have: one region a task, restarted by the kernel at an address that is
 * registered with it, and a word that tells the CPU. `checksLater` looks at its arguments in another order than its row says;
 * `forgetsSignals` has no reaction to them.
 *
 * Source: after P. Turner, restartable sequences, linux-kernel, 2015-06-24, simplified
 */
import { type Address, isUserRange } from "../../../src/base/ids.ts"
import type { Registers, UserMemory } from "../../../src/machine/machine.ts"
import { defineAbi } from "../../../src/kernel/abi/definition.ts"
import { keptOfTask } from "../../../src/kernel/abi/kept.ts"
import type { Kernel } from "../../../src/kernel/kernel.ts"
import { forceSegv } from "../../../src/kernel/signal.ts"
import type { Task } from "../../../src/kernel/state.ts"
import { defineSyscall, failed, returned } from "../../../src/kernel/syscall/definition.ts"

const NUMBER = 1004

type Region = { readonly start: Address; readonly end: Address; readonly restart: Address; readonly cpu: Address; readonly isDue: number }

const call = (start: string, end: string, restart: string, cpu: string): string => `
        mov     $${NUMBER}, %eax
        ${start}, %rdi
        ${end}, %rsi
        ${restart}, %rdx
        ${cpu}, %r10
        syscall
`

export const oneRegion = ({ checksLater = false, forgetsSignals = false } = {}) => {
  const kept = keptOfTask<Region>("one-region")
  const work = (kernel: Kernel, task: Task, region: Region, isSignal: boolean, registers: Registers, memory: UserMemory): boolean => {
    const { cpu, end, restart, start } = region
    if (!memory.write32(cpu, task.cpu)) return false
    const ip = registers.ip()
    if (ip < start || end <= ip) return true
    registers.setIp(restart)
    kernel.observe({ _tag: "Aborted", task: task.id, abi: "one-region", cause: isSignal ? "signalled" : "preempted", ip, start, postCommit: end, abort: restart })
    return true
  }
  return defineAbi({
    name: "one-region", summary: "one region a task", source: "a test",
    calls: [defineSyscall({
      name: "one_region", number: NUMBER, parameters: { start: "address", end: "address", restart: "address", cpu: "address" },
      summary: "registers, or forgets (no end)", support: "full", errors: ["EINVAL", "EFAULT", "EBUSY"], source: "a test",
      perform: (kernel, task, { cpu, end, restart, start }) => {
        if (end === 0) {
          kept.set(kernel, task, undefined)
          return returned()
        }
        if (checksLater && !isUserRange(cpu, 4)) return failed("EFAULT")
        if (start >= end) return failed("EINVAL")
        if (!isUserRange(cpu, 4)) return failed("EFAULT")
        if (kept.of(task) !== undefined) return failed("EBUSY")
        kept.set(kernel, task, { start, end, restart, cpu, isDue: 1 })
        return returned()
      }
    })],
    idiom: {
      register: call("lea region_start(%rip)", "lea region_end(%rip)", "lea region_start(%rip)", "lea (%r12)"),
      add: `
region_start:
        mov     (%r12), %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx
        mov     (%rbx), %rcx
        inc     %rcx
        mov     %rcx, (%rbx)
region_end:
      `,
      unregister: call("mov $0", "mov $0", "mov $0", "mov $0"),
      checked: ({ free }) => {
        const values = { start: free, end: free + 8, restart: free, cpu: free }
        return [
          { call: "one_region", values, checks: [["EINVAL", { end: free }], ["EFAULT", { cpu: 2 ** 47 }]] },
          { call: "one_region", values, after: values, checks: [["EINVAL", { end: free }], ["EFAULT", { cpu: 2 ** 47 }], ["EBUSY", {}]] }
        ]
      }
    },
    armed: (_state, task, registers) => {
      const region = kept.of(task)
      const ip = registers.ip()
      return region !== undefined && region.start <= ip && ip < region.end ? { start: region.start, end: region.end } : undefined
    },
    onScheduleOut: (kernel, task) => {
      const region = kept.of(task)
      if (region !== undefined) kept.set(kernel, task, { ...region, isDue: 1 })
    },
    ...(forgetsSignals ? {} : {
      onSignal: (kernel, task, registers, memory, signal) => {
        const region = kept.of(task)
        if (region !== undefined && !work(kernel, task, region, true, registers, memory)) forceSegv(kernel, task, signal)
      }
    }),
    onUserReturn: (kernel, task, registers, memory) => {
      const region = kept.of(task)
      if (region === undefined || region.isDue === 0) return
      kept.set(kernel, task, { ...region, isDue: 0 })
      if (!work(kernel, task, region, false, registers, memory)) forceSegv(kernel, task, 0)
    },
    onExit: (kernel, task) => kept.set(kernel, task, undefined)
  })
}
