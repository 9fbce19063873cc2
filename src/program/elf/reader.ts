import { latin1OfBytes, viewOf } from "../../base/bytes.ts"

/** Why a file could not be loaded, and where in it. */
export interface ElfError {
  readonly file: string
  /** Bytes into the file. */
  readonly at: number
  /** Reads on from "expected". */
  readonly expected: string
}

const NAME_LENGTH_MAX = 1024

/** Numbers of a file, and its first problem. `undefined` after one. */
export interface Reader {
  readonly lengthBytes: number
  readonly u8: (at: number) => number
  readonly u16: (at: number) => number
  readonly u32: (at: number) => number
  /** As a double: exact below 2^53; what is larger is larger than anything that is allowed. */
  readonly u64: (at: number) => number
  /** Text up to a zero, at most so long. */
  readonly text: (at: number, end: number) => string
  readonly bytes: (start: number, end: number) => Uint8Array
  readonly expected: (at: number, what: string) => undefined
  /** Whether `count` rows of `rowBytes` lie inside the file. */
  readonly holds: (at: number, count: number, rowBytes: number) => boolean
  readonly error: () => ElfError | undefined
}

export const newReader = (bytes: Uint8Array, file: string): Reader => {
  const view = viewOf(bytes)
  let error: ElfError | undefined
  return {
    lengthBytes: bytes.length,
    u8: (at) => view.getUint8(at),
    u16: (at) => view.getUint16(at, true),
    u32: (at) => view.getUint32(at, true),
    u64: (at) => Number(view.getBigUint64(at, true)),
    text: (at, end) => {
      const limit = Math.min(end, at + NAME_LENGTH_MAX)
      const zero = bytes.subarray(at, limit).indexOf(0)
      return latin1OfBytes(bytes.subarray(at, zero === -1 ? limit : at + zero))
    },
    bytes: (start, end) => bytes.subarray(start, end),
    expected: (at, what) => {
      error ??= { file, at, expected: what }
      return undefined
    },
    holds: (at, count, rowBytes) => at <= bytes.length && count * rowBytes <= bytes.length - at,
    error: () => error
  }
}
