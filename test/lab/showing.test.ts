import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { assert, it } from "vitest"
import { record } from "../../src/api/index.ts"
import { Progress } from "../../src/lab/progress.ts"
import { deviationPlaces, type PlacedText } from "../../src/lab/showing.ts"
import { assembleText } from "../support/examples.ts"

const YIELD_COUNT = 20_000
const { recording } = await record(assembleText(`#: task worker x2
worker: mov $${YIELD_COUNT}, %ebx
1: mov $24, %eax
        syscall
        dec %ebx
        jnz 1b
        xor %edi, %edi
        mov $60, %eax
        syscall
`, "yields.s"), { seed: "3" })

/** The places, and how far the replay went for them. */
const placesUpTo = async (end: number): Promise<{ readonly places: ReadonlyArray<PlacedText>; readonly now: number }> => {
  let last = 0
  const hearing = Layer.succeed(Progress, { report: ({ now }) => void (last = now), finish: () => {} })
  return { places: await Effect.runPromise(Effect.provide(deviationPlaces(recording, end), hearing)), now: last }
}

it("a few entries of a long run are shown with the deviations among them after the run as far as that", async () => {
  const whole = await placesUpTo(Infinity)
  assert.strictEqual(whole.places.length, recording.deviationCount)
  const first = await placesUpTo(100)
  assert.isBelow(first.now, whole.now / 4)
  const among = ({ appliedBefore }: PlacedText): boolean => appliedBefore < 100
  assert.deepStrictEqual(first.places.filter(among), whole.places.filter(among))
  assert.isAbove(first.places.filter(among).length, 2)
})
