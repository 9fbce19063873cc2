/** Small programs under a quiet policy with short turns and slices. */
import type { Decider, Deviation } from "../../src/log/choice.ts"
import type { Event } from "../../src/log/event.ts"
import type { Run } from "../../src/run/run.ts"
import { type RunSpec, specOf, start } from "../../src/run/start.ts"
import { abisNamed, assembleText } from "../support/examples.ts"

export const TURN = 64
export const SLICE = 256

/** Three tasks on each of three CPUs, 2,000 instructions each. */
export const spinning = `
#: cpus 0,2,5
#: task spin x9 cpu=0,2,5,0,2,5,0,2,5
spin:   mov     $1000, %ecx
1:      dec     %ecx
        jnz     1b
        xor     %edi, %edi
        mov     $60, %eax
        syscall
`

export interface Begun {
  readonly run: Run
  readonly events: ReadonlyArray<Event>
  readonly schedule: ReadonlyArray<Deviation>
}

export const begin = (text: string, decider: Decider): Begun => {
  const base = specOf(assembleText(text, "test.s"), abisNamed("none"))
  const spec: RunSpec = { ...base, quiet: { ...base.quiet, turnIcount: TURN, sliceIcount: SLICE } }
  const events: Array<Event> = []
  const schedule: Array<Deviation> = []
  const run = start(spec, decider, { append: (_now, _cpu, _task, _count, event) => void events.push(event) })
  if ("_tag" in run) throw new Error(run.reason)
  run.kernel.hearTaken((deviation) => void schedule.push(deviation))
  return { run, events, schedule }
}

const STEP_COUNT_MAX = 20_000

export const finish = (run: Run): void => {
  for (let step = 0; step < STEP_COUNT_MAX && run.outcome === undefined; step++) run.step()
}
