import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { assemble } from "../../src/program/assemble/assemble.ts"
import { encode } from "../../src/x86/encode.ts"
import { registerNamed, type Operand } from "../../src/x86/encode/operand.ts"
import { hasBinutils, linesByGnuAs } from "../program/support/gnu-as.ts"
import { forms } from "./forms.ts"

/** The bytes of one line as hexadecimal digits, or nothing where it is refused. */
const bytesOf = (line: string): string | undefined => {
  const assembly = assemble(`_start: ${line}`, "form.s")
  return assembly._tag === "Assembled" ? Buffer.from(assembly.sections[0]?.bytes ?? []).toString("hex") : undefined
}

const register = (name: string): Operand => registerNamed(name) ?? expect.fail(`no register ${name}`)

describe("encoding", () => {
  it.runIf(hasBinutils)("gives each form the bytes that GNU as gives it, and takes none that it does not", { timeout: 120_000 }, () => {
    const theirs = linesByGnuAs(forms)
    // GNU as warns of a segment for lea, which means nothing, and says nop for the exchange of rax with itself.
    const isException = (line: string): boolean => /^lea %[a-z]s:|^xchg %rax,%rax$/.test(line)
    const different = forms.flatMap((line, index) => {
      const [ours, other] = [bytesOf(line), theirs[index]]
      return ours === other || isException(line) ? [] : [{ line, ours, theirs: other }]
    })
    expect(different).toEqual([])
  })

  // Where binutils is missing this stands for it. After a change to the forms it is taken anew, once the claim above holds.
  it("has not changed since it was last compared", () => {
    const all = forms.map((line) => `${line} ${bytesOf(line) ?? "refused"}`).join("\n")
    expect(createHash("sha256").update(all).digest("hex").slice(0, 16)).toBe("1abe99ebac355f23")
  })

  it.each([
    ["a suffix that the registers deny", "movl", ["rax", "rbx"], "operands"],
    ["a name that is none", "moveq", ["rax", "rbx"], "mnemonic"],
    ["ah beside a register that needs REX", "mov", ["ah", "r8b"], "operands"],
    ["x87, whose operands AT&T turns round", "fsub", [], "mnemonic"],
    ["AVX", "vpaddd", ["xmm0", "xmm1", "xmm2"], "mnemonic"]
  ] as const)("refuses %s", (_claim, name, registers, blames) => {
    const encodement = encode(name, [], registers.map(register))
    expect(encodement._tag === "Refused" ? encodement.blames : encodement._tag).toBe(blames)
  })

  it("asks for a size where nothing tells it", () => {
    const memory: Operand = { _tag: "Memory", segment: undefined, base: registerNamed("rax"), index: undefined, scale: 1, displacement: 0n }
    expect(encode("inc", [], [memory])).toMatchObject({ _tag: "Refused", expected: "a size: incb, incw, incl or incq" })
  })

  it("refuses LOCK where the processor would", () => {
    expect(encode("mov", ["lock"], [register("rax"), register("rbx")])).toMatchObject({ _tag: "Refused", blames: "prefix" })
  })

  it("leaves the fields of symbols open, and says where they are", () => {
    const memory: Operand = { _tag: "Memory", segment: undefined, base: registerNamed("rip"), index: undefined, scale: 1, displacement: undefined }
    const encodement = encode("movl", [], [{ _tag: "Immediate", value: undefined }, memory])
    expect(encodement).toMatchObject({
      _tag: "Encoded",
      encoded: {
        bytes: [0xc7, 0x05, 0, 0, 0, 0, 0, 0, 0, 0],
        fields: [{ at: 2, sizeBytes: 4, isRelative: true }, { at: 6, sizeBytes: 4, isRelative: false }]
      }
    })
  })
})
