/**
 * Turner's second proposal: a counter of events per CPU, which user code reads together with the CPU's number before it
 * prepares, and compares before it commits. The kernel makes the same comparison for a task that it interrupted in between,
 * and sends it to the address in rcx.
 *
 * User code:
 *
 *     mov  event_and_cpu, %rdx
 *     …                                    preparation, by CPU
 *     mov  $failed, %rcx
 *     movq $1f, post_commit_instr          armed from here on
 *     cmp  %rdx, event_and_cpu
 *     jnz  failed
 *     mov  value, target                   the commit
 *     1: movq $0, post_commit_instr
 *
 * Two weaknesses belong to it and are kept: there is no lower bound on the ip, and a section left armed stays armed.
 * The posted patches are lost: how a task registers, and that the CPU is the low half, are defaults of ours.
 *
 * Source: P. Turner, [RFC PATCH 0/3] restartable sequences v2, linux-kernel, 2015-10-27; M. Desnoyers' reply of 2015-12-11
 */
import { type Address, isUserRange } from "../../base/ids.ts"
import { SYS_RESTARTABLE_SEQUENCES } from "../../linux/turner.ts"
import type { Registers, UserMemory } from "../../machine/machine.ts"
import type { Kernel } from "../kernel.ts"
import { forceSegv } from "../signal.ts"
import { cpuOf, type Task } from "../state.ts"
import { defineSyscall, failed, returned } from "../syscall/definition.ts"
import { defineAbi } from "./definition.ts"
import type { CheckedCall, Idiom } from "./idiom.ts"
import { keptOfCpu, keptOfTask } from "./kept.ts"
import { RCX, RDX } from "../../x86/register.ts"

const NAME = "turner-v2"
const WORD_BYTES = 8

/** Kept of a registered task: where its two words are. */
type Registration = {
  readonly eventAndCpu: Address
  readonly postCommitInstr: Address
  /** 1: the words are to be looked at before the next instruction in user mode. */
  readonly isDue: number
}
/** Kept of a CPU: how often a registered task began to run there, or was sent a signal there; 32 bits. */
type Counter = { readonly events: number }

const kept = keptOfTask<Registration>(NAME)
const keptOf = keptOfCpu<Counter>(NAME)

const eventsOn = (kernel: Kernel, cpu: number): number => keptOf.of(cpuOf(kernel.state, cpu))?.events ?? 0

const count = (kernel: Kernel, cpu: number): void =>
  keptOf.set(kernel, cpuOf(kernel.state, cpu), { events: (eventsOn(kernel, cpu) + 1) >>> 0 })

const isWord = (at: Address): boolean => at !== 0 && at % WORD_BYTES === 0 && isUserRange(at, WORD_BYTES)

const call = defineSyscall({
  name: "restartable_sequences",
  number: SYS_RESTARTABLE_SEQUENCES,
  parameters: { flags: "i32", eventAndCpu: "address", postCommitInstr: "address" },
  summary: "registers the caller's two words, or takes them away (both NULL)",
  support: "full",
  errors: ["EINVAL", "EBUSY"],
  source: "our default: the posted arguments are not known",
  perform: (kernel, task, { eventAndCpu, flags, postCommitInstr }) => {
    if (flags !== 0) return failed("EINVAL")
    if (eventAndCpu === 0 && postCommitInstr === 0) {
      kept.set(kernel, task, undefined)
      return returned()
    }
    if (!isWord(eventAndCpu) || !isWord(postCommitInstr)) return failed("EINVAL")
    const registered = kept.of(task)
    if (registered !== undefined) {
      const isSame = registered.eventAndCpu === eventAndCpu && registered.postCommitInstr === postCommitInstr
      return isSame ? returned() : failed("EBUSY")
    }
    kept.set(kernel, task, { eventAndCpu, postCommitInstr, isDue: 1 })
    return returned()
  }
})

/** Tells the task where it is, and compares as it would have. False where one of its words cannot be reached. */
const compare = (
  kernel: Kernel, task: Task, { eventAndCpu, postCommitInstr }: Registration, isSignal: boolean, registers: Registers, memory: UserMemory
): boolean => {
  const now = (BigInt(eventsOn(kernel, task.cpu)) << 32n) | BigInt(task.cpu)
  if (!memory.write64(eventAndCpu, now)) return false
  const postCommit = memory.readAddress(postCommitInstr)
  if (postCommit === undefined) return false
  const ip = registers.ip()
  const start = registers.get(RDX)
  if (postCommit === 0 || ip >= postCommit || start === now) return true
  if (!memory.write64(postCommitInstr, 0n)) return false
  const abort = registers.get(RCX)
  registers.setIpExact(abort)
  const isElsewhere = BigInt.asUintN(32, start) !== BigInt(task.cpu)
  const cause = isSignal ? "signalled" : isElsewhere ? "migrated" : "preempted"
  kernel.observe({ _tag: "Aborted", task: task.id, abi: NAME, cause, ip, start: 0, postCommit, abort: Number(abort) })
  return true
}

// ---- how user code uses it

/** Registers two words, or takes them away. */
const callWith = (eventAndCpu: string, postCommitInstr: string): string => `
        mov     $${SYS_RESTARTABLE_SEQUENCES}, %eax
        xor     %edi, %edi
        ${eventAndCpu}
        ${postCommitInstr}
        syscall
`

const idiom: Idiom = {
  register: callWith("lea (%r12), %rsi", `lea ${WORD_BYTES}(%r12), %rdx`),
  add: `
turner_retry:
        mov     (%r12), %rdx
        mov     %edx, %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx
        mov     (%rbx), %r8
        inc     %r8
        lea     turner_failed(%rip), %rcx
        movq    $turner_post_commit, ${WORD_BYTES}(%r12)
        cmp     %rdx, (%r12)
        jne     turner_failed
        mov     %r8, (%rbx)
turner_post_commit:
        movq    $0, ${WORD_BYTES}(%r12)
        jmp     turner_added
turner_failed:                          # behind the commit: nothing below it is safe from another abort
        movq    $0, ${WORD_BYTES}(%r12)
        jmp     turner_retry
turner_added:
  `,
  unregister: callWith("xor %esi, %esi", "xor %edx, %edx"),
  checked: ({ free }) => {
    const values = { flags: 0, eventAndCpu: free, postCommitInstr: free + WORD_BYTES }
    const bad: CheckedCall["checks"] = [["EINVAL", { flags: 1 }], ["EINVAL", { eventAndCpu: free + 1 }], ["EINVAL", { postCommitInstr: 0 }]]
    return [
      { call: call.name, values, checks: bad },
      { call: call.name, values, after: values, checks: [...bad, ["EBUSY", { eventAndCpu: free + 64 }], ["EBUSY", { postCommitInstr: free + 64 }]] }
    ]
  }
}

export const turnerV2 = defineAbi({
  name: NAME,
  summary: "a counter of events per CPU and one armed word; the kernel compares rdx and jumps to rcx",
  source: "P. Turner, restartable sequences v2, linux-kernel, 2015-10-27",
  calls: [call],
  idiom,
  armed: (_state, task, registers, memory) => {
    const registration = kept.of(task)
    const end = registration === undefined ? undefined : memory.readAddress(registration.postCommitInstr)
    // Whatever lies below the commit: that is the whole of its definition.
    return end !== undefined && end !== 0 && registers.ip() < end ? { start: 0, end } : undefined
  },
  armingWord: (_state, task) => {
    const registration = kept.of(task)
    return registration === undefined ? undefined : { start: registration.postCommitInstr, end: registration.postCommitInstr + 8 }
  },
  cpuWords: (_state, task) => {
    const registration = kept.of(task)
    return registration === undefined ? [] : [registration.eventAndCpu]
  },
  kernelWords: (_state, task) => {
    const registration = kept.of(task)
    return registration === undefined ? [] : [{ start: registration.eventAndCpu, end: registration.eventAndCpu + WORD_BYTES }]
  },
  relied: (_state, task) => {
    const registration = kept.of(task)
    if (registration === undefined) return []
    return [registration.eventAndCpu, registration.postCommitInstr].map((start) => ({ what: "area", start, end: start + WORD_BYTES }))
  },
  onScheduleIn: (kernel, task, cpu) => {
    const registration = kept.of(task)
    if (registration === undefined) return
    count(kernel, cpu)
    kept.set(kernel, task, { ...registration, isDue: 1 })
  },
  onSignal: (kernel, task, registers, memory, signal) => {
    const registration = kept.of(task)
    if (registration === undefined) return
    count(kernel, task.cpu)
    if (!compare(kernel, task, registration, true, registers, memory)) forceSegv(kernel, task, signal)
  },
  onUserReturn: (kernel, task, registers, memory) => {
    const registration = kept.of(task)
    if (registration === undefined || registration.isDue === 0) return
    kept.set(kernel, task, { ...registration, isDue: 0 })
    if (!compare(kernel, task, registration, false, registers, memory)) forceSegv(kernel, task, 0)
  },
  onFork: (kernel, parent, child, { sharesMemory }) => {
    const registration = kept.of(parent)
    if (registration !== undefined && !sharesMemory) kept.set(kernel, child, { ...registration, isDue: 1 })
  },
  onExit: (kernel, task) => kept.set(kernel, task, undefined)
})
