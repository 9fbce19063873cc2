/** Engine runs a second where tasks take turns after about a hundred instructions: what a `turn` costs the machine. */
import { stream } from "../../src/base/prng.ts"
import type { BlockId } from "../../src/machine/machine.ts"
import { nanosecondsEach } from "./clock.ts"
import { load } from "./guest.ts"
import { kernelProgram, kernels } from "./kernels.ts"
import type { Bench } from "./table.ts"

const TASK_COUNT = 4
const GAP_MEAN = 100
const GAP_COUNT = 4096
/** A run that never ends by itself. */
const FOREVER = 1_000_000_000

export const turn: Bench = {
  name: "turn",
  summary: "engine runs of about a hundred instructions, four tasks in turn",
  run: () => {
    const rates = kernels.filter(({ name }) => name !== "k2").map((kernel) => {
      const { block, machine, space } = load(kernelProgram(kernel, FOREVER))
      const blocks: Array<BlockId> = [block]
      while (blocks.length < TASK_COUNT) {
        const another = machine.newBlock(space)
        machine.copyRegisters(block, another)
        blocks.push(another)
      }
      const draw = stream("bench", "turn")
      const gaps = Array.from({ length: GAP_COUNT }, () => 1 + draw.below(2 * GAP_MEAN - 1))
      machine.run(block, 20_000_000, false) // until it is compiled
      const straight = nanosecondsEach((runs) => machine.run(block, runs * GAP_MEAN, false))
      let at = 0
      const each = nanosecondsEach((runs) => {
        for (let run = 0; run < runs; run++) {
          at = (at + 1) % GAP_COUNT
          const next = blocks[run % TASK_COUNT] ?? block
          const stop = machine.run(next, gaps[at] ?? GAP_MEAN, false)
          if (stop._tag !== "BudgetSpent") throw new Error(`a task stopped: ${stop._tag}`)
        }
      })
      return { name: kernel.name, rate: 1000 / each, ratio: straight / each }
    })
    return rates.map(({ name, rate, ratio }) => ({
      of: name, value: rate, unit: "M/s", target: { atLeast: 1 }, baseline: { name: "the speed of one task alone", ratio }
    }))
  }
}
