/** The reference engine on a guest's memory, so that both can be run side by side. */
import type { AccessKind } from "../../../src/base/mark.ts"
import { type ReferenceMemory, type ReferenceState, eflagsOf, newReferenceState, setEflags } from "../../../src/machine/engine/reference.ts"
import { EXECUTE, type Registers, WRITE } from "../../../src/machine/machine.ts"
import type { Fault } from "../../../src/machine/stop.ts"
import { FS_SLOT, GENERAL_REGISTER_COUNT, GS_SLOT, VECTOR_REGISTER_COUNT } from "../../../src/x86/register.ts"
import type { Guest } from "./guest.ts"

const isCanonical = (at: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, at)) === at

export const referenceMemory = ({ machine, memory, space }: Guest): ReferenceMemory => ({
  check: (at, sizeBytes, kind): Fault | undefined => {
    const last = BigInt.asUintN(64, at + BigInt(sizeBytes - 1))
    if (!isCanonical(at) || !isCanonical(last)) return { _tag: "GeneralProtection" }
    const pages = [at, last & ~0xfffn].filter((_, index) => index === 0 || (at & ~0xfffn) !== (last & ~0xfffn))
    for (const address of pages) {
      const protection = address < 2n ** 47n ? machine.protectionAt(space, Number(address)) : undefined
      if (protection === undefined || !permits(protection, kind)) {
        return { _tag: "PageFault", address, access: kind === "modify" ? "write" : kind, isPresent: protection !== undefined }
      }
    }
    return undefined
  },
  read: (at, sizeBytes) => numberOf(memory.readBytes(Number(at), sizeBytes) ?? new Uint8Array(0)),
  write: (at, sizeBytes, value) => {
    memory.writeBytes(Number(at), Uint8Array.from({ length: sizeBytes }, (_, offset) => Number((value >> BigInt(8 * offset)) & 0xffn)))
  }
})

const permits = (protection: number, kind: AccessKind | "execute"): boolean =>
  kind === "execute" ? (protection & EXECUTE) !== 0 : kind === "read" ? protection !== 0 : (protection & WRITE) !== 0

const numberOf = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)

export const referenceStateOf = (registers: Registers): ReferenceState => {
  const state = newReferenceState()
  for (let number = 0; number < GENERAL_REGISTER_COUNT; number++) state.registers[number] = registers.get(number)
  for (let number = 0; number < VECTOR_REGISTER_COUNT; number++) state.vectors[number] = numberOf(registers.xmm(number))
  state.registers[FS_SLOT] = registers.fsBase()
  state.registers[GS_SLOT] = registers.gsBase()
  setEflags(state, registers.eflags())
  state.ip = registers.ipExact()
  state.count = registers.count()
  return state
}

/** What both engines can be compared by. */
export const textOfState = (state: ReferenceState): string =>
  [...state.registers, ...state.vectors, state.ip].map((value) => value.toString(16)).join(" ") + ` ${eflagsOf(state).toString(16)} ${state.count}`
