/**
 * Vectors: what a processor answered, small enough to be kept, so that a machine without one judges as well.
 *
 * Inputs are made again from the seed; of a result only what changed is stored. A result is
 *
 *     u8   bits 0-3 ending, bits 4-5 ip (next, branch, stayed, told), bits 6-7: memory strayed, a fault address follows
 *     u16  flags, bit 15: vectors follow
 *     u16  registers that changed, then each as a length and so many bytes
 *    [u16  vectors that changed, 16 bytes each]
 *     u8   runs of the window that changed, then each as offset, length, bytes
 *    [u64  ip, where it is told] [u64 fault address]
 *
 * all little-endian. A form's entry carries a digest of its inputs: where that differs, the generator has changed and the vectors
 * must be written again (`npx node test/vectors/write.ts`); where it agrees and a result differs, an engine is wrong.
 */
import { assert } from "../../src/base/assert.ts"
import { viewOf } from "../../src/base/bytes.ts"
import type { Case } from "../hardware/case.ts"
import { BRANCH_BYTES, CODE } from "../hardware/place.ts"
import type { Ending, Result } from "../hardware/result.ts"

export const VECTOR_SEED = "vectors"
export const CASES_PER_FORM = 40

/** Appended to, never reordered. */
const endings: ReadonlyArray<Ending> = [
  "retired", "Breakpoint", "PageFault read present", "PageFault read absent", "PageFault write present", "PageFault write absent",
  "GeneralProtection", "DivideError", "InvalidOpcode", "StackFault"
]

const IP_SHIFT = 4
const STRAYED = 0x40
const HAS_FAULT_ADDRESS = 0x80
const HAS_VECTORS = 0x8000

/** Bytes that grow. */
class Writer {
  private readonly bytes: Array<number> = []

  number(value: bigint, lengthBytes: number): void {
    for (let at = 0; at < lengthBytes; at++) this.bytes.push(Number((value >> BigInt(8 * at)) & 0xffn))
  }

  all(): Uint8Array {
    return Uint8Array.from(this.bytes)
  }
}

class Reader {
  private readonly bytes: Uint8Array
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  number(lengthBytes: number): bigint {
    let value = 0n
    for (let offset = lengthBytes - 1; offset >= 0; offset--) value = (value << 8n) | BigInt(this.bytes[this.at + offset] ?? 0)
    this.at += lengthBytes
    assert(this.at <= this.bytes.length, "a vector ends where its bytes do")
    return value
  }

  small(lengthBytes: number): number {
    return Number(this.number(lengthBytes))
  }

  isAtEnd(): boolean {
    return this.at === this.bytes.length
  }
}

const places = ({ bytes }: Case): ReadonlyArray<bigint> => [
  BigInt(CODE + bytes.length), BigInt(CODE + bytes.length + BRANCH_BYTES), BigInt(CODE)
]
const TOLD = 3

const changed = (before: ReadonlyArray<bigint>, after: ReadonlyArray<bigint>): ReadonlyArray<number> =>
  [...before.keys()].filter((number) => before[number] !== after[number])

const maskOf = (numbers: ReadonlyArray<number>): bigint => numbers.reduce((mask, number) => mask | (1n << BigInt(number)), 0n)
const bitsOf = (mask: number): ReadonlyArray<number> => Array.from({ length: 16 }, (_, number) => number).filter((number) => (mask >> number) & 1)
const bytesIn = (value: bigint): number => Math.ceil(value.toString(2).length / 8) * (value === 0n ? 0 : 1)

/** Stretches of bytes that changed, those less than three apart joined. */
const runsOf = (before: Uint8Array, after: Uint8Array): ReadonlyArray<readonly [start: number, end: number]> => {
  const runs: Array<readonly [number, number]> = []
  for (const at of before.keys()) {
    if (before[at] === after[at]) continue
    const last = runs.at(-1)
    if (last !== undefined && at - last[1] < 3) runs[runs.length - 1] = [last[0], at + 1]
    else runs.push([at, at + 1])
  }
  return runs
}

const writeResult = (to: Writer, tested: Case, result: Result): void => {
  const ip = places(tested).indexOf(result.ip)
  const hasFaultAddress = result.ending.startsWith("PageFault")
  const head = endings.indexOf(result.ending) | ((ip === -1 ? TOLD : ip) << IP_SHIFT)
  to.number(BigInt(head | (result.hasStrayed ? STRAYED : 0) | (hasFaultAddress ? HAS_FAULT_ADDRESS : 0)), 1)
  const vectors = changed(tested.vectors, result.vectors)
  to.number(BigInt(result.flags | (vectors.length > 0 ? HAS_VECTORS : 0)), 2)
  const registers = changed(tested.registers, result.registers)
  to.number(maskOf(registers), 2)
  for (const number of registers) {
    const value = result.registers[number] ?? 0n
    to.number(BigInt(bytesIn(value)), 1)
    to.number(value, bytesIn(value))
  }
  if (vectors.length > 0) to.number(maskOf(vectors), 2)
  for (const number of vectors) to.number(result.vectors[number] ?? 0n, 16)
  const runs = runsOf(tested.window, result.window)
  to.number(BigInt(runs.length), 1)
  for (const [start, end] of runs) {
    to.number(BigInt(start), 1)
    to.number(BigInt(end - start), 1)
    for (const byte of result.window.subarray(start, end)) to.number(BigInt(byte), 1)
  }
  if (ip === -1) to.number(result.ip, 8)
  if (hasFaultAddress) to.number(result.faultAddress, 8)
}

const readResult = (from: Reader, tested: Case): Result => {
  const head = from.small(1)
  const flags = from.small(2)
  const registers = [...tested.registers]
  for (const number of bitsOf(from.small(2))) registers[number] = from.number(from.small(1))
  const vectors = [...tested.vectors]
  if ((flags & HAS_VECTORS) !== 0) for (const number of bitsOf(from.small(2))) vectors[number] = from.number(16)
  const window = tested.window.slice()
  for (let runs = from.small(1); runs > 0; runs--) {
    const start = from.small(1)
    for (let left = from.small(1), at = start; left > 0; left--, at++) window[at] = from.small(1)
  }
  const place = (head >> IP_SHIFT) & 3
  const ending = endings[head & 15]
  assert(ending !== undefined, "a vector has a known ending")
  return {
    registers,
    vectors,
    flags: flags & ~HAS_VECTORS,
    window,
    hasStrayed: (head & STRAYED) !== 0,
    ending,
    ip: places(tested)[place] ?? from.number(8),
    faultAddress: (head & HAS_FAULT_ADDRESS) !== 0 ? from.number(8) : 0n
  }
}

export const writeResults = (cases: ReadonlyArray<Case>, results: ReadonlyArray<Result>): Uint8Array => {
  const writer = new Writer()
  for (const [number, tested] of cases.entries()) {
    const result = results[number]
    assert(result !== undefined, "every case has a result")
    writeResult(writer, tested, result)
  }
  return writer.all()
}

export const readResults = (cases: ReadonlyArray<Case>, bytes: Uint8Array): ReadonlyArray<Result> => {
  const reader = new Reader(bytes)
  const results = cases.map((tested) => readResult(reader, tested))
  assert(reader.isAtEnd(), "vectors hold one result a case")
  return results
}

/** A number of 32 bits over all a case holds. Source: FNV-1a. */
export const digestOf = (cases: ReadonlyArray<Case>): number => {
  let digest = 0x811c_9dc5
  const take = (byte: number): void => {
    digest = Math.imul(digest ^ byte, 0x0100_0193) >>> 0
  }
  const scratch = viewOf(new Uint8Array(8))
  const takeWord = (value: bigint): void => {
    scratch.setBigUint64(0, BigInt.asUintN(64, value), true)
    for (let at = 0; at < 8; at++) take(scratch.getUint8(at))
  }
  for (const { bytes, eflags, registers, vectors, window } of cases) {
    for (const byte of bytes) take(byte)
    for (const value of registers) takeWord(value)
    for (const value of vectors) {
      takeWord(value)
      takeWord(value >> 64n)
    }
    takeWord(BigInt(eflags))
    for (const byte of window) take(byte)
  }
  return digest
}

/** A file: version, seed, cases a form, and what there is of each form. */
export type VectorFile = readonly [version: 1, seed: string, casesPerForm: number, forms: ReadonlyArray<VectorForm>]
export type VectorForm = readonly [name: string, inputs: number, results: Uint8Array]
