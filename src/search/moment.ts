/** A run looked at before each instruction: the first moment at which something holds. */
import { type Address, type CpuId, parseTask, type TaskId } from "../base/ids.ts"
import type { Decider, Schedule } from "../log/choice.ts"
import { recorded, tell } from "../log/telling.ts"
import type { Predicate, PredicateView } from "./predicate.ts"
import type { Trials } from "./trial.ts"

/** A boundary between two instructions. */
export interface Moment {
  /** Instructions of all tasks before it. */
  readonly now: number
  readonly task: TaskId
  readonly cpu: CpuId
  readonly count: number
  readonly ip: Address
  /** Entries written before it, observations left out. */
  readonly entryCount: number
}

export interface MomentFound {
  /** The first boundary at which it holds; `undefined`: it never does. */
  readonly holds: Moment | undefined
  /** The boundary before: what stands there makes it hold. */
  readonly before: Moment | undefined
  readonly lookedCount: number
}

const registerNames = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]

/** What a predicate can see of a run at a boundary. */
class RunView implements PredicateView {
  private readonly trials: Trials
  private readonly events: ReadonlyMap<string, number>
  current: TaskId

  constructor(trials: Trials, events: ReadonlyMap<string, number>, current: TaskId) {
    this.trials = trials
    this.events = events
    this.current = current
  }

  read(address: bigint, sizeBytes: number): bigint | undefined {
    const { kernel } = this.trials.run
    if (address < 0n || address >= 2n ** 47n) return undefined
    const bytes = kernel.memory(kernel.current(this.current)).readBytes(Number(address), sizeBytes)
    if (bytes === undefined) return undefined
    let value = 0n
    for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0)
    return value
  }

  register(task: string, name: string): bigint | undefined {
    const { kernel } = this.trials.run
    const id = parseTask(task)
    const found = id === undefined ? undefined : kernel.state.tasks.find((one) => one.id === id)
    if (found === undefined) return undefined
    const registers = kernel.registers(found)
    if (name === "rip") return BigInt(registers.ip())
    if (name === "count") return BigInt(registers.count())
    if (name === "cpu") return BigInt(found.cpu)
    const index = registerNames.indexOf(name)
    return index === -1 ? undefined : registers.get(index)
  }

  eventCount(tag: string): bigint {
    return BigInt(this.events.get(tag) ?? 0)
  }

  now(): bigint {
    return BigInt(this.trials.run.kernel.now)
  }

  taskCount(): bigint {
    return BigInt(this.trials.run.kernel.state.tasks.filter(({ status }) => status !== "exited").length)
  }
}

/** Runs `schedule` and stops at the first boundary at which `predicate` holds. Exact: it looks at every boundary. */
export const firstMoment = (trials: Trials, schedule: Schedule, predicate: Predicate): MomentFound => {
  const { kernel } = trials.run
  const events = new Map<string, number>()
  const inner = recorded(tell(schedule, () => {}))
  const root = kernel.task
  const view = new RunView(trials, events, root)
  let holds: Moment | undefined
  let before: Moment | undefined
  let lookedCount = 0
  const { begins, listener } = trials
  trials.listener = { append: (_now, _cpu, _task, _count, { _tag }) => void events.set(_tag, (events.get(_tag) ?? 0) + 1) }
  trials.begins = () => events.clear()
  const looking: Decider = {
    ...inner,
    marks: [...inner.marks, { _tag: "EveryInstruction" }],
    interrupt: (stretch) => {
      view.current = stretch.task
      lookedCount++
      const { count, cpu, ip } = { count: stretch.from, cpu: stretch.cpu, ip: kernel.registers(kernel.current(stretch.task)).ip() }
      const here: Moment = { now: kernel.now, task: stretch.task, cpu, count, ip, entryCount: kernel.entryCount }
      if (predicate(view)) {
        holds = here
        return "halt"
      }
      before = here
      return inner.interrupt(stretch)
    }
  }
  trials.perform(looking)
  trials.listener = listener
  trials.begins = begins
  return { holds, before, lookedCount }
}
