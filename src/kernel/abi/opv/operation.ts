/**
 * What one operation of a vector is: which operands it touches, which lengths it takes, what it does.
 *
 * Source: cpu_opv v12 series, kernel/cpu_opv.c cpu_opv_check, cpu_opv_pin_pages, __do_cpu_opv
 */
import { equalBytes } from "../../../base/bytes.ts"
import type { Address } from "../../../base/ids.ts"
import { CPU_OP_BYTES, CPU_OP_DATA_LEN_MAX, cpuOp, type CpuOpName } from "../../../linux/cpu-opv.ts"
import type { UserMemory } from "../../../machine/machine.ts"

export const OPERATION_WORDS = CPU_OP_BYTES / 8

/** One `struct cpu_op` as its four 64-bit words: what a call that pauses keeps of it. */
export class Operation {
  readonly words: ReadonlyArray<bigint>

  constructor(words: ReadonlyArray<bigint>) {
    this.words = words
  }

  private field(offsetBytes: number, bits: number): bigint {
    const word = this.words[Math.floor(offsetBytes / 8)] ?? 0n
    return BigInt.asUintN(bits, word >> BigInt((offsetBytes % 8) * 8))
  }
  get number(): number { return Number(BigInt.asIntN(32, this.field(cpuOp.op, 32))) }
  get lengthBytes(): number { return Number(this.field(cpuOp.length, 32)) }
  /** Beyond 2^53 inexact, and nobody's memory. */
  get a(): Address { return Number(this.field(cpuOp.a, 64)) }
  get b(): Address { return Number(this.field(cpuOp.b, 64)) }
  /** Count or mask. */
  get operand(): bigint { return this.field(cpuOp.b, 64) }
  get shiftBits(): number { return Number(this.field(cpuOp.b, 32)) }
  isFaultExpectedAt(offsetBytes: number): boolean { return this.field(offsetBytes, 8) !== 0n }
}

/** Memory an operation will touch: `lengthBytes` at `at`. A fault there is EAGAIN instead of EFAULT where it is expected. */
export interface Operand {
  readonly at: Address
  readonly access: "read" | "write"
  readonly isFaultExpected: boolean
}

/** `stop`: a comparison ended the vector. */
export type Performed = "done" | "stop" | "fault"

export interface OperationKind {
  readonly name: CpuOpName
  /** MB's length is nobody's business. */
  readonly countsLength: boolean
  readonly accepts: (operation: Operation) => boolean
  /** In the order in which they are pinned. */
  readonly operands: (operation: Operation) => ReadonlyArray<Operand>
  readonly perform: (memory: UserMemory, operation: Operation) => Performed
}

// ---- comparing and copying

/** Lengths other than 1, 2, 4 and 8 go through a buffer of this size. */
const CHUNK_BYTES = 64

const isDataLength = ({ lengthBytes }: Operation): boolean => lengthBytes <= CPU_OP_DATA_LEN_MAX

const areEqual = (memory: UserMemory, { a, b, lengthBytes }: Operation): boolean | "fault" => {
  for (let offset = 0; offset < lengthBytes; offset += CHUNK_BYTES) {
    const chunkBytes = Math.min(CHUNK_BYTES, lengthBytes - offset)
    const one = memory.readBytes(a + offset, chunkBytes)
    const other = one === undefined ? undefined : memory.readBytes(b + offset, chunkBytes)
    if (one === undefined || other === undefined) return "fault"
    if (!equalBytes(one, other)) return false
  }
  return true
}

const comparison = (name: CpuOpName, stopsWhereEqual: boolean): OperationKind => ({
  name,
  countsLength: true,
  accepts: isDataLength,
  operands: (operation) => [
    { at: operation.a, access: "read", isFaultExpected: operation.isFaultExpectedAt(cpuOp.expectFaultA) },
    { at: operation.b, access: "read", isFaultExpected: operation.isFaultExpectedAt(cpuOp.expectFaultB) }
  ],
  perform: (memory, operation) => {
    const equal = areEqual(memory, operation)
    return equal === "fault" ? "fault" : equal === stopsWhereEqual ? "stop" : "done"
  }
})

/** Where source and destination overlap, chunk by chunk: later chunks are read after earlier ones are written. */
const memcpy: OperationKind = {
  name: "MEMCPY",
  countsLength: true,
  accepts: isDataLength,
  operands: (operation) => [
    { at: operation.a, access: "write", isFaultExpected: operation.isFaultExpectedAt(cpuOp.expectFaultA) },
    { at: operation.b, access: "read", isFaultExpected: operation.isFaultExpectedAt(cpuOp.expectFaultB) }
  ],
  perform: (memory, { a, b, lengthBytes }) => {
    for (let offset = 0; offset < lengthBytes; offset += CHUNK_BYTES) {
      const chunk = memory.readBytes(b + offset, Math.min(CHUNK_BYTES, lengthBytes - offset))
      if (chunk === undefined || !memory.writeBytes(a + offset, chunk)) return "fault"
    }
    return "done"
  }
}

// ---- changing a word

const isWordLength = ({ lengthBytes }: Operation): boolean => lengthBytes === 1 || lengthBytes === 2 || lengthBytes === 4 || lengthBytes === 8

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)

const change = (
  name: CpuOpName,
  expectFault: number,
  accepts: (operation: Operation) => boolean,
  next: (value: bigint, operation: Operation) => bigint
): OperationKind => ({
  name,
  countsLength: true,
  accepts,
  operands: (operation) => [{ at: operation.a, access: "write", isFaultExpected: operation.isFaultExpectedAt(expectFault) }],
  perform: (memory, operation) => {
    const { a, lengthBytes } = operation
    const before = memory.readBytes(a, lengthBytes)
    if (before === undefined) return "fault"
    const after = next(littleEndian(before), operation)
    const bytes = Uint8Array.from({ length: lengthBytes }, (_, index) => Number(BigInt.asUintN(8, after >> BigInt(8 * index))))
    return memory.writeBytes(a, bytes) ? "done" : "fault"
  }
})

const arithmetic = (name: CpuOpName, next: (value: bigint, operand: bigint) => bigint): OperationKind =>
  change(name, cpuOp.expectFaultA, isWordLength, (value, { operand }) => next(value, operand))

const shift = (name: CpuOpName, next: (value: bigint, bits: bigint) => bigint): OperationKind =>
  change(
    name, cpuOp.shiftExpectFault,
    (operation) => isWordLength(operation) && operation.shiftBits < operation.lengthBytes * 8,
    (value, { shiftBits }) => next(value, BigInt(shiftBits))
  )

// ---- ordering

/** Vectors are performed in order anyway. */
const barrier: OperationKind = { name: "MB", countsLength: false, accepts: () => true, operands: () => [], perform: () => "done" }

/** By number. */
export const operationKinds: ReadonlyArray<OperationKind> = [
  comparison("COMPARE_EQ", false),
  comparison("COMPARE_NE", true),
  memcpy,
  arithmetic("ADD", (value, operand) => value + operand),
  arithmetic("OR", (value, operand) => value | operand),
  arithmetic("AND", (value, operand) => value & operand),
  arithmetic("XOR", (value, operand) => value ^ operand),
  shift("LSHIFT", (value, bits) => value << bits),
  shift("RSHIFT", (value, bits) => value >> bits),
  barrier
]
