/** A vector before it is performed: copied from user memory once, checked, its pages pinned. Nothing has happened yet where this fails. */
import { viewOf } from "../../../base/bytes.ts"
import { type Address, isUserRange } from "../../../base/ids.ts"
import { CPU_OP_BYTES, CPU_OP_VEC_DATA_LEN_MAX } from "../../../linux/cpu-opv.ts"
import type { Errno } from "../../../linux/errno.ts"
import type { UserMemory } from "../../../machine/machine.ts"
import { Operation, OPERATION_WORDS, operationKinds } from "./operation.ts"

export type Vector = ReadonlyArray<Operation>

/** `undefined` where it cannot be read. Later changes of that memory are not seen. */
export const readVector = (memory: UserMemory, at: Address, operationCount: number): Vector | undefined => {
  if (operationCount === 0) return []
  const bytes = isUserRange(at, operationCount * CPU_OP_BYTES) ? memory.readBytes(at, operationCount * CPU_OP_BYTES) : undefined
  if (bytes === undefined) return undefined
  const view = viewOf(bytes)
  return vectorOf(Array.from({ length: operationCount * OPERATION_WORDS }, (_, index) => view.getBigUint64(index * 8, true)))
}

/** As words: what a pause keeps. */
export const wordsOf = (vector: Vector): ReadonlyArray<bigint> => vector.flatMap(({ words }) => words)

export const vectorOf = (words: ReadonlyArray<bigint>): Vector =>
  Array.from({ length: words.length / OPERATION_WORDS }, (_, index) => new Operation(words.slice(index * OPERATION_WORDS, (index + 1) * OPERATION_WORDS)))

/** The first error of operation numbers and lengths, in order; then their sum. */
export const checkVector = (vector: Vector): Errno | undefined => {
  let sumBytes = 0
  for (const operation of vector) {
    const kind = operationKinds[operation.number]
    if (kind === undefined || !kind.accepts(operation)) return "EINVAL"
    if (kind.countsLength) sumBytes += operation.lengthBytes
  }
  return sumBytes > CPU_OP_VEC_DATA_LEN_MAX ? "EINVAL" : undefined
}

/**
 * Makes sure of every operand, in order. An operand of no length is not looked for, but must lie in user space.
 * That the pages are there now does not keep them mapped: the vector can still fault while it is performed.
 */
export const pinVector = (memory: UserMemory, vector: Vector): Errno | undefined => {
  for (const operation of vector) {
    const { lengthBytes } = operation
    for (const { access, at, isFaultExpected } of operationKinds[operation.number]?.operands(operation) ?? []) {
      const isThere = isUserRange(at, lengthBytes) && (lengthBytes === 0 || memory.allows(at, lengthBytes, access))
      if (!isThere) return isFaultExpected ? "EAGAIN" : "EFAULT"
    }
  }
  return undefined
}
