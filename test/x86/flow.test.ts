/**
 * What is said of an instruction's registers, against what the reference engine does: nothing that is not named matters, nothing
 * that is not named changes.
 */
import { describe, expect, it } from "vitest"
import { decode } from "../../src/x86/decode.ts"
import { type Flow, flowOf } from "../../src/x86/flow.ts"
import { printInstruction } from "../../src/x86/print.ts"
import { FS_SLOT, GENERAL_REGISTER_COUNT, GS_SLOT, generalRegisters } from "../../src/x86/register.ts"
import { type Case, casesOf, effectiveAddress } from "../hardware/case.ts"
import { Draw } from "../hardware/draw.ts"
import { judgedRows } from "../hardware/judged.ts"
import { CODE, GS_BASE } from "../hardware/place.ts"
import { referenceEngine } from "../hardware/reference-engine.ts"
import { assembleText } from "../support/examples.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const CASES_PER_FORM = 3

const isIn = (set: number, register: number): boolean => (set >> register & 1) === 1
const isPush = ({ instruction: { form } }: Case): boolean => form.row.access.includes("push")

/** What is wrong with what is said of one case, as lines. */
const problemsOf = (tested: Case, { reads, writes }: Flow, draw: Draw): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const before = referenceEngine.run(tested)
  const written = new Set(writes.map(({ register }) => register))
  for (let register = 0; register < GENERAL_REGISTER_COUNT; register++) {
    const name = generalRegisters[register]?.name ?? ""
    if (!written.has(register) && before.registers[register] !== tested.registers[register]) lines.push(`${name} changes`)
    if (isIn(reads, register)) continue
    const other = draw.word()
    const after = referenceEngine.run({ ...tested, registers: tested.registers.with(register, other) })
    if (after.ending !== before.ending || after.ip !== before.ip || after.flags !== before.flags) lines.push(`${name} matters`)
    if (!isPush(tested) && Buffer.compare(after.window, before.window) !== 0) lines.push(`${name} is stored`)
    for (let at = 0; at < GENERAL_REGISTER_COUNT; at++) {
      if (at !== register && after.registers[at] !== before.registers[at]) lines.push(`${name} matters to ${generalRegisters[at]?.name ?? ""}`)
    }
    const isGone = before.ending === "retired" && writes.some((write) => write.register === register && write.isWhole)
    if (isGone && after.registers[register] !== before.registers[register]) lines.push(`something of ${name} is left`)
  }
  return lines
}

/** What is said of an instruction as the assembler takes it. */
const flowOfText = (text: string): Flow => {
  const program = assembleText(`_start: ${text}\n`, "one.s")
  const segment = program.segments.find(({ start }) => start <= program.entry)
  const instruction = decode(segment?.bytes.subarray(program.entry - segment.start) ?? new Uint8Array(), program.entry)
  if (instruction === "truncated") throw new Error(text)
  return flowOf(instruction)
}

const names = (set: number): ReadonlyArray<string> =>
  generalRegisters.slice(0, GENERAL_REGISTER_COUNT).filter((_, register) => isIn(set, register)).map(({ name }) => name)

describe("what an instruction does with registers", () => {
  for (const [row, forms] of judgedRows()) {
    it(`is all of it, for ${row}`, () => {
      const draw = new Draw(seed, `flow/${row}`)
      const lines: Array<string> = []
      for (const { encodings, form } of forms) {
        for (const tested of casesOf(form, encodings, seed, CASES_PER_FORM)) {
          const flow = flowOf(tested.instruction)
          const problems = problemsOf(tested, flow, draw)
          if (problems.length > 0) lines.push(`seed ${seed}: ${printInstruction(tested.bytes, CODE)} [${form.name}]: ${problems.slice(0, 3).join(", ")}`)
          const slots = (slot: number): bigint => (slot === GS_SLOT ? BigInt(GS_BASE) : slot === FS_SLOT ? 0n : tested.registers[slot] ?? 0n)
          const addresses = flow.accesses.map(({ address }) => address(slots))
          if (/^[rx]?m|^[rx]?v/.test(form.shape) && form.row.name !== "lea" && addresses.length === 1 && !form.row.access.includes("address")) {
            expect(addresses, printInstruction(tested.bytes, CODE)).toEqual([effectiveAddress(tested, tested.instruction)])
          }
        }
      }
      expect(lines.slice(0, 5).join("\n")).toBe("")
    })
  }

  it.each([
    ["xor %eax, %eax", [], "a register that cancels itself is not read"],
    ["sub %rcx, %rcx", [], "nor one that is taken from itself"],
    ["push %rbx", ["rsp"], "what is pushed is only put away"],
    ["pop %rbx", ["rsp"], "what is popped comes from memory"],
    ["mov %rcx, (%rdx)", ["rcx", "rdx"], "what is stored is read, and where to"],
    ["lea 8(%rdx,%rcx,2), %rax", ["rcx", "rdx"], "an address is read from"],
    ["cmp %eax, 4(%r12)", ["rax", "r12"], "what is compared is read"],
    ["mov $3, %r13d", [], "a constant is made of nothing"]
  ])("%s reads %j: %s", (text, registers) => {
    expect(names(flowOfText(text).reads)).toEqual(registers)
  })

  it("says what a loaded register was loaded by, and from where it was worked out otherwise", () => {
    expect(flowOfText("mov 4(%r12), %eax").writes).toMatchObject([{ register: 0, from: 0, isWhole: true, loaded: 0 }])
    expect(flowOfText("add %rcx, %rdx").writes).toMatchObject([{ register: 2, from: 0b110, isWhole: true, loaded: undefined }])
    expect(flowOfText("mov %cl, %dl").writes).toMatchObject([{ register: 2, isWhole: false }])
    expect(flowOfText("cmove %rcx, %rdx").writes).toMatchObject([{ register: 2, from: 0b110 }])
  })
})
