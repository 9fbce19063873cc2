/** Whole programs: as the reference runs them, and however the budget is sliced. */
import { describe, expect, it } from "vitest"
import { runReference } from "../../src/machine/engine/reference.ts"
import { EXECUTE, READ, WRITE } from "../../src/machine/machine.ts"
import { drawnProgram } from "./support/drawn-program.ts"
import { type Guest, guestOf } from "./support/guest.ts"
import { forSeeds } from "./support/law.ts"
import { referenceMemory, referenceStateOf, textOfState } from "./support/reference-guest.ts"

const hashOf = ({ block, machine }: Guest): string => machine.hash([block], { withCounts: true })

/** Runs to the total in slices; the last stop. */
const runSliced = ({ block, machine, registers }: Guest, total: number, slice: () => number): string => {
  for (;;) {
    const left = total - registers.count()
    if (left === 0) return "BudgetSpent"
    const wanted = Math.min(left, slice())
    const before = registers.count()
    const stop = machine.run(block, wanted, false)
    if (stop._tag !== "BudgetSpent") return `${JSON.stringify(stop, (_, value: unknown) => (typeof value === "bigint" ? `0x${value.toString(16)}` : value))}`
    expect(registers.count() - before).toBe(wanted)
  }
}

describe("the machine", () => {
  forSeeds("runs a drawn program as the reference does", 25, (draw) => {
    const text = drawnProgram(draw)
    const guest = guestOf(text, { protection: READ | WRITE | EXECUTE })
    const twin = guestOf(text, { protection: READ | WRITE | EXECUTE })
    const memory = referenceMemory(twin)
    const state = referenceStateOf(twin.registers)
    for (let turn = 0; turn < 30; turn++) {
      const budget = 1 + draw.below(40)
      const expected = runReference(state, memory, budget)
      const found = guest.machine.run(guest.block, budget, false)
      expect(found._tag).toBe(expected._tag)
      expect(textOfState(referenceStateOf(guest.registers))).toBe(textOfState(state))
      if (expected._tag !== "BudgetSpent") break
    }
    // The twin's registers are where they were: only its memory is compared.
    for (const { end, start } of guest.machine.mappings(guest.space)) {
      expect(Buffer.compare(guest.memory.readBytes(start, end - start) ?? Buffer.of(), twin.memory.readBytes(start, end - start) ?? Buffer.of(1))).toBe(0)
    }
  })

  forSeeds("does the same however its budget is sliced", 12, (draw) => {
    const text = drawnProgram(draw)
    const total = 3000
    const slices: ReadonlyArray<() => number> = [() => total, () => 1, () => 1 + draw.below(20), () => 50 + draw.below(100), () => 3 + draw.below(1000)]
    const results = slices.map((slice) => {
      const guest = guestOf(text, { protection: READ | WRITE | EXECUTE })
      return `${runSliced(guest, total, slice)} ${hashOf(guest)} ${guest.registers.count()}`
    })
    expect(new Set(results).size, results.join("\n")).toBe(1)
  })

  /** What is watched of a run of so many instructions, and where it ended. */
  const watchedRun = (text: string, total: number, slice: () => number): string => {
    const guest = guestOf(text, { protection: READ | WRITE | EXECUTE })
    const { at, block, machine } = guest
    // The page stays out of it: it would be watched at every other instruction.
    machine.setWatches([{ start: at("middle") - 8, end: at("middle") + 8 }])
    const seen: Array<string> = []
    const drain = (): void => {
      for (const { address, after, before, count, ip, sizeBytes } of machine.drainWatches()) {
        seen.push(`${count} ${ip} ${address} ${sizeBytes} ${before} ${after}`)
      }
    }
    const end = runSliced(guest, total, () => {
      drain()
      return slice()
    })
    drain()
    return `${end} ${hashOf(guest)} ${block}\n${seen.join("\n")}`
  }

  forSeeds("sees the same accesses however its budget is sliced", 4, (draw) => {
    const text = drawnProgram(draw)
    const whole = watchedRun(text, 3000, () => 3000)
    for (const slice of [() => 1, () => 1 + draw.below(20), () => 3 + draw.below(1000)]) expect(watchedRun(text, 3000, slice)).toBe(whole)
  })

  it("counts an iteration of a repeated instruction as one, and a system call too", () => {
    const guest = guestOf("_start: mov $5, %ecx\n lea buffer(%rip), %rdi\n rep stosb\n syscall\n .bss\nbuffer: .skip 64")
    expect(guest.machine.run(guest.block, 4, false)._tag).toBe("BudgetSpent")
    expect(guest.registers.number(1)).toBe(3)
    expect(guest.machine.run(guest.block, 100, false)._tag).toBe("Call")
    expect(guest.registers.count()).toBe(8)
  })

  it("comes back at once where there is no budget", () => {
    const guest = guestOf("_start: nop")
    expect(guest.machine.run(guest.block, 0, false)._tag).toBe("BudgetSpent")
    expect(guest.registers.count()).toBe(0)
  })

  it("says which instruction it does not model, and where", () => {
    const guest = guestOf("_start: nop\n .byte 0xd9, 0xe8, 0x90") // fld1
    const stop = guest.machine.run(guest.block, 10, false)
    expect(stop._tag).toBe("Unsupported")
    if (stop._tag !== "Unsupported") return
    expect(stop.ip).toBe(guest.at("_start") + 1)
    expect([...stop.bytes.subarray(0, 2)]).toEqual([0xd9, 0xe8])
    expect(stop.text).toBe("fld1")
    expect(guest.registers.count()).toBe(1)
  })

  it("stops behind pause, int3 and syscall, which have retired", () => {
    const guest = guestOf("_start: pause\n int3\n syscall\n nop")
    const stops = [1, 2, 3].map(() => `${guest.machine.run(guest.block, 10, false)._tag} ${guest.registers.ip() - guest.at("_start")} ${guest.registers.count()}`)
    expect(stops).toEqual(["Paused 2 1", "Breakpoint 3 2", "Call 5 3"])
    expect(guest.registers.number(1)).toBe(guest.at("_start") + 5)
  })
})
