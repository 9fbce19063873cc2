/** Cases: an instruction, and a state in which to execute it. Everything is drawn from one stream a form, so it can be made again. */
import { known } from "../../src/base/assert.ts"
import { viewOf } from "../../src/base/bytes.ts"
import { DIRECTION_FLAG, FIXED_FLAGS, STATUS_FLAGS } from "../../src/x86/flag.ts"
import type { Form, Instruction } from "../../src/x86/form.ts"
import {
  FS_SLOT, GENERAL_REGISTER_COUNT, GS_SLOT, RAX, RBP, RCX, RDI, RDX, RSI, RSP, SLOT_BYTES, VECTOR_REGISTER_COUNT, ZERO_SLOT
} from "../../src/x86/register.ts"
import { Draw } from "./draw.ts"
import { type Encoding, type Sample, sampleOf } from "./encoding.ts"
import { BRANCH_BYTES, CODE, GS_BASE, WINDOW, WINDOW_BYTES } from "./place.ts"

/** What an instruction finds: unsigned numbers, and the bytes of the window. */
export interface CaseState {
  readonly registers: ReadonlyArray<bigint>
  readonly vectors: ReadonlyArray<bigint>
  readonly eflags: number
  readonly window: Uint8Array
}

export interface Case extends CaseState {
  readonly bytes: Uint8Array
  readonly instruction: Instruction
}

/** Cases of one form; the same for the same seed. Every second draws its values from the edges alone. */
export const casesOf = (form: Form, encodings: ReadonlyArray<Encoding>, seed: string, count: number): ReadonlyArray<Case> => {
  const draw = new Draw(seed, `hardware/${form.name}`)
  return Array.from({ length: count }, (_, number) => caseOf(sampleOf(form, encodings, draw), draw, number % 2 === 0))
}

/** A state for an instruction: values drawn, then addresses, counts and targets made such that something happens. */
export const caseOf = ({ bytes, instruction }: Sample, draw: Draw, isEdge: boolean): Case => {
  const value = (): bigint => (isEdge ? draw.edge() : draw.any())
  const state: Mutable = {
    registers: Array.from({ length: GENERAL_REGISTER_COUNT }, value),
    vectors: Array.from({ length: VECTOR_REGISTER_COUNT }, () => {
      const half = draw.oneIn(2) ? value : (): bigint => draw.word()
      return (half() << 64n) | half()
    }),
    window: new Uint8Array(WINDOW_BYTES)
  }
  const words = viewOf(state.window)
  for (let at = 0; at < WINDOW_BYTES; at += 8) words.setBigUint64(at, value(), true)
  aim(state, instruction, draw)
  suit(state, instruction, draw)
  const directions = draw.oneIn(3) ? DIRECTION_FLAG : 0
  const eflags = Number(BigInt.asUintN(12, draw.word())) & STATUS_FLAGS | FIXED_FLAGS | directions
  return { ...state, eflags, bytes, instruction }
}

interface Mutable {
  readonly registers: Array<bigint>
  readonly vectors: Array<bigint>
  readonly window: Uint8Array
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
const slotOf = (byte: number): number => Math.floor(byte / SLOT_BYTES)

// ---- addresses

/** What the fixed parts of an address come to: displacement and segment base. */
const fixedPart = ({ base, displacement, segment }: Instruction): bigint =>
  displacement + (slotOf(base) === GS_SLOT || segment === 2 ? BigInt(GS_BASE) : 0n)

const hasAddress = ({ form }: Instruction): boolean => /[mv]/.test(form.shape) && form.row.name !== "lea"

/** Sets base and index such that the address falls where something is to be seen. */
const aim = ({ registers }: Mutable, instruction: Instruction, draw: Draw): void => {
  const target = alignedFor(instruction, draw, draw.anyTarget())
  const { base, index, isAddress32, scale } = instruction
  if (!hasAddress(instruction)) return
  const left = u64(target - fixedPart(instruction))
  const baseSlot = slotOf(base) < ZERO_SLOT ? slotOf(base) : undefined
  const indexSlot = slotOf(index) < ZERO_SLOT ? slotOf(index) : undefined
  const set = (slot: number, value: bigint): void => {
    // An address cut to 32 bits does not care what is above.
    registers[slot] = isAddress32 ? BigInt.asUintN(32, value) | (draw.any() << 32n & 0xffff_ffff_0000_0000n) : u64(value)
  }
  if (baseSlot !== undefined && baseSlot === indexSlot) set(baseSlot, left / (1n + (1n << BigInt(scale))))
  else if (baseSlot === undefined && indexSlot !== undefined) set(indexSlot, left >> BigInt(scale))
  else if (baseSlot !== undefined) {
    const step = BigInt(draw.below(128) - 64)
    if (indexSlot !== undefined) set(indexSlot, step)
    set(baseSlot, indexSlot === undefined ? left : left - (step << BigInt(scale)))
  }
}

/** Three in four operands that must be aligned are. */
const alignedFor = ({ form }: Instruction, draw: Draw, target: bigint): bigint =>
  form.shape.includes("v") && form.row.mayBeUnaligned !== true && !draw.oneIn(4) ? target & ~15n : target

/** The window's offset of an address that lies wholly in it. */
const windowOffset = (at: bigint, bytes: number): number | undefined => {
  const offset = at - BigInt(WINDOW)
  return offset >= 0n && offset + BigInt(bytes) <= BigInt(WINDOW_BYTES) ? Number(offset) : undefined
}

/** Where the instruction's memory operand is. */
export const effectiveAddress = ({ registers }: Pick<CaseState, "registers">, instruction: Instruction): bigint => {
  const { base, displacement, index, isAddress32, scale, segment } = instruction
  const slot = (byte: number): bigint => {
    const number = slotOf(byte)
    return number === GS_SLOT ? BigInt(GS_BASE) : number === ZERO_SLOT || number === FS_SLOT ? 0n : registers[number] ?? 0n
  }
  const offset = slot(base) + (slot(index) << BigInt(scale)) + displacement
  return u64((isAddress32 ? BigInt.asUintN(32, offset) : offset) + (segment === 2 ? BigInt(GS_BASE) : 0n))
}

// ---- what each family needs for something to happen

type Suit = (state: Mutable, instruction: Instruction, draw: Draw) => void

const set = ({ registers }: Mutable, register: number, value: bigint): void => {
  registers[register] = u64(value)
}
const get = ({ registers }: Mutable, register: number): bigint => known(registers[register], "a general register")

const putWord = (state: Mutable, at: bigint, value: bigint, bytes: 2 | 8 = 8): void => {
  const offset = windowOffset(at, bytes)
  if (offset === undefined) return
  if (bytes === 8) viewOf(state.window).setBigUint64(offset, value, true)
  else viewOf(state.window).setUint16(offset, Number(value & 0xffffn), true)
}

const branchTarget = ({ lengthBytes }: Instruction): bigint => BigInt(CODE + lengthBytes + BRANCH_BYTES)

/** The stack is somewhere, unless the stack pointer is needed for an address. */
const stack: Suit = (state, instruction, draw) => {
  const isBase = hasAddress(instruction) && (slotOf(instruction.base) === RSP)
  if (!isBase) set(state, RSP, draw.anyTarget())
  set(state, RBP, slotOf(instruction.base) === RBP || slotOf(instruction.index) === RBP ? get(state, RBP) : draw.anyTarget())
}

/** Mostly back to where the ways out are; else to nowhere, or where no address can be. */
const target = (instruction: Instruction, draw: Draw): bigint =>
  draw.oneIn(8) ? draw.pick([1n << 47n, -(1n << 47n), 0x10n, 1n << 63n, (1n << 47n) - 1n].map(u64)) : branchTarget(instruction)

const indirect: Suit = (state, instruction, draw) => {
  if (instruction.form.row.name === "callTo" && slotOf(instruction.d) !== RSP) stack(state, instruction, draw)
  const to = target(instruction, draw)
  if (instruction.form.shape === "r") set(state, slotOf(instruction.d), to)
  else putWord(state, effectiveAddress(state, instruction), to)
}

const returning: Suit = (state, instruction, draw) => {
  stack(state, instruction, draw)
  putWord(state, get(state, RSP), target(instruction, draw))
}

const flagsFromStack: Suit = (state, instruction, draw) => {
  stack(state, instruction, draw)
  // Set flags that are not modelled would end in other things than an instruction's result.
  const at = BigInt(WINDOW + draw.below(WINDOW_BYTES - 8))
  set(state, RSP, at)
  putWord(state, at, BigInt.asUintN(64, draw.word() & BigInt(STATUS_FLAGS | DIRECTION_FLAG)) | 2n)
}

const text: Suit = (state, _, draw) => {
  set(state, RCX, BigInt(draw.below(6)))
  set(state, RSI, draw.anyTarget())
  set(state, RDI, draw.oneIn(4) ? get(state, RSI) + BigInt(draw.below(9) - 4) : draw.anyTarget())
  // Prefixed with %gs:, the source is relative to the window.
  if (draw.oneIn(4)) set(state, RSI, BigInt(draw.below(WINDOW_BYTES)))
  // Long equal stretches, so that comparisons go on.
  if (draw.oneIn(2)) state.window.fill(draw.below(256))
  if (draw.oneIn(2)) set(state, RAX, BigInt(state.window[128] ?? 0) * 0x0101_0101_0101_0101n)
}

/** Dividends small enough to have a quotient, three times in four. */
const dividing: Suit = (state, instruction, draw) => {
  if (draw.oneIn(4)) return
  const { form } = instruction
  if (form.width === 8) return set(state, RAX, draw.oneIn(2) ? get(state, RAX) & 0x3ffn : BigInt.asIntN(8, get(state, RAX)))
  const isSigned = form.row.name === "idiv"
  const small = BigInt(draw.below(4))
  const low = BigInt.asIntN(form.width, get(state, RAX))
  const sign = isSigned && low < 0n ? -1n : 0n
  set(state, RDX, draw.oneIn(2) ? sign : draw.oneIn(2) ? sign + small : get(state, RDX) >> BigInt(draw.below(64)))
}

/** The accumulator holds what is there, every second time. */
const comparing: Suit = (state, instruction, draw) => {
  if (draw.oneIn(2)) return
  const { d, form } = instruction
  if (form.shape === "rr") return set(state, RAX, get(state, slotOf(d)) >> BigInt((d % SLOT_BYTES) * 8))
  const at = effectiveAddress(state, instruction)
  const offset = windowOffset(at, form.width === 128 ? 16 : 8)
  if (offset === undefined) return
  const found = viewOf(state.window).getBigUint64(offset, true)
  if (form.row.name === "cmpxchg8b") {
    set(state, RAX, (found & 0xffff_ffffn) | (draw.word() << 32n))
    set(state, RDX, found >> 32n | (draw.word() << 32n))
  } else {
    set(state, RAX, found)
    if (form.width === 128) set(state, RDX, viewOf(state.window).getBigUint64(offset + 8, true))
  }
  // Where a register is needed for the address as well, the accumulator has it now and the access goes elsewhere: that is fine.
}

/** Bits not too far from the address, three times in four. */
const bitString: Suit = (state, instruction, draw) => {
  if (draw.oneIn(4)) return
  const register = slotOf(instruction.s)
  if ([instruction.base, instruction.index].map(slotOf).includes(register)) return
  const bits = BigInt(draw.below(600) - 300)
  const width = instruction.form.width
  set(state, register, width === 64 ? bits : BigInt.asUintN(width, bits) | (draw.word() << BigInt(width)))
}

const counting: Suit = (state, _, draw) => {
  if (draw.oneIn(2)) set(state, RCX, BigInt(draw.below(3)) | (draw.oneIn(3) ? 1n << 32n : 0n))
}

const suits: ReadonlyArray<readonly [RegExp, Suit]> = [
  [/^(push|pop|pushfq|leave|call)$/, stack],
  [/^(jmpTo|callTo)$/, indirect],
  [/^ret/, returning],
  [/^popfq$/, flagsFromStack],
  [/(movs|stos|lods|scas|cmps)$/, text],
  [/^i?div$/, dividing],
  [/^cmpxchg/, comparing],
  [/^bt.?String$/, bitString],
  [/^(loop|j[er]cxz)/, counting]
]

const suit: Suit = (state, instruction, draw) => {
  for (const [name, apply] of suits) if (name.test(instruction.form.row.name)) apply(state, instruction, draw)
}
