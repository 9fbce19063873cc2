/** Laws over drawn operations: a seed a case, printed where it fails. */
import { it } from "vitest"
import { type Stream, stream } from "../../../src/base/prng.ts"

const chosen = process.env["RSEQLAB_SEED"]

/** Holds for so many seeds; `RSEQLAB_SEED=n` tries that one alone. */
export const forSeeds = (claim: string, count: number, law: (draw: Stream, seed: string) => void): void => {
  it(claim, () => {
    const seeds = chosen === undefined ? Array.from({ length: count }, (_, index) => String(index + 1)) : [chosen]
    for (const seed of seeds) {
      try {
        law(stream(seed, claim), seed)
      } catch (error) {
        throw new Error(`seed ${seed}; again with: RSEQLAB_SEED=${seed} npm test -- -t "${claim}"`, { cause: error })
      }
    }
  })
}

export const pick = <T>(draw: Stream, values: ReadonlyArray<T>): T => {
  const value = values[draw.below(values.length)]
  if (value === undefined) throw new Error("nothing to pick from")
  return value
}
