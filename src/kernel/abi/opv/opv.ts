/**
 * cpu_opv as of the v12 era: a vector of operations performed on one CPU, which nobody else gets meanwhile. The slow path for
 * sequences that make no progress, and for what a sequence cannot express.
 *
 * A caller elsewhere is moved to the CPU first and stays there. Between that and the moment at which it can no longer lose
 * the CPU something may come between (a declared pause); then it is moved again. Two weaknesses belong to this revision: a
 * page that is unmapped in that window faults in the middle of the vector, after earlier operations have taken effect; and
 * for an online CPU outside the caller's affinity mask the call never returns.
 *
 * Source: cpu_opv v12 series, kernel/cpu_opv.c
 */
import { known } from "../../../base/assert.ts"
import type { CpuId } from "../../../base/ids.ts"
import { CPU_OP_VEC_LEN_MAX, SYS_CPU_OPV } from "../../../linux/cpu-opv.ts"
import { NEXT_CPU } from "../../kernel.ts"
import type { Kernel } from "../../kernel.ts"
import { pushTo, sliceEnds } from "../../scheduler.ts"
import type { Task } from "../../state.ts"
import { type CallResult, type DeclaredPause, defineSyscall, done, failed, paused, returned } from "../../syscall/definition.ts"
import { pause } from "../../wait.ts"
import { defineAbi } from "../definition.ts"
import { opvIdiom } from "./idiom.ts"
import { operationKinds } from "./operation.ts"
import { checkVector, pinVector, readVector, type Vector, vectorOf, wordsOf } from "./vector.ts"

/** On the CPU, but not yet unable to lose it. */
const placed: DeclaredPause = { name: "placed", allows: ["turn", "preempt", "migrate"] }
/** Between two operations other CPUs run on; this one does nothing else. */
const between: DeclaredPause = { name: "between operations", allows: ["turn"] }

/** Where a paused call goes on. */
const ARRIVED = 0
const SETTLED = 1
const PERFORMING = 2
const PLACING = 3
/** All is performed; the answer is kept. */
const PERFORMED = 4

/** One fruitless turn of the endless loop counts as so many instructions. */
const LOOP_ICOUNT = 10_000

/** The call in the middle of its work: what a pause keeps. */
interface Request {
  readonly cpu: CpuId
  /** Operations performed so far. */
  readonly doneCount: number
  readonly vector: Vector
}
const dataOf = ({ cpu, doneCount, vector }: Request): ReadonlyArray<bigint> => [BigInt(cpu), BigInt(doneCount), ...wordsOf(vector)]
const requestOf = ([cpu = 0n, doneCount = 0n, ...words]: ReadonlyArray<bigint>): Request =>
  ({ cpu: Number(cpu), doneCount: Number(doneCount), vector: vectorOf(words) })

const standAt = (kernel: Kernel, task: Task, at: number, request: Request): void =>
  kernel.emit({ _tag: "CallPaused", task: task.id, call: SYS_CPU_OPV, at, data: dataOf(request) })

/** Brings the caller to the CPU. */
const place = (kernel: Kernel, task: Task, request: Request): CallResult => {
  const { cpu } = request
  if (task.cpu === cpu) return settle(kernel, task, request)
  const target = kernel.state.cpus.find(({ id }) => id === cpu)
  if (target === undefined) return failed("EINVAL")
  // Nobody runs there: done from here. Others who find the same CPU offline are kept out, by this being one entry.
  if (!target.isOnline) return perform(kernel, task, request, false)
  if (!task.allowed.includes(cpu)) return loop(kernel, task, request)
  standAt(kernel, task, ARRIVED, request)
  pushTo(kernel, kernel.current(task.id), cpu)
  return paused
}

/** The caller may not go there, and the CPU is online: try again, for ever. Others go on meanwhile. */
const loop = (kernel: Kernel, task: Task, request: Request): CallResult => {
  kernel.step(task.id, LOOP_ICOUNT)
  if (kernel.outcome !== undefined) return done
  standAt(kernel, task, PLACING, request)
  kernel.turnWanted = NEXT_CPU
  sliceEnds(kernel, kernel.current(task.id))
  return paused
}

/** On the CPU: the window in which it can still be lost. */
const settle = (kernel: Kernel, task: Task, request: Request): CallResult => {
  const result = pause(kernel, task, SYS_CPU_OPV, SETTLED, dataOf(request), placed)
  return result === "go-on" ? perform(kernel, task, request, true) : result
}

/** From the first operation that is not done yet to the end, or to one that stops. */
const perform = (kernel: Kernel, task: Task, { cpu, doneCount, vector }: Request, letsOthersRun: boolean): CallResult => {
  const memory = kernel.memory(task)
  for (let index = doneCount; index < vector.length; index++) {
    if (letsOthersRun && index > doneCount) {
      const result = pause(kernel, task, SYS_CPU_OPV, PERFORMING, dataOf({ cpu, doneCount: index, vector }), between)
      if (result !== "go-on") return result
    }
    const operation = known(vector[index], "an index below the length")
    const kind = known(operationKinds[operation.number], "the vector is checked")
    const performed = kind.perform(memory, operation)
    const result = performed === "done" ? 0 : performed === "stop" ? index + 1 : -kernel.errno("EFAULT")
    kernel.observe({ _tag: "Operated", task: task.id, cpu: task.cpu, operation: index, op: kind.name, result })
    if (performed === "stop") return returned(index + 1)
    if (performed === "fault") return failed("EFAULT")
  }
  return returned()
}

/** Nobody takes the CPU away between operations: the rest is performed first, and answered wherever the task comes to. */
const performRest = (kernel: Kernel, task: Task): void => {
  const { pausedCall } = task
  if (pausedCall === undefined || pausedCall.call !== SYS_CPU_OPV || pausedCall.at !== PERFORMING) return
  const answer = perform(kernel, task, requestOf(pausedCall.data), false)
  const result = answer._tag === "Returned" ? answer.value : -kernel.errno("EFAULT")
  kernel.emit({ _tag: "CallPaused", task: task.id, call: SYS_CPU_OPV, at: PERFORMED, data: [BigInt(result)] })
}

const goOn = (kernel: Kernel, task: Task, at: number, request: Request): CallResult => {
  switch (at) {
    case ARRIVED:
      return task.cpu === request.cpu ? settle(kernel, task, request) : place(kernel, task, request)
    case SETTLED:
      return task.cpu === request.cpu ? perform(kernel, task, request, true) : place(kernel, task, request)
    case PERFORMING:
      return perform(kernel, task, request, true)
    default:
      return place(kernel, task, request)
  }
}

const cpuOpv = defineSyscall({
  name: "cpu_opv",
  number: SYS_CPU_OPV,
  parameters: { vector: "address", operationCount: "i32", cpu: "i32", flags: "i32" },
  summary: "performs a vector of operations on a CPU without losing it",
  support: "full",
  errors: ["EINVAL", "EFAULT", "EAGAIN"],
  pauses: [placed, between],
  source: "cpu_opv v12 series, kernel/cpu_opv.c SYSCALL_DEFINE4(cpu_opv)",
  perform: (kernel, task, { cpu, flags, operationCount, vector: at }) => {
    if (flags !== 0 || cpu < 0 || operationCount < 0 || operationCount > CPU_OP_VEC_LEN_MAX) return failed("EINVAL")
    const memory = kernel.memory(task)
    const vector = readVector(memory, at, operationCount)
    if (vector === undefined) return failed("EFAULT")
    const error = checkVector(vector) ?? pinVector(memory, vector)
    return error === undefined ? place(kernel, task, { cpu, doneCount: 0, vector }) : failed(error)
  },
  resume: (kernel, task, at, data) => (at === PERFORMED ? returned(Number(data[0])) : goOn(kernel, task, at, requestOf(data)))
})

export const opvV12 = defineAbi({
  name: "opv-v12",
  summary: "cpu_opv of November 2017: a vector of operations performed on one CPU",
  source: "M. Desnoyers, cpu_opv v12 series, linux-kernel, November 2017",
  calls: [cpuOpv],
  idiom: opvIdiom,
  // Nothing of user code is ever fixed up: whoever is switched out for a vector has a contract of its own.
  armed: () => undefined,
  onCpuTaken: performRest
})
