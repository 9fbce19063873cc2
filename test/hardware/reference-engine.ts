/** The reference engine, run on cases as the processor is. */
import { type ReferenceMemory, type ReferenceState, eflagsOf, executeReference, newReferenceState, setEflags } from "../../src/machine/engine/reference.ts"
import type { Fault, Stop } from "../../src/machine/stop.ts"
import { DIRECTION_FLAG, STATUS_FLAGS } from "../../src/x86/flag.ts"
import { GENERAL_REGISTER_COUNT, GS_SLOT } from "../../src/x86/register.ts"
import type { Case } from "./case.ts"
import { type Engine, ITERATIONS_MAX, endingOfStop, faultAddressOf } from "./engine.ts"
import { CODE, DATA, GS_BASE, HOLE, PAGE, READ_ONLY, WINDOW, WINDOW_BYTES, readOnlyByte } from "./place.ts"
import type { Result } from "./result.ts"

const isCanonical = (at: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, at)) === at

/** The pages of `place.ts`: what is written outside the window is only noted. */
class CaseMemory implements ReferenceMemory {
  private readonly pages = new Uint8Array(2 * PAGE)
  private readonly strayed = new Set<number>()

  load(window: Uint8Array): void {
    for (const place of this.strayed) this.pages[place] = 0
    this.strayed.clear()
    this.pages.set(window, WINDOW - DATA)
  }

  window(): Uint8Array {
    return this.pages.slice(WINDOW - DATA, WINDOW - DATA + WINDOW_BYTES)
  }

  hasStrayed(): boolean {
    return [...this.strayed].some((place) => this.pages[place] !== 0)
  }

  check(at: bigint, sizeBytes: number, kind: "read" | "write" | "modify" | "execute"): Fault | undefined {
    const last = BigInt.asUintN(64, at + BigInt(sizeBytes - 1))
    const access = kind === "modify" ? "write" : kind
    if (!isCanonical(at) || !isCanonical(last)) return { _tag: "GeneralProtection" }
    for (const page of [at, last & ~0xfffn]) {
      const number = page < BigInt(DATA) || page >= BigInt(HOLE) ? undefined : Number(page) - DATA
      if (number === undefined) return { _tag: "PageFault", address: page, access, isPresent: false }
      if (access === "write" && number >= READ_ONLY - DATA) return { _tag: "PageFault", address: page, access, isPresent: true }
      if ((last & ~0xfffn) === (at & ~0xfffn)) break
    }
    return undefined
  }

  read(at: bigint, sizeBytes: number): bigint {
    let value = 0n
    for (let offset = sizeBytes - 1; offset >= 0; offset--) {
      const place = Number(at) - DATA + offset
      value = (value << 8n) | BigInt(place < 2 * PAGE ? this.pages[place] ?? 0 : readOnlyByte(place - 2 * PAGE))
    }
    return value
  }

  write(at: bigint, sizeBytes: number, value: bigint): void {
    for (let offset = 0; offset < sizeBytes; offset++) {
      const place = Number(at) - DATA + offset
      if (place < WINDOW - DATA || place >= WINDOW - DATA + WINDOW_BYTES) this.strayed.add(place)
      this.pages[place] = Number((value >> BigInt(8 * offset)) & 0xffn)
    }
  }
}

const memory = new CaseMemory()

const loadState = (tested: Case): ReferenceState => {
  const state = newReferenceState()
  for (const [number, value] of tested.registers.entries()) state.registers[number] = value
  state.registers[GS_SLOT] = BigInt(GS_BASE)
  for (const [number, value] of tested.vectors.entries()) state.vectors[number] = value
  setEflags(state, tested.eflags)
  state.ip = BigInt(CODE)
  return state
}

export const referenceEngine: Engine = {
  name: "reference",
  run: (tested) => {
    const state = loadState(tested)
    memory.load(tested.window)
    let outcome = executeReference(state, memory, tested.instruction)
    for (let iteration = 1; iteration < ITERATIONS_MAX && outcome._tag === "Retired" && state.ip === BigInt(CODE); iteration++) {
      outcome = executeReference(state, memory, tested.instruction)
    }
    return {
      registers: state.registers.slice(0, GENERAL_REGISTER_COUNT),
      vectors: [...state.vectors],
      flags: eflagsOf(state) & (STATUS_FLAGS | DIRECTION_FLAG),
      window: memory.window(),
      hasStrayed: memory.hasStrayed(),
      ending: outcome._tag === "Retired" ? "retired" : endingOfStop(outcome as Stop),
      ip: state.ip,
      faultAddress: faultAddressOf(outcome)
    }
  }
}

/**
 * Whether a case, by its result here, reaches for the page its instruction stands in. That page is there for the processor and for
 * machines, with their own ways out on it, and not for the reference: such a case says nothing.
 */
export const touchesCode = ({ faultAddress }: Result): boolean =>
  faultAddress >= BigInt(CODE) && faultAddress < BigInt(CODE + PAGE)
