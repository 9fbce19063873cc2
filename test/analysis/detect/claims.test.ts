import { assert, it } from "vitest"
import { type Claim, Claims } from "../../../src/analysis/detect/claims.ts"
import { everyFinding } from "../../../src/search/watch.ts"
import { rootTask } from "../../../src/base/ids.ts"
import type { Entry, EventOf } from "../../../src/log/event.ts"
import { forSeeds } from "../../log/arbitrary.ts"

const claim = (start: number, end: number, name = "sync"): Claim => ({ _tag: "Claimed", claim: name, start, end, strideBytes: 0, option: "", other: 0, value: 0n })

it("of several claims about a byte the first is found, as in a plain list", () =>
  forSeeds(40, (draw) => {
    const claims = new Claims("sync")
    const all: Array<Claim> = []
    for (let step = 0; step < 40; step++) {
      const start = draw.below(100)
      const made = claim(start, start + 1 + draw.below(12), draw.oneIn(4) ? "shared" : "sync")
      claims.add(made)
      if (made.claim === "sync") all.push(made)
      const [address, sizeBytes] = [draw.below(110), 1 + draw.below(16)]
      assert.deepStrictEqual(claims.at(address, sizeBytes), all.find((one) => one.start < address + sizeBytes && address < one.end))
    }
  }))

it.each([
  ["a claim that ends before it starts", claim(16, 8, "balanced"), undefined],
  ["a claim beyond user space", claim(2 ** 60, 2 ** 60 + 256, "never"), undefined],
  ["an access of 2^50 bytes", claim(0x404000, 0x404008, "shared"), { address: 0x404000, sizeBytes: 2 ** 50 }],
  ["an access of nothing", claim(0x404000, 0x404008, "whole"), { address: 0x404000, sizeBytes: 0 }],
  ["an access where doubles have gaps", claim(0x404000, 0x404008, "sync"), { address: 2 ** 60, sizeBytes: 64 }]
] as const)("a log that no run makes is judged at once: %s", (_claim, claimed, accessed) => {
  const access: EventOf<"Accessed"> = { _tag: "Accessed", task: rootTask, ip: 0, address: 0, sizeBytes: 8, isWrite: 1, before: 0n, after: 1n, isRead: 1, isLocked: 0, ...accessed }
  const entries = [claimed, access, { _tag: "Ended", outcome: "Exited", status: 0 } as const].map((event, index): Entry => ({ index, now: 0, cpu: 0, task: rootTask, count: 0, event }))
  assert.deepStrictEqual(everyFinding(entries), [])
})
