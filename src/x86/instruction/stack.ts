/** The stack: what is pushed is written below the stack pointer, which then falls to it. */
import { DIRECTION_FLAG, FIXED_FLAGS, STATUS_FLAGS, UNMODELLED_FLAGS } from "../flag.ts"
import { RBP, RSP } from "../register.ts"
import { defineInstruction } from "./definition.ts"
import { flagsImage, setFlagsImage } from "./image.ts"

const push = defineInstruction({
  name: "push",
  access: ["read", "push"],
  shapes: ["r", "i", "m"],
  widths: [64, 16],
  source: "Intel SDM 2B, PUSH: rsp itself is pushed as it was before",
  body: (_, __, { operand, pushed }) => pushed.write(operand.read())
})

const pop = defineInstruction({
  name: "pop",
  access: ["pop", "write"],
  shapes: ["r", "m"],
  widths: [64, 16],
  // An address made from rsp is made after rsp has risen: the decoder adds that.
  source: "Intel SDM 2B, POP: pop rsp keeps what was popped",
  body: (_, __, { destination, popped }) => {
    const value = popped.read()
    popped.release()
    destination.write(value)
  }
})

const leave = defineInstruction({
  name: "leave",
  access: [],
  shapes: [""],
  widths: [64],
  source: "Intel SDM 2A, LEAVE",
  body: (e) => {
    const framePointer = e.register(RBP, 64)
    const frame = framePointer.read()
    const saved = e.memory(frame, 64, "read").read()
    e.register(RSP, 64).write(frame.add(8n))
    framePointer.write(saved)
  }
})

const pushfq = defineInstruction({
  name: "pushfq",
  access: ["push"],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2B, PUSHF",
  body: (e, _, { pushed }) => pushed.write(e.let(flagsImage(e, STATUS_FLAGS | DIRECTION_FLAG).or(BigInt(FIXED_FLAGS))))
})

const popfq = defineInstruction({
  name: "popfq",
  access: ["pop"],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2B, POPF: user code changes neither IF nor IOPL; TF, NT, AC and ID are not modelled",
  body: (e, _, { popped }) => {
    const image = popped.read()
    e.stopIf(image.and(BigInt(UNMODELLED_FLAGS)).ne(0n), "Unsupported")
    popped.release()
    setFlagsImage(e, image, STATUS_FLAGS | DIRECTION_FLAG)
  }
})

export const stack = [push, pop, leave, pushfq, popfq]
