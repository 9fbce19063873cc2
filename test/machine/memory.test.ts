/** Address spaces against a model, under drawn operations. */
import { describe, expect, it } from "vitest"
import { PAGE_BYTES } from "../../src/base/ids.ts"
import type { Stream } from "../../src/base/prng.ts"
import { createMachine } from "../../src/machine/create.ts"
import { type BlockId, EXECUTE, type Machine, READ, type SpaceId, WRITE } from "../../src/machine/machine.ts"
import { RAX, RDI } from "../../src/x86/register.ts"
import { forSeeds, pick } from "./support/law.ts"
import { ModelSpace } from "./support/model.ts"

/** Where pages are drawn from: around the ends of tables of each level, and few enough to meet again. */
const bases = [0x10, 0x3fe, 0x400 - 2, 0xffffe, 0x3fff_fffe, 0x7_fffe_0000]
const PAGES_EACH = 5
const protections = [0, READ, READ | WRITE, READ | WRITE, READ | EXECUTE, WRITE, READ | WRITE | EXECUTE]

interface Pair {
  readonly space: SpaceId
  readonly model: ModelSpace
}

/** `mov (%rdi), %rax; pause` and `mov %rax, (%rdi); pause`, on a page that every space has and the model does not. */
const CODE = 0x50_0000
const code = Uint8Array.of(0x48, 0x8b, 0x07, 0xf3, 0x90, 0x48, 0x89, 0x07, 0xf3, 0x90)
const STORE = CODE + 5

/** The same access by an instruction of a task: through its TLB, not by a walk. */
class Tasks {
  private readonly machine: Machine
  private readonly block: BlockId

  constructor(machine: Machine, space: SpaceId) {
    this.machine = machine
    machine.map(space, { start: CODE, end: CODE + PAGE_BYTES }, READ | EXECUTE, false)
    machine.load(space, CODE, code)
    this.block = machine.newBlock(space)
  }

  private run(space: SpaceId, ip: number, at: number): boolean {
    const registers = this.machine.registers(this.block)
    this.machine.setSpace(this.block, space)
    registers.setNumber(RDI, at)
    registers.setIp(ip)
    return this.machine.run(this.block, 10, false)._tag === "Paused"
  }

  read64(space: SpaceId, at: number): bigint | undefined {
    return this.run(space, CODE, at) ? this.machine.registers(this.block).get(RAX) : undefined
  }

  write64(space: SpaceId, at: number, value: bigint): boolean {
    this.machine.registers(this.block).set(RAX, value)
    return this.run(space, STORE, at)
  }
}

const range = (first: number, count: number) => ({ start: first * PAGE_BYTES, end: (first + count) * PAGE_BYTES })

const drawPages = (draw: Stream): { readonly first: number; readonly count: number } => {
  const first = pick(draw, bases) + draw.below(PAGES_EACH)
  return { first, count: 1 + draw.below(3) }
}

const drawBytes = (draw: Stream): { readonly at: number; readonly bytes: Uint8Array } => {
  const { first } = drawPages(draw)
  const at = first * PAGE_BYTES + pick(draw, [0, 1, 8, 4088, 4090, 4093, 4095, draw.below(4096)])
  return { at, bytes: Uint8Array.from({ length: pick(draw, [1, 4, 8, 8, 8, 8, 24, 5000]) }, () => draw.below(256)) }
}

const same = (found: Uint8Array | undefined, expected: Uint8Array | undefined): void =>
  expect(found === undefined ? undefined : Buffer.from(found).toString("hex")).toBe(expected === undefined ? undefined : Buffer.from(expected).toString("hex"))

const operate = (draw: Stream, machine: Machine, tasks: Tasks, pairs: Array<Pair>): void => {
  const { model, space } = pick(draw, pairs)
  const memory = machine.memory(space)
  const { count, first } = drawPages(draw)
  switch (draw.below(12)) {
    case 0: case 1: {
      const protection = pick(draw, protections)
      const isShared = draw.oneIn(3)
      expect(machine.map(space, range(first, count), protection, isShared)).toBe(true)
      model.map(first, count, protection, isShared)
      return
    }
    case 2:
      machine.unmap(space, range(first, count))
      model.unmap(first, count)
      return
    case 3: {
      const protection = pick(draw, protections)
      expect(machine.protect(space, range(first, count), protection)).toBe(model.protect(first, count, protection))
      return
    }
    case 4:
      if (pairs.length < 4) pairs.push({ space: machine.forkSpace(space), model: model.fork() })
      return
    case 5:
      if (pairs.length > 1) {
        machine.freeSpace(space)
        pairs.splice(pairs.findIndex((pair) => pair.space === space), 1)
      }
      return
    case 6: case 7: case 8: {
      const { at, bytes } = drawBytes(draw)
      const number = Buffer.alloc(8)
      number.set(bytes.subarray(0, 8))
      if (bytes.length === 1) expect(memory.write8(at, bytes[0] ?? 0)).toBe(model.write(at, bytes))
      else if (bytes.length === 4) expect(memory.write32(at, number.readUInt32LE())).toBe(model.write(at, bytes))
      else if (bytes.length === 8) {
        const value = number.readBigUInt64LE()
        expect(draw.oneIn(4) ? memory.write64(at, value) : tasks.write64(space, at, value)).toBe(model.write(at, bytes))
      }
      else expect(memory.writeBytes(at, bytes)).toBe(model.write(at, bytes))
      return
    }
    default: {
      const { at, bytes: { length } } = drawBytes(draw)
      const expected = model.read(at, length)
      same(memory.readBytes(at, length), expected)
      expect(memory.holds(at, expected ?? new Uint8Array(length))).toBe(expected !== undefined)
      if (expected !== undefined && length > 0) expect(memory.holds(at, expected.map((byte, index) => (index === at % length ? byte ^ 1 : byte)))).toBe(false)
      expect(memory.allows(at, length, "read")).toBe(expected !== undefined)
      expect(machine.protectionAt(space, at)).toBe(model.protectionAt(at))
      const whole = expected === undefined ? undefined : Buffer.from(expected)
      if (length === 1) expect(memory.read8(at)).toBe(whole?.readUInt8())
      if (length === 4) expect(memory.read32(at)).toBe(whole?.readUInt32LE())
      if (length === 8) {
        expect(tasks.read64(space, at)).toBe(whole?.readBigUInt64LE())
        expect(memory.read64(at)).toBe(whole?.readBigUInt64LE())
        expect(memory.readAddress(at)).toBe(whole === undefined ? undefined : Number(whole.readBigUInt64LE()))
      }
    }
  }
}

const fewPages = (space: SpaceId, machine: Machine): string =>
  machine.mappings(space).map(({ end, isShared, protection, start }) => `${start}-${end} ${protection} ${isShared}`).join("\n")

describe("address spaces", () => {
  forSeeds("hold what a map from page to bytes holds", 15, (draw) => {
    const machine = createMachine({ maxMemoryBytes: 8 << 20 })
    const space = machine.newSpace()
    const tasks = new Tasks(machine, space)
    const pairs: Array<Pair> = [{ space, model: new ModelSpace() }]
    for (let step = 0; step < 300; step++) operate(draw, machine, tasks, pairs)
    for (const pair of pairs) machine.freeSpace(pair.space)
    expect(machine.memoryBytes()).toBe(0)
  })

  forSeeds("go back to any snapshot, in any order, bytes and hash", 20, (draw) => {
    const machine = createMachine({ maxMemoryBytes: 8 << 20 })
    const first = machine.newSpace()
    const tasks = new Tasks(machine, first)
    let pairs: Array<Pair> = [{ space: first, model: new ModelSpace() }]
    const block = machine.newBlock(first)
    const state = (): string => {
      const blocks = pairs.map(({ space }) => {
        machine.setSpace(block, space)
        return machine.hash([block], { withCounts: true })
      })
      return [...blocks, ...pairs.map(({ space }) => fewPages(space, machine)), machine.memoryBytes()].join("\n")
    }
    const taken: Array<{ readonly snapshot: ReturnType<Machine["snapshot"]>; readonly pairs: Array<Pair>; readonly state: string }> = []
    const copyOf = (all: ReadonlyArray<Pair>): Array<Pair> => {
      // Shared pages are one object in several models: a copy must keep that.
      const copies = new Map<Uint8Array, Uint8Array>()
      return all.map(({ model, space }) => ({ space, model: model.copyWith(copies) }))
    }
    for (let step = 0; step < 120; step++) {
      const choice = draw.below(12)
      if (choice === 0) {
        const now = state()
        taken.push({ snapshot: machine.snapshot(), pairs: copyOf(pairs), state: now })
      } else if (choice === 1 && taken.length > 0) {
        const back = pick(draw, taken)
        machine.restore(back.snapshot)
        pairs = copyOf(back.pairs)
        expect(state()).toBe(back.state)
      } else if (choice === 2 && taken.length > 3) {
        const [gone] = taken.splice(draw.below(taken.length), 1)
        if (gone !== undefined) machine.release(gone.snapshot)
      } else operate(draw, machine, tasks, pairs)
    }
    for (const { pairs: then, snapshot } of taken) {
      machine.restore(snapshot)
      for (const { model, space } of then) model.eachPage((at, bytes) => same(machine.memory(space).readBytes(at, PAGE_BYTES), bytes))
    }
  })

  it("maps a terabyte without holding a frame, and changes a page in the middle of it", () => {
    const machine = createMachine({ maxMemoryBytes: 1 << 20 })
    const space = machine.newSpace()
    const start = 0x1000_0000_0000
    expect(machine.map(space, { start, end: start + 2 ** 37 }, READ | WRITE, false)).toBe(true)
    expect(machine.memoryBytes()).toBe(0)
    expect(machine.memory(space).write8(start + 2 ** 36, 7)).toBe(true)
    expect(machine.memoryBytes()).toBe(PAGE_BYTES)
    machine.unmap(space, { start: start + 2 ** 36 + PAGE_BYTES, end: start + 2 ** 36 + 2 * PAGE_BYTES })
    expect(machine.mappings(space).length).toBe(2)
    expect(machine.memory(space).read8(start + 2 ** 36)).toBe(7)
  })

  it("refuses what exceeds the limit, and holds what it held", () => {
    const machine = createMachine({ maxMemoryBytes: 64 * PAGE_BYTES })
    const space = machine.newSpace()
    const memory = machine.memory(space)
    expect(machine.map(space, range(0x100, 1000), READ | WRITE, false)).toBe(true)
    expect(machine.map(space, range(0x1000, 1000), READ | WRITE, true)).toBe(false)
    expect(machine.mappings(space).length).toBe(1)
    let written = 0
    while (memory.write8((0x100 + written) * PAGE_BYTES, 1)) written++
    expect(written).toBeGreaterThan(50)
    expect(written).toBeLessThan(64)
    expect(memory.writeBytes(0x100 * PAGE_BYTES, new Uint8Array(1000 * PAGE_BYTES))).toBe(false)
    expect(memory.read8(0x100 * PAGE_BYTES)).toBe(1)
    machine.unmap(space, range(0x100, 10))
    expect(memory.write8(0x200 * PAGE_BYTES, 1)).toBe(true)
  })

  it("shares frames with a fork until either side writes", () => {
    const machine = createMachine({ maxMemoryBytes: 1 << 20 })
    const space = machine.newSpace()
    machine.map(space, range(0x100, 4), READ | WRITE, false)
    machine.memory(space).writeBytes(0x100 * PAGE_BYTES, new Uint8Array(4 * PAGE_BYTES).fill(3))
    const before = machine.memoryBytes()
    const child = machine.forkSpace(space)
    expect(machine.memoryBytes()).toBe(before)
    machine.memory(child).write8(0x101 * PAGE_BYTES, 9)
    expect(machine.memoryBytes()).toBe(before + PAGE_BYTES)
    expect(machine.memory(space).read8(0x101 * PAGE_BYTES)).toBe(3)
    machine.freeSpace(child)
    expect(machine.memoryBytes()).toBe(before)
  })

  it("lets a fork see no store of a task that could store without asking before", () => {
    const machine = createMachine({ maxMemoryBytes: 1 << 20 })
    const space = machine.newSpace()
    const tasks = new Tasks(machine, space)
    const at = 0x100 * PAGE_BYTES
    machine.map(space, range(0x100, 1), READ | WRITE, false)
    tasks.write64(space, at, 1n)
    const child = machine.forkSpace(space)
    tasks.write64(space, at, 2n)
    expect([tasks.read64(space, at), tasks.read64(child, at)]).toEqual([2n, 1n])
    tasks.write64(child, at, 3n)
    expect([tasks.read64(space, at), tasks.read64(child, at)]).toEqual([2n, 3n])
  })
})
