/**
 * Sequences of instructions drawn at random, run by the machine in slices and by the reference at once: what single cases do not
 * see, such as flags that are used later, branches, and bytes that are entered in their middle.
 */
import { describe, expect, it } from "vitest"
import { concatBytes, viewOf } from "../../src/base/bytes.ts"
import { createMachine } from "../../src/machine/create.ts"
import { type ReferenceMemory, eflagsOf, newReferenceState, runReference, setEflags } from "../../src/machine/engine/reference.ts"
import { EXECUTE, READ, WRITE } from "../../src/machine/machine.ts"
import type { Fault, Stop } from "../../src/machine/stop.ts"
import { forms } from "../../src/x86/form.ts"
import { FS_SLOT, GENERAL_REGISTER_COUNT, GS_SLOT, VECTOR_REGISTER_COUNT } from "../../src/x86/register.ts"
import { Draw } from "./draw.ts"
import { sampleOf } from "./encoding.ts"
import { encodingsOf } from "./judged.ts"
import { CODE, DATA, GS_BASE, PAGE, WINDOW } from "./place.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const PROGRAMS = Number(process.env["RSEQLAB_PROGRAMS"] ?? 400)
const INSTRUCTIONS = 60
const BUDGET_ICOUNT = 200
/** After what did not retire, a program goes on elsewhere, so many times. */
const RESUMPTIONS = 40
const EFLAGS = 0x202

interface Start {
  readonly code: Uint8Array
  readonly data: Uint8Array
  readonly registers: ReadonlyArray<bigint>
}

/** Addresses mostly lead into the data, so that most instructions happen. */
const startOf = (draw: Draw): Start => {
  // What ends a program at once comes seldom enough by itself.
  const usual = forms.filter(({ row }) => (row.flow ?? "next") !== "stop")
  const samples = Array.from({ length: INSTRUCTIONS }, () => {
    const form = draw.pick(draw.oneIn(60) ? forms : usual)
    return sampleOf(form, encodingsOf(form), draw).bytes
  })
  const data = new Uint8Array(2 * PAGE)
  for (let at = 0; at < data.length; at += 8) viewOf(data).setBigUint64(at, draw.oneIn(2) ? draw.edge() : draw.any(), true)
  const registers = Array.from({ length: GENERAL_REGISTER_COUNT }, () => (draw.oneIn(4) ? draw.edge() : BigInt(WINDOW + draw.below(256))))
  return { code: concatBytes(samples).slice(0, PAGE), data, registers }
}

/** Code to read and execute, data to read and write. */
class ProgramMemory implements ReferenceMemory {
  private readonly code = new Uint8Array(PAGE)
  readonly data: Uint8Array

  constructor({ code, data }: Start) {
    this.code.set(code)
    this.data = data.slice()
  }

  private place(at: bigint): { readonly bytes: Uint8Array; readonly offset: number; readonly isData: boolean } | undefined {
    if (at >= BigInt(DATA) && at < BigInt(DATA + 2 * PAGE)) return { bytes: this.data, offset: Number(at) - DATA, isData: true }
    return at >= BigInt(CODE) && at < BigInt(CODE + PAGE) ? { bytes: this.code, offset: Number(at) - CODE, isData: false } : undefined
  }

  check(at: bigint, sizeBytes: number, kind: "read" | "write" | "modify" | "execute"): Fault | undefined {
    const last = BigInt.asUintN(64, at + BigInt(sizeBytes - 1))
    for (const end of [at, last]) if (BigInt.asUintN(64, BigInt.asIntN(48, end)) !== end) return { _tag: "GeneralProtection" }
    const access = kind === "modify" ? "write" : kind
    for (const page of new Set([at, (last & ~0xfffn) === (at & ~0xfffn) ? at : last & ~0xfffn])) {
      const place = this.place(page)
      if (place === undefined) return { _tag: "PageFault", address: page, access, isPresent: false }
      if (place.isData ? access === "execute" : access === "write") return { _tag: "PageFault", address: page, access, isPresent: true }
    }
    return undefined
  }

  read(at: bigint, sizeBytes: number): bigint {
    let value = 0n
    for (let offset = sizeBytes - 1; offset >= 0; offset--) {
      const place = this.place(at + BigInt(offset))
      value = (value << 8n) | BigInt(place?.bytes[place.offset] ?? 0)
    }
    return value
  }

  write(at: bigint, sizeBytes: number, value: bigint): void {
    for (let offset = 0; offset < sizeBytes; offset++) this.data[Number(at) - DATA + offset] = Number((value >> BigInt(8 * offset)) & 0xffn)
  }
}

interface End {
  /** What the program met, in order; the last is why it ended. */
  readonly stops: ReadonlyArray<Stop>
  readonly registers: ReadonlyArray<bigint>
  readonly vectors: ReadonlyArray<string>
  readonly eflags: number
  readonly ip: bigint
  readonly count: number
  readonly data: string
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
/** Where it goes on, drawn alike for every engine. */
const elsewhere = (draw: Draw): number => CODE + draw.below(INSTRUCTIONS * 3)
const isRefusal = (stop: Stop): boolean => stop._tag !== "Call" && stop._tag !== "Paused" && stop._tag !== "Breakpoint" && stop._tag !== "BudgetSpent"

/** A spent budget is the slices' affair. */
const isWorthTelling = (stop: Stop): boolean => stop._tag !== "BudgetSpent"

const byReference = (start: Start, places: Draw): End => {
  const state = newReferenceState()
  for (const [number, value] of start.registers.entries()) state.registers[number] = value
  state.registers[GS_SLOT] = BigInt(GS_BASE)
  state.registers[FS_SLOT] = BigInt(GS_BASE)
  setEflags(state, EFLAGS)
  state.ip = BigInt(CODE)
  const memory = new ProgramMemory(start)
  const stops: Array<Stop> = []
  for (let left = RESUMPTIONS; left > 0 && state.count < BUDGET_ICOUNT;) {
    const stop = runReference(state, memory, BUDGET_ICOUNT - state.count)
    stops.push(stop)
    if (!isRefusal(stop)) continue
    state.ip = BigInt(elsewhere(places))
    left--
  }
  return {
    stops: stops.filter(isWorthTelling),
    registers: state.registers.slice(0, GENERAL_REGISTER_COUNT),
    vectors: state.vectors.map((value) => value.toString(16).padStart(32, "0")),
    eflags: eflagsOf(state),
    ip: state.ip,
    count: state.count,
    data: hexOf(memory.data)
  }
}

const machine = createMachine({ maxMemoryBytes: 16 * 2 ** 20 })
const space = machine.newSpace()
machine.map(space, { start: DATA, end: DATA + 2 * PAGE }, READ | WRITE, false)
machine.map(space, { start: CODE, end: CODE + PAGE }, READ | EXECUTE, false)
const block = machine.newBlock(space)

const byMachine = (start: Start, places: Draw, slices: Draw): End => {
  const registers = machine.registers(block)
  machine.load(space, DATA, start.data)
  machine.load(space, CODE, new Uint8Array(PAGE))
  machine.load(space, CODE, start.code)
  for (const [number, value] of start.registers.entries()) registers.set(number, value)
  for (let number = 0; number < VECTOR_REGISTER_COUNT; number++) registers.setXmm(number, new Uint8Array(16))
  registers.setGsBase(BigInt(GS_BASE))
  registers.setFsBase(BigInt(GS_BASE))
  registers.setEflags(EFLAGS)
  registers.setIp(CODE)
  registers.setCount(0)
  const stops: Array<Stop> = []
  for (let left = RESUMPTIONS; left > 0 && registers.count() < BUDGET_ICOUNT;) {
    const stop = machine.run(block, Math.min(1 + slices.below(20), BUDGET_ICOUNT - registers.count()), false)
    stops.push(stop)
    if (!isRefusal(stop)) continue
    registers.setIp(elsewhere(places))
    left--
  }
  return {
    stops: stops.filter(isWorthTelling),
    registers: start.registers.map((_, number) => registers.get(number)),
    vectors: Array.from({ length: VECTOR_REGISTER_COUNT }, (_, number) => hexOf(registers.xmm(number).toReversed())),
    eflags: registers.eflags(),
    ip: registers.ipExact(),
    count: registers.count(),
    data: hexOf(machine.memory(space).readBytes(DATA, 2 * PAGE) ?? new Uint8Array(0))
  }
}

describe("programs drawn at random", () => {
  it("end the same in the machine, however it is sliced, and in the reference", () => {
    let icount = 0
    const ends = new Map<string, number>()
    for (let number = 0; number < PROGRAMS; number++) {
      const start = startOf(new Draw(seed, `program ${number}`))
      const expected = byReference(start, new Draw(seed, `places ${number}`))
      icount += expected.count
      for (const stop of expected.stops) {
        const met = stop._tag === "Faulted" ? stop.fault._tag : stop._tag
        ends.set(met, (ends.get(met) ?? 0) + 1)
      }
      const found = byMachine(start, new Draw(seed, `places ${number}`), new Draw(seed, `slices ${number}`))
      expect(found, `seed ${seed}, program ${number}`).toEqual(expected)
    }
    console.log(`${PROGRAMS} programs, ${icount} instructions, met: ${[...ends].map(([tag, count]) => `${tag} ${count}`).join(", ")}`)
    expect(icount).toBeGreaterThan(PROGRAMS * 50)
  })
})
