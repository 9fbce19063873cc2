/** A few lines of assembly in a machine, without a kernel. */
import { alignDown, alignUp } from "../../../src/base/bits.ts"
import { PAGE_BYTES } from "../../../src/base/ids.ts"
import { assembleMachine } from "../../../src/machine/create.ts"
import type { Linear } from "../../../src/machine/engine/linear.ts"
import { type BlockId, type Machine, READ, type Registers, type SpaceId, type UserMemory, WRITE } from "../../../src/machine/machine.ts"
import { assemble } from "../../../src/program/assemble/assemble.ts"
import type { Program } from "../../../src/program/program.ts"
import { RSP } from "../../../src/x86/register.ts"

export const STACK_START = 0x7ffe_0000_0000
export const STACK_END = STACK_START + 16 * PAGE_BYTES
export const MEMORY_BYTES = 16 * 2 ** 20

export interface Guest {
  readonly machine: Machine
  readonly space: SpaceId
  readonly block: BlockId
  readonly registers: Registers
  readonly memory: UserMemory
  /** What the machine lives in. */
  readonly linear: Linear
  /** Where a label of the text is. */
  readonly at: (symbol: string) => number
}

export const program = (text: string): Program => {
  const assembly = assemble(text, "test.s")
  if (assembly._tag === "Assembled") return assembly.program
  throw new Error(`line ${assembly.error.line}: expected ${assembly.error.expected}`)
}

/** `.text` begins the text; the guest stands at its entry. `protections`: of segments, in place of their own. */
export const guestOf = (text: string, options: { readonly protection?: number; readonly maxMemoryBytes?: number } = {}): Guest => {
  const { entry, segments, symbols } = program(text)
  const { linear, machine } = assembleMachine({ maxMemoryBytes: options.maxMemoryBytes ?? MEMORY_BYTES })
  const space = machine.newSpace()
  for (const { bytes, memoryBytes, protection, start } of segments) {
    const range = { start: alignDown(start, PAGE_BYTES), end: alignUp(start + memoryBytes, PAGE_BYTES) }
    machine.map(space, range, options.protection ?? protection, false)
    machine.load(space, start, bytes)
  }
  machine.map(space, { start: STACK_START, end: STACK_END }, READ | WRITE, false)
  const block = machine.newBlock(space)
  const registers = machine.registers(block)
  registers.setNumber(RSP, STACK_END - 64)
  registers.setIp(entry)
  const at = (symbol: string): number => {
    const found = symbols.find(({ name }) => name === symbol)
    if (found === undefined) throw new Error(`no symbol ${symbol}`)
    return found.at
  }
  return { machine, space, block, registers, memory: machine.memory(space), linear, at }
}

/** Another task in the same space, at a label, with a stack of its own. */
export const anotherTask = ({ at, machine, space }: Guest, symbol: string, stackEnd = STACK_START + 8 * PAGE_BYTES): BlockId => {
  const block = machine.newBlock(space)
  machine.registers(block).setIp(at(symbol))
  machine.registers(block).setNumber(RSP, stackEnd)
  return block
}
