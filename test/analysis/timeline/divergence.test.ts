import { describe, expect, it } from "vitest"
import { divergenceText } from "../../../src/analysis/timeline/divergence.ts"
import { log, task1, task2 } from "../entries.ts"

const entries = log(
  { now: 1, event: { _tag: "SwitchedIn", task: task1, cpu: 0 } },
  { now: 2, count: 2, event: { _tag: "Yielded", task: task1 } },
  { now: 3, event: { _tag: "SwitchedIn", task: task2, cpu: 0 } },
  { now: 4, count: 1, event: { _tag: "Yielded", task: task2 } },
  { now: 5, count: 3, event: { _tag: "Preempted", task: task1, ip: 0x401000 } },
  { now: 6, count: 4, event: { _tag: "Preempted", task: task1, ip: 0x401003 } }
)
const last = { task: task1, count: 3, nth: 0, kind: "preempt", option: task2 } as const

describe("a divergence", () => {
  it("reads as a diff: three entries before, recorded, replayed, the key, the question", () => {
    const [recorded, replayed] = entries.slice(4)
    expect(divergenceText({ _tag: "EntryDiffers", before: entries.slice(0, 4), recorded, replayed, last })).toEqual([
      "  1  now 2  cpu0  1.1@2 yields",
      "  2  now 3  cpu0  1.2@0 runs",
      "  3  now 4  cpu0  1.2@1 yields",
      "- recorded  4  now 5  cpu0  1.1@3 is preempted at 0x401000",
      "+ replayed  5  now 6  cpu0  1.1@4 is preempted at 0x401003",
      "  key       1.1@3:preempt=1.2 was the last deviation told",
      "  is everything that varies a choice?"
    ])
  })
  it("says so where the replay ended too early, with nothing deviated before", () => {
    const text = divergenceText({ _tag: "EntryDiffers", before: [], recorded: entries[0], replayed: undefined, last: undefined })
    expect(text[1]).toBe("+ replayed  nothing: the run was over")
    expect(text[2]).toContain("nothing had deviated yet")
  })
  it("names a deviation that was never met, and one that was not on offer", () => {
    const [never, refused] = (["never met", "not on offer"] as const).map((reason) => divergenceText({ _tag: "NotTaken", before: [], deviation: last, reason }))
    expect(never?.[1]).toBe("+ replayed  1.1 never stood there")
    expect(refused?.[1]).toBe("+ replayed  1.1 stood there, and that was not on offer")
  })
  it("names the check that differs, escaped", () => {
    const text = divergenceText({ _tag: "CheckDiffers", before: [], at: 9, what: "state hash", recorded: "a\u001b", replayed: "b", last })
    expect(text.slice(0, 2)).toEqual(["- recorded  state hash a\\x1b, at now 9", "+ replayed  state hash b"])
  })
})
