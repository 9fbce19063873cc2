/** From counts to places: what a schedule's deviations are held by while it is edited. */
import type { Address, Count, TaskId } from "../base/ids.ts"
import type { Mark } from "../base/mark.ts"
import { assert } from "../base/assert.ts"
import { type Decider, type Deviation, kinds, type Schedule } from "../log/choice.ts"
import { Arrivals, type LocatedDeviation } from "../log/placed.ts"
import { placeOf } from "../log/schedule.ts"
import { recorded, tell } from "../log/telling.ts"
import type { Program, ProgramSymbol } from "../program/program.ts"
import type { Run } from "../run/run.ts"
import type { Trial, Trials } from "./trial.ts"

/** The symbol an address is told from: the last function or label at or before it. */
export const symbolBefore = ({ symbols }: Program, address: Address): ProgramSymbol | undefined => {
  let best: ProgramSymbol | undefined
  for (const symbol of symbols) {
    if (symbol.at <= address && (best === undefined || symbol.at > best.at)) best = symbol
  }
  return best
}

/** Where an address of one program is in another: as far behind the same symbol. */
export const moving = (from: Program, to: Program) => (address: Address): Address | undefined => {
  if (from.segments === to.segments) return address
  const symbol = symbolBefore(from, address)
  const there = symbol === undefined ? undefined : to.symbols.find(({ name }) => name === symbol.name)
  return symbol === undefined || there === undefined ? undefined : there.at + address - symbol.at
}

/** Where the subject of each answer stands. A question may be about a task that is not there yet: it says itself where. */
export class Standing {
  private readonly kernel: Run["kernel"]
  private asked: Address = 0

  constructor(kernel: Run["kernel"]) {
    this.kernel = kernel
  }

  /** The same answers, overheard. */
  overhear(decider: Decider): Decider {
    return {
      ...decider,
      choose: (question) => {
        this.asked = question.ip
        return decider.choose(question)
      }
    }
  }

  /** To be asked while the deviation is taken. */
  of(deviation: Deviation): Address {
    return isInterruption(deviation) ? this.kernel.registers(this.kernel.current(deviation.task)).ip() : this.asked
  }
}

const isInterruption = ({ kind }: Deviation): boolean => kinds[kind].is === "interruption"

/**
 * The same schedule by place. Two replays: one sees where the deviations fall, the other counts how often each task has
 * stood there before. Precondition: `schedule` is the realised schedule of a run of these trials.
 */
export const placed = (trials: Trials, schedule: Schedule): ReadonlyArray<LocatedDeviation> => {
  const { kernel, program } = trials.run
  const standing = new Standing(kernel)
  const addresses: Array<Address> = []
  trials.perform(standing.overhear(recorded(tell(schedule, () => {}))), {
    taken: (deviation) => void addresses.push(standing.of(deviation))
  })

  const interruptions = new Set(addresses.filter((_, index) => schedule[index] !== undefined && isInterruption(schedule[index])))
  const marks = [...interruptions].map((at): Mark => ({ _tag: "Executed", at }))
  const arrivals = new Map<string, Arrivals>()
  const arrivalOf = (task: TaskId, address: Address, kind: string, count: Count): number => {
    const key = `${task}@${address}:${kind}`
    const met = arrivals.get(key) ?? new Arrivals()
    arrivals.set(key, met)
    return met.at(count)
  }
  const inner = recorded(tell(schedule, () => {}))
  const counting: Decider = {
    ...inner,
    marks,
    interrupt: (stretch) => {
      const ip = stretch.pending?.ip
      if (ip !== undefined && interruptions.has(ip)) arrivalOf(stretch.task, ip, "", stretch.from)
      return inner.interrupt(stretch)
    },
    choose: (question) => {
      arrivalOf(question.task, question.ip, question.kind, question.count)
      return inner.choose(question)
    }
  }
  const located: Array<LocatedDeviation> = []
  const locate = (deviation: Deviation): void => {
    const address = standing.of(deviation)
    const arrival = arrivalOf(deviation.task, address, isInterruption(deviation) ? "" : deviation.kind, deviation.count)
    const symbol = symbolBefore(program, address)
    located.push({
      address,
      deviation: { task: deviation.task, place: placeOf(address, arrival, symbol), nth: deviation.nth, kind: deviation.kind, option: deviation.option }
    })
  }
  const trial = trials.perform(standing.overhear(counting), { taken: locate })
  assert(located.length === schedule.length && trial.schedule.length === schedule.length, "a realised schedule is told whole")
  return located
}

/** Runs a schedule by count, as it stands. */
export const performSchedule = (trials: Trials, schedule: Schedule): Trial => trials.perform(recorded(tell(schedule, () => {})))
