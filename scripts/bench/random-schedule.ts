/**
 * Schedules as the strategy `random` would make them, without a machine: tasks in queues of CPUs, each kind with the same rate at
 * every boundary. Beside them their entropy, computed from the rates: what no recording of them can go below.
 */
import { childTask, rootTask, type TaskId } from "../../src/base/ids.ts"
import { stream } from "../../src/base/prng.ts"
import { type Deviation, KERNEL_THREAD } from "../../src/log/choice.ts"

export type RandomKind = "turn" | "preempt" | "migrate"

export interface RandomSchedule {
  readonly schedule: ReadonlyArray<Deviation>
  /** Bits a deviation: of the gap, the kind, and the option among those on offer. */
  readonly entropyBits: number
}

export const randomSchedule = (
  seed: string, deviationCount: number, kinds: ReadonlyArray<RandomKind>, { cpuCount = 2, period = 100, taskCount = 4 } = {}
): RandomSchedule => {
  const chance = stream(seed, "random-schedule")
  const queues: Array<Array<TaskId>> = Array.from({ length: cpuCount }, () => [])
  const counts = new Map<TaskId, number>()
  for (let task = 0; task < taskCount; task += 1) queues[task % cpuCount]?.push(childTask(rootTask, task + 1))
  // Each boundary deviates with this chance, so gaps are geometric.
  const rate = 1 - (1 - 1 / period) ** kinds.length
  const gapBits = -(rate * Math.log2(rate) + (1 - rate) * Math.log2(1 - rate)) / rate
  const gap = (): number => Math.floor(Math.log((chance.below(2 ** 32) + 1) / 2 ** 32) / Math.log(1 - rate))

  const schedule: Array<Deviation> = []
  let turn = 0
  let bits = 0
  const drawn = <T>(from: ReadonlyArray<T>): T => {
    bits += Math.log2(from.length)
    return from[chance.below(from.length)] as T
  }
  while (schedule.length < deviationCount) {
    while (queues[turn]?.length === 0) turn = (turn + 1) % cpuCount
    const queue = queues[turn] ?? []
    const [task = rootTask, ...waiting] = queue
    const others = queues.flatMap((_, cpu) => (cpu === turn ? [] : [cpu]))
    const busy = others.filter((cpu) => (queues[cpu]?.length ?? 0) > 0)
    const offered = kinds.filter((kind) => (kind === "turn" ? busy : kind === "migrate" ? others : [task]).length > 0)
    const count = (counts.get(task) ?? 0) + gap()
    counts.set(task, count)
    bits += gapBits
    const kind = drawn(offered)
    const option = kind === "turn" ? drawn(busy) : kind === "migrate" ? drawn(others) : drawn([...waiting, KERNEL_THREAD])
    schedule.push({ task, count, nth: 0, kind, option })
    if (kind === "turn") turn = option
    else if (option !== KERNEL_THREAD) {
      queue.shift()
      if (kind === "preempt") {
        queue.splice(queue.indexOf(option as TaskId), 1)
        queue.unshift(option as TaskId)
        queue.push(task)
      } else queues[option]?.push(task)
    }
  }
  return { schedule, entropyBits: bits / deviationCount }
}
