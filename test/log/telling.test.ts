import { assert, describe, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { parseTask, type TaskId } from "../../src/base/ids.ts"
import { type Deviation, type InterruptionKind, KERNEL_THREAD, type Option, type QuestionKind, type Schedule, type Stretch } from "../../src/log/choice.ts"
import { isCounted, parseSchedule, printDeviation } from "../../src/log/schedule.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { forSeeds, isInterruption, schedule as anySchedule } from "./arbitrary.ts"

const scheduleOf = (text: string): Schedule => {
  const result = parseSchedule(text)
  if (result._tag === "Malformed" || !isCounted(result.schedule)) throw new Error(`no schedule: ${text}`)
  return result.schedule
}
const taskOf = (text: string): TaskId => known(parseTask(text), "a task")

const everything: ReadonlyArray<Option> = [0, 1, 2, 3, taskOf("1.2"), taskOf("1.3"), KERNEL_THREAD, 10]
const stretch = (task: string, from: number, until: number, visit = 0, offers: Partial<Record<InterruptionKind, ReadonlyArray<Option>>> = {}): Stretch =>
  ({ task: taskOf(task), cpu: 0, from, until, visit, pending: undefined, options: (kind) => offers[kind] ?? everything })

/** A decider telling `text`, what it dropped, and a way to say what was taken. */
const telling = (text: string) => {
  const dropped: Array<string> = []
  const told = tell(scheduleOf(text), (deviation, reason) => dropped.push(`${printDeviation(deviation)} ${reason}`))
  const decider = recorded(told)
  const ask = (at: Stretch): string => {
    const answer = decider.interrupt(at)
    return typeof answer === "string" ? answer : printDeviation({ task: at.task, count: answer.at, nth: answer.at === at.from ? at.visit : 0, kind: answer.kind, option: answer.option })
  }
  const take = (at: Stretch): string => {
    const text = ask(at)
    const [deviation] = text === "nothing" ? [] : scheduleOf(text)
    if (deviation !== undefined) told.taken(deviation)
    return text
  }
  const choose = (kind: QuestionKind, task: string, count: number, nth: number, options: ReadonlyArray<Option>) =>
    decider.choose({ kind, task: taskOf(task), count, nth, ip: 0, options })
  return { ask, choose, dropped, take, told }
}

describe("an interruption", () => {
  it("is due in the first stretch that reaches its count, both ends included", () => {
    const { ask } = telling("1@57:turn=1")
    assert.strictEqual(ask(stretch("1", 10, 56)), "nothing")
    assert.strictEqual(ask(stretch("1.1", 10, 80)), "nothing")
    assert.strictEqual(ask(stretch("1", 10, 57)), "1@57:turn=1")
    assert.strictEqual(ask(stretch("1", 57, 80)), "1@57:turn=1")
  })

  it("stays due after a void answer", () => {
    const { ask, dropped, take } = telling("1@57:turn=1")
    assert.strictEqual(ask(stretch("1", 10, 80)), "1@57:turn=1")
    assert.strictEqual(take(stretch("1", 40, 80)), "1@57:turn=1")
    assert.strictEqual(ask(stretch("1", 57, 80, 1)), "nothing")
    assert.deepStrictEqual(dropped, [])
  })

  it("of a later visit is met at that visit only, and does not hide one further on", () => {
    const { dropped, take } = telling("1@57/2:turn=1,1@60:turn=2")
    assert.strictEqual(take(stretch("1", 57, 58)), "nothing")
    assert.strictEqual(take(stretch("1", 57, 58, 1)), "nothing")
    assert.strictEqual(take(stretch("1", 57, 80, 2)), "1@57/2:turn=1")
    assert.strictEqual(take(stretch("1", 57, 80, 3)), "1@60:turn=2")
    assert.deepStrictEqual(dropped, [])
  })

  it("in passing is not met by a task that comes back to its count", () => {
    const { dropped, take } = telling("1@57:turn=1")
    assert.strictEqual(take(stretch("1", 57, 80, 1)), "nothing")
    assert.deepStrictEqual(dropped, ["1@57:turn=1 never met"])
  })

  it("not yet on offer is taken once a call on the way has put it there", () => {
    const { dropped, take } = telling("1@57:preempt=1.3")
    assert.strictEqual(take(stretch("1", 10, 80, 0, { preempt: [KERNEL_THREAD] })), "nothing")
    assert.strictEqual(take(stretch("1", 40, 80, 0, { preempt: [taskOf("1.3"), KERNEL_THREAD] })), "1@57:preempt=1.3")
    assert.deepStrictEqual(dropped, [])
  })

  it("not on offer when its count is passed is dropped, and nothing is put in its place", () => {
    const { dropped, take } = telling("1@57:preempt=1.3,1@60:turn=1")
    const offers = { preempt: [KERNEL_THREAD] }
    assert.strictEqual(take(stretch("1", 10, 58, 0, offers)), "nothing")
    assert.strictEqual(take(stretch("1", 58, 80, 0, offers)), "1@60:turn=1")
    assert.deepStrictEqual(dropped, ["1@57:preempt=1.3 not on offer"])
  })

  it("passed over for a later one is dropped when that one is taken", () => {
    const { dropped, take } = telling("1@57:preempt=1.3,1@60:turn=1")
    assert.strictEqual(take(stretch("1", 10, 80, 0, { preempt: [KERNEL_THREAD] })), "1@60:turn=1")
    assert.deepStrictEqual(dropped, ["1@57:preempt=1.3 not on offer"])
  })

  it.each([
    ["the first task waiting", ["1.2", "1.3"], "1@5:preempt=1.2"],
    ["a kernel thread where nobody waits", [], "1@5:preempt=kernel"]
  ] as const)("bare preempt means %s", (_claim, waiting, expected) => {
    const { dropped, take, told } = telling("1@5:preempt")
    assert.strictEqual(take(stretch("1", 0, 9, 0, { preempt: [...waiting.map(taskOf), KERNEL_THREAD] })), expected)
    told.finish()
    assert.deepStrictEqual(dropped, [])
  })

  it("may be written in any order", () => {
    const { take } = telling("1@9:turn=2,1@5/1:turn=1,1@5:turn=3")
    assert.deepStrictEqual([take(stretch("1", 0, 20)), take(stretch("1", 5, 20, 1)), take(stretch("1", 5, 20, 2))], ["1@5:turn=3", "1@5/1:turn=1", "1@9:turn=2"])
  })
})

describe("a question", () => {
  it("is answered by task, count, kind and how-manieth of its kind", () => {
    const { choose, dropped } = telling("1@5:pick=idle,1@5/1:pick=1.2,1@5:wake=1.3")
    const [idle, second, third] = [-1, taskOf("1.2"), taskOf("1.3")] as const
    assert.strictEqual(choose("wake", "1", 5, 0, [second, third]), third)
    assert.strictEqual(choose("pick", "1", 5, 0, [second, idle]), idle)
    assert.strictEqual(choose("pick", "1", 5, 1, [third, second]), second)
    assert.strictEqual(choose("pick", "1", 5, 2, [third, second]), third)
    assert.deepStrictEqual(dropped, [])
  })

  it("not on offer is dropped at once, and answered quietly", () => {
    const { choose, dropped } = telling("1@5:place=3")
    assert.strictEqual(choose("place", "1", 5, 0, [0, 1]), 0)
    assert.deepStrictEqual(dropped, ["1@5:place=3 not on offer"])
  })
})

describe("what is left at the end", () => {
  it("is dropped in the order of the schedule", () => {
    const { dropped, take, told } = telling("1.2@7:turn=1,1@57:turn=1,1@5:pick=idle,1@99/1:turn=1")
    take(stretch("1", 10, 80))
    told.finish()
    told.finish()
    assert.deepStrictEqual(dropped, ["1.2@7:turn=1 never met", "1@5:pick=idle never met", "1@99/1:turn=1 never met"])
  })

  it("is whatever was not taken: every deviation is taken or dropped, once", () =>
    forSeeds(50, (draw) => {
      const schedule = anySchedule(draw, 40).map((deviation) => ({ ...deviation, count: deviation.count % 50, nth: deviation.nth % 3 }))
      const met: Array<Deviation> = []
      const told = tell(schedule, (deviation) => met.push(deviation))
      const decider = recorded(told)
      for (const task of new Set(schedule.map((deviation) => deviation.task))) {
        let [from, visit] = [0, 0]
        while (from < 50) {
          const until = from + 1 + draw.below(9)
          const answer = decider.interrupt({ task, cpu: 0, from, until, visit, pending: undefined, options: () => everything })
          if (typeof answer === "string" || draw.oneIn(3)) {
            const end = typeof answer === "string" ? until : from + draw.below(answer.at - from + 1)
            visit = end === from ? visit + 1 : 1
            from = end
          } else {
            const due = known(schedule.find((one) =>
              one.task === task && one.count === answer.at && one.nth === (answer.at === from ? visit : 0) &&
              one.kind === answer.kind && one.option === answer.option && isInterruption(one.kind) && !met.includes(one)), "what is due is in the schedule")
            met.push(due)
            told.taken(due)
            visit = answer.at === from ? visit + 1 : 1
            from = answer.at
          }
        }
        for (const one of schedule) {
          if (one.task !== task || isInterruption(one.kind) || !draw.oneIn(2)) continue
          const option = decider.choose({ kind: one.kind as QuestionKind, task, count: one.count, nth: one.nth, ip: 0, options: [-99, one.option] })
          if (option !== -99) met.push(known(schedule.find((due) => !met.includes(due) && due.task === task && due.count === one.count && due.nth === one.nth && due.kind === one.kind && due.option === option), "answered"))
        }
      }
      told.finish()
      assert.strictEqual(met.length, schedule.length)
      assert.strictEqual(new Set(met).size, schedule.length)
    }))
})
