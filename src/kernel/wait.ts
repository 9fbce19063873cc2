/** What a call may do besides answering: wait, stand at a pause, wait for interrupts it sent. */
import {
  FIRST_WAITING, INTERRUPTED, type Option, pauseAnswer, type PauseAnswer, pauseOption, SLEEP, SPURIOUS
} from "../log/choice.ts"
import type { TaskId } from "../base/ids.ts"
import { SI_USER } from "../linux/siginfo.ts"
import type { Kernel } from "./kernel.ts"
import { isStuck, leaveCpu, migrate, migrateOptions, pickNext, preempt, turnOptions } from "./scheduler.ts"
import { mayInterrupt, send } from "./signal.ts"
import type { DeadlineOf, Restart, Task, WaitKind } from "./state.ts"
import { blocked, type CallResult, type DeclaredPause, failed, paused } from "./syscall/definition.ts"

export interface WaitFor<On extends WaitKind = WaitKind> {
  readonly on: On
  readonly key: string
  readonly value?: number
  /** Virtual nanoseconds; 0: for ever. */
  readonly deadline?: DeadlineOf<On>
  /** The call's number, so that a signal can restart it. */
  readonly call: number
  /** What the call says if it returns at once as though woken, where its row allows that. */
  readonly spurious?: CallResult
  /** What a signal does to it; left out: nothing. */
  readonly restart?: Restart
  /** What whoever ends the wait needs to know. */
  readonly data?: ReadonlyArray<bigint>
}

/** The caller gives up its CPU and waits, unless the decider says that this wait ends at once. */
export const block = <const On extends WaitKind>(kernel: Kernel, task: Task, wait: WaitFor<On>): CallResult => {
  const options: Array<Option> = [SLEEP]
  if (wait.spurious !== undefined) options.push(SPURIOUS)
  const { call, data = [], deadline = 0, restart = "never" } = wait
  const signal = restart === "never" ? undefined : kernel.menu.signals.find((sent) => mayInterrupt(kernel, task, sent))
  if (signal !== undefined) options.push(INTERRUPTED)
  const answer = kernel.choose("wait", task, options)
  if (answer === SPURIOUS && wait.spurious !== undefined) return wait.spurious
  if (answer === INTERRUPTED && signal !== undefined) {
    kernel.emit({ _tag: "CallInterrupted", task: task.id, call, restart, deadline, data })
    send(kernel, task.id, { signal, code: SI_USER, senderTid: 0, address: 0n }, false)
    return failed("EINTR")
  }
  kernel.emit({ _tag: "Blocked", task: task.id, on: wait.on, key: wait.key, value: wait.value ?? 0, deadline, call, restart, data })
  leaveCpu(kernel, task.id)
  pickNext(kernel, task.cpu, task.id)
  return blocked
}

/**
 * A declared pause. `"go-on"`: nothing came between, the call continues in the same entry. Otherwise the task stands at
 * `at` with `data`, something happened, and the row's `resume` goes on when the task next returns to its call.
 */
export const pause = (
  kernel: Kernel, task: Task, call: number, at: number, data: ReadonlyArray<bigint>, { allows }: DeclaredPause
): CallResult | "go-on" => {
  const answers: Array<PauseAnswer> = [{ is: "go-on" }]
  if (allows.includes("turn")) for (const cpu of turnOptions(kernel, task.cpu)) answers.push({ is: "turn", of: cpu })
  if (allows.includes("preempt")) answers.push({ is: "preempt" })
  if (allows.includes("migrate")) for (const cpu of migrateOptions(kernel, task)) answers.push({ is: "migrate", of: cpu })
  if (allows.includes("signal")) for (const signal of kernel.menu.signals) answers.push({ is: "signal", of: signal })
  const answer = pauseAnswer(kernel.choose("pause", task, answers.map(pauseOption)))
  if (answer.is === "go-on") return "go-on"
  kernel.emit({ _tag: "CallPaused", task: task.id, call, at, data })
  befallPaused(kernel, task.id, answer)
  return paused
}

const befallPaused = (kernel: Kernel, task: TaskId, answer: PauseAnswer): void => {
  switch (answer.is) {
    case "turn":
      kernel.turnWanted = answer.of
      return
    case "preempt":
      return preempt(kernel, kernel.current(task), FIRST_WAITING)
    case "migrate":
      return migrate(kernel, kernel.current(task), answer.of)
    case "signal":
      return send(kernel, task, { signal: answer.of, code: 0, senderTid: 0, address: 0n }, false)
    case "go-on":
  }
}

/** For calls whose sender must wait for its interrupts: resumed when the last has arrived. */
export const stuckUntilArrived = (kernel: Kernel, task: Task, call: number, at: number): CallResult | "arrived" => {
  if (!isStuck(kernel, task.id)) return "arrived"
  kernel.emit({ _tag: "CallPaused", task: task.id, call, at, data: [] })
  return paused
}
