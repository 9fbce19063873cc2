/** The machine, run on the cases that the processor is run on: cold, with warm TLBs, and through the careful twin. */
import { createMachine } from "../../../src/machine/create.ts"
import { EXECUTE, READ, WRITE } from "../../../src/machine/machine.ts"
import { DIRECTION_FLAG, STATUS_FLAGS } from "../../../src/x86/flag.ts"
import { GENERAL_REGISTER_COUNT, VECTOR_BYTES, VECTOR_REGISTER_COUNT } from "../../../src/x86/register.ts"
import type { Case } from "../../hardware/case.ts"
import { type Engine, ITERATIONS_MAX, endingOfStop, faultAddressOf } from "../../hardware/engine.ts"
import { CODE, DATA, GS_BASE, PAGE, READ_ONLY, WINDOW, WINDOW_BYTES, readOnlyByte } from "../../hardware/place.ts"
import type { Result } from "../../hardware/result.ts"

/** How the machine comes to execute the instruction. */
export type Way = "cold" | "warm" | "careful"

const vectorOf = (bytes: Uint8Array): bigint => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, VECTOR_BYTES)
  return (view.getBigUint64(8, true) << 64n) | view.getBigUint64(0, true)
}

const bytesOf = (vector: bigint): Uint8Array => {
  const view = new DataView(new ArrayBuffer(VECTOR_BYTES))
  view.setBigUint64(0, BigInt.asUintN(64, vector), true)
  view.setBigUint64(8, vector >> 64n, true)
  return new Uint8Array(view.buffer)
}

const make = (): ((tested: Case, way: Way) => Result) => {
  const machine = createMachine({ maxMemoryBytes: 1 << 20 })
  const space = machine.newSpace()
  machine.map(space, { start: CODE, end: CODE + PAGE }, READ | EXECUTE, false)
  machine.map(space, { start: DATA, end: READ_ONLY }, READ | WRITE, false)
  machine.map(space, { start: READ_ONLY, end: READ_ONLY + PAGE }, READ, false)
  machine.load(space, READ_ONLY, Uint8Array.from({ length: PAGE }, (_, offset) => readOnlyByte(offset)))
  const block = machine.newBlock(space)
  const registers = machine.registers(block)
  const memory = machine.memory(space)
  const zeros = new Uint8Array(2 * PAGE)

  const set = (tested: Case): void => {
    memory.writeBytes(DATA, zeros)
    memory.writeBytes(WINDOW, tested.window)
    for (const [number, value] of tested.registers.entries()) registers.set(number, value)
    for (const [number, value] of tested.vectors.entries()) registers.setXmm(number, bytesOf(value))
    registers.setGsBase(BigInt(GS_BASE))
    registers.setEflags(tested.eflags)
    registers.setIp(CODE)
  }

  return (tested, way) => {
    // A mark that nothing meets: but what is marked is passed carefully.
    machine.setMarks(way === "careful" ? [{ _tag: "Executed", at: 0 }] : [])
    machine.load(space, CODE, tested.bytes)
    if (way === "warm") {
      set(tested)
      machine.run(block, 1, false)
    }
    set(tested)
    let stop = machine.run(block, 1, way === "careful")
    for (let iteration = 1; iteration < ITERATIONS_MAX && stop._tag === "BudgetSpent" && registers.ip() === CODE; iteration++) {
      stop = machine.run(block, 1, way === "careful")
    }
    const all = memory.readBytes(DATA, 2 * PAGE) ?? zeros
    const window = all.slice(WINDOW - DATA, WINDOW - DATA + WINDOW_BYTES)
    return {
      registers: Array.from({ length: GENERAL_REGISTER_COUNT }, (_, number) => registers.get(number)),
      vectors: Array.from({ length: VECTOR_REGISTER_COUNT }, (_, number) => vectorOf(registers.xmm(number))),
      flags: registers.eflags() & (STATUS_FLAGS | DIRECTION_FLAG),
      window,
      hasStrayed: all.some((byte, at) => byte !== 0 && (at < WINDOW - DATA || at >= WINDOW - DATA + WINDOW_BYTES)),
      ending: endingOfStop(stop),
      ip: registers.ipExact(),
      faultAddress: faultAddressOf(stop)
    }
  }
}

let made: ((tested: Case, way: Way) => Result) | undefined

export const machineEngine = (way: Way): Engine => ({
  name: `machine, ${way}`,
  run: (tested) => (made ??= make())(tested, way)
})
