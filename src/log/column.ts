/**
 * A column: many numbers of one meaning, as two strings of bytes. The *heads* have one byte a number, the *tails* what did not
 * fit. Small numbers are the rule, and a string in which every byte means the same thing compresses to nearly its entropy.
 *
 *     head    0 … 239     the number
 *             240 + k     240 and the next k + 1 bytes of the tail, little-endian, k < 7
 *             247         a *literal*: the next 8 bytes of the tail, as they are
 *
 * Raw bytes stand in the tail too, after their length.
 */
import { assert } from "../base/assert.ts"

const DIRECT_END = 240
const LITERAL = 247
const TAIL_BYTES_MAX = 7
const WORD_END = 2n ** 64n
/** What `natural` gives where a literal stands. */
export const LITERAL_AHEAD = -1

const word = new DataView(new ArrayBuffer(8))

export class ColumnWriter {
  private heads: Uint8Array = new Uint8Array(64)
  private headCount = 0
  private tails: Uint8Array = new Uint8Array(0)
  private tailCount = 0

  /** A natural below 2^53. */
  natural(value: number): void {
    if (this.headCount === this.heads.length) this.heads = grown(this.heads, 1)
    // -0 is let through by every comparison; `Object.is` is not fooled.
    if (value < DIRECT_END && value >>> 0 === value && !Object.is(value, -0)) {
      this.heads[this.headCount] = value
      this.headCount += 1
    } else this.long(value)
  }

  /** Eight bytes as they are: what no double holds, or what no prediction fits. */
  literal(value: bigint): void {
    word.setBigUint64(0, value, true)
    this.literalWord()
  }

  /** What only grows, as the way from the last; where it did not grow, as it is. */
  onward(value: number, last: number): void {
    if (value >= last) this.natural(value - last)
    else {
      assert(Number.isSafeInteger(value) && value >= 0, "a natural below 2^53")
      this.literal(BigInt(value))
    }
  }

  /** 64 bits, unsigned. */
  word64(value: bigint): void {
    assert(value >= 0n && value < WORD_END, "64 bits, unsigned")
    word.setBigUint64(0, value, true)
    if (word.getUint32(4, true) === 0) this.natural(word.getUint32(0, true))
    else this.literalWord()
  }

  bytes(bytes: Uint8Array): void {
    this.natural(bytes.length)
    this.reserve(bytes.length)
    this.tails.set(bytes, this.tailCount)
    this.tailCount += bytes.length
  }

  get isEmpty(): boolean {
    return this.headCount === 0
  }

  /** Copies: the writer goes on with its own. */
  headBytes(): Uint8Array {
    return this.heads.slice(0, this.headCount)
  }

  tailBytes(): Uint8Array {
    return this.tails.slice(0, this.tailCount)
  }

  clear(): void {
    this.headCount = 0
    this.tailCount = 0
  }

  private long(value: number): void {
    // No value in the message: making one costs more than writing the number.
    assert(Number.isSafeInteger(value) && !Object.is(value, -0) && value >= 0, "a natural below 2^53")
    const low = (value - DIRECT_END) >>> 0
    const high = Math.floor((value - DIRECT_END) / 2 ** 32)
    const byteCount = high === 0 ? 4 - (Math.clz32(low) >>> 3) || 1 : 8 - (Math.clz32(high) >>> 3)
    this.reserve(8)
    this.heads[this.headCount] = DIRECT_END + byteCount - 1
    this.headCount += 1
    const { tails } = this
    let at = this.tailCount
    for (let index = 0; index < byteCount; index += 1) tails[at++] = index < 4 ? low >>> (8 * index) : high >>> (8 * (index - 4))
    this.tailCount = at
  }

  private literalWord(): void {
    if (this.headCount === this.heads.length) this.heads = grown(this.heads, 1)
    this.heads[this.headCount] = LITERAL
    this.headCount += 1
    this.reserve(8)
    for (let index = 0; index < 8; index += 1) this.tails[this.tailCount + index] = word.getUint8(index)
    this.tailCount += 8
  }

  private reserve(byteCount: number): void {
    if (this.tailCount + byteCount > this.tails.length) this.tails = grown(this.tails, byteCount)
  }
}

const grown = (bytes: Uint8Array, byteCount: number): Uint8Array => {
  const larger = new Uint8Array(Math.max(64, 2 * bytes.length, bytes.length + byteCount))
  larger.set(bytes)
  return larger
}

/**
 * Reads a column back. What does not fit the rules sets `isBroken` and reads as 0 from there on, so that a loop over a column
 * needs to look once, at its end.
 */
export class ColumnReader {
  isBroken = false
  private readonly heads: Uint8Array
  private readonly tails: Uint8Array
  private headAt = 0
  private tailAt = 0

  constructor(heads: Uint8Array, tails: Uint8Array) {
    this.heads = heads
    this.tails = tails
  }

  /** Read to the last byte, without a fault. */
  get isWhole(): boolean {
    return !this.isBroken && this.headAt === this.heads.length && this.tailAt === this.tails.length
  }

  get isAtEnd(): boolean {
    return this.headAt >= this.heads.length
  }

  /** The next number, or `LITERAL_AHEAD`: then `literal` is to be read. */
  natural(): number {
    const head = this.heads[this.headAt]
    if (head === undefined) return this.broken()
    this.headAt += 1
    if (head < DIRECT_END) return head
    if (head === LITERAL) return this.tailAt + 8 <= this.tails.length ? LITERAL_AHEAD : this.broken()
    const byteCount = head - DIRECT_END + 1
    if (byteCount > TAIL_BYTES_MAX || this.tailAt + byteCount > this.tails.length) return this.broken()
    let value = 0
    for (let index = byteCount - 1; index >= 0; index -= 1) value = value * 256 + (this.tails[this.tailAt + index] ?? 0)
    this.tailAt += byteCount
    value += DIRECT_END
    return value <= Number.MAX_SAFE_INTEGER ? value : this.broken()
  }

  literal(): bigint {
    for (let index = 0; index < 8; index += 1) word.setUint8(index, this.tails[this.tailAt + index] ?? 0)
    this.tailAt += 8
    return word.getBigUint64(0, true)
  }

  /** Not checked: it may be beyond 2^53. */
  onward(last: number): number {
    const way = this.natural()
    return way === LITERAL_AHEAD ? Number(this.literal()) : last + way
  }

  word64(): bigint {
    const value = this.natural()
    return value === LITERAL_AHEAD ? this.literal() : BigInt(value)
  }

  /** A natural of at most `max`. */
  upTo(max: number): number {
    const value = this.natural()
    return value >= 0 && value <= max ? value : this.broken()
  }

  /** A view; copy what is kept. */
  rawBytes(): Uint8Array {
    const length = this.upTo(this.tails.length - this.tailAt)
    this.tailAt += length
    return this.tails.subarray(this.tailAt - length, this.tailAt)
  }

  broken(): number {
    this.isBroken = true
    this.headAt = this.heads.length
    this.tailAt = this.tails.length
    return 0
  }
}
