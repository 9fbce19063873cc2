import { assert, it } from "vitest"
import { type AccessKind, isMarkedBy, type Mark, type Pending } from "../../src/base/mark.ts"
import type { Stream } from "../../src/base/prng.ts"
import { forSeeds, oneOf } from "../log/arbitrary.ts"

const SPACE = 80
const markIn = (draw: Stream): Mark => {
  const start = draw.below(SPACE)
  return draw.below(30) === 0 ? { _tag: oneOf(draw, ["Called", "EveryInstruction"] as const) }
    : draw.oneIn(3) ? { _tag: "Executed", at: start }
    : { _tag: "Accessed", start, end: start + 1 + draw.below(3), by: oneOf(draw, ["any", "write"] as const) }
}
const pendings: ReadonlyArray<Pending> = Array.from({ length: SPACE }, (_, at): ReadonlyArray<Pending> => [
  { _tag: "Execution", ip: at }, { _tag: "Call", ip: at },
  ...(["read", "write", "modify"] satisfies ReadonlyArray<AccessKind>).map((kind): Pending => ({ _tag: "Access", ip: at + SPACE, address: at, sizeBytes: 2, kind, isLocked: false }))
]).flat()

it("many marks are what each of them is alone", () =>
  forSeeds(20, (draw) => {
    const marks = Array.from({ length: 17 + draw.below(6) }, () => markIn(draw))
    for (const pending of pendings) assert.strictEqual(isMarkedBy(marks, pending), marks.some((mark) => isMarkedBy([mark], pending)), JSON.stringify([marks, pending]))
  }))
