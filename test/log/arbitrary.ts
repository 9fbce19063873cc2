import { childTask, rootTask, type TaskId } from "../../src/base/ids.ts"
import { stream, type Stream } from "../../src/base/prng.ts"
import { type Deviation, type Kind, kindNames, kinds, type Option, type Schedule } from "../../src/log/choice.ts"
import { optionOf, type Sort } from "../../src/log/vocabulary.ts"
import { errno } from "../../src/linux/errno.ts"

/** Runs `claim` with the streams of `count` seeds; a failure names its seed. `RSEQLAB_SEED` chooses one. */
export const forSeeds = (count: number, claim: (draw: Stream, seed: string) => void): void => {
  const chosen = process.env["RSEQLAB_SEED"]
  const seeds = chosen === undefined ? Array.from({ length: count }, (_, index) => String(index)) : [chosen]
  for (const seed of seeds) {
    try {
      claim(stream(seed, "test"), seed)
    } catch (cause) {
      throw new Error(`seed ${seed}; again with: RSEQLAB_SEED=${seed}\n${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }
}

export const oneOf = <T>(draw: Stream, list: ReadonlyArray<T>): T => list[draw.below(list.length)] as T

/** Naturals of every size: small ones often, edges now and then. */
export const natural = (draw: Stream): number => {
  switch (draw.below(6)) {
    case 0: return oneOf(draw, [0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])
    case 1: return draw.below(2 ** 21) * 2 ** 32 + draw.below(2 ** 32)
    case 2: return draw.below(2 ** 32)
    case 3: return draw.below(70_000)
    default: return draw.below(100)
  }
}

export const word64 = (draw: Stream): bigint =>
  draw.oneIn(4) ? oneOf(draw, [0n, 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) : BigInt.asUintN(64, (BigInt(draw.bits()) << 32n) ^ BigInt(draw.bits()))

export const task = (draw: Stream): TaskId => {
  let drawn = rootTask
  while (!draw.oneIn(3)) drawn = childTask(drawn, 1 + draw.below(4))
  return drawn
}

const signal = (draw: Stream): number => 1 + draw.below(64)
export const cpu = (draw: Stream): number => (draw.oneIn(4) ? draw.below(2 ** 20) : draw.below(8))

const ofSort: Readonly<Record<Sort, (draw: Stream) => number>> = {
  CPU: cpu, task, signal, errno: (draw) => oneOf(draw, Object.values(errno)), number: natural
}

/** Any option that can be typed: a word of the kind's vocabulary, or something of a sort it names. */
export const typedOption = (draw: Stream, kind: Kind): Option => {
  const { families, words } = kinds[kind].options
  const spelled = Object.values(words)
  if (families.length === 0 || (spelled.length > 0 && draw.oneIn(4))) return oneOf(draw, spelled)
  const family = oneOf(draw, families)
  return optionOf(family, ofSort[family.sort](draw))
}

/** Leaves out the word of no letters, which is never stored. */
const storedOption = (draw: Stream, kind: Kind): Option => {
  const option = typedOption(draw, kind)
  return kinds[kind].options.words[""] === option ? storedOption(draw, kind) : option
}

export const deviationOf = (draw: Stream, kind: Kind): Deviation => ({
  task: task(draw), count: natural(draw), nth: draw.oneIn(4) ? natural(draw) : 0, kind, option: storedOption(draw, kind)
})

export const schedule = (draw: Stream, length: number): Schedule =>
  Array.from({ length }, () => deviationOf(draw, oneOf(draw, kindNames)))

export const isInterruption = (kind: Kind): boolean => kinds[kind].is === "interruption"
