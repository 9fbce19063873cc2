import { assert, describe, it } from "vitest"
import { known } from "../../../src/base/assert.ts"
import { SIGUSR1 } from "../../../src/linux/signal.ts"
import { exitTask } from "../../../src/kernel/exit.ts"
import { interruptCpu, unplug } from "../../../src/kernel/scheduler.ts"
import { CODE, Hand } from "./hand.ts"
import { type Moment, moments, tally } from "./tally.ts"

const ASK = 1001

/** What the contract heard since. */
const hears = (act: () => void, heard: Array<string>): ReadonlyArray<string> => {
  heard.length = 0
  act()
  return heard.map((line) => known(line.split(" ")[1], "a line is a name and a moment"))
}

/** Acts of one task, and the moments that come with them. A fork comes with what is not entered by hand. */
const acts: ReadonlyArray<readonly [act: string, (hand: Hand) => void, ReadonlyArray<Moment>]> = [
  ["a preemption for a kernel thread", (hand) => hand.preempt(0), ["onUserInterrupted", "onRescheduleWanted", "onScheduleOut", "onScheduleIn", "onUserReturn"]],
  ["a migration", (hand) => hand.migrate(0, 1), ["onUserInterrupted", "onScheduleOut", "onCpuSet", "onScheduleIn", "onUserReturn"]],
  ["a signal", (hand) => { hand.handle(SIGUSR1, CODE + 8); hand.signal(0, SIGUSR1) }, ["onUserInterrupted", "onSignal", "onUserReturn"]],
  ["a call", (hand) => { hand.call(0, ASK); hand.toUser(0) }, ["onCallEntered", "onCallReturned", "onUserReturn"]],
  ["an interrupt from a CPU", (hand) => { interruptCpu(hand.kernel, hand.task(0), 0, "test"); hand.toUser(0) }, ["onInterrupt", "onUserReturn"]],
  ["its CPU going offline", (hand) => unplug(hand.kernel, hand.task(0).cpu), ["onCpuTaken", "onScheduleOut", "onCpuSet"]],
  ["its end", (hand) => exitTask(hand.kernel, hand.id(0), 0), ["onExit"]]
]

describe("moments", () => {
  it.each(acts)("come in their order with %s", (_act, act, expected) => {
    const heard: Array<string> = []
    const hand = new Hand({ abis: [tally("tally", ASK, heard)] })
    hand.toUser(0)
    assert.deepStrictEqual(hears(() => act(hand), heard), expected)
  })

  it("are all among those a contract may name", () => {
    const met = new Set(acts.flatMap(([, , expected]) => expected))
    assert.deepStrictEqual(moments.filter((moment) => !met.has(moment)), ["onFork"])
  })

  it("come to each contract in the order in which they are in force", () => {
    const heard: Array<string> = []
    const hand = new Hand({ abis: [tally("second", 1002, heard), tally("first", ASK, heard)] })
    hand.toUser(0)
    heard.length = 0
    hand.migrate(0, 1)
    const [even, odd] = [0, 1].map((rest) => heard.filter((_, index) => index % 2 === rest))
    assert.isTrue(known(even, "even lines").every((line) => line.startsWith("second ")))
    assert.deepStrictEqual(known(even, "even lines").map((line) => line.slice(7)), known(odd, "odd lines").map((line) => line.slice(6)))
  })
})

describe("what a contract keeps", () => {
  it("of tasks, processes and CPUs is what the events fold to", () => {
    const hand = new Hand({ abis: [tally("tally", ASK)], tasks: [0, 0, 1] })
    for (const [, act] of acts) act(hand)
    const { cpus, processes, tasks } = hand.fold()
    assert.deepStrictEqual(tasks, hand.kernel.state.tasks)
    assert.deepStrictEqual(processes, hand.kernel.state.processes)
    assert.deepStrictEqual(cpus, hand.kernel.state.cpus)
    assert.isTrue(tasks.some(({ contracts }) => contracts["tally"] !== undefined))
    assert.isTrue(processes.every(({ contracts }) => contracts["tally"] !== undefined))
    assert.isTrue(cpus.some(({ contracts }) => contracts["tally"] !== undefined))
  })

  it("is an event only where it changes", () => {
    const hand = new Hand({ abis: [tally("tally", ASK)] })
    hand.toUser(0)
    const before = hand.events.length
    hand.toUser(0)
    assert.strictEqual(hand.events.length, before)
  })
})
