import { describe, expect, it } from "vitest"
import { SimulatorBug } from "../../src/base/assert.ts"
import { type ReferenceMemory, executeReference, newReferenceState } from "../../src/machine/engine/reference.ts"
import { decode } from "../../src/x86/decode.ts"
import { type Emitter, WriteOrder } from "../../src/x86/emitter.ts"
import type { Instruction } from "../../src/x86/form.ts"
import { RAX, RBX } from "../../src/x86/register.ts"
import { int, long } from "../../src/x86/value.ts"
import { hex } from "./hex.ts"

const memory: ReferenceMemory = { check: () => undefined, read: () => 0n, write: () => {} }

/** Executes a nop that has another body. */
const execute = (body: (e: Emitter) => void): void => {
  const nop = decode(hex("90"), 0)
  if (nop === "truncated") return
  const changed: Instruction = { ...nop, form: { ...nop.form, row: { ...nop.form.row, body } } }
  executeReference(newReferenceState(), memory, changed)
}

const write = (e: Emitter): void => e.register(RAX, 64).write(long(1n))

describe("a row", () => {
  it("may write once it has accessed all memory it needs", () => {
    expect(() => execute((e) => {
      e.memory(long(0n), 64, "read").read()
      const place = e.memory(long(8n), 64, "modify")
      write(e)
      place.write(long(2n))
      e.register(RBX, 32).write(long(3n))
    })).not.toThrow()
  })

  it("is refused where it accesses memory, or may stop, behind its first write", () => {
    const late: ReadonlyArray<(e: Emitter) => void> = [
      (e) => e.memory(long(0n), 8, "read"),
      (e) => e.vectorMemory(long(0n), "write"),
      (e) => e.stopIf(int(0), "DivideError"),
      (e) => e.target(long(0n))
    ]
    const writes: ReadonlyArray<(e: Emitter) => void> = [
      write,
      (e) => e.memory(long(0n), 8, "write").write(long(0n)),
      (e) => e.patchFlags({ CF: long(1n) }),
      (e) => e.setDirection(long(1n))
    ]
    for (const first of writes) {
      for (const then of late) {
        expect(() => execute((e) => {
          first(e)
          then(e)
        })).toThrow(SimulatorBug)
      }
    }
  })

  it("is refused where it writes what it declared to read", () => {
    expect(() => execute((e) => e.memory(long(0n), 8, "read").write(long(0n)))).toThrow(SimulatorBug)
  })
})

describe("the order of writes", () => {
  it("lets either way of a branch stop before its own write, and nothing behind both", () => {
    const order = new WriteOrder()
    order.either(() => order.wrote(), () => order.mayStop())
    expect(() => order.mayStop()).toThrow(SimulatorBug)
    order.reset()
    order.either(() => order.mayStop(), () => order.wrote())
    expect(() => order.mayStop()).toThrow(SimulatorBug)
    order.reset()
    order.either(() => order.mayStop(), () => {})
    expect(() => order.mayStop()).not.toThrow()
  })
})
