import { describe, expect, it } from "vitest"
import { assert } from "../../src/base/assert.ts"
import { decode } from "../../src/x86/decode.ts"
import { type Instruction, ZERO_BYTE, isGeneralAddress } from "../../src/x86/form.ts"
import { printInstruction } from "../../src/x86/print.ts"
import { FS_SLOT, RAX, RBX, RCX, RSI, RSP, SLOT_BYTES } from "../../src/x86/register.ts"
import { hex } from "./hex.ts"

const IP = 0x40_1000

const decoded = (digits: string): Instruction => {
  const instruction = decode(hex(digits), IP)
  assert(instruction !== "truncated", `${digits} is a whole instruction`)
  return instruction
}

const formOf = (digits: string): string => decoded(digits).form.name

describe("decoding", () => {
  it("names registers by their bytes, high bytes too", () => {
    expect(decoded("00 e1")).toMatchObject({ d: RCX * SLOT_BYTES, s: RAX * SLOT_BYTES + 1 }) // add %ah, %cl
  })

  it("lets a segment base stand for a missing base or index", () => {
    const base = decoded("64 48 8b 04 25 28 00 00 00") // mov %fs:0x28, %rax
    expect(base).toMatchObject({ base: FS_SLOT * SLOT_BYTES, index: ZERO_BYTE, displacement: 0x28n, segment: 0 })
    const index = decoded("64 48 8b 43 08") // mov %fs:8(%rbx), %rax
    expect(index).toMatchObject({ base: FS_SLOT * SLOT_BYTES, index: RBX * SLOT_BYTES, scale: 0, displacement: 8n })
    expect(isGeneralAddress(index)).toBe(false)
  })

  it("keeps an address of three parts, and one cut to 32 bits, apart from ordinary ones", () => {
    expect(isGeneralAddress(decoded("64 48 8b 04 c8"))).toBe(true) // mov %fs:(%rax,%rcx,8), %rax
    expect(isGeneralAddress(decoded("67 48 8b 03"))).toBe(true) // mov (%ebx), %rax
    expect(isGeneralAddress(decoded("48 8b 04 c8"))).toBe(false) // mov (%rax,%rcx,8), %rax
  })

  it("ignores the segment of a lea", () => {
    expect(decoded("64 48 8d 04 c8")).toMatchObject({ base: RAX * SLOT_BYTES, index: RCX * SLOT_BYTES, segment: 0 })
  })

  it("makes a relative address absolute", () => {
    expect(decoded("48 8d 05 10 00 00 00").displacement).toBe(BigInt(IP + 7 + 0x10)) // lea 0x10(%rip), %rax
  })

  it("raises an address made from the stack pointer by what is popped into it", () => {
    expect(decoded("8f 04 24")).toMatchObject({ base: RSP * SLOT_BYTES, displacement: 8n }) // pop (%rsp)
    expect(decoded("66 8f 44 24 f0").displacement).toBe(-14n) // popw -16(%rsp)
    expect(decoded("ff 34 24").displacement).toBe(0n) // push (%rsp)
  })

  it("sign-extends numbers from the operand's width", () => {
    expect(decoded("83 c0 ff").immediate).toBe(-1n) // add $-1, %eax
    expect(decoded("b8 ff ff ff ff").immediate).toBe(-1n) // mov $0xffffffff, %eax
    expect(decoded("b0 80").immediate).toBe(-128n)
  })

  it("masks counts, and makes moves of shifts by nothing", () => {
    expect(decoded("c1 e0 21")).toMatchObject({ form: { name: "shl.ri.32" }, immediate: 1n }) // shl $33, %eax
    expect(decoded("c1 e3 20")).toMatchObject({ form: { name: "mov.rr.32" }, d: RBX * SLOT_BYTES, s: RBX * SLOT_BYTES })
    expect(formOf("48 c1 e0 40")).toBe("mov.rr.64")
    expect(formOf("c1 20 00")).toBe("shl.mi.32") // in memory the access remains
  })

  it("tells where branches lead, and what is locked", () => {
    expect(decoded("74 fe")).toMatchObject({ form: { name: "je.j.64" }, immediate: BigInt(IP) })
    expect(decoded("f0 01 03").isLocked).toBe(true) // lock add %eax, (%rbx)
    expect(decoded("01 03").isLocked).toBe(false)
    expect(decoded("87 03").isLocked).toBe(true) // xchg with memory needs no prefix
    expect(decoded("87 c3").isLocked).toBe(false)
  })

  it("takes tzcnt and lzcnt for bsf and bsr, as a processor without them does", () => {
    expect(formOf("f3 0f bc c1")).toBe("bsf.rr.32")
    expect(formOf("f3 0f bd c1")).toBe("bsr.rr.32")
  })

  it("tells string instructions from vector moves of the same name", () => {
    expect(formOf("a5")).toBe("movs..32")
    expect(formOf("f3 a5")).toBe("rep movs..32")
    expect(formOf("f2 0f 10 c1")).toBe("movsd.xx.128")
    expect(formOf("f3 a6")).toBe("rep cmps..8")
    expect(formOf("f2 ae")).toBe("repne scas..8")
    expect(decoded("64 a4")).toMatchObject({ base: FS_SLOT * SLOT_BYTES, index: RSI * SLOT_BYTES }) // movsb %fs:(%rsi), (%rdi)
  })

  it("ignores operands of what does nothing", () => {
    for (const digits of ["90", "66 90", "0f 1f 40 00", "66 2e 0f 1f 84 00 00 00 00 00", "f3 0f 1e fa", "0f ae f0", "0f 18 08"]) {
      expect(formOf(digits), digits).toBe("nop.*.64")
    }
    expect(formOf("f3 90")).toBe("pause..64")
  })

  it("refuses what no processor accepts, and what only the kernel may", () => {
    expect(formOf("0f 0b")).toBe("ud.*.64")
    expect(formOf("f0 89 03 00 00 00")).toBe("ud.*.64") // lock mov
    expect(formOf("06 00 00 00 00 00 00 00 00 00 00 00 00 00 00")).toBe("ud.*.64") // push %es
    for (const digits of ["f4", "fa", "0f 20 c0", "e4 10", "0f 30"]) expect(formOf(digits), digits).toBe("privileged.*.64")
  })

  it("does not guess at what no row models", () => {
    for (const digits of [
      "c5 f8 77", "d9 e8", "0f 31", "cd 80", "66 c9", "67 e2 fe", "67 f3 a4", "0f 01 d0", "0f 58 c1", "8e d8", "f3 0f b8 c1", "66 9d", "0f 6f c1"
    ]) expect(formOf(digits), digits).toBe("unsupported.*.64")
  })

  it("asks for more where an instruction is cut short", () => {
    const whole = hex("48 b8 f0 de bc 9a 78 56 34 12")
    for (let length = 1; length < whole.length; length++) expect(decode(whole.subarray(0, length), IP)).toBe("truncated")
    expect(decode(whole, IP)).toMatchObject({ immediate: 0x1234_5678_9abc_def0n, lengthBytes: 10 })
  })
})

describe("printing", () => {
  it("speaks AT&T", () => {
    const text = (digits: string): string => printInstruction(hex(digits), IP)
    expect(text("48 89 c3")).toBe("mov %rax, %rbx")
    expect(text("64 48 8b 04 25 28 00 00 00")).toBe("mov %fs:0x28, %rax")
    expect(text("74 fe")).toBe("je 0x401000")
    expect(text("f0 48 0f b1 0b")).toBe("lock cmpxchg %rcx, (%rbx)")
    expect(text("06 00 00")).toBe(".byte 0x06, 0x00, 0x00")
  })
})
