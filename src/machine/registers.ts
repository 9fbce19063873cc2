/** A task's register block, as the kernel reads and writes it. */
import { DIRECTION_FLAG, STATUS_FLAGS } from "../x86/flag.ts"
import { wordsOfImage } from "../x86/lazy-flag.ts"
import { FS_SLOT, GS_SLOT, SLOT_BYTES, VECTOR_BYTES, VECTOR_REGISTER_COUNT } from "../x86/register.ts"
import { assert, known } from "../base/assert.ts"
import { long } from "../x86/value.ts"
import type { Linear } from "./engine/linear.ts"
import type { History } from "./history.ts"
import { block as field } from "./layout.ts"
import type { Registers } from "./machine.ts"

const VECTORS_BYTES = VECTOR_REGISTER_COUNT * VECTOR_BYTES

/** The words of a flags image, each made once: there are 64 images. */
const wordsCache = new Map<number, { readonly result: bigint; readonly auxiliary: bigint }>()

const wordsOf = (status: number): { readonly result: bigint; readonly auxiliary: bigint } => {
  let words = wordsCache.get(status)
  if (words === undefined) {
    const { auxiliary, result } = wordsOfImage(long(BigInt(status)))
    words = {
      auxiliary: known(auxiliary.constant, "flags of a number are numbers"),
      result: known(result.constant, "flags of a number are numbers")
    }
    wordsCache.set(status, words)
  }
  return words
}

export const registersOf = (linear: Linear, history: History, block: number): Registers => {
  const page = block >>> 12
  const word = (byte: number): number => linear.u32[(block + byte) >>> 2] ?? 0
  const double = (byte: number): number => word(byte + 4) * 2 ** 32 + word(byte)
  /** Negative numbers in two's complement. */
  const setDouble = (byte: number, value: number): void => {
    history.touch(page)
    linear.i32[(block + byte) >>> 2] = value | 0
    linear.i32[(block + byte + 4) >>> 2] = Math.floor(value / 2 ** 32) | 0
  }
  const whole = (byte: number): bigint => linear.u64[(block + byte) >>> 3] ?? 0n
  const setWhole = (byte: number, value: bigint): void => {
    history.touch(page)
    linear.u64[(block + byte) >>> 3] = value
  }

  return {
    get: (register) => whole(register * SLOT_BYTES),
    set: (register, value) => setWhole(register * SLOT_BYTES, value),
    number: (register) => double(register * SLOT_BYTES),
    setNumber: (register, value) => setDouble(register * SLOT_BYTES, value),
    ip: () => double(field.ip),
    setIp: (ip) => setDouble(field.ip, ip),
    ipExact: () => whole(field.ip),
    setIpExact: (ip) => setWhole(field.ip, ip),
    eflags: () => linear.native.eflags(block),
    setEflags: (eflags) => {
      const { auxiliary, result } = wordsOf(eflags & STATUS_FLAGS)
      setWhole(field.result, result)
      setWhole(field.auxiliary, auxiliary)
      linear.i32[(block + field.direction) >>> 2] = (eflags & DIRECTION_FLAG) !== 0 ? 1 : 0
    },
    fsBase: () => whole(FS_SLOT * SLOT_BYTES),
    setFsBase: (base) => setWhole(FS_SLOT * SLOT_BYTES, base),
    gsBase: () => whole(GS_SLOT * SLOT_BYTES),
    setGsBase: (base) => setWhole(GS_SLOT * SLOT_BYTES, base),
    count: () => linear.f64[(block + field.count) >>> 3] ?? 0,
    setCount: (count) => {
      history.touch(page)
      linear.f64[(block + field.count) >>> 3] = count
    },
    xmm: (register) => {
      const at = block + field.vectors + register * VECTOR_BYTES
      return linear.u8.slice(at, at + VECTOR_BYTES)
    },
    setXmm: (register, bytes) => {
      history.touch(page)
      linear.u8.set(bytes.subarray(0, VECTOR_BYTES), block + field.vectors + register * VECTOR_BYTES)
    },
    vectors: () => linear.u8.slice(block + field.vectors, block + field.vectors + VECTORS_BYTES),
    setVectors: (bytes) => {
      history.touch(page)
      assert(bytes.length === VECTORS_BYTES, "there are sixteen vector registers")
      linear.u8.set(bytes, block + field.vectors)
    }
  }
}
