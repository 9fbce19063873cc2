/** The machine, run on cases as the processor is: once as it runs, once stopping before each access. */
import { createMachine } from "../../src/machine/create.ts"
import { EXECUTE, READ, WRITE } from "../../src/machine/machine.ts"
import type { Stop } from "../../src/machine/stop.ts"
import { DIRECTION_FLAG, STATUS_FLAGS } from "../../src/x86/flag.ts"
import { VECTOR_BYTES, VECTOR_REGISTER_COUNT } from "../../src/x86/register.ts"
import { viewOf } from "../../src/base/bytes.ts"
import type { Case } from "./case.ts"
import { type Engine, ITERATIONS_MAX, endingOfStop, faultAddressOf } from "./engine.ts"
import { CODE, DATA, GS_BASE, HOLE, PAGE, READ_ONLY, WINDOW, WINDOW_BYTES, readOnlyByte } from "./place.ts"

const MEMORY_BYTES = 64 * 2 ** 20
/** More than an instruction, so that it ends the decoding of what follows. */
const CODE_BYTES = 16
const HLT = 0xf4

/** One vector on its way in or out. */
const scratch = new Uint8Array(VECTOR_BYTES)
const scratchWords = viewOf(scratch)

const vectorBytes = (value: bigint): Uint8Array => {
  scratchWords.setBigUint64(0, BigInt.asUintN(64, value), true)
  scratchWords.setBigUint64(8, value >> 64n, true)
  return scratch
}

const vectorOf = (bytes: Uint8Array): bigint => {
  scratch.set(bytes)
  return scratchWords.getBigUint64(0, true) | (scratchWords.getBigUint64(8, true) << 64n)
}

/** `isCareful`: a mark before every instruction takes the way on which each access is looked at. */
export const openMachineEngine = (name: string, isCareful: boolean): Engine => {
  const machine = createMachine({ maxMemoryBytes: MEMORY_BYTES })
  const space = machine.newSpace()
  machine.map(space, { start: DATA, end: READ_ONLY }, READ | WRITE, false)
  machine.map(space, { start: READ_ONLY, end: HOLE }, READ, false)
  machine.map(space, { start: CODE, end: CODE + PAGE }, READ | WRITE | EXECUTE, false)
  machine.load(space, READ_ONLY, Uint8Array.from({ length: PAGE }, (_, offset) => readOnlyByte(offset)))
  machine.load(space, DATA, new Uint8Array(2 * PAGE))
  const code = new Uint8Array(CODE_BYTES)
  if (isCareful) machine.setMarks([{ _tag: "EveryInstruction" }])
  const block = machine.newBlock(space)
  const registers = machine.registers(block)
  const memory = machine.memory(space)
  const zeros = new Uint8Array(PAGE)
  let hasStrayed = false

  const load = (tested: Case): void => {
    if (hasStrayed) for (const page of [DATA, DATA + PAGE]) memory.writeBytes(page, zeros)
    memory.writeBytes(WINDOW, tested.window)
    code.fill(HLT)
    code.set(tested.bytes)
    machine.load(space, CODE, code)
    for (const [number, value] of tested.registers.entries()) registers.set(number, value)
    for (const [number, value] of tested.vectors.entries()) registers.setXmm(number, vectorBytes(value))
    registers.setGsBase(BigInt(GS_BASE))
    registers.setEflags(tested.eflags)
    registers.setIp(CODE)
  }

  const isZero = (start: number, lengthBytes: number): boolean =>
    Buffer.compare(memory.readBytes(start, lengthBytes) ?? zeros, zeros.subarray(0, lengthBytes)) === 0

  return {
    name,
    run: (tested) => {
      load(tested)
      let stop: Stop = machine.run(block, 1, true)
      for (let iteration = 1; iteration < ITERATIONS_MAX && stop._tag === "BudgetSpent" && registers.ip() === CODE; iteration++) {
        stop = machine.run(block, 1, true)
      }
      const windowEnd = WINDOW + WINDOW_BYTES
      hasStrayed = !isZero(DATA, WINDOW - DATA) || !isZero(windowEnd, READ_ONLY - windowEnd)
      return {
        registers: tested.registers.map((_, number) => registers.get(number)),
        vectors: Array.from({ length: VECTOR_REGISTER_COUNT }, (_, number) => vectorOf(registers.xmm(number))),
        flags: registers.eflags() & (STATUS_FLAGS | DIRECTION_FLAG),
        window: memory.readBytes(WINDOW, WINDOW_BYTES) ?? new Uint8Array(0),
        hasStrayed,
        ending: endingOfStop(stop),
        ip: registers.ipExact(),
        faultAddress: faultAddressOf(stop)
      }
    }
  }
}
