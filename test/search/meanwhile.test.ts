/** What is read from a log about the moment that decides. */
import { describe, expect, it } from "vitest"
import { type Deviation, KERNEL_THREAD } from "../../src/log/choice.ts"
import type { Event } from "../../src/log/event.ts"
import { meanwhile } from "../../src/search/meanwhile.ts"
import { log, type Placed, task1, task2 } from "../analysis/entries.ts"

const COUNT = 10
const IP = 0x401024
const critical: Deviation = { task: task1, count: COUNT, nth: 0, kind: "preempt", option: KERNEL_THREAD }
const sections = [{ start: 0x401020, end: 0x401030 }]
const registered: Event = { _tag: "ContractChanged", abi: "mainline-6.12", of: "task", task: task1, cpu: 0, record: { area: 0x404000 } }
const preempted: Placed = { count: COUNT, event: { _tag: "Preempted", task: task1, ip: IP } }
const aborted = (count: number): Placed =>
  ({ count, event: { _tag: "Aborted", task: task1, abi: "mainline-6.12", cause: "preempted", ip: IP, start: 0x401020, postCommit: 0x401030, abort: 0x401040 } })
const stores = (task: typeof task1, before: bigint, after: bigint, count = COUNT, address = 0x404040): Placed =>
  ({ count, event: { _tag: "Accessed", task, ip: IP, address, sizeBytes: 8, isWrite: 1, before, after, isRead: 0, isLocked: 0 } })
const looks = (address = 0x404040): Placed =>
  ({ count: COUNT - 1, event: { _tag: "Accessed", task: task1, ip: IP, address, sizeBytes: 8, isWrite: 0, before: 1n, after: 1n, isRead: 1, isLocked: 0 } })

const about = (at: number, ...entries: ReadonlyArray<Placed | Event>) => meanwhile({ critical, ip: IP, at, armed: undefined, about: undefined }, log(...entries), sections)

describe("the moment that decides", () => {
  it("is answered by an abort before the next instruction, and by no later one", () => {
    expect(about(1, registered, preempted, aborted(COUNT))).toMatchObject({ reaction: { _tag: "Aborted" }, later: undefined })
    expect(about(1, registered, preempted, aborted(COUNT + 3))).toMatchObject({ reaction: { _tag: "Unarmed", start: 0x401020 }, later: { abort: 0x401040 } })
  })
  it("knows a task that no contract knows", () => {
    expect(about(0, preempted).reaction).toEqual({ _tag: "Unknown" })
    expect(meanwhile({ critical, ip: 0x401100, at: 1, armed: undefined, about: undefined }, log(registered, preempted), sections).reaction).toEqual({ _tag: "Outside" })
    expect(meanwhile({ critical, ip: IP, at: 0, armed: undefined, about: undefined }, log(preempted), []).reaction).toBeUndefined()
  })
  it("is not answered where a section was armed and its contract overlooked the event", () => {
    const armed = { start: 0x401020, end: 0x401030, asks: "flags=1" }
    expect(meanwhile({ critical, ip: IP, at: 1, armed, about: undefined }, log(registered, preempted), sections).reaction).toEqual({ _tag: "Overlooked", armed })
    expect(meanwhile({ critical, ip: IP, at: 1, armed, about: undefined }, log(registered, preempted, aborted(COUNT)), sections).reaction).toMatchObject({ _tag: "Aborted" })
  })
  it("tells the stores that the task goes on without, and what it stores over the last", () => {
    const { own, stores: all, told } = about(2, registered, looks(), preempted, stores(task2, 1n, 2n), stores(task2, 2n, 3n), stores(task1, 3n, 9n), stores(task2, 9n, 10n))
    expect(all.map(({ entry }) => entry)).toEqual([3, 4])
    expect([told?.entry, own?.entry]).toEqual([4, 5])
  })
  it("tells no store to a word that the task never looks at, nor one that changes nothing", () => {
    expect(about(2, registered, looks(), preempted, stores(task2, 1n, 2n, COUNT, 0x404080), stores(task2, 1n, 1n)).told).toBeUndefined()
    expect(about(2, registered, looks(), preempted, stores(task2, 1n, 2n), aborted(COUNT)).told).toBeUndefined()
  })
})
