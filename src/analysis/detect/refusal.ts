/**
 * Whether a program ended because it was refused a call and said so: the task that was refused made no other call but to tell,
 * to clear away, and to end the program. Who goes on to anything else has taken the refusal for something it can live with.
 */
import type { TaskId } from "../../base/ids.ts"
import { callNumber } from "../../linux/call-number.ts"
import { SIGABRT } from "../../linux/signal.ts"
import type { Entry, EventOf } from "../../log/event.ts"

/** Events that it is told by. */
export const refusalTags = ["Refused", "Called", "ProcessExiting"] as const

/** Telling: output, and what libraries ask of a file before. Clearing away: memory, locks, signals. Ending, abort(3) included. */
const heeding: ReadonlySet<number> = new Set<number>([
  callNumber.write, callNumber.writev, callNumber.pwrite64, callNumber.fstat, callNumber.newfstatat, callNumber.ioctl, callNumber.lseek, callNumber.fcntl,
  callNumber.dup, callNumber.brk,
  callNumber.munmap, callNumber.mprotect, callNumber.madvise, callNumber.close, callNumber.rt_sigprocmask, callNumber.futex,
  callNumber.getpid, callNumber.gettid, callNumber.rt_sigaction, callNumber.tgkill, callNumber.exit, callNumber.exit_group
])

export class Refusals {
  /** The last refusal of each task that has done nothing else since: its entry. */
  private readonly standing = new Map<TaskId, number>()
  private ended: ReadonlyArray<number> | undefined

  /** The entries of the refusal and of the end it led to, if it did. */
  get leadingTo(): ReadonlyArray<number> | undefined {
    return this.ended
  }

  observe({ event, index, task }: Entry<EventOf<(typeof refusalTags)[number]>>): void {
    switch (event._tag) {
      case "Refused":
        return void this.standing.set(event.task, index)
      case "Called":
        if (!heeding.has(event.number)) this.standing.delete(event.task)
        return
      case "ProcessExiting": {
        const refused = this.standing.get(task)
        const isOwnEnd = event.signal === 0 ? event.status !== 0 : event.signal === SIGABRT
        this.ended = refused !== undefined && isOwnEnd ? [refused, index] : undefined
      }
    }
  }
}
