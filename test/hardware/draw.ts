/** Chance for test cases: values that x86 finds awkward, and any others. */
import { assert } from "../../src/base/assert.ts"
import { type Stream, stream } from "../../src/base/prng.ts"
import { HOLE, DATA, KERNEL_ADDRESS, NON_CANONICAL, PAGE, READ_ONLY, WINDOW, WINDOW_BYTES } from "./place.ts"

/** 0, ±1, bounds of every width and their neighbours, and counts around every width. */
const edges: ReadonlyArray<bigint> = [
  0n, 1n, 2n, -1n, -2n,
  ...[7n, 8n, 15n, 16n, 31n, 32n, 63n].flatMap((bit) => [(1n << bit) - 1n, 1n << bit, (1n << bit) + 1n, -(1n << bit), -(1n << bit) - 1n]),
  7n, 9n, 15n, 17n, 31n, 33n, 63n, 64n, 65n, 0x0fn, 0x10n, 0x80n, 0xffn, 0xff00n
].map((value) => BigInt.asUintN(64, value))

export class Draw {
  private readonly stream: Stream

  constructor(seed: string, name: string) {
    this.stream = stream(seed, name)
  }

  below(bound: number): number {
    return this.stream.below(bound)
  }

  oneIn(period: number): boolean {
    return this.stream.oneIn(period)
  }

  pick<T>(from: ReadonlyArray<T>): T {
    assert(from.length > 0, "there is something to pick from")
    return from[this.below(from.length)] as T
  }

  edge(): bigint {
    return this.pick(edges)
  }

  word(): bigint {
    return BigInt.asUintN(32, BigInt(this.stream.bits())) << 32n | BigInt.asUintN(32, BigInt(this.stream.bits()))
  }

  /** Any 64 bits: small, of any length and either sign, or all random. */
  any(): bigint {
    switch (this.below(3)) {
      case 0: return this.word() & 0xffn
      case 1: return BigInt.asUintN(64, BigInt.asIntN(8 * (1 + this.below(8)), this.word()))
      default: return this.word()
    }
  }

  /** An address worth accessing: mostly the window, else a page that straddles, refuses or is not there. */
  target(): number {
    switch (this.below(16)) {
      case 0: case 1: case 2: return DATA + PAGE - this.below(16)
      case 3: return READ_ONLY + this.below(64)
      case 4: return READ_ONLY - 1 - this.below(16)
      case 5: return HOLE - this.below(16)
      case 6: return HOLE + this.below(100)
      default: return WINDOW + this.below(WINDOW_BYTES - 16)
    }
  }

  /** Any address at all, with some that no user memory has. */
  anyTarget(): bigint {
    switch (this.below(24)) {
      case 0: return NON_CANONICAL + BigInt(this.below(64))
      case 1: return KERNEL_ADDRESS + BigInt(this.below(64))
      default: return BigInt(this.target())
    }
  }
}
