/** What no processor can be asked for: calls, stops, the simulated processor's own answers, one iteration at a time. */
import { describe, expect, it } from "vitest"
import { viewOf } from "../../src/base/bytes.ts"
import type { Count } from "../../src/base/ids.ts"
import {
  type ReferenceMemory, type ReferenceState, eflagsOf, newReferenceState, runReference, setEflags
} from "../../src/machine/engine/reference.ts"
import type { Fault, Stop } from "../../src/machine/stop.ts"
import { FS_SLOT, R11, RAX, RBX, RCX, RDI, RDX, RSI, RSP } from "../../src/x86/register.ts"
import { hex } from "./hex.ts"

const CODE = 0x1000
const STACK = 0x2800

/** Three pages from 0x1000 on: all may be read, written and executed. */
const newMemory = (code: string): ReferenceMemory & { readonly bytes: Uint8Array } => {
  const bytes = new Uint8Array(0x3000)
  bytes.set(hex(code))
  return {
    bytes,
    check: (at, sizeBytes, kind): Fault | undefined => {
      const isInside = at >= 0x1000n && at + BigInt(sizeBytes) <= 0x4000n
      const access = kind === "modify" ? "write" : kind
      return isInside ? undefined : { _tag: "PageFault", address: at < 0x4000n && at >= 0x1000n ? 0x4000n : at, access, isPresent: false }
    },
    read: (at, sizeBytes) => {
      let value = 0n
      for (let offset = sizeBytes - 1; offset >= 0; offset--) value = (value << 8n) | BigInt(bytes[Number(at) - CODE + offset] ?? 0)
      return value
    },
    write: (at, sizeBytes, value) => {
      for (let offset = 0; offset < sizeBytes; offset++) bytes[Number(at) - CODE + offset] = Number((value >> BigInt(8 * offset)) & 0xffn)
    }
  }
}

interface Ran {
  readonly stop: Stop
  readonly state: ReferenceState
  readonly memory: Uint8Array
}

const run = (code: string, registers: Readonly<Record<number, bigint>> = {}, budgetIcount: Count = 100, eflags = 0x202): Ran => {
  const state = newReferenceState()
  state.ip = BigInt(CODE)
  state.registers[RSP] = BigInt(STACK)
  for (const [number, value] of Object.entries(registers)) state.registers[Number(number)] = value
  setEflags(state, eflags)
  const memory = newMemory(code)
  return { stop: runReference(state, memory, budgetIcount), state, memory: memory.bytes }
}

describe("stops", () => {
  it("retires a syscall, with the address behind it in rcx and the flags in r11", () => {
    const { state, stop } = run("0f 05", {}, 100, 0x202 | 0x41 | 0x400)
    expect(stop).toEqual({ _tag: "Call" })
    expect(state).toMatchObject({ ip: 0x1002n, count: 1 })
    expect(state.registers[RCX]).toBe(0x1002n)
    expect(state.registers[R11]).toBe(0x643n)
  })

  it("retires a pause and an int3, and stops behind them", () => {
    expect(run("f3 90")).toMatchObject({ stop: { _tag: "Paused" }, state: { ip: 0x1002n, count: 1 } })
    expect(run("cc")).toMatchObject({ stop: { _tag: "Breakpoint" }, state: { ip: 0x1001n, count: 1 } })
  })

  it("refuses ud2, hlt and a division by zero before anything has happened", () => {
    expect(run("0f 0b")).toMatchObject({ stop: { _tag: "Faulted", fault: { _tag: "InvalidOpcode" } }, state: { ip: 0x1000n, count: 0 } })
    expect(run("f4").stop).toEqual({ _tag: "Faulted", fault: { _tag: "GeneralProtection" } })
    expect(run("48 f7 f3", { [RAX]: 5n }).stop).toEqual({ _tag: "Faulted", fault: { _tag: "DivideError" } })
  })

  it("names an instruction that is not modelled, with its address and bytes", () => {
    const { stop } = run("90 c5 f8 77")
    expect(stop).toMatchObject({ _tag: "Unsupported", ip: 0x1001, text: "vzeroupper" })
    expect(stop._tag === "Unsupported" && stop.bytes.subarray(0, 3)).toEqual(hex("c5 f8 77"))
  })

  it("stops at a popfq that would set a flag which is not modelled, and sets no other", () => {
    for (const flag of [0x100n, 0x4000n, 0x4_0000n, 0x20_0000n]) {
      const memory = newMemory("9d")
      viewOf(memory.bytes).setBigUint64(STACK - CODE, flag | 0x8d5n, true)
      const state = newReferenceState()
      state.ip = BigInt(CODE)
      state.registers[RSP] = BigInt(STACK)
      expect(runReference(state, memory, 1)).toMatchObject({ _tag: "Unsupported", ip: CODE })
      expect(eflagsOf(state)).toBe(0x202)
      expect(state.registers[RSP]).toBe(BigInt(STACK))
    }
  })

  it("spends the budget to the instruction", () => {
    const { state, stop } = run("90 90 90 90", {}, 3)
    expect(stop).toEqual({ _tag: "BudgetSpent" })
    expect(state).toMatchObject({ ip: 0x1003n, count: 3 })
  })

  it("faults at the byte where an instruction goes on in a page that is not there", () => {
    const { stop } = run("e9 f9 2f 00 00") // jmp 0x3ffe
    const fault: Fault = { _tag: "PageFault", address: 0x4000n, access: "execute", isPresent: false }
    // The two bytes there are zeros, an add; jumping one further cuts it.
    expect(stop).not.toEqual({ _tag: "Faulted", fault })
    expect(run("e9 fa 2f 00 00").stop).toEqual({ _tag: "Faulted", fault }) // jmp 0x3fff
  })
})

describe("repeated instructions", () => {
  it("retire one iteration at a time, and one where there is none", () => {
    const registers = { [RCX]: 3n, [RDI]: 0x2000n, [RAX]: 0xaan }
    for (const [budget, left, ip] of [[1, 2n, 0x1000n], [2, 1n, 0x1000n], [3, 0n, 0x1002n]] as const) {
      const { memory, state } = run("f3 aa", registers, budget)
      expect(state).toMatchObject({ ip, count: budget })
      expect(state.registers[RCX]).toBe(left)
      expect([...memory.subarray(0x1000, 0x1004)]).toEqual([0, 1, 2, 3].map((at) => (at < budget ? 0xaa : 0)))
    }
    expect(run("f3 aa", { ...registers, [RCX]: 0n }, 1)).toMatchObject({ state: { ip: 0x1002n, count: 1 } })
  })

  it("keep the iterations before a fault", () => {
    const { state, stop } = run("f3 48 ab", { [RCX]: 5n, [RDI]: 0x3ff0n })
    expect(stop).toMatchObject({ _tag: "Faulted", fault: { _tag: "PageFault", address: 0x4000n, access: "write" } })
    expect(state).toMatchObject({ ip: 0x1000n, count: 2 })
    expect(state.registers[RCX]).toBe(3n)
  })

  it("go down where DF is set", () => {
    const { state } = run("fd f3 a4", { [RCX]: 2n, [RSI]: 0x2010n, [RDI]: 0x2020n })
    expect(state.registers[RSI]).toBe(0x200en)
    expect(state.registers[RDI]).toBe(0x201en)
  })
})

describe("the simulated processor", () => {
  it("is an unknown maker's with nothing beyond SSE2, and tells no CPU from another", () => {
    const ask = (leaf: bigint): ReadonlyArray<bigint | undefined> => {
      const { state } = run("0f a2", { [RAX]: leaf | (1n << 40n) }, 1)
      return [RAX, RBX, RCX, RDX].map((register) => state.registers[register])
    }
    const [largest, ...vendor] = ask(0n)
    expect(largest).toBe(1n)
    const name = [vendor[0], vendor[2], vendor[1]].map((word) => Buffer.from([0, 8, 16, 24].map((by) => Number(((word ?? 0n) >> BigInt(by)) & 0xffn))).toString("latin1"))
    expect(name.join("")).toBe("rseqlab cpu ")
    expect(ask(1n)).toEqual([0x600n, 0x800n, 0x2000n, 0x0788_8111n])
    expect(ask(0x8000_0001n)).toEqual([0n, 0n, 0n, 0x2000_0800n])
    expect(ask(7n)).toEqual([0n, 0n, 0n, 0n])
  })

  it("adds the base of fs, beside base and index too", () => {
    const registers = { [FS_SLOT]: 0x2000n, [RAX]: 0x10n, [RCX]: 2n }
    expect(run("64 c6 40 08 77", registers, 1).memory[0x1018]).toBe(0x77) // movb $0x77, %fs:8(%rax)
    expect(run("64 c6 44 c8 08 77", registers, 1).memory[0x1028]).toBe(0x77) // movb $0x77, %fs:8(%rax,%rcx,8)
    // 67: the sum is cut to 32 bits before the base is added.
    expect(run("64 67 c6 40 08 77", { ...registers, [RAX]: 0xffff_ffff_0000_0010n }, 1).memory[0x1018]).toBe(0x77)
  })

  it("executes what has just been written", () => {
    // movb $0x90, 1(%rip); then hlt, which has become a nop; then ud2.
    const { state, stop } = run("c6 05 00 00 00 00 90 f4 0f 0b")
    expect(stop).toMatchObject({ fault: { _tag: "InvalidOpcode" } })
    expect(state.count).toBe(2)
  })
})
