import { describe, expect, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { childTask, type CpuId, rootTask, taskName } from "../../src/base/ids.ts"
import { type Decider, type Interruption, KERNEL_THREAD, quietDecider, type Stretch } from "../../src/log/choice.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import type { RunSnapshot } from "../../src/run/run.ts"
import { begin, finish, spinning, TURN } from "./begin.ts"

const first = childTask(rootTask, 1)
const fourth = childTask(rootTask, 4)

/** Quiet, but for what `answer` says. */
const answering = (answer: (stretch: Stretch) => Interruption | undefined): Decider =>
  ({ ...quietDecider, interrupt: (stretch) => answer(stretch) ?? "nothing" })

describe("an interruption", () => {
  it("takes effect at its count, and the CPU goes to whom it names", () => {
    const { events, run, schedule } = begin(spinning, answering(({ from, task, until }) =>
      (task === first && from <= 10 && 10 <= until && from !== 10 ? { at: 10, kind: "preempt", option: fourth } : undefined)))
    finish(run)
    expect(printSchedule(schedule)).toBe("1.1@10:preempt=1.4")
    const at = events.findIndex(({ _tag }) => _tag === "Preempted")
    expect(events.slice(at, at + 2)).toMatchObject([{ _tag: "Preempted", task: first }, { _tag: "SwitchedIn", task: fourth, cpu: 0 }])
  })

  it("is keyed by its visit: how many stretches have ended at its count before", () => {
    let given = 0
    const { run, schedule } = begin(spinning, answering(({ from, task, until }) =>
      (task === first && given < 4 && from <= 7 && 7 <= until ? (given++, { at: 7, kind: "preempt", option: KERNEL_THREAD }) : undefined)))
    finish(run)
    expect(printSchedule(schedule)).toBe("1.1@7:preempt=kernel,1.1@7/1:preempt=kernel,1.1@7/2:preempt=kernel,1.1@7/3:preempt=kernel")
  })

  it("is not offered for ever at one count", () => {
    let askedCount = 0
    const { run, schedule } = begin(spinning, answering(({ from, task }) => {
      if (task !== first || from !== 7) return task === first && from < 7 ? { at: 7, kind: "preempt", option: KERNEL_THREAD } : undefined
      askedCount++
      return { at: 7, kind: "preempt", option: KERNEL_THREAD }
    }))
    finish(run)
    expect(run.outcome).toMatchObject({ _tag: "Exited", status: 0 })
    expect([askedCount, schedule.length]).toEqual([63, 64])
  })
})

describe("what a task is about to do", () => {
  it("is its own, whatever others meet at the same instruction meanwhile", () => {
    const { run } = begin(`
#: cpus 2
#: task store x2 cpu=0,1
#: watch cells 16
store:  mov     %edi, cells(, %rdi, 4)
        mov     $60, %eax
        syscall
        .bss
cells:  .zero   16
`, quietDecider)
    const { watches: [watch] } = run.program.experiment
    const seen: Array<readonly [string, number]> = []
    run.kernel.decider = {
      ...quietDecider,
      marks: [{ _tag: "Accessed", start: watch?.start ?? 0, end: watch?.end ?? 0, by: "any" }],
      interrupt: ({ from, options, pending, task, visit }) => {
        if (pending?._tag !== "Access") return "nothing"
        seen.push([taskName(task), pending.address - (watch?.start ?? 0)])
        const [other] = options("turn")
        return visit > 0 || other === undefined ? "nothing" : { at: from, kind: "turn", option: other }
      }
    }
    for (const [index, task] of [first, childTask(rootTask, 2)].entries()) run.kernel.registers(run.kernel.current(task)).setNumber(7, index)
    finish(run)
    expect(seen).toEqual([["1.1", 0], ["1.2", 4], ["1.1", 0], ["1.2", 4]])
  })
})

describe("a marked place where a stretch ends by itself", () => {
  it("is met before the end, from where a fork ends all the same", () => {
    const whole = begin(spinning, quietDecider)
    finish(whole.run)
    const { run } = begin(spinning, quietDecider)
    const { kernel, program } = run
    // `jnz`: where the task stands at each even count.
    const at = known(program.symbols.find(({ name }) => name === "spin"), "the task begins there").at + 7
    let snapshot: RunSnapshot | undefined
    const met: Array<readonly [count: number, visit: number]> = []
    kernel.decider = {
      ...quietDecider,
      marks: [{ _tag: "Executed", at }],
      interrupt: ({ from, pending, task, until, visit }) => {
        if (pending !== undefined && task === first && from >= TURN - 2) met.push([from, visit])
        if (from === until) snapshot ??= run.snapshot()
        return snapshot === undefined ? "nothing" : "halt"
      }
    }
    finish(run)
    expect(met).toEqual([[TURN - 2, 0], [TURN, 0]])
    run.restore(known(snapshot, "the end was met"))
    kernel.decider = quietDecider
    const order: Array<string> = []
    for (let step = 0; step < 4; step++) {
      run.step()
      order.push(`${taskName(kernel.task)}@${kernel.count}`)
    }
    // It ends there, and the turn goes on to the next CPU.
    expect(order).toEqual(["1.1@64", "1.2@64", "1.3@64", "1.1@128"])
    finish(run)
    expect([run.outcome, run.hash()]).toEqual([whole.run.outcome, whole.run.hash()])
  })
})

describe("a question", () => {
  it("is keyed by how many of its kind were asked at its count before", () => {
    let asked = 0
    const { run, schedule } = begin(spinning, { ...quietDecider, choose: ({ kind, options }) => (kind === "clock" && ++asked > 2 ? 9 : options[0] ?? 0) })
    const { kernel } = run
    for (let time = 0; time < 4; time++) kernel.choose("clock", kernel.current(kernel.task), [0, 9])
    expect(printSchedule(schedule)).toBe("1@0/2:clock=9,1@0/3:clock=9")
  })
})

describe("the turn", () => {
  const pausing = `
#: cpus 0,1
#: task spin x2 cpu=0,1
spin:   mov     $3, %ecx
1:      pause
        dec     %ecx
        jnz     1b
        xor     %edi, %edi
        mov     $60, %eax
        syscall
`
  it("passes after a PAUSE, and the kernel notices nothing", () => {
    const turns: Array<string> = []
    const { events, run, schedule } = begin(pausing, answering(({ cpu, from, task }) => void turns.push(`${taskName(task)}@${from} on ${cpu}`)))
    finish(run)
    expect(turns.slice(0, 6)).toEqual(["1.1@0 on 0", "1.2@0 on 1", "1.1@2 on 0", "1.2@2 on 1", "1.1@5 on 0", "1.2@5 on 1"])
    expect(schedule).toEqual([])
    expect(events.filter(({ _tag }) => _tag === "Preempted" || _tag === "Yielded")).toEqual([])
  })

  it("is offered to each CPU as that of the others", () => {
    const wrong: Array<CpuId> = []
    const { run } = begin(spinning, {
      ...quietDecider,
      interrupt: (stretch) => {
        const [option] = stretch.options("turn")
        if (stretch.options("turn").includes(stretch.cpu)) wrong.push(stretch.cpu)
        return option === undefined || stretch.from + 7 > stretch.until ? "nothing" : { at: stretch.from + 7, kind: "turn", option }
      }
    })
    for (let step = 0; step < 50; step++) run.step()
    expect(wrong).toEqual([])
  })

  it("is where it was after going back", () => {
    const turns: Array<CpuId> = []
    const { run } = begin(spinning, answering(({ cpu }) => void turns.push(cpu)))
    for (let round = 0; round < 20; round++) {
      const snapshot = run.snapshot()
      turns.length = 0
      for (let step = 0; step < 5; step++) run.step()
      const before = turns.slice()
      run.restore(snapshot)
      turns.length = 0
      for (let step = 0; step < 5; step++) run.step()
      expect(turns).toEqual(before)
      run.restore(snapshot)
      run.release(snapshot)
      run.step()
    }
  })
})
