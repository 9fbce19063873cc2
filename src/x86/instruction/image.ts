/** The flags as one word, the way pushfq and lahf see them. */
import type { Emitter } from "../emitter.ts"
import { DIRECTION_FLAG, type FlagName, flagBit, flagNames } from "../flag.ts"
import { type I64, long } from "../value.ts"

const DIRECTION_BIT = 10n

const masked = (mask: number): ReadonlyArray<FlagName> => flagNames.filter((name) => (mask & (1 << flagBit[name])) !== 0)

/** The flags of `mask`, where they stand in eflags; all other bits are 0. */
export const flagsImage = (e: Emitter, mask: number): I64 => {
  const direction = (mask & DIRECTION_FLAG) === 0 ? long(0n) : e.direction().shl(DIRECTION_BIT)
  return e.let(masked(mask).reduce((image, name) => image.or(e.flag(name).shl(BigInt(flagBit[name]))), direction))
}

/** Takes the flags of `mask` from a bound word; the others stay. */
export const setFlagsImage = (e: Emitter, image: I64, mask: number): void => {
  e.patchFlags(Object.fromEntries(masked(mask).map((name) => [name, e.let(image.bit(BigInt(flagBit[name])))])))
  if ((mask & DIRECTION_FLAG) !== 0) e.setDirection(image.bit(DIRECTION_BIT))
}
