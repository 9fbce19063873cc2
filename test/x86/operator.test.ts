import { describe, expect, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { type Operator, type OperatorName, operators } from "../../src/x86/operator.ts"
import { Draw } from "../hardware/draw.ts"

/** Operands by the type each operator takes: the name says most of it, shifts and splats the rest. */
const operandTypes = (name: OperatorName): ReadonlyArray<"i32" | "i64" | "v128"> => {
  if (/^i32\.(eqz|popcnt)$/.test(name)) return ["i32"]
  if (name === "i32.wrap" || /^i64\.(eqz|clz|ctz|extend\d+)$/.test(name) || name === "i64x2.splat") return ["i64"]
  if (name === "i64.extendU" || name === "i8x16.splat") return ["i32"]
  if (/\.(bitmask|low|high)$/.test(name)) return ["v128"]
  if (/\.with(Low|High)$/.test(name)) return ["v128", "i64"]
  if (/x\d+\.(shl|shrS|shrU)$/.test(name)) return ["v128", "i32"]
  if (name.startsWith("v128") || /^i\d+x\d+/.test(name)) return ["v128", "v128"]
  return name.startsWith("i32") ? ["i32", "i32"] : ["i64", "i64"]
}

const LOAD = { i32: [0x28, 2, 0], i64: [0x29, 3, 0], v128: [0xfd, 0, 4, 0] } as const
const STORE = { i32: [0x36, 2, 0], i64: [0x37, 3, 0], v128: [0xfd, 11, 4, 0] } as const
const BITS = { i32: 32, i64: 64, v128: 128 } as const
/** Operands stand at 0 and 16, the result goes to 32. */
const RESULT_AT = 32

const section = (id: number, body: ReadonlyArray<number>): ReadonlyArray<number> => [id, ...leb(body.length), ...body]
const leb = (value: number): ReadonlyArray<number> => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)])

/** A module with one function: loads the operands, applies the operator, stores the result. */
const compile = (name: OperatorName, operator: Operator): { readonly memory: DataView; readonly apply: () => void } => {
  const code = [
    0x41, RESULT_AT,
    ...operandTypes(name).flatMap((type, at) => [0x41, at * 16, ...LOAD[type]]),
    ...operator.opcode,
    ...STORE[operator.result],
    0x0b
  ]
  const bytes = [
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x66, 0, 0]),
    ...section(10, [1, ...leb(code.length + 1), 0, ...code])
  ]
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)))
  return { memory: new DataView((exports["m"] as WebAssembly.Memory).buffer), apply: exports["f"] as () => void }
}

const write = (memory: DataView, at: number, value: bigint): void => {
  memory.setBigUint64(at, BigInt.asUintN(64, value), true)
  memory.setBigUint64(at + 8, value >> 64n, true)
}

const isDivision = (name: OperatorName): boolean => /^i64\.(div|rem)/.test(name)
const LEAST = 1n << 63n
const MINUS_ONE = (1n << 64n) - 1n

describe("operators mean on BigInts what they mean in Wasm", () => {
  for (const name of Object.keys(operators) as ReadonlyArray<OperatorName>) {
    it(name, () => {
      const operator: Operator = operators[name]
      const { apply, memory } = compile(name, operator)
      const draw = new Draw("operators", name)
      const types = operandTypes(name)
      for (let round = 0; round < 300; round++) {
        const half = (): bigint => (round % 2 === 0 ? draw.edge() : draw.any())
        const values = types.map((type) => BigInt.asUintN(BITS[type], (half() << 64n) | half()))
        const [left = 0n, right = 0n] = values
        // What would trap is refused by the rows before they divide.
        if (isDivision(name) && (right === 0n || (left === LEAST && right === MINUS_ONE))) continue
        for (const [at, value] of values.entries()) write(memory, at * 16, value)
        write(memory, RESULT_AT, 0n)
        apply()
        const found = memory.getBigUint64(RESULT_AT, true) | (memory.getBigUint64(RESULT_AT + 8, true) << 64n)
        expect(operator.fold(...values), `${name}(${values.map((value) => `0x${value.toString(16)}`).join(", ")})`).toBe(known(found, "a result"))
      }
    })
  }
})
