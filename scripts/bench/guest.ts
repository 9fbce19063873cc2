/** A program in a machine of its own, without a kernel: for measuring the machine alone. */
import { PAGE_BYTES } from "../../src/base/ids.ts"
import type { Program } from "../../src/program/program.ts"
import { createMachine } from "../../src/machine/create.ts"
import { type BlockId, type Machine, READ, type SpaceId, WRITE } from "../../src/machine/machine.ts"
import { alignDown, alignUp } from "../../src/base/bits.ts"
import { RAX, RDI, RSP } from "../../src/x86/register.ts"

export interface Guest {
  readonly machine: Machine
  readonly space: SpaceId
  readonly block: BlockId
}

const STACK_END = 0x7fff_0000_0000
const STACK_BYTES = 64 * 1024
const MEMORY_BYTES_MAX = 64 * 1024 * 1024
const SYS_EXIT = 60

export const load = (program: Program): Guest => {
  const machine = createMachine({ maxMemoryBytes: MEMORY_BYTES_MAX })
  const space = machine.newSpace()
  for (const { bytes, memoryBytes, protection, start } of program.segments) {
    const range = { start: alignDown(start, PAGE_BYTES), end: alignUp(start + memoryBytes, PAGE_BYTES) }
    if (!machine.map(space, range, protection, false) || !machine.load(space, start, bytes)) throw new Error("no room")
  }
  machine.map(space, { start: STACK_END - STACK_BYTES, end: STACK_END }, READ | WRITE, false)
  const block = machine.newBlock(space)
  const registers = machine.registers(block)
  registers.setNumber(RSP, STACK_END - 64)
  registers.setIp(program.entry)
  return { machine, space, block }
}

/** The exit status, once the guest has exited; anything else it stops for is a mistake of the bench. */
export const exitStatus = ({ block, machine }: Guest, stop: { readonly _tag: string }): number | undefined => {
  if (stop._tag === "BudgetSpent") return undefined
  const registers = machine.registers(block)
  if (stop._tag === "Call" && registers.number(RAX) === SYS_EXIT) return Number(registers.get(RDI) & 0xffn)
  throw new Error(`a bench program stopped for ${JSON.stringify(stop, (_, value: unknown) => typeof value === "bigint" ? String(value) : value)} at ${registers.ip()}`)
}
