/** The tree of differences alone, on pages that nobody caches. */
import { expect } from "vitest"
import { PAGE_BYTES } from "../../src/base/ids.ts"
import { Linear } from "../../src/machine/engine/linear.ts"
import { ARENA } from "../../src/machine/layout.ts"
import { History, type Version } from "../../src/machine/history.ts"
import { forSeeds, pick } from "./support/law.ts"

const FIRST_PAGE = ARENA / 4096
const PAGE_COUNT = 12

forSeeds("a tree of versions brings back every one of them, and keeps no page when all are released", 60, (draw) => {
  const linear = new Linear()
  const reverted = new Set<number>()
  const history = new History(linear, { settled: () => {}, reverted: (page) => reverted.add(page), arrived: () => {} }, 2 ** 14)
  const now = (): string => Array.from({ length: PAGE_COUNT }, (_, index) => linear.u8[(FIRST_PAGE + index) * PAGE_BYTES]).join()
  const held: Array<{ readonly version: Version; readonly state: string }> = []
  for (let step = 0; step < 200; step++) {
    switch (draw.below(6)) {
      case 0:
        held.push({ version: history.snapshot(), state: now() })
        break
      case 1: {
        if (held.length === 0) break
        const { state, version } = pick(draw, held)
        const before = now().split(",")
        reverted.clear()
        history.restore(version)
        expect(now()).toBe(state)
        // Whoever caches pages has been told of each that is another one now.
        now().split(",").forEach((byte, index) => {
          if (byte !== before[index]) expect(reverted.has(FIRST_PAGE + index)).toBe(true)
        })
        break
      }
      case 2:
        if (held.length > 4) for (const { version } of held.splice(draw.below(held.length), 1)) history.release(version)
        break
      default: {
        const page = FIRST_PAGE + draw.below(PAGE_COUNT)
        history.touch(page)
        linear.u8[page * PAGE_BYTES] = draw.below(256)
      }
    }
  }
  while (held.length > 0) for (const { version } of held.splice(draw.below(held.length), 1)) history.release(version)
  expect(linear.keptCount).toBe(0)
})
