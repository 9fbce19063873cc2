/** The interpreter as bytes: made when packaged, or when the first machine is. */
import { expect, it } from "vitest"
import { usePackagedInterpreter } from "../../src/machine/engine/load.ts"
import { writeInterpreter } from "../../src/machine/engine/wasm/interpreter.ts"
import { guestOf } from "./support/guest.ts"

it("is written the same every time", () => {
  expect(Buffer.compare(writeInterpreter(), writeInterpreter())).toBe(0)
})

it("runs from packaged bytes as from the table", () => {
  const text = "_start: mov $6, %eax\n imul $7, %eax, %eax\n syscall"
  let isAsked = false
  usePackagedInterpreter(() => {
    isAsked = true
    return writeInterpreter()
  })
  const guest = guestOf(text)
  expect(guest.machine.run(guest.block, 10, false)._tag).toBe("Call")
  expect(isAsked).toBe(true)
  expect(guest.registers.number(0)).toBe(42)
})
