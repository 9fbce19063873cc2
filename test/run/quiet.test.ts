/** The quiet policy, number 1: what happens where nobody decides. */
import { describe, expect, it } from "vitest"
import { type CpuId, taskName } from "../../src/base/ids.ts"
import { type Decider, quietDecider } from "../../src/log/choice.ts"
import type { Event, EventTag } from "../../src/log/event.ts"
import { begin, finish, spinning, TURN } from "./begin.ts"

const sleeping = `
#: cpus 0,1
#: task sleeper x3 cpu=0
#: task waker cpu=1
sleeper: mov    $202, %eax
        lea     word(%rip), %rdi
        mov     $128, %esi
        xor     %edx, %edx
        xor     %r10d, %r10d
        syscall
        xor     %edi, %edi
        mov     $60, %eax
        syscall
waker:  mov     $2000, %ecx
1:      dec     %ecx
        jnz     1b
        mov     $3, %ebx
2:      mov     $202, %eax
        lea     word(%rip), %rdi
        mov     $129, %esi
        mov     $1, %edx
        syscall
        dec     %ebx
        jnz     2b
        xor     %edi, %edi
        mov     $60, %eax
        syscall
        .data
word:   .long   0
`

const eventsOf = (text: string, decider: Decider = quietDecider): ReadonlyArray<Event> => {
  const { events, run } = begin(text, decider)
  finish(run)
  expect(run.outcome).toMatchObject({ _tag: "Exited", status: 0 })
  return events
}

const those = <Tag extends EventTag>(events: ReadonlyArray<Event>, tag: Tag): ReadonlyArray<Extract<Event, { _tag: Tag }>> =>
  events.filter((event): event is Extract<Event, { _tag: Tag }> => event._tag === tag)

describe("quietly", () => {
  it("a turn ends at a multiple of the task's own count, and goes to the next CPU upward, round", () => {
    const turns: Array<{ readonly cpu: CpuId; readonly from: number }> = []
    eventsOf(spinning, {
      ...quietDecider,
      interrupt: ({ cpu, from, until }) => {
        expect(until % TURN).toBe(0)
        expect(until).toBeGreaterThan(from)
        expect(until - from).toBeLessThanOrEqual(TURN)
        turns.push({ cpu, from })
        return "nothing"
      }
    })
    const whole = turns.filter(({ from }) => from > 0 && from < 1000)
    for (const [index, { cpu }] of whole.entries()) {
      const before = whole[index - 1]
      if (before !== undefined) expect(cpu, `after CPU ${before.cpu}`).toBe({ 0: 2, 2: 5, 5: 0 }[before.cpu])
    }
    expect(whole.length).toBeGreaterThan(100)
  })

  it("a slice ends at a multiple of the task's own count, and its CPU goes to the head of the queue", () => {
    const events = eventsOf(spinning)
    const onFirst = those(events, "SwitchedIn").filter(({ cpu, task }) => cpu === 0 && taskName(task) !== "1").map(({ task }) => taskName(task))
    expect(onFirst.slice(0, 7)).toEqual(["1.1", "1.4", "1.7", "1.1", "1.4", "1.7", "1.1"])
  })

  it("whoever waits longest is woken first", () => {
    const events = eventsOf(sleeping)
    const waited = those(events, "Blocked").filter(({ on }) => on === "futex").map(({ task }) => taskName(task))
    const woken = those(events, "Woken").filter(({ cause }) => cause === "futex").map(({ task }) => taskName(task))
    expect(waited).toHaveLength(3)
    expect(woken.slice(0, 3)).toEqual(waited)
  })
})

const napping = `
#: cpus 0,1
#: task napper x2 cpu=0,1
napper: mov     $35, %eax
        lea     naps(%rip), %rdi
        shl     $4, %rsi
        add     %rsi, %rdi              # the first sleeps 2 ms, the second 1 ms
        xor     %esi, %esi
        syscall
        xor     %edi, %edi
        mov     $60, %eax
        syscall
        .data
naps:   .quad   0, 2000000
        .quad   0, 1000000
`

describe("when all CPUs are idle", () => {
  it("the clock moves to the next deadline, and no further", () => {
    const events = eventsOf(napping)
    const jumps = those(events, "ClockJumped").map(({ nanoseconds }) => nanoseconds)
    expect(jumps).toHaveLength(2)
    expect(Math.abs((jumps[0] ?? 0) - 1_000_000)).toBeLessThan(100)
    expect(Math.abs((jumps[1] ?? 0) - 1_000_000)).toBeLessThan(100)
    expect(those(events, "Woken").filter(({ task }) => taskName(task) !== "1").map(({ task }) => taskName(task))).toEqual(["1.2", "1.1"])
  })
})

describe("the digest of questions", () => {
  const digest = (...asked: ReadonlyArray<ReadonlyArray<number>>): string => {
    const { kernel } = begin(spinning, quietDecider).run
    for (const options of asked) kernel.choose("clock", kernel.current(kernel.task), options)
    return kernel.questionDigest
  }
  it.each([
    ["holds how many options a question had", [[0, 1]], [[0, 1, 2]]],
    ["holds how many questions there were", [[0, 1]], [[0, 1], [0, 1]]],
    ["holds their order", [[0, 1], [0, 1, 2]], [[0, 1, 2], [0, 1]]]
  ] as const)("%s", (_claim, one, other) => {
    expect(digest(...one)).not.toBe(digest(...other))
  })
  it("leaves out what is asked of nobody: a question with one option", () => {
    expect(digest([0], [0, 1])).toBe(digest([0, 1]))
  })
})
