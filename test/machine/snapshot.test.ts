/** Going back: a machine that has been somewhere else and back is as if it had not. */
import { describe, expect, it } from "vitest"
import type { MachineSnapshot } from "../../src/machine/machine.ts"
import { PAGE_BYTES } from "../../src/base/ids.ts"
import { EXECUTE, READ, WRITE } from "../../src/machine/machine.ts"
import { drawnProgram } from "./support/drawn-program.ts"
import { type Guest, guestOf } from "./support/guest.ts"
import { forSeeds, pick } from "./support/law.ts"

const ALL = READ | WRITE | EXECUTE
const hashOf = ({ block, machine }: Guest): string => machine.hash([block], { withCounts: true })

describe("a snapshot", () => {
  forSeeds("taken anywhere, restored in any order, goes on as if nothing had been", 25, (draw) => {
    const text = drawnProgram(draw)
    const straight = guestOf(text, { protection: ALL })
    const guest = guestOf(text, { protection: ALL })
    // What the program is like after so many instructions, found by running straight on.
    const stops: Array<number> = []
    const expected = new Map<number, string>()
    for (let count = 0; count < 600; count += 1 + draw.below(60)) stops.push(count)
    for (const count of stops) {
      straight.machine.run(straight.block, count - straight.registers.count(), false)
      expected.set(count, hashOf(straight))
    }
    const taken: Array<{ readonly snapshot: MachineSnapshot; readonly count: number }> = [{ snapshot: guest.machine.snapshot(), count: 0 }]
    for (let step = 0; step < 60; step++) {
      const here = guest.registers.count()
      const ahead = stops.filter((count) => count > here)
      switch (draw.below(5)) {
        case 0:
          if (expected.has(here)) taken.push({ snapshot: guest.machine.snapshot(), count: here })
          break
        case 1: case 2: {
          const back = pick(draw, taken)
          guest.machine.restore(back.snapshot)
          expect(guest.registers.count()).toBe(back.count)
          if (draw.oneIn(2)) expect(hashOf(guest)).toBe(expected.get(back.count))
          break
        }
        case 3:
          if (taken.length > 2) for (const { snapshot } of taken.splice(1 + draw.below(taken.length - 1), 1)) guest.machine.release(snapshot)
          break
        default: {
          if (ahead.length === 0) break
          const count = pick(draw, ahead)
          guest.machine.run(guest.block, count - here, false)
          if (draw.oneIn(2)) expect(hashOf(guest)).toBe(expected.get(count))
        }
      }
    }
  })

  it("brings back blocks and spaces made since, and those freed since", () => {
    const { block, machine, memory, registers, space } = guestOf("_start: nop")
    registers.setNumber(1, 7)
    const child = machine.forkSpace(space)
    const other = machine.newBlock(child)
    const snapshot = machine.snapshot()
    const hash = machine.hash([block, other], { withCounts: true })
    machine.freeBlock(other)
    machine.freeSpace(child)
    const reused = machine.newBlock(machine.newSpace())
    expect(reused).toBe(other)
    machine.restore(snapshot)
    expect(machine.hash([block, other], { withCounts: true })).toBe(hash)
    expect(machine.newBlock(space)).not.toBe(other)
    expect(memory.read8(0)).toBe(undefined)
  })

  it.each([["just before", false], ["with another in between", true]])("leaves no way to a page that came to be after it: %s", (_claim, isFar) => {
    const text = "_start: mov (%rdi), %rax\n pause\nstore: movq $7, (%rdi)\n pause\n .bss\n .balign 4096\nroom: .skip 8192"
    const { at, block, machine, memory, registers } = guestOf(text)
    const load = (place: number): number => {
      registers.setIp(at("_start"))
      registers.setNumber(7, place)
      machine.run(block, 10, false)
      return registers.number(0)
    }
    const snapshot = machine.snapshot()
    registers.setIp(at("store"))
    registers.setNumber(7, at("room"))
    machine.run(block, 10, false)
    expect(load(at("room"))).toBe(7)
    if (isFar) machine.snapshot()
    machine.restore(snapshot)
    // The frame is free again, and another page's soon: the first page must not be seen through it.
    memory.write8(at("room") + PAGE_BYTES, 9)
    expect([load(at("room")), load(at("room") + PAGE_BYTES)]).toEqual([0, 9])
  })

  it("does not keep what nobody holds any more", () => {
    const { at, block, machine, registers } = guestOf("_start: incq word(%rip)\n jmp _start\n .bss\nword: .skip 8")
    const first = machine.snapshot()
    for (let round = 0; round < 1000; round++) {
      machine.run(block, 10, false)
      machine.release(machine.snapshot())
    }
    machine.restore(first)
    expect([registers.count(), registers.ip()]).toEqual([0, at("_start")])
  })

  it("refuses to be restored once released", () => {
    const { machine } = guestOf("_start: nop")
    const snapshot = machine.snapshot()
    machine.release(snapshot)
    expect(() => machine.restore(snapshot)).toThrow()
  })
})

describe("the hash", () => {
  it("does not see how the state came about", () => {
    const text = "_start: mov $5, %eax\n cmp $5, %eax\n jmp .\n .bss\n .balign 4096\nroom: .skip 16384"
    const one = guestOf(text)
    const other = guestOf(text)
    // Pages touched in another order, one written with zeros, one written and put back; a space and a block in between.
    one.memory.write8(one.at("room"), 1)
    one.memory.write8(one.at("room") + PAGE_BYTES, 2)
    other.machine.newBlock(other.machine.newSpace())
    other.memory.write8(other.at("room") + PAGE_BYTES, 2)
    other.memory.write64(other.at("room") + 2 * PAGE_BYTES, 0n)
    other.memory.write8(other.at("room") + 3 * PAGE_BYTES, 9)
    other.memory.write8(other.at("room") + 3 * PAGE_BYTES, 0)
    other.memory.write8(other.at("room"), 1)
    // The flags of a comparison, and the same flags set.
    one.machine.run(one.block, 2, false)
    other.machine.run(other.block, 1, false)
    other.registers.setEflags(one.registers.eflags())
    other.registers.setIp(one.registers.ip())
    other.registers.setCount(2)
    expect(hashOf(other)).toBe(hashOf(one))
  })

  it("does not take a frame for what it held for another page", () => {
    const { block, machine, memory, space } = guestOf("_start: nop")
    const [one, other] = [0x5000_0000, 0x6000_0000]
    const map = (start: number): boolean => machine.map(space, { start, end: start + PAGE_BYTES }, READ | WRITE, false)
    map(other)
    const hash = (): string => machine.hash([block], { withCounts: true })
    const empty = hash()
    map(one)
    memory.write8(one, 1)
    hash()
    machine.unmap(space, { start: one, end: one + PAGE_BYTES })
    memory.write8(other, 0)
    expect(hash()).toBe(empty)
  })

  it.each<[claim: string, change: (guest: Guest) => void]>([
    ["a register", ({ registers }) => registers.setNumber(5, 1)],
    ["a vector", ({ registers }) => registers.setXmm(15, new Uint8Array(16).fill(1))],
    ["a flag", ({ registers }) => registers.setEflags(0x10)],
    ["the direction", ({ registers }) => registers.setEflags(0x400)],
    ["ip", ({ registers }) => registers.setIp(1)],
    ["a segment base", ({ registers }) => registers.setFsBase(1n)],
    ["the count", ({ registers }) => registers.setCount(1)],
    ["a byte", ({ at, memory }) => memory.write8(at("room") + 4095, 1)],
    ["a protection", ({ at, machine, space }) => machine.protect(space, { start: at("room"), end: at("room") + PAGE_BYTES }, READ)],
    ["a mapping", ({ at, machine, space }) => machine.unmap(space, { start: at("room") + PAGE_BYTES, end: at("room") + 2 * PAGE_BYTES })],
    ["whether a page is shared", ({ at, machine, space }) => machine.map(space, { start: at("room"), end: at("room") + PAGE_BYTES }, READ | WRITE, true)]
  ])("sees %s", (_claim, change) => {
    const guest = guestOf("_start: nop\n .bss\n .balign 4096\nroom: .skip 8192")
    const before = hashOf(guest)
    const snapshot = guest.machine.snapshot()
    change(guest)
    expect(hashOf(guest)).not.toBe(before)
    guest.machine.restore(snapshot)
    expect(hashOf(guest)).toBe(before)
  })

  it("sees which pages are shared with whom", () => {
    const make = (isForked: boolean): string => {
      const { block, machine, space } = guestOf("_start: nop")
      const range = { start: 0x5000_0000, end: 0x5000_1000 }
      if (isForked) machine.map(space, range, READ | WRITE, true)
      const child = machine.forkSpace(space)
      if (!isForked) for (const each of [space, child]) machine.map(each, range, READ | WRITE, true)
      return machine.hash([block, machine.newBlock(child)], { withCounts: true })
    }
    expect(make(true)).not.toBe(make(false))
  })

  it("does not remember which pages were shared when it was made before", () => {
    const make = (isLate: boolean): string => {
      const { block, machine, space } = guestOf("_start: nop")
      const [one, other] = [{ start: 0x5000_0000, end: 0x5000_1000 }, { start: 0x6000_0000, end: 0x6000_1000 }]
      if (isLate) {
        machine.map(space, one, READ | WRITE, true)
        machine.hash([block], { withCounts: true })
      }
      machine.map(space, other, READ | WRITE, true)
      if (isLate) machine.unmap(space, one)
      return machine.hash([block], { withCounts: true })
    }
    expect(make(true)).toBe(make(false))
  })

  it("leaves counts out if asked", () => {
    const { block, machine, registers } = guestOf("_start: nop")
    const before = machine.hash([block], { withCounts: false })
    registers.setCount(17)
    expect(machine.hash([block], { withCounts: false })).toBe(before)
  })

  it("is the same today as ever: it is written into recordings", () => {
    const { block, machine, registers, space } = guestOf("_start: nop")
    for (const { end, start } of machine.mappings(space)) machine.unmap(space, { start, end })
    machine.map(space, { start: 0x1000, end: 0x3000 }, READ | WRITE, false)
    machine.load(space, 0x1ffe, Uint8Array.of(1, 2, 3, 4))
    registers.setNumber(3, 0x1234)
    expect(hashOf({ block, machine } as Guest)).toMatchInlineSnapshot(`"025fe9d8c791345f"`)
  })
})
